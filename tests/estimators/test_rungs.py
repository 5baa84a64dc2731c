"""Successive halving, Hyperband and ASHA, on a clock of our own: who goes on, from what, and that nobody waits."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from keras_nas import estimators
from keras_nas.architecture import Architecture
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.budgeting import Budgeting
from keras_nas.estimators.climbing import Climb, gains, levelled
from keras_nas.estimators.halving import ASHA, Hyperband, SuccessiveHalving
from keras_nas.estimators.ladder import Bracket
from keras_nas.estimators.ready import get_estimator
from keras_nas.ledger import Ledger, Trial
from keras_nas.objectives import Constraint, objectives_from
from keras_nas.strategy import Failure, Outcome, Problem, Proposal, Signal
from keras_nas.testing import STRATEGY_CHECKS, Subject
from keras_nas.tuners import make

DECISIONS = Decisions(tuple(Decision(name, Labels(tuple(range(5)))) for name in "abcd"))
ALL = (SuccessiveHalving(), Hyperband(), ASHA())


def quality(architecture: Mapping[str, Any]) -> float:
    return sum(float(value) for value in architecture.values()) / 16


def rung(trial: Trial) -> int:
    return int(trial.proposal.fidelity.get("rung", -1))


class Search:
    """A search whose trials take the time that they are given, and whose folders are dropped as a driver does it.

    Args:
        estimator: divides the budget.
        bounds: of the search.
        strategy: by name.
        seed: of the search.
        objectives: their names.
        budgeting: what else the estimator is told.
    """

    def __init__(
        self,
        estimator: Any,
        bounds: Bounds,
        strategy: Any = "random",
        seed: int = 0,
        objectives: Sequence[str] = ("val_accuracy",),
        **budgeting: Any,
    ) -> None:
        self.now = 0.0
        self.bounds = bounds
        told = Budgeting(bounds, lambda: self.now, objectives=len(objectives), overhead=4.0, **budgeting)
        decisions = budgeting.pop("decisions", DECISIONS)
        self.problem = Problem(decisions, objectives_from(list(objectives)), seed=seed)
        self.ledger = Ledger(estimator.around(make(strategy), told), self.problem)
        self.folders: set[int] = set()
        self.idle = 0
        self.running: list[tuple[float, int]] = []

    def seconds(self, trial: Trial) -> float:
        fidelity = trial.proposal.fidelity
        return fidelity.get("seconds", fidelity["epochs"] - fidelity.get("past_epochs", 0.0) + 1.0)

    def scores(self, trial: Trial) -> Outcome:
        """Longer trainings score better."""
        good = quality(trial.proposal.architecture)
        trained = len([t for t in self.trials if t.proposal.architecture == trial.proposal.architecture])
        return Outcome({"val_accuracy": good - 0.5**trained, "params": 16.0 * good})

    @property
    def trials(self) -> list[Trial]:
        """Those that were handed out."""
        return [trial for trial in self.ledger.trials if trial.source == "run"]

    def fill(self) -> None:
        most = self.bounds.max_trials
        while len(self.running) < self.bounds.workers and (most is None or len(self.trials) < most):
            trial = self.ledger.ask()
            if isinstance(trial, Signal):
                self.idle += bool(self.running)
                return
            parent = trial.proposal.parent
            assert parent is None or parent in self.folders, "what it goes on from is gone"
            heapq.heappush(self.running, (self.now + self.seconds(trial), trial.number))

    def end(self, tell: Callable[[Trial], Outcome] | None = None) -> bool:
        """The next trial to end; False when nothing runs."""
        self.fill()
        if not self.running:
            return False
        self.now, number = heapq.heappop(self.running)
        trial = self.ledger.trials[number]
        self.ledger.tell(number, (tell or self.scores)(trial))
        needed = {t.proposal.parent for t in self.ledger.pending} | {t.number for t in self.ledger.pending}
        self.folders = (self.folders | {number}) & (needed | {*self.ledger.strategy.continues()})
        return True

    def run(self, tell: Callable[[Trial], Outcome] | None = None) -> list[Trial]:
        """To the end; a later trial asks for a folder that was kept."""
        while self.end(tell):
            assert len(self.running) < self.bounds.workers
        return self.trials


@pytest.mark.parametrize("estimator", ALL, ids=lambda estimator: type(estimator).__name__)
@pytest.mark.parametrize("bounds", [Bounds(None, 40, 3), Bounds(1800.0, None, 2), Bounds(1800.0, 12, 2)], ids=str)
@pytest.mark.parametrize("strategy", ["random", "evolution", "tpe"])
def test_a_promoted_trial_goes_on_from_the_last_of_its_architecture(
    estimator: Any, bounds: Bounds, strategy: str
) -> None:
    search = Search(estimator, bounds, strategy)
    trials = search.run()
    by_number = {trial.number: trial for trial in trials}
    climbed = {
        trial.proposal.architecture: [t for t in trials if t.proposal.architecture == trial.proposal.architecture]
        for trial in trials
    }
    for steps in climbed.values():
        for before, after in zip(steps, steps[1:], strict=False):
            assert after.proposal.parent == before.number, "trained again from the start"
            assert after.proposal.fidelity["epochs"] > before.proposal.fidelity["epochs"]
            assert "final" in after.proposal.fidelity or rung(after) == rung(before) + 1
    (last,) = [trial for trial in trials if "final" in trial.proposal.fidelity]
    top = max(rung(trial) for trial in trials)
    assert last is trials[-1]
    assert last.proposal.parent is not None
    assert rung(by_number[last.proposal.parent]) == top
    if bounds.max_time is not None:
        assert search.now <= bounds.max_time
    if bounds.max_trials is not None:
        assert len(trials) <= bounds.max_trials


def test_successive_halving_promotes_the_best_third_of_each_rung() -> None:
    trials = Search(SuccessiveHalving(), Bounds(None, 27)).run()
    rungs = [[quality(t.proposal.architecture) for t in trials if rung(t) == level] for level in range(3)]
    assert [len(scores) for scores in rungs] == [18, 6, 2]
    assert sorted(rungs[0])[-6:] == sorted(rungs[1])
    assert sorted(rungs[1])[-2:] == sorted(rungs[2])
    assert quality(trials[-1].proposal.architecture) == max(rungs[2])
    assert [trials[place].proposal.fidelity["epochs"] for place in (0, 18, 24)] == [1.0, 3.0, 9.0]
    assert trials[-1].proposal.fidelity == {"final": 1.0, "epochs": 27.0, "past_epochs": 9.0}


@pytest.mark.parametrize("estimator", [ASHA(), SuccessiveHalving(), Hyperband()], ids=lambda e: type(e).__name__)
def test_a_straggler_holds_nobody_up(estimator: Any) -> None:
    """One trial never ends: seven of eight workers go on, to the highest rung, until the trials are used up."""
    search = Search(estimator, Bounds(None, 80, 8))
    search.fill()
    straggler = search.running[0][1]
    search.running = [(float("inf") if number == straggler else when, number) for when, number in search.running]
    heapq.heapify(search.running)
    while search.running[0][0] < float("inf"):
        busy = len(search.running)
        assert busy == 8 or len(search.trials) == 79, "a worker waits while there are trials left"
        search.end()
        search.fill()
    assert len(search.trials) == 79, "all but the finalist, which is chosen when all have ended"
    assert max(rung(trial) for trial in search.trials) == 2


def test_asha_promotes_before_it_lets_enter() -> None:
    trials = Search(ASHA(), Bounds(None, 14)).run()
    assert [rung(trial) for trial in trials[:5]] == [0, 0, 0, 1, 0]


def test_hyperband_begins_on_higher_and_higher_rungs() -> None:
    trials = Search(Hyperband(), Bounds(None, 19)).run()
    entered = [rung(trial) for trial in trials if trial.proposal.parent is None]
    assert entered == [0] * 9 + [1] * 5 + [0] * (len(entered) - 14)
    assert {rung(t): t.proposal.fidelity["epochs"] for t in trials if rung(t) >= 0} == {0: 3.0, 1: 9.0}


def test_more_time_makes_more_rungs_and_the_finalist_has_most_of_it() -> None:
    heights = []
    for max_time in (60.0, 600.0, 6 * 3600.0):
        search = Search(SuccessiveHalving(), Bounds(max_time, None, 2))
        trials = search.run()
        heights.append(max(map(rung, trials)) + 1)
        last = trials[-1].proposal
        assert last.fidelity["seconds"] > 0.4 * max_time
        assert 0.9 * max_time < search.now <= max_time
        own = [t.proposal.fidelity["seconds"] for t in trials if rung(t) == 1]
        assert all(
            seconds == pytest.approx(2 * trials[0].proposal.fidelity["seconds"] + 4.0, abs=0.2) for seconds in own
        )
    assert heights == [1, 2, 3]


def test_several_objectives_promote_by_fronts() -> None:
    """Accuracy and size are at odds: the smallest and the largest network go on, as does the user's own model."""
    search = Search(SuccessiveHalving(), Bounds(None, 40), objectives=("val_accuracy", "params"), baseline=True)
    ledger = search.ledger
    trials = search.run()
    rungs = [{t.proposal.architecture for t in trials if rung(t) == level} for level in range(2)]
    sizes = [sorted(map(quality, members)) for members in rungs]
    assert sizes[1][0] == sizes[0][0]
    assert sizes[1][-1] == sizes[0][-1]
    finalists = [t for t in trials if "final" in t.proposal.fidelity]
    assert len({t.proposal.architecture for t in finalists}) == len(finalists) == 7
    assert ledger.trials[-1].proposal.architecture == {}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("objectives", [("val_accuracy",), ("val_accuracy", "params")], ids=len)
