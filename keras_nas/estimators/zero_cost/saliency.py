"""Scores from pruning: how much the loss on one batch depends on the weights, or on the maps."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import tensorflow as tf

from keras_nas.estimators.zero_cost.network import Batch, Network, Run

CURVED = 32
"""Rows that the Hessian is computed on, which costs four times a gradient."""


def grad_norm(network: Network, batch: Batch) -> float:
    """The norm of dL/dtheta, summed over the layers.

    Args:
        network: at initialisation.
        batch: on which the loss L is computed.

    Reference:
        Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", arXiv 2101.08134.
    """
    return float(sum(tf.norm(gradient) for _, gradient in _sensitivities(network, batch)))


def snip(network: Network, batch: Batch) -> float:
    """The sum of |theta dL/dtheta| over all weights: what removing each would change in the loss.

    Args:
        network: at initialisation.
        batch: on which the loss L is computed.

    Reference:
        Lee, Ajanthan and Torr, "SNIP: Single-shot Network Pruning based on Connection Sensitivity", arXiv 1810.02340.
    """
    return float(sum(tf.reduce_sum(abs(theta * gradient)) for theta, gradient in _sensitivities(network, batch)))


def grasp(network: Network, batch: Batch) -> float:
    """Minus the sum of theta H dL/dtheta over all weights, H being the Hessian: what removal changes in the flow.

    Args:
        network: at initialisation.
        batch: on whose first rows the loss L is computed.

    Reference:
        Wang, Zhang and Grosse, "Picking Winning Tickets Before Training by Preserving Gradient Flow", arXiv 2002.07376;
        with this sign, Abdelfattah et al., arXiv 2101.08134.
    """
    with tf.GradientTape() as tape:
        pairs = _sensitivities(network, replace(batch, x=batch.x[:CURVED], y=batch.y[:CURVED]))
        square = sum(tf.reduce_sum(gradient * tf.stop_gradient(gradient)) for _, gradient in pairs)
    thetas = [theta for theta, _ in pairs]
    curved = tape.gradient(square, thetas, unconnected_gradients="zero")
    return -float(sum(tf.reduce_sum(theta * own) for theta, own in zip(thetas, curved, strict=True)))


def fisher(network: Network, batch: Batch) -> float:
    """The sum of (z dL/dz)^2 / 2 over all channels z of all maps; over pixels it is summed before the square.

    Args:
        network: at initialisation.
        batch: on which the loss L is computed; over its rows the squares are averaged.

    Reference:
        Theis et al., "Faster gaze prediction with dense networks and Fisher pruning", arXiv 1801.05787; as a score of
        networks, Turner et al., "BlockSwap", arXiv 1906.04113.
    """
    with tf.GradientTape() as tape:
        run, loss = _loss(network, batch)
    total = 0.0
    for z, gradient in zip(run.maps, tape.gradient(loss, run.maps, unconnected_gradients="zero"), strict=True):
        channels = tf.reduce_sum(z * gradient, axis=list(range(1, len(z.shape) - 1)))
        total += float(tf.reduce_sum(tf.reduce_mean(channels**2, axis=0))) / 2
    return total


def _loss(network: Network, batch: Batch) -> tuple[Run, Any]:
    run = network(batch.x)
    return run, batch.loss(batch.y, run.outputs)


def _sensitivities(network: Network, batch: Batch) -> list[tuple[Any, Any]]:
    """Each kernel theta with dL/dtheta."""
    with tf.GradientTape() as tape:
        run, loss = _loss(network, batch)
    return list(zip(run.kernels, tape.gradient(loss, run.kernels, unconnected_gradients="zero"), strict=True))
