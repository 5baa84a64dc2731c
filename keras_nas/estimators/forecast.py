"""What is still to come: the rest of a search, run on a clock of its own with trials that only take their time.

A strategy's state follows from what it observed, and an estimator's from its clock. So a forecast needs no rule of its
own: a fresh copy of the search observes what has happened, and goes on with random proposals until it ends.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from keras_nas.engine import events as told
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.pace import Paces
from keras_nas.ledger import Ledger, Trial, is_training
from keras_nas.strategy import Outcome, Problem, Signal

MOST = 500
"""Simulated trials at most; the rest of a longer search is more of the same."""
SHARE = 0.02
"""Share of the time that forecasting may take."""
EVERY = 2.0
"""Seconds between two forecasts at least."""

Clock = Callable[[], float]
"""Seconds that a search has used."""


@dataclass(frozen=True)
class Rest:
    """What is to come.

    Args:
        seconds: to the end of the search.
        trials: trainings that end until then.
    """

    seconds: float
    trials: int


class Simulated:
    """A clock that goes on when it is told to.

    Args:
        now: seconds.
    """

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        """The time."""
        return self.now


def rest_of(
    ledger: Ledger, clock: Simulated, bounds: Bounds, seconds: Callable[[Trial], float], running: Mapping[int, float]
) -> Rest:
    """Run a search to its end, or as far as the rest can be told from it.

    Args:
        ledger: the search's copy, which has observed what has happened.
        clock: its clock.
        bounds: of the search.
        seconds: how long a trial takes.
        running: seconds until the trials end that are pending now, by number.
    """
    began, ended = clock.now, 0
    until = float("inf") if bounds.max_time is None else bounds.max_time
    score = worst(ledger.problem)
    ends = [(began + running.get(trial.number, seconds(trial)), trial.number) for trial in ledger.pending]
    heapq.heapify(ends)
    while _fill(ledger, clock, bounds, seconds, ends) and ended < MOST:
        clock.now, number = heapq.heappop(ends)
        if clock.now >= until:
            break
        ended += is_training(ledger.trials[number])
        ledger.tell(number, Outcome(score))
    passed = min(clock.now, until) - began
    if ended < MOST:
        return Rest(passed, ended)
    return _more_of_the_same(Rest(passed, ended), until - began, bounds.max_trials, ledger)


def _fill(
    ledger: Ledger, clock: Clock, bounds: Bounds, seconds: Callable[[Trial], float], ends: list[tuple[float, int]]
) -> bool:
    """Hand a trial to every free worker; whether any runs."""
    while len(ends) < bounds.workers and not _enough(ledger, bounds.max_trials):
        answer = ledger.ask()
        if isinstance(answer, Signal):
            break
        heapq.heappush(ends, (clock() + seconds(answer), answer.number))
    return bool(ends)


def _enough(ledger: Ledger, max_trials: int | None) -> bool:
    return max_trials is not None and sum(map(is_training, ledger.trials)) >= max_trials


def _more_of_the_same(rest: Rest, left: float, max_trials: int | None, ledger: Ledger) -> Rest:
    """A rest that was not run to its end, drawn out to where time or trials end."""
    each = rest.seconds / rest.trials
    trials = left / each if each else float("inf")
    if max_trials is not None:
        done = sum(is_training(trial) and trial.outcome is not None for trial in ledger.trials)
        trials = min(trials, rest.trials + max_trials - done)
    return Rest(min(left, trials * each), int(trials))


def worst(problem: Problem) -> dict[str, float]:
    """Scores that meet the constraints and are worse than any real ones in each objective."""
    scores = {constraint.name: constraint.limit for constraint in problem.constraints}
    far = 1e30
    return scores | {goal.name: -far if goal.direction == "max" else far for goal in problem.objectives}


class Forecast:
    """A listener that tells how long a search will still take.

    It computes when it is told of something, in the thread that tells it, and at most for a fiftieth of the time.

    Args:
        ledger: the search's.
        fresh: makes a copy of the search that has observed nothing, on another clock.
        clock: seconds that the search has used.
        bounds: of the search.
        paces: how long trials take, as far as it is known.
    """

    def __init__(
        self, ledger: Ledger, fresh: Callable[[Clock], Ledger], clock: Clock, bounds: Bounds, paces: Paces
    ) -> None:
        self.ledger = ledger
        self.fresh = fresh
        self.clock = clock
        self.bounds = bounds
        self.paces = paces
        self._end: float | None = None
        self._due = 0.0

    def __call__(self, notice: told.Notice) -> None:
        """Learn how long trials take, and look ahead when it is time."""
        now = self.clock()
        self.paces.take(notice, now)
        if now < self._due or isinstance(notice, told.SearchEnded):
            return
        began = time.perf_counter()
        self._end = now + self.rest().seconds
        self._due = now + max(EVERY, (time.perf_counter() - began) / SHARE)

    def rest(self) -> Rest:
        """What is to come from now on."""
        clock = Simulated(self.clock())
        copy = self.fresh(clock)
        copy.restore(self.ledger.trials, list(self.ledger.log))
        left = {trial.number: self.paces.left(trial, clock.now) for trial in copy.pending}
        return rest_of(copy, clock, self.bounds, self.paces.seconds, left)

    def seconds_left(self) -> float | None:
        """To the end of the search; None before it has begun."""
        return None if self._end is None else max(0.0, self._end - self.clock())
