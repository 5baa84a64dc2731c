"""The base of strategies with a model.

A model-based strategy is one sentence: try a few architectures spread over the space, then fit a model to all that
was observed and propose the architecture that it promises most of. The sentence stands here; a strategy adds its model.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence, Set

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision
from keras_nas.errors import InvalidArgument
from keras_nas.strategy import DONE, WAIT, Outcome, Problem, Proposal, Signal, Strategy
from keras_nas.tuners._features import Features
from keras_nas.tuners._pool import LEADERS, Merit, Pool
from keras_nas.tuners._record import Observation, Record
from keras_nas.tuners.random import label_at


class ModelBased(Strategy):
    """Base: `initial` random architectures, then whatever the model promises most of, never one twice.

    Failures rank below everything else, and what breaks a constraint below what does not, so that the model
    learns to keep away from both. Several objectives are one at a time: each proposal draws its own weights
    for them (ParEGO), and the sequence of proposals covers the front.

    Args:
        initial: random architectures before the first fit.

    Reference:
        Knowles, "ParEGO", IEEE TEC 10(1), 2006.
    """

    def __init__(self, initial: int) -> None:
        self.initial = initial

    def begin(self, problem: Problem) -> None:
        """Start with nothing observed."""
        if self.initial < 2:
            raise InvalidArgument(f"initial={self.initial}: a model needs two observations at least, 10 say.")
        if problem is not getattr(self, "problem", None):
            self._prepare(problem)
        super().begin(problem)
        self.seen: dict[str, Observation] = {}

    def _prepare(self, problem: Problem) -> None:
        """Make what follows from the problem alone; a search that begins anew on the same one has it already."""
        self.features = Features(problem)
        self.pool = Pool(problem.decisions, self.features.transform)
        rng = np.random.default_rng([problem.seed])
        self.strata = {decision.path: rng.permutation(self.initial) for decision in problem.decisions}

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Keep the outcome; a second one of the same architecture replaces the first."""
        architecture = proposal.architecture
        row, found = self.features.transform([architecture])[0], (self.loss(outcome), self.violation(outcome))
        self.seen[architecture.key] = Observation(architecture, row, *found, self.room(outcome))

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """Random at first, then the best of the pool that was neither observed nor is pending."""
        rng = self.problem.rng(number)
        waiting = [proposal.architecture for proposal in pending]
        taken = self.seen.keys() | {architecture.key for architecture in waiting}
        if len(taken) >= self.problem.decisions.size:
            return WAIT if pending else DONE
        observed = list(self.seen.values())
        if len(taken) < self.initial or sum(observation.usable for observation in observed) < 2:
            found = self.pool.unless(taken, self.first(number, rng), rng)
        else:
            record = Record(observed, rng.dirichlet(np.ones(len(self.problem.objectives))))
            found = self.choose(record, waiting, taken, rng)
        exhausted = WAIT if pending else DONE
        return exhausted if found is None else Proposal(found)

    def first(self, number: int, rng: np.random.Generator) -> Architecture:
        """A row of a Latin hypercube: in the first `initial` proposals each decision meets its whole range."""

        def pick(decision: Decision) -> Label:
            place = self.strata[decision.path][number % self.initial]
            return label_at(decision.domain, (place + rng.random()) / self.initial)

        return self.problem.decisions.walk(pick)

    @abstractmethod
    def choose(
        self, record: Record, waiting: Sequence[Architecture], taken: Set[str], rng: np.random.Generator
    ) -> Architecture | None:
        """What the model promises most of, or None when there seems to be nothing left.

        Args:
            record: what was observed.
            waiting: what is proposed and not yet observed.
            taken: keys of both, which are not to be chosen again.
            rng: draws all.
        """


class Surrogate(ModelBased):
    """Base: the model is fitted to rows of features, and ranks a pool of architectures.

    Args:
        initial: random architectures before the first fit.
    """

    def choose(
        self, record: Record, waiting: Sequence[Architecture], taken: Set[str], rng: np.random.Generator
    ) -> Architecture | None:
        """The best of the pool."""
        merit = self.fit(record, self.features.transform(waiting), rng)
        return self.pool.best(merit, record.best(LEADERS), taken, rng)

    @abstractmethod
    def fit(self, record: Record, waiting: np.ndarray, rng: np.random.Generator) -> Merit:
        """Fit the model and return what it promises of other rows, the higher the better.

        Args:
            record: what was observed.
            waiting: what is proposed and not yet observed, encoded, shape `(waiting, columns)`.
            rng: draws all.
        """
