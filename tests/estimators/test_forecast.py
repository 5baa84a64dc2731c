"""The time left is about right: a search of simulated trials on a clock of its own, told to a forecast as it goes."""

import heapq
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.engine import events as told
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.budgeting import Budgeting
from keras_nas.estimators.fidelity import Finalists, FullTraining
from keras_nas.estimators.forecast import Forecast, Simulated, rest_of
from keras_nas.estimators.pace import Pace, Paces
from keras_nas.ledger import Ledger, Trial
from keras_nas.objectives import objectives_from
from keras_nas.strategy import Outcome, Problem, Signal
from keras_nas.tuners import make

DECISIONS = Decisions(tuple(Decision(name, Labels(tuple(range(5)))) for name in "abcd"))
PROBLEM = Problem(DECISIONS, objectives_from(["val_accuracy"]))


def fresh(estimator: Any, bounds: Bounds) -> Callable[[Callable[[], float]], Ledger]:
    """Makes the search anew on another clock."""

    def make_ledger(clock: Callable[[], float]) -> Ledger:
        budget = Budgeting(bounds, clock)
        return Ledger(estimator.around(make("random"), budget), PROBLEM)

    return make_ledger


class Search:
    """A search whose trials take times of their own, as a worker would tell of them.

    Args:
        estimator: divides the budget.
        bounds: of the search.
        pace: of a typical trial; each architecture is up to `spread` times quicker or slower.
        spread: largest factor.
        alone: how many times quicker an epoch is in a finalist.
    """

    def __init__(self, estimator: Any, bounds: Bounds, pace: Pace, spread: float = 1.3, alone: float = 1.0) -> None:
        self.bounds = bounds
        self.pace, self.spread, self.alone = pace, spread, alone
        self.clock = Simulated(8.0)
        make_ledger = fresh(estimator, bounds)
        self.ledger = make_ledger(self.clock)
        guess = Pace(2 * pace.before, pace.epoch / 2, pace.after)
        self.forecast = Forecast(self.ledger, make_ledger, self.clock, bounds, Paces(guess, alone))
        self.events: list[tuple[float, int, int, told.Notice]] = []
        self.guesses: list[tuple[float, float]] = []

    def run(self) -> None:
        """To the end; notes the guess after every trial that ends."""
        self.forecast(told.SearchStarted([]))
        ended = 0
        while self._hand_out():
            self.clock.now, _, _, notice = heapq.heappop(self.events)
            if self.bounds.max_time is not None and self.clock.now >= self.bounds.max_time:
                self.clock.now = self.bounds.max_time
                return
            if isinstance(notice, told.TrialFinished):
                score = float(sum(map(int, notice.trial.proposal.architecture.values())))  # type: ignore[arg-type]
                self.ledger.tell(notice.trial.number, Outcome({"val_accuracy": score}))
                ended += 1
            self._hand_out()
            self.forecast(notice)
            left = self.forecast.seconds_left()
            assert left is not None
            self.guesses.append((self.clock.now, left) if ended >= 3 else (-1.0, left))

    def _hand_out(self) -> bool:
        while len(self.ledger.pending) < self.bounds.workers and not self._enough():
            trial = self.ledger.ask()
            if isinstance(trial, Signal):
                break
            self._plan(trial)
        return bool(self.events)

    def _enough(self) -> bool:
        run = [trial for trial in self.ledger.trials if trial.source == "run"]
        return self.bounds.max_trials is not None and len(run) >= self.bounds.max_trials

    def _plan(self, trial: Trial) -> None:
        """When the trial's epochs and its end come."""
        begins, fidelity = self.clock.now, trial.proposal.fidelity
        rng = np.random.default_rng(sum(map(int, trial.proposal.architecture.values())))  # type: ignore[arg-type]
        factor = self.spread ** rng.uniform(-1, 1)
        gain = self.alone if "final" in fidelity else 1.0
        pace = Pace(self.pace.before * factor, self.pace.epoch * factor / gain, self.pace.after)
        ends = begins + pace.seconds(fidelity)
        epochs = np.arange(1, 1 + int(fidelity.get("epochs", 1000)))
        for epoch in epochs[begins + pace.before + epochs * pace.epoch < ends]:
            self._add(begins + pace.before + epoch * pace.epoch, told.EpochEnded(trial, int(epoch), {}))
        self._add(ends, told.TrialFinished(trial))
        self.forecast(told.TrialStarted(trial, f"{trial.number}-0", 0))

    def _add(self, when: float, notice: told.Notice) -> None:
        heapq.heappush(self.events, (when, len(self.ledger.trials), len(self.events), notice))


