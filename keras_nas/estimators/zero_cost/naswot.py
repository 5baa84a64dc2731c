"""Naswot: how well a network tells the rows of a batch apart by which of its units are active."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from keras_nas.estimators.zero_cost.network import Batch, Network


def naswot(network: Network, batch: Batch) -> float:
    """The logarithm of det K, K_ij being the number of units that are alike, active or not, for rows i and j.

    Args:
        network: at initialisation.
        batch: whose rows are told apart.

    Reference:
        Mellor et al., "Neural Architecture Search without Training", arXiv 2006.04647.
    """
    rows = len(batch.x)
    kernel = np.zeros((rows, rows))
    for signal in network(batch.x).signals:
        active = tf.cast(tf.reshape(signal, (rows, -1)) > 0, tf.float32)
        kernel += tf.matmul(active, active, transpose_b=True) + tf.matmul(1 - active, 1 - active, transpose_b=True)
    return float(np.linalg.slogdet(kernel).logabsdet)
