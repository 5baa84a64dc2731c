"""How strong the weights are that each answer adds to a supernet of elastic sizes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from keras_nas.supernet.masks import Masks
from keras_nas.supernet.model import Supernet

START = 1.0
"""The first margin of weights that are as strong as those that they are added to: at first all are held."""


def margins_of(net: Supernet) -> Callable[[], np.ndarray]:
    """A function that gives the margins of all answers above a threshold of one, by their weights as they are then.

    An answer's weights are those that count with it and not with the answer before: the outer ring of a kernel, further
    channels, one more block. Their strength is the logarithm of their mean square over that of the weights that count
    already, the mean over all other answers; zero for an answer that adds none.

    Args:
        net: the supernet.

    Returns:
        A function without arguments, which gives an array of shape `(width,)`.

    Reference:
        Stamoulis et al., "Single-Path NAS", arXiv 1904.02877, section 3.2, where squared norms have thresholds.
    """
    energy = tf.function(lambda: _slopes(net, tf.square), autograph=False)
    counts = np.asarray(_slopes(net, tf.ones_like))
    spans = [net.encoder.columns(decision.path) for decision in net.decisions]

    def margins() -> np.ndarray:
        now = np.asarray(energy(), dtype=float)
        return np.concatenate([START + beside(now[span], counts[span]) for span in spans])

    return margins


def beside(energy: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The strength of what each label of a decision adds.

    Args:
        energy: the summed squares of the weights that count with each label, shape `(labels,)`.
        counts: how many these are.

    Example:
        >>> beside(np.array([4.0, 8.0, 8.0]), np.array([4.0, 12.0, 12.0])).round(3).tolist()  # half as strong; nothing
        [0.0, -0.693, 0.0]
    """
    found = np.zeros_like(energy)
    added, more = np.diff(energy), np.diff(counts)
    known = (more > 0) & (added > 0) & (energy[:-1] > 0)
    means = added[known] / more[known], energy[:-1][known] / counts[:-1][known]
    found[1:][known] = np.log(means[0] / means[1])
    return found


def _slopes(net: Supernet, of: Callable[[Any], Any]) -> Any:
    """The sum of `of` over the weights that count with each label, the mean over all other answers, shape `(width,)`.

    Masks and branches are products of what answers weigh, so that this is a gradient at answers of equal weight.
    """
    widths = [len(decision.domain.labels()) for decision in net.decisions]
    values = tf.concat([tf.fill([width], 1.0 / width) for width in widths], axis=0)
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(values)
        total = _total(net, lambda path: values[net.encoder.columns(path)], of)
    return tape.gradient(total, values, unconnected_gradients=tf.UnconnectedGradients.ZERO)


def _total(net: Supernet, weights: Callable[[str], Any], of: Callable[[Any], Any]) -> Any:
    """The sum of `of` over all kernels, as much as their masks and branches weigh."""
    masks, found = Masks(net.decisions, weights), tf.zeros([])
    for (branch, *_), layer in net.parts.layers.items():
        mass = tf.ones([])
        for path, labels in branch:
            order = net.decisions.named(path).domain.labels()
            mass *= tf.add_n([weights(path)[place] for place, label in enumerate(order) if label in labels])
        for kernel in (own for own in layer.trainable_weights if len(own.shape) > 1):
            axes = net.parts.slices.get(id(kernel), (kernel, ()))[1]
            found += mass * tf.reduce_sum(of(kernel.value) * masks.of(kernel.shape, axes))
    return found
