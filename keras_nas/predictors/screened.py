"""A predictor between a strategy and its trials: many proposals are drawn, and the most promising is trained."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument
from keras_nas.predictors.ranker import Ranker, standardised_ranks
from keras_nas.strategy import Around, Outcome, Problem, Proposal, Signal, Strategy
from keras_nas.tuners._features import Describe
from keras_nas.tuners._gaussian import expected_improvement
from keras_nas.tuners._record import Observation, Record
from keras_nas.tuners._surrogate import ModelBased

FEWEST = 4
"""Architectures of an earlier search from which anything is learnt."""
ENOUGH, LEAST = 8, 0.1
"""Trials of this search by which an earlier one is judged, and Kendall's tau to their scores that it has to have."""


@dataclass(frozen=True, eq=False)
class Lesson:
    """What one search tells of architectures.

    Args:
        rows: the architectures, as a ranker sees them.
        ranks: what they were worth there, standardised, the higher the better.
        ranker: that has learnt nothing else; None for this search's own.
    """

    rows: np.ndarray
    ranks: np.ndarray
    ranker: Ranker | None = None

    @classmethod
    def of(cls, merits: Mapping[Architecture, float], ranker: Ranker) -> Lesson:
        """That of an earlier search.

        Args:
            merits: of architectures, the higher the better.
            ranker: that has not learnt yet.
        """
        rows, ranks = ranker.features.transform(list(merits)), standardised_ranks(np.array(list(merits.values())))
        return cls(rows, ranks, ranker.fit_rows(rows, ranks))

    def bears(self, own: Lesson) -> bool:
        """Whether it orders this search's trials, or these are too few to tell."""
        from scipy.stats import kendalltau

        if self.ranker is None or len(own.ranks) < ENOUGH:
            return True
        foretold, _ = self.ranker.predict_rows(own.rows)
        return bool(kendalltau(foretold, own.ranks).statistic > LEAST)


def joined(lessons: Sequence[Lesson]) -> tuple[np.ndarray, np.ndarray]:
    """All rows and their ranks, each lesson's on its own scale: searches score by different numbers."""
    return np.concatenate([lesson.rows for lesson in lessons]), np.concatenate([lesson.ranks for lesson in lessons])


class Screened(Around):
    """Ask a strategy for many proposals at a time, and hand on the one of which a predictor expects most improvement.

    A strategy's proposal follows from its state and a number. So with other numbers it makes other proposals from the
    same state, and many strategies can be screened: evolution's children, a controller's samples, or random ones. One
    that goes through its proposals in order, as local search does, leaves nothing to choose. What is handed on is what
    the strategy learns from.

    Args:
        inner: makes the proposals; not one that has a model of its own.
        describe: see `Ranker`.
        candidates: how many proposals are screened for one trial.
        initial: trials with a score, of this search and of earlier ones, before screening begins.
        earlier: what architectures were worth in earlier searches, one mapping each, the higher the better.

    Raises:
        InvalidArgument: when the strategy has a model of its own.

    Reference:
        Wei et al., "NPENAS", arXiv 2003.12857, over evolution; Wen et al., "Neural predictor for neural architecture
        search", arXiv 1912.00848, over random search.
    """

    def __init__(
        self,
        inner: Strategy,
        describe: Describe | None,
        candidates: int = 500,
        initial: int = 10,
        earlier: Sequence[Mapping[Architecture, float]] = (),
    ) -> None:
        if isinstance(inner, ModelBased):
            raise InvalidArgument(
                f"{type(inner).__name__} ranks what it proposes by a model of its own: a predictor before it has "
                "nothing to choose from. Use strategy='evolution', or another one without a model."
            )
        super().__init__(inner)
        self.describe = describe
        self.candidates = candidates
        self.initial = initial
        self.earlier = tuple(merits for merits in earlier if len(merits) >= FEWEST)
        self.starts_warm = inner.starts_warm

    def begin(self, problem: Problem) -> None:
        """Start with nothing learnt."""
        if problem is not getattr(self, "problem", None):
            self._ranker = Ranker(problem.decisions, self.describe, problem.seed)
            fresh = [Ranker(problem.decisions, self.describe, problem.seed) for _ in self.earlier]
            self._lessons = [Lesson.of(merits, ranker) for merits, ranker in zip(self.earlier, fresh, strict=True)]
        super().begin(problem)
        self.seen: dict[Architecture, Observation] = {}

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """The strategy learns, and so will the predictor."""
        self.inner.observe(proposal, outcome)
        architecture = proposal.architecture
        row = self._ranker.features.transform([architecture])[0]
        self.seen[architecture] = Observation(architecture, row, self.loss(outcome), self.violation(outcome))

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """The strategy's own proposal at first, then the most promising of many."""
        known = sum(observation.usable for observation in self.seen.values())
        if known + sum(len(lesson.ranks) for lesson in self._lessons) < self.initial:
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
        lessons = list(self._lessons)
        if self.seen:
            record = Record(list(self.seen.values()), weights)
            own = Lesson(record.rows, standardised_ranks(record.merits))
            lessons = [own, *(lesson for lesson in lessons if lesson.bears(own))]
        ranker = self._ranker.fit_rows(*joined(lessons))
        best = lessons[0].rows[[int(np.argmax(lessons[0].ranks))]]
        known, _ = ranker.predict_rows(best)
        mean, deviation = ranker.predict([proposal.architecture for proposal in proposals])
        return proposals[int(np.argmax(expected_improvement(mean, deviation, known[0]).round(9)))]
