"""From logits to gates and back: what a step computes, and that the gradient on average is the right one."""

import numpy as np
import pytest
import tensorflow as tf

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.encoding import Encoder
from keras_nas.supernet.gates import RIVAL, Gate, StraightThrough
from keras_nas.supernet.relaxations import (
    GumbelSoftmax,
    HardGumbel,
    Mixture,
    Thresholds,
    TwoPaths,
    probabilities,
    softmax,
)

LOGITS = np.array([0.5, -0.2, 0.1, 1.0, 0.0])
SPANS = [slice(0, 3), slice(3, 5)]


def draws(relaxation: object, count: int = 400, progress: float = 0.5) -> list:
    rng = np.random.default_rng(0)
    return [relaxation.draw(LOGITS, SPANS, progress, rng) for _ in range(count)]  # type: ignore[attr-defined]


def test_a_mixture_is_the_logits() -> None:
    (draw,) = draws(Mixture(), 1)
    np.testing.assert_array_equal(draw.judged, LOGITS)
    np.testing.assert_array_equal(draw.pull(LOGITS), LOGITS)


def test_the_temperature_falls_from_start_to_end() -> None:
    relaxation = GumbelSoftmax(start=10.0, end=0.1)
    for progress, temperature in ((0.0, 10.0), (0.5, 1.0), (1.0, 0.1)):
        (draw,) = draws(relaxation, 1, progress)
        noise = np.random.default_rng(0).gumbel(size=5)
        np.testing.assert_allclose(draw.judged, (LOGITS + noise) / temperature)
        np.testing.assert_allclose(draw.pull(np.ones(5)), np.ones(5) / temperature)


def test_hard_draws_are_by_the_softmax_of_the_logits_and_judged_beside_all_others() -> None:
    found = draws(HardGumbel(), 2000)
    taken = np.mean([draw.taken for draw in found], axis=0)
    np.testing.assert_allclose(taken[:3], softmax(LOGITS[:3]), atol=0.04)
    np.testing.assert_allclose(taken[3:], softmax(LOGITS[3:]), atol=0.04)
    for draw in found[:5]:
        np.testing.assert_array_equal(draw.judged, np.where(draw.taken == 1.0, 1.0, RIVAL))


def test_the_pull_of_a_hard_draw_is_the_gradient_of_its_softmax() -> None:
    slope = np.array([0.3, 0.1, 0.5, 2.0, -1.0])
    for progress, temperature in ((0.0, 10.0), (0.5, 5.05), (1.0, 0.1)):
        (draw,) = draws(HardGumbel(), 1, progress)
        p = softmax((LOGITS[:3] + np.random.default_rng(0).gumbel(size=5)[:3]) / temperature)
        expected = (np.diag(p) - np.outer(p, p)) @ slope[:3] / temperature
        np.testing.assert_allclose(draw.pull(slope)[:3], expected, atol=1e-12)
        np.testing.assert_allclose(draw.pull(slope + 7.0), draw.pull(slope), atol=1e-12)


def test_hard_draws_go_to_the_option_of_least_loss() -> None:
    rng, logits, losses = np.random.default_rng(0), np.zeros(3), np.array([0.3, 0.1, 0.5])
    for step in range(400):
        logits -= HardGumbel().draw(logits, SPANS[:1], step / 400, rng).pull(losses)
    assert np.argmax(softmax(logits)) == 1


def test_options_behind_which_normalisation_stands_are_told_apart() -> None:
    """How much there is of an option says nothing there, which is all that its own gradient is of."""
    options = [tf.constant([1.0, 2.0, 4.0]), tf.constant([3.0, 1.0, 1.0])]
    target = tf.constant([1.2, -0.6, -0.6])  # what the second becomes, about

    def slope(gate: Gate, values: np.ndarray) -> np.ndarray:
        given = tf.constant(values, tf.float32)
        with tf.GradientTape() as tape:
            tape.watch(given)
            y = gate.mix(gate.weights(given), [lambda own=own: own for own in options], lambda: tf.zeros(3))  # type: ignore[misc]
            y = (y - tf.reduce_mean(y)) / tf.math.reduce_std(y)
            loss = tf.reduce_sum((y - target) ** 2)
        return np.asarray(tape.gradient(loss, given))

    assert np.abs(slope(StraightThrough(), np.array([0.4, 0.1]))).max() < 1e-5
    gap = slope(HardGumbel.gate, np.array([1.0, RIVAL])) @ [1.0, -1.0]
    assert gap > 1.0, "down the gradient the second becomes likelier"


def test_thresholds_settle_an_option_and_leave_a_little_to_others() -> None:
    (draw,) = draws(Thresholds(), 1)
    np.testing.assert_array_equal(draw.judged, LOGITS)
    encoder = Encoder(Decisions((Decision("a", Labels((1, 2, 3))), Decision("b", Labels(("x", "y"))))))
    chances = probabilities(np.array([0.0, 0.1, -2.0, 1.0, 0.3]), encoder, Thresholds().chances)
    assert [int(np.argmax(own)) for own in chances.values()] == [1, 1]
    assert all(own.sum() == pytest.approx(1.0) and 0 < own.min() < 0.02 for own in chances.values())


def test_two_paths_train_one_and_judge_two() -> None:
    for draw in draws(TwoPaths(), 50):
        for span in SPANS:
            assert sorted(draw.taken[span])[-2:] == [0.0, 1.0]
            assert sorted(draw.judged[span])[-2:] == [RIVAL, 1.0]


def test_paths_are_trained_by_their_probabilities() -> None:
    taken = np.mean([draw.taken for draw in draws(TwoPaths(), 4000)], axis=0)
    np.testing.assert_allclose(taken[:3], softmax(LOGITS[:3]), atol=0.03)
    np.testing.assert_allclose(taken[3:], softmax(LOGITS[3:]), atol=0.03)


def test_of_two_options_the_pull_is_the_gradient_of_the_softmax() -> None:
    (draw,) = draws(TwoPaths(), 1)
    p, slope = softmax(LOGITS[3:]), np.array([0.0, 0.0, 0.0, 2.0, -1.0])
    jacobian = np.diag(p) - np.outer(p, p)
    np.testing.assert_allclose(draw.pull(slope)[3:], jacobian @ slope[3:])


def test_what_is_not_judged_is_not_moved() -> None:
    for draw in draws(TwoPaths(), 20):
        moved = draw.pull(np.arange(5.0) + 1.0)
        assert not moved[draw.judged == 0].any()
        assert moved[:3].sum() == pytest.approx(0.0)
