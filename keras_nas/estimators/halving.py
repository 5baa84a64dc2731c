"""Estimators that train many architectures shortly and few for long: successive halving, Hyperband, ASHA."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Literal, get_args

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.estimators.division import MOST_EPOCHS, Division, divide
from keras_nas.estimators.ladder import (
    Bracket,
    Ladder,
    Level,
    hyperband_sizes,
    largest,
    most_rungs,
    trials_of,
    untils,
    work_of,
)
from keras_nas.estimators.rungs import Rungs
from keras_nas.estimators.seeds import Seeded, check_seeds, trials_without_seeds
from keras_nas.strategy import Strategy

if TYPE_CHECKING:
    from keras_nas.estimators.budgeting import Budgeting

Growing = Literal["epochs", "rows", "resolution"]
EPOCHS, TIMED_EPOCHS = (1.0, 27.0), (5.0, MOST_EPOCHS)
"""Of the first rung at least and of a finalist at most, without a time limit and with one."""
EXPLORE = 0.4
"""Share of the time that goes into the rungs: what a finalist has learnt there is not lost."""
FEWEST = 1.5
"""Trials on the highest rung at least; with fewer, there are fewer rungs."""


@dataclass(frozen=True)
class Room:
    """What there is for exploring.

    Args:
        factor: one in so many goes on.
        trials: how many at most, or None.
        seconds: of wall-clock time, or None.
        slots: trials of the first rung that the time has room for, on all workers; infinite without a limit.
    """

    factor: int
    trials: int | None
    seconds: float | None
    slots: float

    def entrants(self, rungs: int) -> float:
        """How many may enter a single bracket of so many rungs."""
        by_time = self.slots / work_of(rungs, self.factor)
        return by_time if self.trials is None else min(by_time, largest(rungs, self.factor, self.trials))

    def size(self, rungs: int) -> int | None:
        """The same where only the number of trials is limited; None where time ends a bracket."""
        return None if self.trials is None else largest(rungs, self.factor, self.trials)


@dataclass(frozen=True)
class SuccessiveHalving:
    """Train many architectures shortly, and the best third three times as long, going on from where they stopped.

    With a time limit, two fifths of it go into the rungs, which share it by their work, and the best goes on for the
    rest; a rung lasts three times as many seconds as the one below, or as many epochs where epochs are quick. Without
    one, rungs have epochs alone, and as many architectures enter as `max_trials` allows.

    Args:
        factor: one in so many goes on, for as many times longer.
        epochs: of the first rung at least and of a finalist at most; None for 1 and 27, or 5 and 200 with a time limit.
        over: what grows from rung to rung: "epochs", or "rows", the share of the training rows, or "resolution", the
            number of an image's pixels; of both there are as many passes on each rung.
        finalists: how many are trained to the end; None for 1, or 3 to 6 of a Pareto front.
        seeds: trainings of each finalist, the others with other seeds, where the budget has room for them.

    Raises:
        InvalidArgument: for a number out of bounds or an unknown name.

    Example:
        >>> SuccessiveHalving(factor=4).factor
        4
        >>> SuccessiveHalving(factor=1)
        Traceback (most recent call last):
        keras_nas.errors.InvalidArgument: factor=1: expected a whole number, 2 or more.

    Reference:
        Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter optimization", arXiv
        1502.07943; for the learning rate, Loshchilov and Hutter, "SGDR", arXiv 1608.03983.
    """

    factor: int = 3
    epochs: tuple[float, float] | None = None
    over: Growing = "epochs"
    finalists: int | None = None
    seeds: int = 1
    eager: ClassVar[bool] = False
    rounds: ClassVar[bool] = False

    def __post_init__(self) -> None:
        if isinstance(self.factor, bool) or not isinstance(self.factor, int) or self.factor < 2:
            raise InvalidArgument(f"factor={self.factor!r}: expected a whole number, 2 or more.")
        if self.epochs is not None and not 0 < self.epochs[0] <= self.epochs[1]:
            raise InvalidArgument(f"epochs={self.epochs!r}: expected two numbers above 0, the larger one last.")
        if self.over not in get_args(Growing):
            raise InvalidArgument(unknown("over", self.over, get_args(Growing)))
        if self.finalists is not None and self.finalists < 1:
            raise InvalidArgument(f"finalists={self.finalists!r}: expected 1 or more.")
        check_seeds(self.seeds)

    def around(self, strategy: Strategy, budgeting: Budgeting) -> Strategy:
        """See `Rungs`."""
        given = budgeting.bounds
        timed, finalists = given.max_time is not None, self.finalists
        if finalists is None:
            finalists = 1 if budgeting.objectives == 1 else given.front_size()
        trials = trials_without_seeds(budgeting, finalists, self.seeds)
        lengths = self.epochs or (TIMED_EPOCHS if timed else EPOCHS)
        division = divide(replace(given, max_trials=trials), finalists, budgeting.overhead, lengths)
        if given.max_time is not None:
            division = replace(division, explore_seconds=EXPLORE * given.max_time)
        ladder = self.ladder(division, given.workers, lengths, budgeting.overhead)
        first, baseline, work = budgeting.first, budgeting.baseline, budgeting.work
        rungs = Rungs(strategy, division, budgeting.clock, first, baseline, work, ladder)
        return Seeded.around(rungs, self.seeds, budgeting)

    def ladder(self, division: Division, workers: int, epochs: tuple[float, float], overhead: float) -> Ladder:
        """The rungs: as many as have enough to compare.

        Args:
            division: of the budget; its exploring trials are those of the first rung.
            workers: trials that run at once.
            epochs: of the first rung at least, and of a finalist.
            overhead: seconds of a trial before it trains.
        """
        slot, seconds = division.explore.get("seconds"), division.explore_seconds
        slots = math.inf if slot is None or seconds is None else seconds * workers / slot
        room = Room(self.factor, division.explore_trials, seconds, slots)
        (first, most), factor = epochs, self.factor
        limit = max(1, int(math.log(most / first, factor) + 1e-9))
        rungs = most_rungs(limit, lambda rungs: self._fits(room, rungs))
        shares = [float(factor) ** (rung - rungs) for rung in range(rungs)]
        levels = [
            Level(
                epochs=round(most * share, 3),
                seconds=None if slot is None else slot * factor**rung,
                rows=share if self.over == "rows" else 1.0,
                pixels=share if self.over == "resolution" else 1.0,
            )
            for rung, share in enumerate(shares)
        ]
        again = self.rounds and seconds is None
        return Ladder(levels, self._brackets(room, rungs), factor, self.eager, overhead, again)

    def _fits(self, room: Room, rungs: int) -> bool:
        """Whether there is something to compare on each of so many rungs."""
        return room.entrants(rungs) >= FEWEST * float(self.factor) ** (rungs - 1)

    def _brackets(self, room: Room, rungs: int) -> Sequence[Bracket]:
        until = () if room.seconds is None else untils(0.0, room.seconds, 0, rungs, self.factor)
        return [Bracket(0, room.size(rungs), tuple(until))]


@dataclass(frozen=True)
class ASHA(SuccessiveHalving):
    """Successive halving without brackets: whoever is among the best third of a rung goes on at once, else one enters.

    It takes no decision about how many enter, and many workers are as busy as one; in exchange some go on who would
    not have if all had been known.

    Args:
        factor: one in so many goes on, for as many times longer.
        epochs: see `SuccessiveHalving`.
        over: see `SuccessiveHalving`.
        finalists: see `SuccessiveHalving`.
        seeds: see `SuccessiveHalving`.

    Example:
        >>> ASHA(factor=2)
        ASHA(factor=2, epochs=None, over='epochs', finalists=None, seeds=1)

    Reference:
        Li et al., "A system for massively parallel hyperparameter tuning", arXiv 1810.05934. With `factor=2` a hurdle
        at the median, in the manner of the progressive dynamic hurdles of So et al., arXiv 1901.11117.
    """

    eager: ClassVar[bool] = True

    def _brackets(self, room: Room, rungs: int) -> Sequence[Bracket]:
        return [Bracket(until=() if room.seconds is None else (room.seconds,) * rungs)]


@dataclass(frozen=True)
class Hyperband(SuccessiveHalving):
    """Brackets of successive halving that begin on higher and higher rungs, in case short trainings mislead.

    Bracket by bracket fewer architectures enter, with longer first trainings. Under a time limit the brackets have
    equal shares of it; else a round of brackets is repeated until the trials are used up. All have their finalist in
    common, so that the bracket that trains all of its own to the end is left out.

    Args:
        factor: one in so many goes on, for as many times longer.
        epochs: see `SuccessiveHalving`.
        over: see `SuccessiveHalving`.
        finalists: see `SuccessiveHalving`.
        seeds: see `SuccessiveHalving`.

    Example:
        >>> Hyperband().factor
        3

    Reference:
        Li et al., "Hyperband: a novel bandit-based approach to hyperparameter optimization", arXiv 1603.06560; with
        a model of what to try next, Falkner et al., "BOHB", arXiv 1807.01774.
    """

    rounds: ClassVar[bool] = True

    def _fits(self, room: Room, rungs: int) -> bool:
        enough = room.slots / rungs >= FEWEST * float(self.factor) ** (rungs - 1) * work_of(rungs, self.factor)
        return enough and (room.trials is None or self._round(rungs) <= room.trials)

    def _round(self, rungs: int) -> int:
        """Trials of a round of brackets."""
        sizes = hyperband_sizes(rungs, self.factor)
        return sum(trials_of(size, rungs - entry, self.factor) for entry, size in enumerate(sizes))

    def _brackets(self, room: Room, rungs: int) -> Sequence[Bracket]:
        sizes = hyperband_sizes(rungs, self.factor)
        if room.seconds is None:
            return [Bracket(entry, size) for entry, size in enumerate(sizes)]
        ends = [room.seconds * part / rungs for part in range(rungs + 1)]
        return [
            Bracket(
                entry,
                None if room.trials is None else size,
                tuple(untils(ends[entry], ends[entry + 1], entry, rungs, self.factor)),
            )
            for entry, size in enumerate(sizes)
        ]
