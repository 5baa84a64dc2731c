"""The covariance of the Jacobian: whether rows of a batch change the outputs in ways of their own."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_nas.estimators.zero_cost.network import Batch, Network

SMALL = 1e-5


def jacob_cov(network: Network, batch: Batch) -> float:
    """Minus the sum of log(s + k) + 1 / (s + k) over the eigenvalues s of the rows' correlations, k = 1e-5.

    What is correlated is the gradient of the summed outputs by each row. Uncorrelated rows score best.

    Args:
        network: at initialisation.
        batch: whose rows are compared.

    Reference:
        Mellor et al., "Neural Architecture Search without Training", first version, arXiv 2006.04647v1.
    """
    x = tf.convert_to_tensor(batch.x)
    with tf.GradientTape() as tape:
        tape.watch(x)
        total = tf.reduce_sum(network(x).outputs)
    jacobian = np.reshape(tape.gradient(total, x, unconnected_gradients="zero"), (len(x), -1)).astype(np.float64)
    centred = jacobian - jacobian.mean(axis=1, keepdims=True)
    lengths = np.linalg.norm(centred, axis=1, keepdims=True)
    if not lengths.all():
        return -np.inf
    eigenvalues = np.linalg.eigvalsh(centred @ centred.T / (lengths @ lengths.T)) + SMALL
    return float(-np.sum(np.log(eigenvalues) + 1.0 / eigenvalues))
