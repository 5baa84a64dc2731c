"""A predictor that has learnt from earlier searches too."""

import numpy as np
import pytest

from keras_nas.architecture import Architecture
from keras_nas.operators import sample
from keras_nas.predictors.ranker import Ranker, standardised_ranks
from keras_nas.predictors.screened import ENOUGH, Lesson, Screened
from keras_nas.strategy import Problem, Proposal
from keras_nas.testing.toys import FLAT, SCORE, outcome
from keras_nas.tuners import make

PROBLEM = Problem(FLAT, (SCORE,), seed=3)


def worth(architecture: Architecture) -> float:
    return float(outcome(architecture).scores["score"])


def earlier(count: int = 40, shuffled: bool = False) -> dict[Architecture, float]:
    """What an earlier search found, on a scale of its own."""
    rng = np.random.default_rng(1)
    found = [sample(FLAT, rng) for _ in range(count)]
    values = [worth(architecture) / 10 - 5 for architecture in found]
    return dict(zip(found, rng.permutation(values) if shuffled else values, strict=True))


def begun(*searches: dict[Architecture, float], trials: int = 0) -> Screened:
    strategy = Screened(make("random"), None, candidates=80, initial=5, earlier=searches)
    strategy.begin(PROBLEM)
    for number in range(trials):
        architecture = sample(FLAT, np.random.default_rng([9, number]))
        strategy.observe(Proposal(architecture), outcome(architecture))
    return strategy


def proposed(strategy: Screened, numbers: range) -> float:
    return float(np.mean([worth(strategy.propose(number, []).architecture) for number in numbers]))  # type: ignore[union-attr]


def test_the_first_trial_is_chosen_by_what_earlier_searches_found() -> None:
    drawn, chosen = (proposed(strategy, range(3)) for strategy in (begun(), begun(earlier())))
    assert chosen > drawn + 5
    assert begun(earlier(3))._lessons == [], "of three architectures nothing is learnt"


def test_an_earlier_search_counts_as_long_as_it_orders_these_trials() -> None:
    strategy = begun(earlier(), earlier(shuffled=True), trials=16)
    rows = strategy._ranker.features.transform(list(strategy.seen))
    own = Lesson(rows, standardised_ranks(np.array([worth(architecture) for architecture in strategy.seen])))
    assert [lesson.bears(own) for lesson in strategy._lessons] == [True, False]
    few = Lesson(own.rows[: ENOUGH - 1], own.ranks[: ENOUGH - 1])
    assert [lesson.bears(few) for lesson in strategy._lessons] == [True, True]


def test_each_search_is_learnt_on_its_own_scale() -> None:
    found = earlier()
    lesson = Lesson.of(found, Ranker(FLAT))
    assert lesson.ranks.mean() == pytest.approx(0.0)
    assert lesson.ranks.std() == pytest.approx(1.0)
    best = max(found, key=lambda architecture: found[architecture])
    assert int(np.argmax(lesson.ranks)) == list(found).index(best)
