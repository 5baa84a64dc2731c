"""What the front of a search's models makes of all rows: made once, read by every training."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_nas.data.files import staged
from keras_nas.data.pipeline import evaluation_batches
from keras_nas.data.rows import INPUTS, PREPROCESSING, Rows
from keras_nas.data.trees import TreeWriter, mapped
from keras_nas.files import write_json

AT_ONCE = 4096  # rows that the front takes at once


def store_inputs(rows: Rows, front: Any, specification: Mapping[str, Any] | None = None) -> None:
    """Write `Rows.inputs`, where there is a front and they are not there yet, and `Rows.preprocessing`.

    Args:
        rows: As `collect` has written them.
        front: A Keras model of raw rows; None leaves these to be the inputs.
        specification: What it does, as plain data, where a task has words for it.

    Raises:
        StoreError: The folder cannot be written.
    """
    import tensorflow as tf

    if specification is not None:
        write_json(rows.directory / PREPROCESSING, specification)
    if front is None or (rows.directory / INPUTS).exists():
        return
    run = tf.function(lambda x: front(x, training=False))
    with staged(rows.directory / INPUTS) as folder, TreeWriter(folder, INPUTS) as writer:
        for x, *_ in evaluation_batches(rows, np.arange(len(rows)), AT_ONCE):
            writer.append(mapped(np.asarray, run(x)))
