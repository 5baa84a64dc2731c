"""Rungs of training length, and brackets of architectures that climb them: how Hyperband divides a budget."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

RUNG, BRACKET = "rung", "bracket"
"""In the fidelity of an exploring trial: how far it climbs, and with which others it is compared."""
PAST = "past_epochs"
"""In the fidelity of a trial that goes on from another: epochs that were trained before it."""
ROWS = "rows"
"""In the fidelity of a trial that sees a share of the training rows: that share."""
ALL_ROWS = "all_rows"
"""In the fidelity of a training that sees the validation rows too."""
PIXELS = "pixels"
"""In the fidelity of a trial that sees images with fewer pixels: their share."""


@dataclass(frozen=True)
class Level:
    """How long a rung's training is, counted from the first epoch of all.

    Args:
        epochs: passes over the training rows.
        seconds: of wall-clock time, as a worker of several has them; None where epochs alone count.
        rows: share of the training rows that are seen.
        pixels: share of each image's pixels that are seen.
    """

    epochs: float
    seconds: float | None = None
    rows: float = 1.0
    pixels: float = 1.0


@dataclass(frozen=True)
class Bracket:
    """Architectures that are compared with one another.

    Args:
        entry: the rung on which they begin.
        size: how many enter; None where time alone says so.
        until: for each rung, seconds of the search after which nothing more is begun on it; none where size says so.
    """

    entry: int = 0
    size: int | None = None
    until: tuple[float, ...] = ()


@dataclass(frozen=True)
class Ladder:
    """The rungs below the finalists, and who climbs them.

    Args:
        levels: of the rungs, the shortest first.
        brackets: in turn.
        factor: one in so many goes on from each rung.
        eager: whether promoting comes before entering, as in ASHA, or after it.
        overhead: seconds of a trial before it trains, which one that goes on has once more.
        again: whether the first bracket follows the last.
    """

    levels: Sequence[Level]
    brackets: Sequence[Bracket]
    factor: int = 3
    eager: bool = False
    overhead: float = 0.0
    again: bool = False

    def bracket(self, number: int) -> Bracket | None:
        """The bracket of that number; None where there is none any more."""
        return self.brackets[number % len(self.brackets)] if self.again or number < len(self.brackets) else None

    def place(self, fidelity: Mapping[str, float]) -> tuple[int, int]:
        """The bracket and the rung of an exploring trial.

        Where epochs alone are counted these tell the rung: a search that goes on with more trials has more rungs.

        Args:
            fidelity: of the trial.

        Example:
            >>> Ladder([Level(1.0), Level(3.0), Level(9.0)], [Bracket()]).place({"rung": 0.0, "epochs": 3.0})
            (0, 1)
        """
        rung = int(fidelity.get(RUNG, 0))
        if RUNG in fidelity and all(level.seconds is None for level in self.levels):
            ends = [level.epochs for level in self.levels]
            rung = max(0, bisect_right(ends, fidelity["epochs"]) - 1)
        return int(fidelity.get(BRACKET, 0)), rung

    def fidelity(self, bracket: int, rung: int, entering: bool) -> dict[str, float]:
        """Of a trial.

        Args:
            bracket: its number.
            rung: that it climbs to.
            entering: whether it begins there, and not on the rung below.

        Example:
            >>> ladder = Ladder([Level(1.0, 10.0), Level(3.0, 30.0)], [Bracket()], overhead=4.0)
            >>> ladder.fidelity(0, 1, entering=False)
            {'rung': 1.0, 'bracket': 0.0, 'epochs': 3.0, 'past_epochs': 1.0, 'seconds': 24.0}
        """
        level = self.levels[rung]
        work = {RUNG: float(rung), BRACKET: float(bracket), "epochs": level.epochs}
        seconds = level.seconds
        if not entering:
            below = self.levels[rung - 1]
            work[PAST] = below.epochs
            seconds = None if seconds is None else seconds - (below.seconds or 0.0) + self.overhead
        timed = {} if seconds is None else {"seconds": round(seconds, 1)}
        shares = {name: share for name, share in ((ROWS, level.rows), (PIXELS, level.pixels)) if share < 1}
        return work | timed | shares


def work_of(rungs: int, factor: int) -> float:
    """Trainings of the first rung's length that a whole bracket takes for each that enters it.

    Example:
        >>> work_of(1, 3), round(work_of(3, 3), 2)
        (1.0, 2.33)
    """
    return 1.0 + (rungs - 1) * (1.0 - 1.0 / factor)


def trials_of(size: int, rungs: int, factor: int) -> int:
    """Trials of a bracket.

    Example:
        >>> trials_of(9, 3, 3)  # 9, then 3, then 1
        13
    """
    return sum(-(-size // factor**rung) for rung in range(rungs))


def largest(rungs: int, factor: int, trials: int) -> int:
    """How many may enter a bracket of so many rungs that is to have so many trials at most."""
    sizes = range(1, trials + 1)
    return max(1, bisect_right(sizes, trials, key=lambda size: trials_of(size, rungs, factor)))


def hyperband_sizes(rungs: int, factor: int) -> list[int]:
    """How many enter each bracket of a round, the one that begins lowest first; finalists are a rung of their own.

    Example:
        >>> hyperband_sizes(3, 3)
        [27, 12, 6]

    Reference:
        Li et al., "Hyperband", arXiv 1603.06560, algorithm 1, without its bracket of full trainings.
    """
    climbs = range(rungs, 0, -1)
    return [-(-(rungs + 1) * factor**climb // (climb + 1)) for climb in climbs]


def most_rungs(limit: int, fits: Callable[[int], bool]) -> int:
    """The largest number of rungs, from 1 to a limit, with which a division makes sense."""
    return max((rungs for rungs in range(1, limit + 1) if fits(rungs)), default=1)


def untils(begin: float, end: float, entry: int, rungs: int, factor: int) -> Iterator[float]:
    """When each rung of a bracket closes: its rungs share the time by their work.

    Args:
        begin: of the bracket, in seconds of the search.
        end: of it.
        entry: its lowest rung.
        rungs: of the ladder.
        factor: one in so many goes on.

    Example:
        >>> [round(second) for second in untils(0, 100, 0, 2, 3)]
        [60, 100]
    """
    whole = work_of(rungs - entry, factor)
    for rung in range(rungs):
        climbed = work_of(rung - entry + 1, factor) if rung >= entry else 0.0
        yield begin + (end - begin) * climbed / whole


def grown(fidelity: Mapping[str, float]) -> float:
    """Epochs that a trial trains itself: those of the trial that it goes on from are done."""
    return fidelity["epochs"] - fidelity.get(PAST, 0.0)