def test_several_finalists_of_several_brackets_go_on_from_where_they_stopped(
    objectives: tuple[str, ...], seed: int
) -> None:
    trials = Search(Hyperband(finalists=6), Bounds(None, 80), objectives=objectives, seed=seed).run()
    finalists = [trial.proposal for trial in trials if "final" in trial.proposal.fidelity]
    assert len(finalists) == 6
    assert all(proposal.parent is not None and "past_epochs" in proposal.fidelity for proposal in finalists)
    ended = {trial.number: int(trial.proposal.fidelity["bracket"]) for trial in trials if rung(trial) >= 0}
    assert len({ended[proposal.parent] for proposal in finalists if proposal.parent is not None}) > 1


def test_who_breaks_a_limit_on_the_highest_rung_makes_room_for_who_does_not() -> None:
    search = Search(SuccessiveHalving(), Bounds(None, 27))
    problem = Problem(DECISIONS, search.problem.objectives, (Constraint("latency_ms", 5.0),))
    search.ledger = Ledger(search.ledger.strategy, problem)
    trials = search.run(lambda trial: Outcome({**search.scores(trial).scores, "latency_ms": 4.0 + rung(trial)}))
    parent = {trial.number: trial for trial in trials}[trials[-1].proposal.parent or 0]
    assert max(map(rung, trials)) == 2
    assert rung(parent) == 1
    assert (
        quality(parent.proposal.architecture)
        == sorted(quality(t.proposal.architecture) for t in trials if rung(t) == 1)[-3]
    )


