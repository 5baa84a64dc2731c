"""Gates by themselves, and in a supernet: what they compute and where gradients go."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_nas.supernet import (
    OneHot,
    Softmax,
    StraightThrough,
    Superkernel,
    Supernet,
    TwoPath,
    gumbel,
    subnet,
    supernet,
)
from keras_nas.supernet.gates import RIVAL
from tests.supernet.small import SHAPE, images, space_of

VALUES = [0.3, 1.2, -0.4]


def mixed(gate: Any, values: list[float]) -> tuple[float, np.ndarray, list[int]]:
    """The gate's mixture of 1, 2 and 3 in a traced function, its gradient, and which options were computed."""
    computed: list[int] = []

    def note(number: Any) -> Any:
        computed.append(int(number))
        return np.float32(number)

    def option(number: int) -> Any:
        return lambda: tf.ensure_shape(tf.numpy_function(note, [number], tf.float32), ())

    @tf.function(autograph=False)
    def run(v: Any) -> Any:
        with tf.GradientTape() as tape:
            tape.watch(v)
            y = gate.mix(gate.weights(v), [option(1), option(2), option(3)], lambda: tf.constant(0.0))
        return y, tape.gradient(y, v, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    y, slope = run(tf.constant(values))
    return float(y), np.asarray(slope), computed


def soft(values: list[float]) -> np.ndarray:
    powers = np.exp(values)
    return np.asarray(powers / powers.sum())


def test_one_hot_computes_one_option() -> None:
    assert mixed(OneHot(), [0.0, 0.0, 1.0])[::2] == (3.0, [3])


def test_softmax_computes_all() -> None:
    y, slope, computed = mixed(Softmax(), VALUES)
    assert y == pytest.approx(soft(VALUES) @ [1, 2, 3])
    assert sorted(computed) == [1, 2, 3]
    assert np.abs(slope).min() > 0


def test_straight_through_computes_one_and_has_the_softmaxs_gradient() -> None:
    y, slope, computed = mixed(StraightThrough(), VALUES)
    p = soft(VALUES)
    assert (y, computed) == (2.0, [2])
    np.testing.assert_allclose(slope, 2.0 * p[1] * (np.eye(3)[1] - p), rtol=1e-5)


def test_superkernels_go_on_while_margins_are_above_zero() -> None:
    for values, reached in (([-9.0, -0.1, 2.0], 1), ([0.0, 0.1, -2.0], 2), ([0.0, 0.1, 2.0], 3)):
        y, _, computed = mixed(Superkernel(), values)
        assert (y, computed) == (float(reached), [reached])


def test_superkernels_have_the_gradients_of_sigmoids() -> None:
    margins = tf.constant([0.0, 0.5, 0.3])
    with tf.GradientTape() as tape:
        tape.watch(margins)
        y = tf.tensordot(Superkernel().weights(margins), [1.0, 2.0, 4.0], 1)
    p = 1 / (1 + np.exp([-0.5, -0.3]))
    assert float(y) == 4.0
    gains = [(2 - 1) + (4 - 2), 4 - 2]  # each step is worth itself and what is reached behind it
    np.testing.assert_allclose(tape.gradient(y, margins), [0.0, *(gains * p * (1 - p))], rtol=1e-5)


def test_two_paths_compute_one_and_its_rival_for_the_gradients_of_both() -> None:
    y, slope, computed = mixed(TwoPath(), [RIVAL, 0.0, 1.0])
    assert (y, sorted(computed)) == (3.0, [1, 3])
    np.testing.assert_allclose(slope - slope[2], [-2.0, -3.0, 0.0], rtol=1e-5)


def test_several_rivals_have_gradients_beside_one_that_counts() -> None:
    y, slope, computed = mixed(TwoPath(), [RIVAL, RIVAL, 1.0])
    assert (y, sorted(computed)) == (3.0, [1, 2, 3])
    np.testing.assert_allclose(slope - slope[2], [-2.0, -1.0, 0.0], rtol=1e-5)


def test_two_paths_without_a_rival_compute_one() -> None:
    assert mixed(TwoPath(), [0.0, 1.0, 0.0])[::2] == (2.0, [2])


def test_a_draw_of_gumbel_is_one_of_the_softmax() -> None:
    rng = np.random.default_rng(0)
    draws = [int(np.argmax(gumbel(np.array(VALUES), 0.5, rng))) for _ in range(4000)]
    np.testing.assert_allclose(np.bincount(draws) / 4000, soft(VALUES), atol=0.03)


def test_a_low_temperature_is_nearly_one_hot() -> None:
    values = gumbel(np.array(VALUES), 0.01, np.random.default_rng(0))
    assert soft(list(values - values.max())).max() > 0.99


@pytest.fixture(scope="module")
def net() -> Supernet:
    return supernet(space_of("options"), SHAPE, StraightThrough())


def test_gradients_of_the_gates_cost_one_path(net: Supernet) -> None:
    net.gates.assign(VALUES)
    x = images()
    with tf.GradientTape() as tape:
        tape.watch(net.gates.value)
        loss = tf.reduce_sum(net(x) ** 2)
    assert np.abs(np.asarray(tape.gradient(loss, net.gates.value))).min() > 0
    np.testing.assert_allclose(np.asarray(net(x)), np.asarray(subnet(net, {"op": "pool"})(x)), rtol=1e-5)
    awake = [branch for branch in net.branches() if branch and bool(net.awake(branch))]
    assert awake == [(("op", frozenset({"pool"})),)]
