"""Layers of elastic size: every network is the one that the space builds; numbers with a value for each answer."""

import math
import re
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_nas.errors import InvalidArgument, SpaceError
from keras_nas.space import Choice, Op, Range
from keras_nas.spaces import Space
from keras_nas.supernet import Softmax, Supernet, subnet, supernet
from keras_nas.supernet.elastic import MOST, Elastic, Mixed, merged
from tests.supernet.small import ELASTIC, SHAPE, difference, images, space_of, stir

WIDTH = Elastic.of("width", {8: 8, 16: 16})
RATIO = Elastic.of("ratio", {"half": 0.5, "twice": 2})


def elastic(name: str) -> Supernet:
    net = supernet(space_of(name), SHAPE, elastic=True)
    stir(net)
    return net


@pytest.mark.parametrize("name", ELASTIC)
def test_every_network_is_the_one_that_the_space_builds(name: str) -> None:
    net = elastic(name)
    for seed in range(5):
        assert difference(net, net.space.sample(seed), images()) < 1e-5


@pytest.mark.parametrize("name", ["arguments", "tied", "cell"])
def test_what_no_size_decides_is_held_as_ever(name: str) -> None:
    net = elastic(name)
    assert difference(net, net.space.sample(1), images()) < 1e-5


def test_one_traced_function_serves_all_sizes() -> None:
    net = elastic("inverted")
    call = tf.function(lambda x: net(x, training=False))
    for architecture in list(net.space.enumerate())[::5]:
        assert difference(net, architecture, tf.constant(images()), call) < 1e-5
    assert call.experimental_get_tracing_count() == 1


def test_training_sees_what_a_network_by_itself_sees() -> None:
    net = elastic("width")
    architecture = net.space.sample(2)
    net.select(architecture)
    alone, x = subnet(net, architecture), images()
    shared = np.asarray(net(x, training=True))
    wanted = np.asarray(alone(x, training=True))
    np.testing.assert_allclose(shared[:, : wanted.shape[1]], wanted, rtol=1e-4, atol=1e-5)
    for own in subnet(net, architecture).layers:
        for one, other in zip(own.weights, alone.get_layer(own.name).weights if own.weights else [], strict=True):
            np.testing.assert_allclose(one.numpy(), other.numpy(), rtol=1e-4, atol=1e-5)


def test_sizes_share_one_layer_and_the_rest_is_held_apart() -> None:
    net = supernet(space_of("inverted"), SHAPE, elastic=True)
    depthwise = [layer for layer in net.held if isinstance(layer, layers.DepthwiseConv2D)]
    assert {layer.kernel.shape for layer in depthwise} == {(5, 5, 12, 1)}
    assert len(depthwise) == 2  # with squeeze-and-excitation and without; the input's 3 channels are no width
    assert {path: own.role for path, own in net.dimensions().items()} == {
        "expansion": "width", "kernel": "kernel", "width": "width",
    }  # fmt: skip
    assert (net.dimensions()["kernel"].least, net.dimensions()["kernel"].largest) == (3, 5)


def test_depth_is_a_size() -> None:
    assert supernet(space_of("depths"), SHAPE, elastic=True).dimensions()["more/depth"].role == "depth"


def test_a_choice_among_layers_is_no_size() -> None:
    dimensions = supernet(space_of("apart"), SHAPE, elastic=True).dimensions()
    assert set(dimensions) == {"width", "op/wide/out"}


def test_gradients_of_what_sleeps_are_zero() -> None:
    net = elastic("inverted")
    net.select({"width": 4, "kernel": 3, "expansion": 2, "squeeze": 2})
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(net(images(), training=True) ** 2)
    gradients = tape.gradient(loss, [weight.value for weight in net.trainable_weights])
    partly = 0
    for weight, gradient in zip(net.trainable_weights, gradients, strict=True):
        counts = net.counts(weight)
        if counts is not None and gradient is not None:
            assert not np.asarray(gradient)[np.asarray(counts) == 0].any()
            partly += 0 < float(tf.reduce_mean(counts)) < 1
    assert partly > 5


def test_moments_of_sleeping_channels_stay() -> None:
    net = elastic("width")
    net.select({"width": 4, "next": "few", "units": 2})
    normal = next(layer for layer in net.held if isinstance(layer, layers.BatchNormalization))
    before = normal.moving_mean.numpy()
    net(images(), training=True)
    np.testing.assert_array_equal(before[4:], normal.moving_mean.numpy()[4:])
    assert (before[:4] != normal.moving_mean.numpy()[:4]).all()


