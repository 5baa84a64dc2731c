"""Batch normalisation is counted anew for the network that is selected, and for no other."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_nas.supernet import Calibrator, Supernet, subnet, supernet
from tests.supernet.small import SHAPE, images, space_of, stir

CONV, OTHER = "nor_conv_3x3", "nor_conv_1x1"


@pytest.fixture(scope="module")
def net() -> Supernet:
    made = supernet(space_of("cell"), SHAPE)
    stir(made)
    return made


def cell(*operations: str) -> dict[str, str]:
    """An architecture of the space "cell"."""
    paths = ("cell/0/0->1", "cell/1/0->2", "cell/1/1->2", "second/0/0->1")
    return dict(zip(paths, operations, strict=True))


def moments(net: Supernet, awake: bool) -> list[np.ndarray]:
    return [
        value.numpy().copy()
        for branch, held in net.branches().items()
        if bool(net.awake(branch)) == awake
        for layer in held
        for value in layer.non_trainable_weights
    ]


def test_the_moments_are_those_of_the_network_alone(net: Supernet) -> None:
    architecture = cell(CONV, "skip_connect", OTHER, CONV)
    alone = subnet(net, architecture)
    normal = [layer for layer in alone.layers if isinstance(layer, keras.layers.BatchNormalization)]
    for layer in normal:
        layer.momentum = 0.0  # the moments of the last batch alone
    x = tf.constant(images(64))
    alone(x, training=True)
    net.select(architecture)
    asleep = moments(net, awake=False)
    Calibrator(net)([x, x, x])
    for one, other in zip(asleep, moments(net, awake=False), strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_allclose(np.asarray(net(x)), np.asarray(alone(x)), rtol=1e-4, atol=1e-4)


def test_weights_stay_and_one_trace_serves_all(net: Supernet) -> None:
    calibrate, x = Calibrator(net), tf.constant(images(16))
    before = [weight.numpy().copy() for weight in net.trainable_weights]
    for operation in (CONV, OTHER, "none", "avg_pool_3x3"):
        net.select(cell(operation, operation, CONV, CONV))
        calibrate([x, x])
    for one, weight in zip(before, net.trainable_weights, strict=True):
        np.testing.assert_array_equal(one, weight.numpy())
    assert calibrate.see.experimental_get_tracing_count() == 1
    assert calibrate.scale.experimental_get_tracing_count() == 1
