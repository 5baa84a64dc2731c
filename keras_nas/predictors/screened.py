"""A predictor between a strategy and its trials: many proposals are drawn, and the most promising is trained."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument
from keras_nas.predictors.ranker import Ranker
from keras_nas.strategy import Outcome, Problem, Proposal, Signal, Strategy
from keras_nas.tuners._features import Describe
from keras_nas.tuners._gaussian import expected_improvement
from keras_nas.tuners._record import Observation, Record
from keras_nas.tuners._surrogate import ModelBased


class Screened(Strategy):
    """Ask a strategy for many proposals at a time, and hand on the one of which a predictor expects most improvement.

    A strategy's proposal follows from its state and a number. So with other numbers it makes other proposals from the
    same state, and many strategies can be screened: evolution's children, a controller's samples, or random ones. One
    that goes through its proposals in order, as local search does, leaves nothing to choose. What is handed on is what
    the strategy learns from.

    Args:
        inner: makes the proposals; not one that has a model of its own.
        describe: see `Ranker`.
        candidates: how many proposals are screened for one trial.
        initial: trials with a score before screening begins.

    Raises:
        InvalidArgument: when the strategy has a model of its own.

    Reference:
        Wei et al., "NPENAS", arXiv 2003.12857, over evolution; Wen et al., "Neural predictor for neural architecture
        search", arXiv 1912.00848, over random search.
    """

    def __init__(self, inner: Strategy, describe: Describe | None, candidates: int = 500, initial: int = 10) -> None:
        if isinstance(inner, ModelBased):
            raise InvalidArgument(
                f"{type(inner).__name__} ranks what it proposes by a model of its own: a predictor before it has "
                "nothing to choose from. Use strategy='evolution', or another one without a model."
            )
        self.inner = inner
        self.describe = describe
        self.candidates = candidates
        self.initial = initial
        self.starts_warm = inner.starts_warm

    def begin(self, problem: Problem) -> None:
        """Start with nothing learnt."""
        if problem is not getattr(self, "problem", None):
            self._ranker = Ranker(problem.decisions, self.describe, problem.seed)
        super().begin(problem)
        self.inner.begin(problem)
        self.seen: dict[Architecture, Observation] = {}

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """The strategy learns, and so will the predictor."""
        self.inner.observe(proposal, outcome)
        architecture = proposal.architecture
        row = self._ranker.features.transform([architecture])[0]
        self.seen[architecture] = Observation(architecture, row, self.loss(outcome), self.violation(outcome))

    def continues(self) -> Collection[int]:
        """What the strategy says."""
        return self.inner.continues()

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """The strategy's own proposal at first, then the most promising of many."""
        if sum(observation.usable for observation in self.seen.values()) < self.initial:
            return self.inner.propose(number, pending)
        taken = self.seen.keys() | {proposal.architecture for proposal in pending}
        first = number * self.candidates
        answers = [self.inner.propose(first + place, pending) for place in range(self.candidates)]
        fresh = {answer.architecture: answer for answer in answers if isinstance(answer, Proposal)}
        new = [proposal for architecture, proposal in fresh.items() if architecture not in taken]
        return self._best(new, number) if len(new) > 1 else (*new, *answers)[0]

    def _best(self, proposals: Sequence[Proposal], number: int) -> Proposal:
        """The proposal with the most expected improvement over the best that was observed."""
        weights = self.problem.rng(number).dirichlet(np.ones(len(self.problem.objectives)))
        record = Record(list(self.seen.values()), weights)
        ranker = self._ranker.fit_rows(record.rows, record.merits)
        known, _ = ranker.predict_rows(record.rows[[int(np.argmax(record.merits))]])
        mean, deviation = ranker.predict([proposal.architecture for proposal in proposals])
        return proposals[int(np.argmax(expected_improvement(mean, deviation, known[0]).round(9)))]
