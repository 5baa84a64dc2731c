"""The two scores of TE-NAS: how well a network can be trained, and how finely it cuts its input space.

Reference:
    Chen, Gong and Wang, "Neural Architecture Search on ImageNet in Four GPU Hours: A Theoretically Inspired
    Perspective", arXiv 2102.11535.
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from numpy.lib.stride_tricks import sliding_window_view

from keras_nas.estimators.zero_cost.network import Batch, Network, Variant

ROWS = 16
"""Rows of the tangent kernel: each costs a backward pass."""
POINTS, SIDE = 3_000, 3
"""Inputs whose regions are counted, and the pixels of their sides at most."""


def ntk(network: Network, batch: Batch) -> float:
    """Minus the condition number of the neural tangent kernel: the nearer to zero, the easier to train.

    The kernel holds the inner products of the gradients of two rows' summed outputs by all weights.

    Args:
        network: at initialisation.
        batch: whose first rows the kernel is made of.
    """
    x = batch.x[:ROWS]
    with tf.GradientTape(persistent=True) as tape:
        run = network(x)
        rows = tf.unstack(tf.reduce_sum(tf.reshape(run.outputs, (len(x), -1)), axis=1))
    flat = [
        np.concatenate([np.ravel(own) for own in tape.gradient(row, run.kernels, unconnected_gradients="zero")])
        for row in rows
    ]
    gradients = np.array(flat, dtype=np.float64)
    eigenvalues = np.linalg.eigvalsh(gradients @ gradients.T)
    return float(-eigenvalues[-1] / eigenvalues[0]) if eigenvalues[0] > 0 else -np.inf


def linear_regions(network: Network, batch: Batch) -> float:
    """In how many linear regions small pieces of the rows lie: the number of different patterns of active units.

    A network of ordinary width tells all inputs apart: counted is one of the same form whose convolutions have one
    filter each, on 3 x 3 pixels. Where no layer is an activation there is one region.

    Args:
        network: at initialisation.
        batch: of whose rows the pieces are taken.
    """
    x = pieces(np.asarray(batch.x), np.random.default_rng([network.weights.seed, POINTS]))
    signals = network(x, Variant(thin=True)).signals
    if not signals:
        return 1.0
    patterns = np.concatenate([np.reshape(signal, (POINTS, -1)) > 0 for signal in signals], axis=1)
    return float(len(np.unique(np.packbits(patterns, axis=1), axis=0)))


def pieces(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Random windows of random rows, shape `(POINTS, up to 3, ..., channels)`.

    Args:
        x: `(rows, ..., channels)`.
        rng: of the draw.
    """
    sides = [min(SIDE, side) for side in x.shape[1:-1]]
    windows = sliding_window_view(x, sides, axis=tuple(range(1, x.ndim - 1)))
    places = tuple(rng.integers(size, size=POINTS) for size in windows.shape[: x.ndim - 1])
    return np.moveaxis(windows[places], 1, -1)
