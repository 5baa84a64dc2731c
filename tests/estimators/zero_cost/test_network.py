"""Networks that compute at once: the functions that Keras builds, with weights that architectures share."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_nas.architecture import Label
from keras_nas.estimators.zero_cost.network import Network, Variant
from keras_nas.estimators.zero_cost.weights import Weights, drawn
from keras_nas.net import KerasNet
from keras_nas.spaces import get_space
from keras_nas.spaces.nas_bench_201 import nas_bench_201
from tests.estimators.zero_cost.tiny import IMAGES, ROWS, SMALL, dense, normalized

CELLS = nas_bench_201(channels=4, cells=1, stages=2)


def network(architecture: Mapping[str, Label], weights: Weights) -> Network:
    """Of the space of cells."""
    return Network(lambda net, x: CELLS.features(architecture, net, x), weights)


def test_it_is_the_function_that_keras_builds() -> None:
    x = keras.Input((4,))
    model = keras.Model(x, dense(KerasNet("float32", ""), x))
    model.set_weights([part for kernel in SMALL(ROWS.x).kernels for part in (kernel, np.zeros(kernel.shape[-1]))])
    np.testing.assert_allclose(SMALL(ROWS.x).outputs, model(ROWS.x), rtol=1e-5)


def test_batch_normalisation_is_by_the_batch() -> None:
    weights = Weights(5)
    run = Network(normalized, weights)(IMAGES.x)
    (kernel,) = run.kernels
    maps = np.asarray(IMAGES.x) @ kernel.numpy()[0, 0]
    expected = (maps - maps.mean((0, 1, 2))) / np.sqrt(maps.var((0, 1, 2)) + 1e-3)
    np.testing.assert_allclose(run.features, expected, atol=1e-5)
    np.testing.assert_allclose(run.variances[0], maps.var((0, 1, 2), ddof=1), rtol=1e-4)


def test_what_enters_an_activation_is_seen() -> None:
    def body(net: Any, x: Any) -> Any:
        x = net(layers.Conv2D, x, filters=2, kernel_size=1, activation="relu")
        x = net(layers.Activation, net(layers.ReLU, x), activation="swish")
        return net(layers.Activation, net(layers.GlobalMaxPooling2D, x), activation="softmax")

    run = Network(body, Weights(0))(IMAGES.x)
    assert [signal.shape for signal in run.signals] == [(6, 5, 5, 2)] * 3
    assert [z.shape for z in run.maps] == [(6, 5, 5, 2)]
    assert float(tf.reduce_min(run.signals[0])) < 0


def test_architectures_share_the_layers_of_a_place() -> None:
    weights = Weights(0)
    first = network(CELLS.sample(0), weights)(IMAGES.x).kernels
    assert all(a is b for a, b in zip(network(CELLS.sample(0), weights)(IMAGES.x).kernels, first, strict=True))
    for seed in range(1, 8):
        network(CELLS.sample(seed), weights)(IMAGES.x)
    convolutions = 1 + 2 * 6 * 2 + 3
    assert len(first) < sum(len(kernels) for _, kernels in weights.made.values()) <= convolutions


def test_weights_do_not_depend_on_what_came_before() -> None:
    shared = Weights(3)
    for seed in range(4):
        network(CELLS.sample(seed), shared)(IMAGES.x)
    alone = network(CELLS.sample(3), Weights(3))(IMAGES.x).outputs
    np.testing.assert_array_equal(network(CELLS.sample(3), shared)(IMAGES.x).outputs, alone)
    assert not np.allclose(network(CELLS.sample(3), Weights(4))(IMAGES.x).outputs, alone)


def test_what_is_forgotten_is_drawn_again() -> None:
    tight = Weights(1, most=20)
    first = Network(dense, tight)(ROWS.x).outputs
    assert tight.numbers <= 20
    np.testing.assert_array_equal(Network(dense, tight)(ROWS.x).outputs, first)


def test_variants_of_one_draw() -> None:
    plain, positive = (SMALL(ROWS.x, Variant(draw=draw)).kernels for draw in ("glorot", "positive"))
    for one, other in zip(plain, positive, strict=True):
        np.testing.assert_array_equal(np.abs(one), other)
    copies = [SMALL(ROWS.x, Variant(draw="normal", copy=copy)).kernels[0].numpy() for copy in (0, 1, 0)]
    assert np.array_equal(copies[0], copies[2])
    assert not np.allclose(copies[0], copies[1])
    double = SMALL(ROWS.x, Variant(dtype="float64"))
    np.testing.assert_allclose(double.outputs, SMALL(ROWS.x).outputs, rtol=1e-5)
    assert double.outputs.dtype == "float64"


def test_thin_networks_have_one_filter() -> None:
    run = network(CELLS.sample(5), Weights(0))(IMAGES.x, Variant(thin=True))
    assert {kernel.shape[-1] for kernel in run.kernels} == {1}


def test_biases_of_several_axes_are_no_kernels() -> None:
    def body(net: Any, x: Any) -> Any:
        x = net(layers.PReLU, net(layers.Reshape, x, target_shape=(25, 2)))
        return net(layers.GRU, net(layers.MultiHeadAttention, [x, x], num_heads=2, key_dim=3), units=4)

    weights = Weights(0)
    run = Network(body, weights)(IMAGES.x)
    assert [len(kernel.shape) for kernel in run.kernels] == [3, 3, 3, 3, 2, 2]
    held = [own for layer, _ in weights.made.values() for own in layer.trainable_variables]
    assert [bool(np.any(own.value)) for own in held if own.name in ("bias", "alpha")] == [False] * 6


def test_arguments_that_are_objects_make_no_difference() -> None:
    """They are other ones at every call."""

    def body(net: Any, x: Any) -> Any:
        return net(layers.Conv2D, x, filters=2, kernel_size=1, kernel_regularizer=keras.regularizers.L2(1e-4))

    weights = Weights(0)
    first, again = (Network(body, weights)(IMAGES.x).outputs for _ in range(2))
    np.testing.assert_array_equal(first, again)
    assert len(weights.made) == 1


def test_kernels_are_drawn_as_keras_draws_them() -> None:
    shape = (3, 3, 20, 30)
    rng = np.random.default_rng(0)
    expected = np.asarray(keras.initializers.GlorotUniform(seed=0)(shape))
    found = drawn(rng, shape, "glorot")
    assert found.std() == pytest.approx(expected.std(), rel=0.03)
    assert np.abs(found).max() == pytest.approx(np.abs(expected).max(), rel=0.01)
    assert drawn(rng, shape, "positive").min() >= 0
    assert drawn(rng, shape, "normal").std() == pytest.approx(1, rel=0.03)


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("darts", "nasnet", "conv_attention", "resnet")]


@pytest.mark.parametrize("name", ["small_images", "mobilenet", *SLOW])
def test_every_space_computes_at_once(name: str) -> None:
    space = get_space(name)
    body = Network(lambda net, x: space.features(space.sample(1), net, x), Weights(0))
    run = body(tf.random.stateless_normal((2, 16, 16, 3), [0, 0]))
    assert np.isfinite(run.outputs).all()
    assert run.signals
    assert len(run.features.shape) > 2
