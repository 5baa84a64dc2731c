"""Scoring before training, on a clock of our own: what drives the strategy, and what is trained."""

from typing import Any

import pytest

from keras_nas.architecture import Architecture
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.budgeting import Budgeting
from keras_nas.estimators.ready import get_estimator
from keras_nas.estimators.zero_cost.estimator import WarmStart, ZeroCost
from keras_nas.estimators.zero_cost.scored import with_recipe
from keras_nas.ledger import Ledger, Trial, is_training
from keras_nas.objectives import objectives_from
from keras_nas.objectives.constraints import constraints_from
from keras_nas.strategy import UNTRAINED, Failure, Outcome, Problem, Signal
from keras_nas.tuners import make

NETWORK = tuple(Decision(name, Labels(tuple(range(5)))) for name in "abcd")
RECIPE = (Decision("recipe/rate", Interval(0.01, 1.0, log=True)), Decision("recipe/flip", Labels(("no", "yes"))))
DECISIONS = Decisions((*NETWORK, *RECIPE))
KNOWN = Architecture({**dict.fromkeys("abcd", 0), "recipe/rate": 0.3, "recipe/flip": "yes"})


class Clock:
    """Seconds that pass only when somebody says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def size(architecture: Architecture) -> int:
    return sum(int(architecture[name]) for name in "abcd")


def outcome(trial: Trial) -> Outcome:
    """Scores favour large networks and explode, as they do; the odd ones fail."""
    large = size(trial.proposal.architecture)
    if is_training(trial):
        return Outcome({"val_accuracy": large / 16, "params": float(large)})
    if trial.number % 7 == 3:
        return Outcome(failure=Failure("not_finite", "no number"))
    return Outcome({"synflow": 10.0**large, "naswot": float(-large % 3), "params": float(large)})


def run(
    estimator: Any,
    strategy: str = "evolution",
    max_time: float | None = None,
    max_trials: int | None = None,
    decisions: Decisions = DECISIONS,
    problem: Any = None,
    **budgeting: Any,
) -> Ledger:
    """A whole search that runs one trial at a time; a score takes a second."""
    clock = Clock()
    budget = Budgeting(Bounds(max_time, max_trials), clock, **budgeting)
    around = estimator.around(make(strategy), budget)
    ledger = Ledger(around, problem or Problem(decisions, objectives_from("val_accuracy"), seed=1, budget=max_trials))
    while max_trials is None or sum(map(is_training, ledger.trials)) < max_trials:
        trial = ledger.ask()
        if isinstance(trial, Signal):
            break
        clock.now += trial.proposal.fidelity.get("seconds", 1.0)
        ledger.tell(trial.number, outcome(trial))
    return ledger


def searched(estimator: Any, *args: Any, **kwargs: Any) -> list[Trial]:
    """What was run in a whole search."""
    return [trial for trial in run(estimator, *args, **kwargs).trials if trial.source == "run"]


def parts(trials: list[Trial]) -> tuple[list[Trial], list[Trial]]:
    """Scored and trained."""
    return [t for t in trials if not is_training(t)], [t for t in trials if is_training(t)]


def networks(trials: list[Trial]) -> list[tuple[Any, ...]]:
    return [tuple(trial.proposal.architecture[name] for name in "abcd") for trial in trials]


def test_a_strategy_is_driven_by_the_score() -> None:
    scored, trained = parts(searched(ZeroCost("synflow", networks=80, best=3), max_trials=6))
    assert len(scored) == 80
    assert len(trained) == 6
    assert scored == sorted(scored, key=lambda trial: trial.number)
    early, late = ([size(trial.proposal.architecture) for trial in part] for part in (scored[:20], scored[-20:]))
    assert sum(late) > sum(early) + 20
    assert max(late) >= 14


def test_the_best_are_trained_and_the_best_of_these_to_the_end() -> None:
    scored, trained = parts(searched(ZeroCost("synflow", networks=60, best=3), max_trials=8))
    good = {trial.proposal.architecture: size(trial.proposal.architecture) for trial in scored if outcome(trial).ok}
    assert [size(trial.proposal.architecture) for trial in trained[:3]] == sorted(good.values(), reverse=True)[:3]
    assert set(networks(trained)) <= set(networks(trained[:3]))
    assert [("final" in trial.proposal.fidelity) for trial in trained] == [False] * 7 + [True]


def test_a_score_decides_no_recipe() -> None:
    scored, trained = parts(searched(ZeroCost("synflow", networks=20, best=2), max_trials=6, first=(KNOWN,)))
    assert all(set(trial.proposal.architecture) == set("abcd") for trial in scored)
    assert all(DECISIONS.validate(trial.proposal.architecture) for trial in trained)
    rates = [trial.proposal.architecture["recipe/rate"] for trial in trained]
    assert rates[:2] == [0.3, 0.3]
    assert len(set(rates)) > 2


def test_without_a_recipe_to_decide_each_is_trained_once() -> None:
    _, trained = parts(searched(ZeroCost("synflow", networks=20, best=3), max_trials=9, decisions=Decisions(NETWORK)))
    assert [("final" in trial.proposal.fidelity) for trial in trained] == [False] * 3 + [True] * 2
    assert trained[3].proposal.architecture == trained[4].proposal.architecture  # again, by another seed


def test_a_share_of_the_time_goes_into_scores() -> None:
    scored, trained = parts(searched(ZeroCost("synflow", share=0.1), max_time=600.0))
    assert 55 <= len(scored) <= 62
    seconds = sum(trial.proposal.fidelity["seconds"] for trial in trained)
    assert 480 < seconds < 545
    assert "final" in trained[-1].proposal.fidelity


def test_several_scores_are_averaged_by_rank() -> None:
    scored, trained = parts(searched(ZeroCost(("synflow", "naswot"), networks=50, best=1), "random", max_trials=2))
    assert scored[0].proposal.fidelity == {UNTRAINED: 64.0, "synflow": 1.0, "naswot": 1.0}
    sizes = {size(trial.proposal.architecture) for trial in scored if trial.outcome and trial.outcome.ok}
    assert -size(trained[0].proposal.architecture) % 3 == 2
    assert size(trained[0].proposal.architecture) >= sorted(sizes)[-4]


def test_a_warm_start_scores_random_networks_and_then_searches() -> None:
    estimator = WarmStart("synflow", networks=40, best=3)
    scored, trained = parts(searched(estimator, max_trials=12, first=(KNOWN,)))
    assert len(scored) == 40
    assert trained[0].proposal.architecture == KNOWN
    best = sorted((size(t.proposal.architecture) for t in scored if t.outcome and t.outcome.ok), reverse=True)[:3]
    assert [size(trial.proposal.architecture) for trial in trained[1:4]] == best
    assert len(set(networks(trained))) > 6


def test_a_yardstick_starts_cold() -> None:
    scored, trained = parts(searched(WarmStart("synflow"), "random", max_trials=4))
    assert not scored
    assert len(trained) == 4


def test_costs_and_their_limits_count_before_training() -> None:
    problem = Problem(DECISIONS, objectives_from(["val_accuracy", "params"]), constraints_from({"params": 9}), seed=1)
    estimator = ZeroCost("synflow", networks=60, best=4)
    _, trained = parts(searched(estimator, "nsga2", max_trials=8, problem=problem, objectives=2))
    sizes = [size(trial.proposal.architecture) for trial in trained]
    assert max(sizes) <= 9
    assert len(set(sizes)) > 1


def test_a_small_space_is_scored_once() -> None:
    few = Decisions((Decision("a", Labels((0, 4))), *(Decision(name, Labels((1,))) for name in "bcd")))
    scored, trained = parts(searched(ZeroCost("synflow", networks=50), max_trials=3, decisions=few))
    assert len(scored) == 2
    assert "final" in trained[-1].proposal.fidelity


def test_it_goes_on_where_it_was() -> None:
    """A strategy's state is what it observed: replayed, it proposes the same."""
    estimator = ZeroCost("synflow", networks=30, best=2)
    whole = run(estimator, max_trials=5)
    problem = Problem(DECISIONS, objectives_from("val_accuracy"), seed=1, budget=5)
    for stop in range(0, len(whole.trials), 4):
        around = estimator.around(make("evolution"), Budgeting(Bounds(None, 5), Clock()))
        ledger = Ledger(around, problem)
        ledger.restore(whole.trials[:stop], whole.log[: 2 * stop])
        following = ledger.ask()
        assert isinstance(following, Trial)
        assert following.proposal == whole.trials[following.number].proposal


def test_estimators_by_the_name_of_a_score() -> None:
    assert get_estimator("zero_cost") == ZeroCost()
    assert get_estimator("naswot") == ZeroCost("naswot")
    assert get_estimator("warm_start") == WarmStart()
    with pytest.raises(InvalidArgument, match="Unknown zero-cost score 'naswott'.*Did you mean 'naswot'"):
        ZeroCost("naswott")
    with pytest.raises(InvalidArgument, match=r"share=1.5: expected a part of the time, above 0 and below 1"):
        ZeroCost(share=1.5)
    with pytest.raises(InvalidArgument, match="best=0: expected 1 or more"):
        WarmStart(best=0)


def test_a_network_without_a_known_recipe_gets_a_middling_one() -> None:
    network = dict.fromkeys("abcd", 1)
    assert with_recipe(DECISIONS, network, {})["recipe/rate"] == pytest.approx(0.1)
    assert with_recipe(DECISIONS, network, {})["recipe/flip"] == "no"
    assert with_recipe(DECISIONS, network, KNOWN) == Architecture({**KNOWN, **network})
