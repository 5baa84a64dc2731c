"""Which trial wins."""

from typing import Any

import pytest

from keras_nas.architecture import Architecture
from keras_nas.errors import SearchFailed, SearchInterrupted
from keras_nas.estimators.stages import BASELINE
from keras_nas.ledger import Trial
from keras_nas.objectives import objectives_from
from keras_nas.objectives.constraints import constraints_from
from keras_nas.results.outcome import kept, order, ranked, winner
from keras_nas.strategy import Failure, Outcome, Proposal

ONE, TWO = objectives_from("val_accuracy"), objectives_from(["val_accuracy", "latency_ms"])


def trial(number: int, accuracy: float | None, latency: float = 1.0, final: bool = True, **note: Any) -> Trial:
    """A trial with scores; failed without an accuracy."""
    proposal = Proposal(Architecture({"number": number}), {"final": 1.0} if final else {}, note=note)
    scores = {"val_accuracy": accuracy or 0.0, "latency_ms": latency}
    return Trial(number, proposal, outcome=Outcome(scores) if accuracy else Outcome(failure=Failure("error", "no")))


def won(objectives: Any, *trials: Trial, **limits: float) -> int:
    return winner(objectives, constraints_from(limits), trials).number


def test_the_best_of_those_trained_to_the_end() -> None:
    assert won(ONE, trial(0, 0.99, final=False), trial(1, 0.8), trial(2, 0.9), trial(3, None)) == 2
    assert won(ONE, trial(0, 0.7, final=False), trial(1, 0.8, final=False), trial(2, None)) == 1


def test_the_users_model_never_wins() -> None:
    assert won(ONE, trial(0, 0.99, **{BASELINE: True}), trial(1, 0.5)) == 1


def test_constraints_come_before_everything() -> None:
    fast, slow = trial(0, 0.6, 4.0, final=False), trial(1, 0.9, 9.0)
    assert won(ONE, fast, slow, latency_ms=5) == 0
    assert won(ONE, slow, trial(2, 0.95, 7.0), latency_ms=5) == 2  # none meets it: the nearest


def test_several_objectives_are_weighed_at_the_knee() -> None:
    front = [trial(0, 0.5, 1.0), trial(1, 0.9, 2.0), trial(2, 0.92, 9.0)]
    assert won(TWO, *front) == 1
    assert won(TWO, *front, trial(3, 0.89, 1.1, final=False)) == 1
    assert won(TWO, *front[1:]) == 2  # two leave no knee: the first objective counts


def test_a_dominated_trial_never_wins() -> None:
    assert won(TWO, trial(0, 0.9, 2.0), trial(1, 0.8, 3.0), trial(2, 0.7, 4.0)) == 0


def test_order_and_rank_agree() -> None:
    trials = [trial(0, 0.7), trial(1, None), trial(2, 0.9, final=False), trial(3, 0.8)]
    assert [t.number for t in ranked(ONE, (), trials)] == [3, 0, 2]
    assert order(ONE, (), [], []) == []


def test_without_a_finished_trial_the_reasons_are_told() -> None:
    with pytest.raises(SearchFailed, match="All 2 trials failed:\n  2 x error: no"):
        won(ONE, trial(0, None), trial(1, None), trial(2, 0.9, **{BASELINE: True}))
    with pytest.raises(SearchFailed, match="No trial was finished before the search ended: give more time"):
        won(ONE)


def test_ctrl_c_before_anything_was_finished_is_no_failure() -> None:
    with pytest.raises(SearchInterrupted, match="interrupted before any training had ended. .* keras_nas.resume"):
        winner(ONE, (), [trial(0, None)], "interrupted")
    assert winner(ONE, (), [trial(0, None), trial(1, 0.5)], "interrupted").number == 1


def numbers(objectives: Any, trials: list[Trial], count: int, **limits: float) -> list[int]:
    return [trial.number for trial in kept(objectives, constraints_from(limits), trials, count)]


def test_the_best_models_are_kept_and_the_users_own() -> None:
    trials = [trial(0, 0.7), trial(1, 0.9), trial(2, 0.8), trial(3, None), trial(4, 0.1, **{BASELINE: True})]
    assert numbers(ONE, trials, 2) == [1, 2, 4]


def test_the_whole_front_is_kept() -> None:
    front = [trial(number, 0.9 - 0.01 * number, 20.0 - number, final=number % 2 == 0) for number in range(15)]
    beaten = [trial(20 + number, 0.5, 30.0) for number in range(5)]
    assert numbers(TWO, beaten + front, 10) == list(range(15))
    assert numbers(TWO, beaten + front[:3], 10)[:3] == [0, 1, 2]
    assert len(numbers(TWO, beaten + front[:3], 10)) == 8
    assert numbers(TWO, front, 2, latency_ms=12.5) == list(range(8, 15))


def test_a_place_on_the_front_counts_more_than_a_long_training() -> None:
    """Within a limit the most accurate of the front is the best, whether it was trained long or not."""
    found = [trial(0, 0.85, 0.1), trial(1, 0.91, 5.0, final=False), trial(2, 0.80, 0.2)]
    scores = [t.outcome.scores for t in found if t.outcome]
    assert order(TWO, (), scores, [True, False, True]) == [1, 0, 2]
    assert won(TWO, *found) == 0