@pytest.mark.parametrize("estimator", ALL, ids=lambda estimator: type(estimator).__name__)
def test_a_search_that_goes_on_with_more_trials_has_more_rungs_and_compares_trainings_of_one_length(
    estimator: Any,
) -> None:
    few, many = Search(estimator, Bounds(None, 16)), Search(estimator, Bounds(None, 90))
    for _ in range(8):
        few.end()
    many.ledger.restore(few.ledger.trials, list(few.ledger.log))
    many.running = [(0.0, trial.number) for trial in many.ledger.pending]
    many.folders = few.folders
    trials = many.run()
    by_number = {trial.number: trial.proposal.fidelity for trial in trials}
    assert by_number[0]["epochs"] > min(fidelity["epochs"] for fidelity in by_number.values()) == 1.0
    went_on = [trial.proposal for trial in trials if trial.proposal.parent is not None]
    for proposal in went_on:
        before, now = by_number[proposal.parent or 0], proposal.fidelity
        assert now["epochs"] > before["epochs"] == now["past_epochs"]
    assert len(went_on) == len({proposal.parent for proposal in went_on})


def test_a_failed_promotion_is_not_repeated() -> None:
    search = Search(SuccessiveHalving(), Bounds(None, 14))
    trials = search.run(
        lambda trial: Outcome(failure=Failure("not_finite", "nan")) if rung(trial) == 1 else search.scores(trial)
    )
    assert sum(rung(trial) == 1 for trial in trials) == 4, "three that are due, and one trial that is left"
    (last,) = [trial for trial in trials if "final" in trial.proposal.fidelity]
    assert last.proposal.parent in {trial.number for trial in trials if rung(trial) == 0}


def test_known_architectures_enter_first_and_a_small_space_is_used_up() -> None:
    first = (Architecture(dict.fromkeys("abcd", 4)), Architecture(dict.fromkeys("abcd", 0)))
    trials = Search(ASHA(), Bounds(None, 14), first=first).run()
    assert [trial.proposal.architecture for trial in trials[:2]] == list(first)
    small = Search(SuccessiveHalving(), Bounds(None, 30))
    few = Decisions((Decision("a", Labels((1, 2, 3))),))
    small.ledger = Ledger(small.ledger.strategy, Problem(few, small.problem.objectives))
    assert [rung(trial) for trial in small.run()] == [0, 0, 0, 1, 1, 1, 2, 2, 2, -1]


