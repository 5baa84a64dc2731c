"""Batch normalisation counted anew for one network of a supernet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from keras_nas.supernet.model import Supernet


class Calibrator:
    """Measures the moments of batch normalisation for the network that is selected.

    In a supernet the moving moments are those of many networks, and fit none. The layers that are awake start at zero,
    see some batches, and have what their momentum left of zero divided out. Weights stay, sleeping layers stay.
    Functions are traced once and serve all networks.

    Args:
        net: the supernet.

    Reference:
        Guo et al., arXiv 1904.00420, section 3.4; Yu and Huang, "Universally Slimmable Networks", arXiv 1903.05134.
    """

    def __init__(self, net: Supernet) -> None:
        self.net = net
        self.scale = tf.function(self._scale, autograph=False)
        self.see = tf.function(lambda x: self.net(x, training=True), autograph=False, reduce_retracing=True)

    def __call__(self, batches: Iterable[Any]) -> None:
        """Count the moments on `batches`, tensors of one dtype and row shape."""
        self.scale(tf.constant(0.0))
        seen = 0
        for batch in batches:
            self.see(batch)
            seen += 1
        self.scale(tf.constant(float(seen)))

    def _scale(self, seen: Any) -> None:
        """Nothing seen: back to zero. Else: divide out what is left of zero."""
        for branch, layers in self.net.branches().items():
            normal = [layer for layer in layers if isinstance(layer, keras.layers.BatchNormalization)]
            if normal:
                tf.cond(self.net.awake(branch), partial(_rescale, normal, seen), lambda: tf.constant(False))


def calibrate(model: Any, batches: Iterable[Any]) -> None:
    """Count the moments of a network anew that stands by itself.

    Args:
        model: a Keras model.
        batches: tensors that it takes, of equal size.
    """
    normal = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    _rescale(normal, tf.constant(0.0))
    seen = 0
    for batch in batches:
        model(batch, training=True)
        seen += 1
    _rescale(normal, tf.constant(float(seen)))


def _rescale(layers: Sequence[Any], seen: Any) -> Any:
    for layer in layers:
        left = 1.0 - tf.pow(layer.momentum, seen)
        factor = tf.math.divide_no_nan(1.0, left)
        for moment in (layer.moving_mean, layer.moving_variance):
            moment.assign(moment.value * factor)
    return tf.constant(True)
