"""Data of a search: from any form to memory-mapped arrays, checked, split, and fed to training."""

from keras_nas.data.classes import ClassSummary, class_summary, class_weights
from keras_nas.data.collection import collect
from keras_nas.data.inputs import store_inputs
from keras_nas.data.labels import Labels
from keras_nas.data.pipeline import Feed, evaluation_batches, training_batches
from keras_nas.data.rows import Rows
from keras_nas.data.split import Split, split_rows

__all__ = [
    "ClassSummary",
    "Feed",
    "Labels",
    "Rows",
    "Split",
    "class_summary",
    "class_weights",
    "collect",
    "evaluation_batches",
    "split_rows",
    "store_inputs",
    "training_batches",
]
