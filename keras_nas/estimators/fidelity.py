"""Whole trainings: of the best after short ones, or of every proposal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.budgeting import Budgeting
from keras_nas.estimators.division import divide
from keras_nas.estimators.seeds import Seeded, check_seeds, trials_without_seeds
from keras_nas.estimators.stages import BASELINE, Stages
from keras_nas.strategy import Around, Outcome, Problem, Proposal, Signal, Strategy

EXPLORED = 2
"""Exploring trials a finalist, below which known architectures are trained to the end at once, if they are enough."""


@dataclass(frozen=True)
class Finalists:
    """Short trainings to explore, then long ones of the best.

    Of a front, where there is no time to explore twice as many as are trained to the end, those that are known already
    are trained to the end at once, if they are enough.

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
        epoch = budgeting.untrained.epoch if finalists == 1 else 0.0
        division = divide(bounds, finalists, budgeting.overhead, self.epochs, epoch)
        if budgeting.objectives > 1 and self.epochs is None and finalists <= len(budgeting.first):
            tried = division.explorers(bounds.workers)
            division = replace(division, explore_trials=0) if tried < EXPLORED * finalists else division
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
