"""What tasks of one kind of target share, whatever their rows are: how a network ends, its loss and its scores."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.net import Net
from keras_nas.tasks.arrays import rescaled
from keras_nas.tasks.base import Task
from keras_nas.tasks.scores import (
    CLASSIFICATION,
    MULTILABEL,
    REGRESSION,
    classification_scores,
    multilabel_scores,
    regression_scores,
)
from keras_nas.tasks.signature import Signature

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split
    from keras_nas.data.answers import Answer
    from keras_nas.objectives.objective import Objective


class Supervised(Task):
    """A task whose network ends in one dense layer."""

    def outputs(self, net: Net, x: Any, signature: Signature) -> Any:
        """One dense layer, always float32."""
        from keras import layers

        return net(layers.Dense, x, units=signature.outputs, dtype="float32")


class Classification(Supervised):
    """One class a row."""

    target = "classification"
    objective = "val_accuracy"
    score_names: tuple[str, ...] = CLASSIFICATION

    @classmethod
    def predicts(cls, answer: Answer) -> str | None:
        """Classes."""
        return f"the targets are classes ({answer.reason})" if answer.kind in ("classes", "either") else None

    def finish(self, net: Net, x: Any, signature: Signature) -> Any:
        """Probabilities."""
        from keras import layers

        return net(layers.Softmax, x, dtype="float32")

    def loss(self, finished: bool = False) -> Any:
        """Cross-entropy, on logits or probabilities."""
        import keras

        return keras.losses.CategoricalCrossentropy(from_logits=not finished)

    def encode(self, y: Any, signature: Signature, finished: bool = False) -> Any:
        """One-hot rows."""
        import tensorflow as tf

        return tf.one_hot(y, signature.outputs)

    def scores(
        self, y: np.ndarray, predictions: np.ndarray, signature: Signature, names: Sequence[str] = ()
    ) -> dict[str, float]:
        """Accuracy and log loss, and what else is named."""
        return classification_scores(y, predictions, names)


class Multilabel(Supervised):
    """Any number of classes a row, or none."""

    target = "multilabel"
    objective = "val_auc"
    score_names = MULTILABEL

    @classmethod
    def predicts(cls, answer: Answer) -> str | None:
        """Several labels."""
        return f"the targets are several labels a row ({answer.reason})" if answer.kind == "labels" else None

    def remarks(self, rows: Rows, split: Split) -> list[str]:
        """How many labels there are, and which are rare."""
        counts = rows.y[split.train].sum(axis=0, dtype=np.int64)
        few, many = rows.labels.classes[counts.argmin()], rows.labels.classes[counts.argmax()]
        lines = [
            f"{len(counts)} classes, {rows.y.sum() / len(rows):.2g} a row on average; to train on there are from "
            f"{counts.min():,} rows ({few}) to {counts.max():,} ({many})."
        ]
        if (rows.y.sum(axis=1) == 1).all():
            lines.append("Every row has exactly one class: a classification says more of such rows.")
        return lines

    def finish(self, net: Net, x: Any, signature: Signature) -> Any:
        """A probability for each class."""
        from keras import layers

        return net(layers.Activation, x, activation="sigmoid", dtype="float32")

    def loss(self, finished: bool = False) -> Any:
        """Binary cross-entropy of each class, on logits or probabilities."""
        import keras

        return keras.losses.BinaryCrossentropy(from_logits=not finished)

    def encode(self, y: Any, signature: Signature, finished: bool = False) -> Any:
        """0 and 1."""
        import tensorflow as tf

        return tf.cast(y, tf.float32)

    def scores(
        self, y: np.ndarray, predictions: np.ndarray, signature: Signature, names: Sequence[str] = ()
    ) -> dict[str, float]:
        """ROC AUC and F1 as means over the classes, log loss, and others."""
        return multilabel_scores(y, predictions, names)


class Regression(Supervised):
    """One or several numbers a row."""

    target = "regression"
    objective: str | Objective = "val_mse"
    score_names: tuple[str, ...] = REGRESSION

    @classmethod
    def predicts(cls, answer: Answer) -> str | None:
        """Quantities."""
        return f"the targets are quantities ({answer.reason})" if answer.kind in ("numbers", "either") else None

    def finish(self, net: Net, x: Any, signature: Signature) -> Any:
        """The targets' own units."""
        return rescaled(net, x, signature.output_std, signature.output_mean)

    def loss(self, finished: bool = False) -> Any:
        """Squared error."""
        import keras

        return keras.losses.MeanSquaredError()

    def encode(self, y: Any, signature: Signature, finished: bool = False) -> Any:
        """Standardised targets, or the targets as they are."""
        import tensorflow as tf

        if finished:
            return tf.cast(y, tf.float32)
        mean, std = (np.asarray(v, dtype=np.float32) for v in (signature.output_mean, signature.output_std))
        return (tf.cast(y, tf.float32) - mean) / std

    def scores(
        self, y: np.ndarray, predictions: np.ndarray, signature: Signature, names: Sequence[str] = ()
    ) -> dict[str, float]:
        """Errors in the targets' units, and R2."""
        return regression_scores(y, predictions, names)
