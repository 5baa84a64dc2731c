"""Scores networks by the gates of a trained supernet alone."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from keras_nas.architecture import Label
from keras_nas.data import Rows, Split, evaluation_batches
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.scoring import SCORE_BATCH, scores_of
from keras_nas.net import KerasNet
from keras_nas.supernet import Calibrator, Supernet

CALIBRATION = (2, 256)
"""Batches, and training rows in each, that batch normalisation is counted on before a network is scored."""


class Judge:
    """Scores networks of a trained supernet on the validation part, by its gates alone.

    Args:
        training: what all trials share.
        net: the supernet.
        towers: shares of a batch that are computed side by side.
    """

    def __init__(self, training: Training, net: Supernet, towers: int = 1) -> None:
        rows, split = Rows.load(training.data), Split.load(training.data)
        self.training = training
        self.net = net
        self.towers = towers
        self.calibrate = Calibrator(net)
        self.y = np.asarray(rows.y[split.validation])
        self.batches = _images(rows, split.validation, SCORE_BATCH)
        self.seen = calibration(rows, split.train)
        spec = tf.TensorSpec((None, *self.batches[0].shape[1:]), self.batches[0].dtype)
        self.predict = tf.function(self._predict, input_signature=[spec], autograph=False)

    def _predict(self, x: Any) -> Any:
        size = tf.shape(x)[0]
        ends = [size * tower // self.towers for tower in range(self.towers + 1)]
        shares = [self.net(x[a:b], training=False) for a, b in itertools.pairwise(ends)]
        y = tf.concat(shares, axis=0)
        finished = self.training.options.loss is not None
        return y if finished else self.training.task.finish(KerasNet(), y, self.training.signature)

    def select(self, architecture: Mapping[str, Label]) -> None:
        """Set the gates, and count batch normalisation anew."""
        self.net.select(architecture)
        self.calibrate(self.seen)

    def scores(self, architecture: Mapping[str, Label]) -> dict[str, float]:
        """The network's scores under shared weights, prefixed `val_`."""
        self.select(architecture)
        predictions = np.concatenate([np.asarray(self.predict(batch)) for batch in self.batches])
        scores = scores_of(self.training, self.y, predictions)
        return {f"val_{name}": value for name, value in scores.items()}


def _images(rows: Rows, index: np.ndarray, size: int) -> list[Any]:
    """Batches of inputs, held in memory."""
    return [batch[0] for batch in evaluation_batches(rows, np.sort(index), size)]


def calibration(rows: Rows, index: np.ndarray) -> list[Any]:
    """Equal batches of evenly spaced rows, as large and as many as there are rows for."""
    count, size = CALIBRATION
    size = min(size, len(index))
    wanted = size * min(count, len(index) // size)
    return _images(rows, index[:: len(index) // wanted][:wanted], size)
