"""Estimators by name: how much work a proposal is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.estimators.stages import Stages, divide
from keras_nas.strategy import Outcome, Problem, Proposal, Signal, Strategy


@dataclass(frozen=True)
class Budgeting:
    """What an estimator is told of the search.

    Args:
        max_time: seconds, or None.
        max_trials: trials, or None.
        workers: trials that run at once.
        clock: seconds of wall-clock time that the search has used.
        first: architectures to try first.
        baseline: whether the user's own model takes part.
    """

    max_time: float | None
    max_trials: int | None
    workers: int
    clock: Callable[[], float]
    first: Sequence[Architecture] = ()
    baseline: bool = False


class Estimator(Protocol):
    """Says how much work each proposal of a strategy is given."""

    def around(self, strategy: Strategy, budgeting: Budgeting) -> Strategy:
        """A strategy that proposes what `strategy` does, with a fidelity."""


@dataclass(frozen=True)
class Finalists:
    """Short trainings to explore, then long ones of the best.

    Args:
        finalists: how many are trained to the end; None for 1, or 5 of a Pareto front.
    """

    finalists: int = 1

    def around(self, strategy: Strategy, budgeting: Budgeting) -> Strategy:
        """See `Stages`."""
        division = divide(budgeting.max_time, budgeting.max_trials, budgeting.workers, self.finalists)
        return Stages(strategy, division, budgeting.clock, budgeting.first, budgeting.baseline)


@dataclass(frozen=True)
class FullTraining:
    """The same full training for every proposal.

    Args:
        epochs: of each training.
    """

    epochs: float = 20.0

    def around(self, strategy: Strategy, budgeting: Budgeting) -> Strategy:
        """Every proposal with the same number of epochs."""
        return _Fixed(strategy, {"epochs": float(self.epochs), "final": 1.0})


class _Fixed(Strategy):
    """A strategy whose proposals all have one fidelity."""

    def __init__(self, inner: Strategy, fidelity: Mapping[str, float]) -> None:
        self.inner = inner
        self.fidelity = fidelity

    def begin(self, problem: Problem) -> None:
        super().begin(problem)
        self.inner.begin(problem)

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        answer = self.inner.propose(number, pending)
        if isinstance(answer, Signal):
            return answer
        return Proposal(answer.architecture, self.fidelity, answer.parent, answer.note)

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        self.inner.observe(proposal, outcome)


ESTIMATORS: dict[str, type[Finalists] | type[FullTraining]] = {
    "finalists": Finalists,
    "full_training": FullTraining,
}


def get_estimator(estimator: str | Estimator) -> Estimator:
    """An estimator from its name; an object is returned as it is.

    Raises:
        InvalidArgument: for an unknown name.
    """
    if not isinstance(estimator, str):
        return estimator
    if estimator not in ESTIMATORS:
        raise InvalidArgument(unknown("estimator", estimator, ESTIMATORS))
    return ESTIMATORS[estimator]()
