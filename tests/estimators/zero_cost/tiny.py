"""Networks so small that every score can be worked out by other means."""

from typing import Any

import numpy as np
import tensorflow as tf
from keras import layers

from keras_nas.estimators.zero_cost.network import Batch, Network
from keras_nas.estimators.zero_cost.weights import Weights


def squared(y: Any, outputs: Any) -> Any:
    """A smooth loss: half the mean square."""
    return tf.reduce_mean((y - outputs) ** 2) / 2


def dense(net: Any, x: Any) -> Any:
    """Eight units, ReLU, two outputs."""
    return net(layers.Dense, net(layers.Dense, x, units=8, activation="relu"), units=2)


def normalized(net: Any, x: Any) -> Any:
    """One convolution of one pixel, normalised, and the mean of its maps."""
    x = net(layers.Conv2D, x, filters=3, kernel_size=1, use_bias=False)
    return net(layers.GlobalAveragePooling2D, net(layers.BatchNormalization, x, epsilon=1e-3))


def pooled(net: Any, x: Any) -> Any:
    """One convolution of one pixel, and the mean of its maps."""
    return net(layers.GlobalAveragePooling2D, net(layers.Conv2D, x, filters=3, kernel_size=1, use_bias=False))


def batch(*shape: int, outputs: int = 2) -> Batch:
    """Normal numbers."""
    rng = np.random.default_rng(7)
    x, y = rng.normal(size=shape), rng.normal(size=(shape[0], outputs))
    return Batch(tf.constant(x, tf.float32), tf.constant(y, tf.float32), squared)


SMALL = Network(dense, Weights(1))
ROWS = batch(6, 4)
IMAGES = batch(6, 5, 5, 2, outputs=3)


class Dense:
    """The dense network in NumPy, in double precision.

    Args:
        first: kernel of the hidden layer.
        second: kernel of the outputs.
    """

    def __init__(self, first: np.ndarray, second: np.ndarray) -> None:
        self.thetas = [first, second]
        self.x, self.y = (np.asarray(part, np.float64) for part in (ROWS.x, ROWS.y))

    @property
    def active(self) -> np.ndarray:
        """Which units of which rows are, as 0 and 1."""
        return (self.x @ self.thetas[0] > 0).astype(float)

    @property
    def maps(self) -> list[np.ndarray]:
        """What the two layers give."""
        hidden = self.x @ self.thetas[0]
        return [hidden, (hidden * self.active) @ self.thetas[1]]

    def backward(self, slope: np.ndarray) -> tuple[list[np.ndarray], list[np.ndarray]]:
        """Gradients by the kernels and by the maps, from that by the outputs."""
        hidden, _ = self.maps
        inner = (slope @ self.thetas[1].T) * self.active
        return [self.x.T @ inner, (hidden * self.active).T @ slope], [inner, slope]

    @property
    def slope(self) -> np.ndarray:
        """Of the loss by the outputs."""
        return (self.maps[1] - self.y) / self.y.size

    def moved(self, directions: list[np.ndarray], step: float) -> "Dense":
        """The network with other weights."""
        return Dense(*(theta + step * own for theta, own in zip(self.thetas, directions, strict=True)))


def worked_out() -> Dense:
    """`SMALL` in NumPy."""
    return Dense(*(kernel.numpy().astype(np.float64) for kernel in SMALL(ROWS.x).kernels))