def test_scores_of_several_rungs_are_made_comparable() -> None:
    def climbed(*scores: float) -> Climb:
        outcomes = {place: Outcome({"val_accuracy": value, "params": 5.0}) for place, value in enumerate(scores)}
        return Climb(0, outcomes)

    climbs = [climbed(0.5), climbed(0.6, 0.7), climbed(0.6, 0.9), climbed(0.7, 0.82, 0.9)]
    gained = gains(climbs)
    assert gained == [
        {"val_accuracy": pytest.approx(0.12), "params": 0.0},
        {"val_accuracy": pytest.approx(0.08), "params": 0.0},
    ]
    assert levelled(climbs[0], gained).scores == {"val_accuracy": pytest.approx(0.7), "params": 5.0}
    assert levelled(climbs[3], gained).scores["val_accuracy"] == 0.9
    failed = Climb(0, {0: Outcome({"a": 1.0}), 1: Outcome(failure=Failure("error", "no"))})
    assert levelled(failed, gained) is failed.outcomes[1]


class Told(type(make("random"))):  # type: ignore[misc]
    """Random search that remembers what it was told since it began."""

    def begin(self, problem: Problem) -> None:
        super().begin(problem)
        self.told: dict[Architecture, float] = {}

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        self.told[proposal.architecture] = outcome.scores["val_accuracy"]


def test_the_strategy_inside_is_told_of_every_architecture_what_it_is_worth() -> None:
    inside = Told()
    trials = Search(ASHA(), Bounds(None, 40), inside).run()
    assert len(inside.told) == len({trial.proposal.architecture for trial in trials})
    worth = [quality(architecture) for architecture in inside.told]
    assert np.corrcoef(worth, list(inside.told.values()))[0, 1] > 0.999, "longer trainings are not better by themselves"


def subject(estimator: Any, strategy: str) -> Subject:
    """The wrapped strategy under the conformance checks; epochs alone, so that nothing depends on a clock."""

    def made() -> Any:
        return estimator.around(make(strategy), Budgeting(Bounds(None, 1000), lambda: 0.0))

    return Subject(made, learns=False, trials=24)


FITTING = [
    check
    for check in STRATEGY_CHECKS
    if check.__name__
    not in {"check_exhaustion_ends_cleanly", "check_bad_scores_are_survived", "check_several_objectives"}
]
"""Without those that count every architecture once: here one is trained again on each rung."""


@pytest.mark.parametrize("check", FITTING, ids=lambda check: check.__name__)
@pytest.mark.parametrize("estimator", ALL, ids=lambda estimator: type(estimator).__name__)
def test_it_conforms_and_resumes_identically(estimator: Any, check: Callable[[Subject], None]) -> None:
    check(subject(estimator, "evolution"))


def test_estimators_by_name() -> None:
    assert [get_estimator(name) for name in ("successive_halving", "hyperband", "asha")] == list(ALL)
    assert get_estimator("hurdles") == ASHA(2)
    assert estimators.SuccessiveHalving is SuccessiveHalving
    assert "Hyperband" in dir(estimators)
    with pytest.raises(AttributeError, match="no attribute 'Hyperbands'; the estimators are .*'Hyperband'"):
        _ = estimators.Hyperbands
    for wrong, text in (
        ({"factor": 1}, "factor=1: expected a whole number, 2 or more"),
        ({"epochs": (9, 3)}, r"epochs=\(9, 3\): expected two numbers above 0, the larger one last"),
        ({"finalists": 0}, "finalists=0: expected 1 or more"),
        ({"over": "row"}, "Unknown over 'row'.*'rows'"),
    ):
        with pytest.raises(InvalidArgument, match=text):
            SuccessiveHalving(**wrong)  # type: ignore[arg-type]


def test_rows_grow_from_rung_to_rung() -> None:
    trials = Search(SuccessiveHalving(over="rows"), Bounds(None, 27)).run()
    fidelities = [trials[place].proposal.fidelity for place in (0, 18, 24, 26)]
    shares = [fidelity.get("rows", 1.0) for fidelity in fidelities]
    assert shares == pytest.approx([1 / 27, 1 / 9, 1 / 3, 1.0])
    passes = [fidelity["epochs"] / share for fidelity, share in zip(fidelities, shares, strict=True)]
    assert passes == pytest.approx([27.0] * 4)


def test_a_bracket_that_has_no_time_has_no_successor() -> None:
    strategy = SuccessiveHalving().around(make("random"), Budgeting(Bounds(600.0, None), lambda: 0.0))
    assert strategy.ladder.bracket(1) is None  # type: ignore[attr-defined]
    assert isinstance(strategy.ladder.bracket(0), Bracket)  # type: ignore[attr-defined]