def errors(guesses: Sequence[tuple[float, float]], end: float) -> list[float]:
    """By which factor each guess was wrong, two seconds aside."""
    true = [(end - when, left) for when, left in guesses if when >= 0]
    return [max(left / (real + 2.0), real / (left + 2.0)) for real, left in true]


BY_TIME = Bounds(600.0, None, 2)
SMALL = Pace(4.0, 0.3, 1.0)
"""An epoch is quick: exploring trials end by epochs, and so may the finalist, long before the time is over."""
LARGE = Pace(4.0, 9.0, 2.0)


SEARCHES = {
    "stages_trials": (Finalists(), Bounds(None, 12, 2)),
    "stages_trials_one_worker": (Finalists(), Bounds(None, 12, 1)),
    "stages_time": (Finalists(), Bounds(600.0, None, 2)),
    "stages_time_three_workers": (Finalists(), Bounds(600.0, None, 3)),
    "stages_both": (Finalists(), Bounds(3600.0, 20, 2)),
    "three_finalists": (Finalists(3), Bounds(600.0, None, 2)),
    "full_trials": (FullTraining(10), Bounds(None, 15, 2)),
    "full_time": (FullTraining(10), Bounds(500.0, None, 2)),
}


@pytest.mark.parametrize("pace", [SMALL, LARGE], ids=["small", "large"])
@pytest.mark.parametrize("name", SEARCHES)
def test_the_time_left_is_right_from_the_third_trial_on(name: str, pace: Pace) -> None:
    estimator, bounds = SEARCHES[name]
    search = Search(estimator, bounds, pace, alone=1.0 if bounds.workers == 1 else 1.7)
    search.run()
    found = errors(search.guesses, search.clock.now)
    assert found
    assert max(found) <= 1.5


def test_the_number_of_trials_is_foretold() -> None:
    clock = Simulated(8.0)
    paces = Paces(Pace(4.0, 1.0, 1.0))
    rest = rest_of(fresh(Finalists(), BY_TIME)(clock), clock, BY_TIME, paces.seconds, {})
    search = Search(Finalists(), BY_TIME, Pace(4.0, 1.0, 1.0), spread=1.0)
    search.run()
    assert rest.trials == sum(trial.source == "run" for trial in search.ledger.trials)
    assert rest.seconds + 8.0 == pytest.approx(search.clock.now)


@pytest.mark.parametrize(("max_seconds", "max_trials", "trials"), [(None, 10_000, 10_000), (7200.0, 10_000, 3600)])
def test_a_long_search_is_more_of_the_same(max_seconds: float | None, max_trials: int, trials: int) -> None:
    bounds = Bounds(max_seconds, max_trials, 1)
    decisions = Decisions((*DECISIONS, Decision("e", Labels(tuple(range(100))))))
    problem = Problem(decisions, PROBLEM.objectives)
    clock = Simulated(0.0)
    ledger = Ledger(FullTraining(1).around(make("random"), Budgeting(bounds, clock)), problem)
    rest = rest_of(ledger, clock, bounds, lambda trial: 2.0, {})
    assert rest.trials == pytest.approx(trials, rel=0.01)
    assert rest.seconds == pytest.approx(2.0 * trials, rel=0.01)


def test_before_a_search_begins_nothing_is_known() -> None:
    search = Search(Finalists(), BY_TIME, SMALL)
    assert search.forecast.seconds_left() is None


def test_a_trial_that_overruns_is_not_said_to_be_over() -> None:
    paces = Paces(Pace(1.0, 1.0, 0.0))
    trial = fresh(FullTraining(3), BY_TIME)(Simulated(0.0)).ask()
    assert isinstance(trial, Trial)
    assert paces.left(trial, 0.0) == 4.0
    paces.take(told.TrialStarted(trial, "0-0", 0), 0.0)
    assert paces.left(trial, 1.0) == 3.0
    assert paces.left(trial, 100.0) == 10.0


def test_what_a_trial_took_is_what_the_next_is_expected_to_take() -> None:
    paces = Paces(Pace(1.0, 1.0, 1.0))
    ledger = fresh(FullTraining(4), BY_TIME)(Simulated(0.0))
    first, second = ledger.ask(), ledger.ask()
    assert isinstance(first, Trial) and isinstance(second, Trial)
    assert paces.seconds(second) == 6.0
    paces.take(told.TrialStarted(first, "0-0", 0), 100.0)
    for epoch in (1, 2, 3, 4):
        paces.take(told.EpochEnded(first, epoch, {}), 105.0 + 2 * epoch)
    ledger.tell(first.number, Outcome({"val_accuracy": 0.5}))
    paces.take(told.TrialFinished(first), 116.0)
    assert paces.seconds(second) == pytest.approx(16.0)
