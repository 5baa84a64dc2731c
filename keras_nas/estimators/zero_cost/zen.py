"""The zen-score: how complex a function a network can be, whatever the data."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

from keras_nas.estimators.zero_cost.network import Batch, Network, Variant

ROWS, DRAWS, ALPHA = 16, 2, 0.01
"""Inputs, draws of the weights, and the length of a step."""


def zen(network: Network, batch: Batch) -> float:
    """log E ||f(x) - f(x + alpha e)|| + the sum of log sigma over all batch normalisations.

    f are the maps before they are pooled; x, e and the weights are standard normal. The second term gives back what
    normalisation takes away: sigma^2 is the variance before it, averaged over the channels, where there is any.

    Args:
        network: at initialisation.
        batch: only the shape of its rows counts.

    Reference:
        Lin et al., "Zen-NAS: A Zero-Shot NAS for High-Performance Deep Image Recognition", arXiv 2102.01063.
    """
    rng = np.random.default_rng([network.weights.seed, ROWS])
    differences, scales = [], []
    for copy in range(DRAWS):
        gaussian = Variant(draw="normal", copy=copy)
        x, e = tf.constant(rng.standard_normal((2, ROWS, *batch.x.shape[1:])), tf.float32)
        run, moved = network(x, gaussian), network(x + ALPHA * e, gaussian)
        difference = tf.reshape(run.features - moved.features, (ROWS, -1))
        differences.append(float(tf.reduce_mean(tf.norm(difference, axis=1))))
        squares = [float(tf.reduce_mean(variance)) for variance in run.variances]
        scales.append(sum(math.log(square) / 2 for square in squares if square > 0))
    distance = float(np.mean(differences))
    return math.log(distance) + float(np.mean(scales)) if distance > 0 else -math.inf
