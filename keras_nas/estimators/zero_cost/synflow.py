"""Synaptic flow: how much signal runs through the weights, on no data at all."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from keras_nas.estimators.zero_cost.network import Batch, Network, Variant

LINEAR = Variant(draw="positive", normalized=False, dtype="float64")
"""Absolute weights and no normalisation: a network of ReLUs is linear on positive inputs then. In double precision,
since the flow grows exponentially with depth."""


def synflow(network: Network, batch: Batch) -> float:
    """The sum of theta dR/dtheta over all weights, R being the summed outputs for an input of ones.

    Args:
        network: at initialisation.
        batch: only its shape counts.

    Reference:
        Tanaka et al., "Pruning neural networks without any data by iteratively conserving synaptic flow",
        arXiv 2006.05467; as a score, Abdelfattah et al., arXiv 2101.08134.
    """
    return float(sum(tf.reduce_sum(theta * gradient) for theta, gradient in _flow(network, batch)))


def logsynflow(network: Network, batch: Batch) -> float:
    """The sum of theta log(1 + dR/dtheta) over all weights, which tames the gradients' explosion with depth.

    A gradient is below zero only where a network subtracts, or has gates: its logarithm is that of its size, with its
    sign.

    Args:
        network: at initialisation.
        batch: only its shape counts.

    Reference:
        Cavagnero et al., "FreeREA: Training-Free Evolution-based Architecture Search", arXiv 2207.05135.
    """
    tamed = ((theta, tf.sign(gradient) * tf.math.log1p(abs(gradient))) for theta, gradient in _flow(network, batch))
    return float(sum(tf.reduce_sum(theta * own) for theta, own in tamed))


def _flow(network: Network, batch: Batch) -> list[tuple[Any, Any]]:
    """Each kernel with the gradient of the summed outputs."""
    ones = tf.ones((1, *batch.x.shape[1:]))
    with tf.GradientTape() as tape:
        run = network(ones, LINEAR)
        flow = tf.reduce_sum(run.outputs)
    gradients = tape.gradient(flow, run.kernels, unconnected_gradients="zero")
    return list(zip(run.kernels, gradients, strict=True))
