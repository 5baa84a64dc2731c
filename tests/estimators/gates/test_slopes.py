"""Gradients at the gates, against differences."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_nas.blocks.convolution import convolution
from keras_nas.estimators.gates.slopes import first_order, largest_eigenvalue, of_gates, second_order
from keras_nas.estimators.trainer import Trainer
from keras_nas.space import Choice, Op, Series
from keras_nas.spaces import Space
from keras_nas.supernet import Softmax, supernet
from tests.supernet.small import SHAPE, conv

RATE, EPSILON = 0.1, 0.02
GATES = np.array([0.4, -0.3, 0.2], dtype="float32")


@pytest.fixture(scope="module")
def trainer() -> Trainer:
    keras.utils.set_random_seed(0)
    options = {"wide": conv(3), "narrow": conv(1), "both": Series(conv(1), conv(3))}
    net = supernet(Space("one", Choice("op", options)), SHAPE, Softmax())
    made = Trainer(net)
    made.compile(optimizer=keras.optimizers.SGD(RATE), loss="mse")
    return made


def batch(seed: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(seed)
    return tuple(tf.constant(rng.normal(size=(8, 6, 6, channels)), tf.float32) for channels in (3, 4))  # type: ignore[return-value]


def differences(trainer: Trainer, value: Any) -> np.ndarray:
    """The slope of `value()` at the gates by central differences."""
    found = []
    for one in np.eye(3, dtype="float32"):
        sides = []
        for sign in (1, -1):
            trainer.network.gates.assign(GATES + sign * EPSILON * one)
            sides.append(float(value()))
        found.append((sides[0] - sides[1]) / (2 * EPSILON))
    trainer.network.gates.assign(GATES)
    return np.array(found)


def test_the_first_order_is_the_gradient_with_the_weights_as_they_are(trainer: Trainer) -> None:
    expected = differences(trainer, lambda: trainer.mean_loss(batch(1)))
    np.testing.assert_allclose(np.asarray(first_order(trainer)(batch(1))), expected, atol=1e-3)


def test_the_second_order_is_the_gradient_after_a_step_and_puts_the_weights_back(trainer: Trainer) -> None:
    weights = trainer.network.get_weights()

    def after_a_step() -> Any:
        with tf.GradientTape() as tape:
            loss = trainer.mean_loss(batch(2))
        own = [weight.value for weight in trainer.trainable_weights]
        for weight, step in zip(own, tape.gradient(loss, own), strict=True):
            weight.assign_sub(RATE * step)
        judged = trainer.mean_loss(batch(1))
        gates = trainer.network.gates.numpy()
        trainer.network.set_weights(weights)
        trainer.network.gates.assign(gates)
        return judged

    expected = differences(trainer, after_a_step)
    trainer.network.gates.assign(GATES)
    before = trainer.network.get_weights()
    first, second = (np.asarray(slope(*own)) for slope, own in (
        (first_order(trainer), [batch(1)]), (second_order(trainer), [batch(1), batch(2)])
    ))  # fmt: skip
    np.testing.assert_allclose(second, expected, atol=2e-3)
    assert np.abs(second - expected).max() < 0.5 * np.abs(first - expected).max()
    for one, other in zip(before, trainer.network.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_largest_eigenvalue_is_that_of_the_hessian(trainer: Trainer) -> None:
    """Against differences of differences of the loss."""

    def at(place: np.ndarray) -> float:
        trainer.network.gates.assign(GATES + place)
        return float(trainer.mean_loss(batch(1)))

    first, step = first_order(trainer), 0.1
    moves = step * np.eye(3)
    hessian = [
        [at(a + b) - at(a - b) - at(b - a) + at(-a - b) for b in moves] for a in moves
    ]  # fmt: skip
    expected = np.linalg.eigvalsh(np.array(hessian) / (4 * step**2))[-1]
    slope = of_gates(trainer.network, lambda: first(batch(1)))
    found = largest_eigenvalue(slope, GATES.astype(float), np.random.default_rng(0))
    trainer.network.gates.assign(GATES)
    assert found == pytest.approx(expected, rel=0.05)


@pytest.fixture(scope="module")
def dropping() -> Trainer:
    """With dropout and statistics."""
    keras.utils.set_random_seed(0)
    options = {"one": convolution(4, 1), "three": convolution(4, 3), "skip": Series(conv(1))}
    net = supernet(Space("two", Series(Choice("op", options), Op(layers.Dropout, rate=0.5))), SHAPE, Softmax())
    own = Trainer(net)
    own.compile(optimizer=keras.optimizers.SGD(RATE), loss="mse")
    return own


def test_dropout_and_statistics_are_the_same_at_all_places(dropping: Trainer) -> None:
    first = first_order(dropping)
    assert np.abs(first(batch(1)) - first(batch(1))).max() > 1e-4
    slope = of_gates(dropping.network, lambda: first(batch(1)))
    here = slope(GATES)
    slope(2 * GATES)
    np.testing.assert_allclose(slope(GATES), here, atol=1e-6)


def test_what_dropout_draws_is_no_part_of_the_second_order(dropping: Trainer) -> None:
    """The difference of two gradients of other draws would be many times the gradient."""
    dropping.network.gates.assign(GATES)
    dropping.optimizer.learning_rate = 1.0
    first, second = first_order(dropping), second_order(dropping)
    spread = [
        np.std([slope(*own) for _ in range(8)], axis=0).max()
        for slope, own in ((first, [batch(1)]), (second, [batch(1), batch(2)]))
    ]
    assert spread[1] < 2 * spread[0]


def test_of_many_directions_a_few_products_find_the_sharpest() -> None:
    """Where a negative eigenvalue is the largest in size, and most are small."""
    rng = np.random.default_rng(1)
    turned, _ = np.linalg.qr(rng.normal(size=(40, 40)))
    values = np.array([3.0, 1.5, -4.0, *rng.uniform(-0.5, 0.5, 37)])
    hessian = turned @ np.diag(values) @ turned.T
    for seed in range(5):
        found = largest_eigenvalue(lambda place: hessian @ place, np.zeros(40), np.random.default_rng(seed))
        assert found is not None
        assert 2.7 < found < 3.0 + 1e-6


def test_a_gradient_that_is_no_number_has_no_eigenvalue() -> None:
    assert largest_eigenvalue(lambda place: np.full(3, np.nan), np.zeros(3), np.random.default_rng(0)) is None
    assert largest_eigenvalue(lambda place: np.ones(3), np.zeros(3), np.random.default_rng(0)) == 0.0
