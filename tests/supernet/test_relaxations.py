"""From logits to gates and back: what a step computes, and that the gradient on average is the right one."""

import numpy as np
import pytest
import tensorflow as tf

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.encoding import Encoder
from keras_nas.supernet.gates import RIVAL, StraightThrough
from keras_nas.supernet.relaxations import (
    GumbelSoftmax,
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
    (draw,) = draws(GumbelSoftmax(start=10.0, end=0.0, evenly=True), 1, 0.75)
    np.testing.assert_allclose(draw.pull(np.ones(5)), np.ones(5) / 2.5)


def test_single_paths_are_drawn_by_the_softmax_of_the_logits() -> None:
    relaxation = GumbelSoftmax(10.0, 0.1, gate=StraightThrough())
    chosen = [int(np.argmax(draw.taken[:3])) for draw in draws(relaxation, 2000)]
    np.testing.assert_allclose(np.bincount(chosen) / 2000, softmax(LOGITS[:3]), atol=0.04)
    (draw,) = draws(relaxation, 1)
    assert np.asarray(relaxation.gate.weights(draw.judged[:3])).tolist() == np.eye(3)[chosen[0]].tolist()


@pytest.mark.parametrize("evenly", [True, False])
def test_single_paths_go_to_the_option_of_least_loss(evenly: bool) -> None:
    """Of a loss that is linear in the weights, where a single draw's gradient is the right one on average."""
    relaxation, losses = GumbelSoftmax(10.0, 0.1, evenly, StraightThrough()), tf.constant([0.3, 0.1, 0.5])
    rng, logits = np.random.default_rng(0), np.zeros(3)
    for step in range(400):
        draw = relaxation.draw(logits, SPANS[:1], step / 400, rng)
        values = tf.constant(draw.judged)
        with tf.GradientTape() as tape:
            tape.watch(values)
            loss = tf.tensordot(relaxation.gate.weights(values), tf.cast(losses, values.dtype), 1)
        logits -= draw.pull(np.asarray(tape.gradient(loss, values)))
    assert np.argmax(softmax(logits)) == 1


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
