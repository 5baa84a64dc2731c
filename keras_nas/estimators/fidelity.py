"""Estimators by name: how much work a proposal is given."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial, update_wrapper
from typing import Protocol

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.gates import LEARNT
from keras_nas.estimators.halving import ASHA, Hyperband, SuccessiveHalving
from keras_nas.estimators.predictor import Predictor
from keras_nas.estimators.seeds import Seeded, check_seeds, trials_without_seeds
from keras_nas.estimators.shared import SharedWeights
from keras_nas.estimators.stages import BASELINE, Stages, divide
from keras_nas.estimators.stopping import LearningCurves
from keras_nas.estimators.zero_cost import SCORES
from keras_nas.estimators.zero_cost.estimator import WarmStart, ZeroCost
from keras_nas.strategy import Around, Outcome, Problem, Proposal, Signal, Strategy


@dataclass(frozen=True)
class Untrained:
    """What is known of architectures before they are trained.

    Args:
        work: of training one, on any scale.
        describe: what a predictor may learn from; None in a forecast.
        earlier: what architectures were worth in earlier searches, one mapping each, the higher the better.
    """

    work: Callable[[Architecture], float] = lambda architecture: 1.0
    describe: Callable[[Architecture], Mapping[str, float]] | None = None
    earlier: Sequence[Mapping[Architecture, float]] = ()


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


@dataclass(frozen=True)
class Finalists:
    """Short trainings to explore, then long ones of the best.

    Args:
        finalists: how many are trained to the end; None for 1, or 3 to 6 of a Pareto front, one a minute.
        epochs: those of an exploring trial and of a finalist at most, where epochs are quick; None for the usual ones.
        seeds: trainings of each finalist, with other seeds, where the budget has room for them: see `Seeded`.
    """

    finalists: int | None = None
    epochs: tuple[float, float] | None = None
    seeds: int = 2

    def __post_init__(self) -> None:
        check_seeds(self.seeds)
        if self.finalists is not None and self.finalists < 1:
            raise InvalidArgument(f"finalists={self.finalists!r}: expected 1 or more.")
        if self.epochs is not None and not 0 < self.epochs[0] <= self.epochs[1]:
            raise InvalidArgument(f"epochs={self.epochs!r}: expected two numbers above 0, the larger one last.")

    def around(self, strategy: Strategy, budgeting: Budgeting) -> Strategy:
        """See `Stages`."""
        finalists = self.finalists or (1 if budgeting.objectives == 1 else budgeting.bounds.front_size())
        bounds = replace(budgeting.bounds, max_trials=trials_without_seeds(budgeting, finalists, self.seeds))
        division = divide(bounds, finalists, budgeting.overhead, self.epochs)
        stages = Stages(strategy, division, budgeting.clock, budgeting.first, budgeting.baseline, budgeting.work)
        return Seeded.around(stages, self.seeds, budgeting)


@dataclass(frozen=True)
class FullTraining:
    """The same full training for every proposal.

    Args:
        epochs: of each training.
    """

    epochs: float = 20.0

    def __post_init__(self) -> None:
        if not self.epochs > 0:
            raise InvalidArgument(f"epochs={self.epochs!r}: expected a number above 0.")

    def around(self, strategy: Strategy, budgeting: Budgeting) -> Strategy:
        """Every proposal with the same number of epochs."""
        fidelity = {"epochs": float(self.epochs), "final": 1.0}
        return _Fixed(strategy, fidelity, budgeting.first, budgeting.baseline)


class _Fixed(Around):
    """A strategy whose proposals all have one fidelity; the user's own model and known architectures come first."""

    def __init__(
        self, inner: Strategy, fidelity: Mapping[str, float], first: Sequence[Architecture], baseline: bool
    ) -> None:
        super().__init__(inner)
        self.fidelity = fidelity
        own = Proposal(Architecture({}), fidelity, note={BASELINE: True})
        self.first = [own] * baseline + [Proposal(architecture, fidelity) for architecture in first]

    def begin(self, problem: Problem) -> None:
        super().begin(problem)
        self._seen: set[Architecture] = set()

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        seen = self._seen | {proposal.architecture for proposal in pending}
        for proposal in self.first:
            if proposal.architecture not in seen:
                return proposal
        answer = self.inner.propose(number, [proposal for proposal in pending if not proposal.note.get(BASELINE)])
        if isinstance(answer, Signal):
            return answer
        return Proposal(answer.architecture, self.fidelity, answer.parent, answer.note)

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        self._seen.add(proposal.architecture)
        if not proposal.note.get(BASELINE):
            self.inner.observe(proposal, outcome)


ESTIMATORS: dict[str, Callable[[], Estimator]] = {
    "finalists": Finalists,
    "several_finalists": update_wrapper(partial(Finalists, 4, (30.0, 60.0)), Finalists, updated=()),
    "brief_finalists": update_wrapper(partial(Finalists, 4, (6.0, 12.0)), Finalists, updated=()),
    "patient_finalists": update_wrapper(partial(Finalists, 1, (60.0, 600.0)), Finalists, updated=()),
    "full_training": FullTraining,
    "successive_halving": SuccessiveHalving,
    "hyperband": Hyperband,
    "asha": ASHA,
    "hurdles": update_wrapper(partial(ASHA, 2), ASHA, updated=()),
    "predictor": Predictor,
    "learning_curves": LearningCurves,
    "zero_cost": ZeroCost,
    "warm_start": WarmStart,
    "shared_weights": SharedWeights,
    "fair_sampling": update_wrapper(partial(SharedWeights, "fair"), SharedWeights, updated=()),
    "sandwich": update_wrapper(partial(SharedWeights, "sandwich"), SharedWeights, updated=()),
    "once_for_all": update_wrapper(partial(SharedWeights, "progressive"), SharedWeights, updated=()),
    **{name: update_wrapper(partial(SharedWeights, name), SharedWeights, updated=()) for name in LEARNT},
    **{score: update_wrapper(partial(ZeroCost, score), ZeroCost, updated=()) for score in SCORES},
}


def get_estimator(estimator: str | Estimator) -> Estimator:
    """An estimator from its name; an object is returned as it is.

    Raises:
        InvalidArgument: for an unknown name; lists the valid ones and suggests the nearest.
    """
    if hasattr(estimator, "around"):
        return estimator
    if estimator not in ESTIMATORS:
        raise InvalidArgument(unknown("estimator", estimator, ESTIMATORS))
    return ESTIMATORS[estimator]()