def test_a_soft_gate_has_one_size() -> None:
    with pytest.raises(InvalidArgument, match="an elastic supernet computes one path"):
        supernet(space_of("width"), SHAPE, Softmax(), elastic=True)


REFUSED: dict[str, tuple[Any, str]] = {
    "stride": (
        Op(layers.Conv2D, filters=4, kernel_size=3, strides=Choice("stride", [1, 2])),
        "'stride' changes the shape: 1 gives (4, 4), 2 gives (2, 2)",
    ),
    "real": (Op(layers.Dropout, rate=Range("rate", 0.0, 0.5)), "'rate' is a range of numbers, which no supernet holds"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_no_mask_and_no_zeros_can_hold_is_refused(name: str) -> None:
    node, words = REFUSED[name]
    with pytest.raises(SpaceError, match=re.escape(words)):
        supernet(Space(name, node), SHAPE, elastic=True)


def test_what_stands_around_the_network_has_to_take_channels_as_they_come() -> None:
    space = Space("wide", Op(layers.Conv2D, filters=Choice("width", [2, 4]), kernel_size=1))
    with pytest.raises(SpaceError, match=re.escape("'width' decides how many channels there are, which what stands")):
        supernet(space, SHAPE, body=lambda features, net, x: net(layers.Flatten, features(net, x)), elastic=True)


def test_arithmetic_is_that_of_each_value() -> None:
    product = WIDTH * RATIO
    assert {case: value for case, value in product.cases.items()} == {
        (("width", 8), ("ratio", "half")): 4.0,
        (("width", 8), ("ratio", "twice")): 16,
        (("width", 16), ("ratio", "half")): 8.0,
        (("width", 16), ("ratio", "twice")): 32,
    }
    assert (product.least, product.largest, product.paths) == (4, 32, ["width", "ratio"])
    numbers = [1 + WIDTH, WIDTH - 1, 20 - WIDTH, WIDTH // 3, 48 / WIDTH, WIDTH % 5, WIDTH**2, round(WIDTH / 3, 1)]
    assert [list(own.cases.values()) for own in numbers] == [
        [9, 17], [7, 15], [12, 4], [2, 5], [6, 3], [3, 1], [64, 256], [2.7, 5.3],
    ]  # fmt: skip
    assert list(math.ceil(WIDTH / 3).cases.values()) == [3, 6]
    assert list(math.floor(WIDTH / 3).cases.values()) == [2, 5]
    assert WIDTH - WIDTH == 0
    assert list(max(1, WIDTH // 4).cases.values()) == [2, 4]


def test_what_all_values_agree_on_is_plain() -> None:
    assert WIDTH > 4
    assert WIDTH >= 8
    assert WIDTH < 17
    assert WIDTH != 4
    assert WIDTH == WIDTH * 1
    assert bool(WIDTH)
    assert WIDTH.given((("width", frozenset({8})), ("other", frozenset({1})))) == 8


def test_what_they_differ_on_names_the_decision_met_last() -> None:
    with pytest.raises(Mixed) as told:
        bool(WIDTH * RATIO == 8)
    assert told.value.path == "ratio"
    three = Elastic.of("width", {8: 8, 16: 16, 24: 24})
    with pytest.raises(Mixed) as told:
        bool(three == 16)
    assert {frozenset(group) for group in told.value.groups} == {frozenset({8, 24}), frozenset({16})}
    for use in (range, hash, "{}".format):
        with pytest.raises(Mixed):
            use(WIDTH)


def test_the_size_of_a_choice_is_that_of_its_options() -> None:
    one, two = frozenset({"one"}), frozenset({"two"})
    assert merged("op", [(one, 8), (two, 8)]) == 8
    assert merged("op", [(one, WIDTH), (two, WIDTH)]) is WIDTH
    assert list(merged("op", [(one, WIDTH), (two, 4)]).cases.items()) == [
        ((("width", 8), ("op", "one")), 8), ((("width", 16), ("op", "one")), 16), ((("op", "two"),), 4),
    ]  # fmt: skip


def test_too_many_sizes_are_refused() -> None:
    wide = [Elastic.of(name, {n: n for n in range(1, 80)}) for name in ("one", "two")]
    with pytest.raises(SpaceError, match=rf"'one', 'two' together give a size 6,241 values, .* {MOST:,} at most"):
        wide[0] * wide[1]
