"""Local search: climb to better neighbours, and start again elsewhere where there are none."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.operators import neighbours, sample
from keras_nas.strategy import Outcome, Problem, Proposal, Strategy
from keras_nas.tuners._population import Member

Rank = tuple[float, float]
"""Violation first, then the loss; less is better."""


class LocalSearch(Strategy):
    """Tries the neighbours of a centre in random order, moves to the first that is better, restarts at a peak.

    A neighbour differs in one answer. What has been observed is never tried again: a climb that meets known
    ground walks over it for nothing. Starts are the best of a few random architectures. With several
    objectives each climb draws weights and minimises their Chebyshev distance to the best values seen.

    Args:
        starts: random architectures before the first climb and before each restart.

    Example:
        >>> from keras_nas.tuners import make
        >>> make("local_search", starts=5).starts
        5

    Reference:
        White et al., "Exploring the loss landscape in neural architecture search", arXiv 2005.02960.
    """

    def __init__(self, starts: int = 10) -> None:
        self.starts = starts

    def begin(self, problem: Problem) -> None:
        """Start without a centre."""
        super().begin(problem)
        self.known: dict[Architecture, Member] = {}
        self.low = np.full(len(problem.objectives), np.inf)
        self.high = -self.low
        self.weights = np.ones(len(problem.objectives))
        self.centre: Member | None = None
        self.frontier: dict[Architecture, None] = {}
        self.gathered: list[Member] = []

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal:
        """The next neighbour that is not pending; a random architecture, a start, when there is none."""
        taken = {proposal.architecture for proposal in pending}
        for architecture in self.frontier:
            if architecture not in taken:
                return Proposal(architecture)
        return Proposal(sample(self.problem.decisions, self.problem.rng(number)), note={"start": True})

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Move to what is better; at a peak, with enough starts gathered, climb again from the best of them."""
        member = Member(proposal.architecture, self.loss(outcome), self.violation(outcome))
        self.known[member.architecture] = member
        self.frontier.pop(member.architecture, None)
        if np.isfinite(member.losses).all():
            self.low = np.minimum(self.low, member.losses)
            self.high = np.maximum(self.high, member.losses)
            self._consider(member, bool(proposal.note.get("start")))
        if not self.frontier and len(self.gathered) >= self.starts:
            self._restart()

    def _consider(self, member: Member, start: bool) -> None:
        if self.frontier and self.centre is not None and self._rank(member) < self._rank(self.centre):
            self._climb(member)
        elif start:
            self.gathered.append(member)

    def _climb(self, member: Member) -> None:
        """Make `member` the centre, walking on while a known neighbour is better."""
        while True:
            rng = np.random.default_rng([self.problem.seed, len(self.known), 1])
            around = list(neighbours(self.problem.decisions, member.architecture, rng))
            known = [self.known[architecture] for architecture in around if architecture in self.known]
            best = min(known, key=self._rank, default=member)
            if self._rank(best) >= self._rank(member):
                break
            member = best
        self.centre = member
        self.frontier = dict.fromkeys(a for a in around if a not in self.known)

    def _restart(self) -> None:
        rng = np.random.default_rng([self.problem.seed, len(self.known), 2])
        self.weights = rng.dirichlet(np.ones(len(self.weights)))
        start = min(self.gathered, key=self._rank)
        self.gathered = []
        self._climb(start)

    def _rank(self, member: Member) -> Rank:
        """The violation, then the largest weighted distance to the best value of an objective."""
        if not np.isfinite(member.losses).all():
            return np.inf, np.inf
        spread = np.where(self.high > self.low, self.high - self.low, 1.0)
        scaled = self.weights * (member.losses - self.low) / spread
        return member.violation, float(scaled.max() + 0.05 * scaled.sum())
