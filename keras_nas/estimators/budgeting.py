"""What an estimator is told of a search, and what it does."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from keras_nas.architecture import Architecture
from keras_nas.estimators.bounds import Bounds
from keras_nas.strategy import Strategy


@dataclass(frozen=True)
class Untrained:
    """What is known of architectures before they are trained.

    Args:
        work: of training one, on any scale.
        describe: what a predictor may learn from; None in a forecast.
        earlier: what architectures were worth in earlier searches, one mapping each, the higher the better.
        epoch: seconds of an epoch of a typical one, as expected; 0 where that is not known.
    """

    work: Callable[[Architecture], float] = lambda architecture: 1.0
    describe: Callable[[Architecture], Mapping[str, float]] | None = None
    earlier: Sequence[Mapping[Architecture, float]] = ()
    epoch: float = 0.0


@dataclass(frozen=True)
class Budgeting:
    """What an estimator is told of the search.

    Args:
        bounds: of the search.
        clock: seconds of wall-clock time that the search has used.
        first: architectures to try first.
        baseline: whether the user's own model takes part.
        objectives: how many there are.
        untrained: what is known of architectures.
        overhead: seconds of a trial before it trains, as measured.
    """

    bounds: Bounds
    clock: Callable[[], float]
    first: Sequence[Architecture] = ()
    baseline: bool = False
    objectives: int = 1
    untrained: Untrained = Untrained()
    overhead: float = 0.0

    @property
    def max_time(self) -> float | None:
        """Seconds of the whole search, or None."""
        return self.bounds.max_time

    @property
    def max_trials(self) -> int | None:
        """Trainings, or None."""
        return self.bounds.max_trials

    @property
    def workers(self) -> int:
        """Trials that run at once."""
        return self.bounds.workers

    @property
    def work(self) -> Callable[[Architecture], float]:
        """Of training an architecture."""
        return self.untrained.work


class Estimator(Protocol):
    """Says how much work each proposal of a strategy is given."""

    def around(self, strategy: Strategy, budgeting: Budgeting) -> Strategy:
        """A strategy that proposes what `strategy` does, with a fidelity."""
