"""From logits to gates and back: what a step computes, and that the gradient on average is the right one."""

import numpy as np
import pytest

from keras_nas.supernet.gates import RIVAL
from keras_nas.supernet.relaxations import GumbelSoftmax, Mixture, TwoPaths, softmax

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
