"""Networks of all costs before a strategy's own, so that a predictor of scores has seen what it will be asked of."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision, Decisions
from keras_nas.operators import sample
from keras_nas.strategy import Around, Outcome, Problem, Proposal, Signal, Strategy

SURVEY = 48
"""Networks of all costs."""
DRAWN = 2
"""Random networks for each that is taken."""


class Surveyed(Around):
    """Networks evenly spread over costs, then what a strategy proposes, which learns from both.

    Random networks of a space of many sizes are nearly all of middling ones, and a strategy that is told of scores
    alone soon proposes large ones alone.

    Args:
        inner: proposes after them.
        work: of a network, on any scale.
        count: how many come first.
    """

    def __init__(self, inner: Strategy, work: Callable[[Architecture], float], count: int = SURVEY) -> None:
        super().__init__(inner)
        self.work = work
        self.count = count
        self.starts_warm = inner.starts_warm

    def begin(self, problem: Problem) -> None:
        """Draw them."""
        super().begin(problem)
        self._spread = spread(problem.decisions, self.work, self.count, problem.seed)
        self._seen: set[Architecture] = set()

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """The next one, or what the strategy says."""
        taken = self._seen | {proposal.architecture for proposal in pending}
        left = next((architecture for architecture in self._spread if architecture not in taken), None)
        return self.inner.propose(number, pending) if left is None else Proposal(left)

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """The strategy learns from all."""
        self._seen.add(proposal.architecture)
        self.inner.observe(proposal, outcome)


def spread(decisions: Decisions, work: Callable[[Architecture], float], count: int, seed: int) -> list[Architecture]:
    """Random networks, evenly spaced in the order of their work; the first answers and the last ones are among them.

    Args:
        decisions: of the space.
        work: of a network, on any scale.
        count: how many at most.
        seed: keys the draws.
    """

    def end(place: int) -> Callable[[Decision], Label]:
        return lambda decision: decision.domain.labels()[place]

    if count < 1:
        return []
    drawn = [sample(decisions, np.random.default_rng([seed, number, 7])) for number in range(DRAWN * count)]
    listed = all(decision.domain.size < np.inf for decision in decisions)
    known = dict.fromkeys([*drawn, *([decisions.walk(end(place)) for place in (0, -1)] if listed else [])])
    ordered = sorted(known, key=work)
    places = np.linspace(0, len(ordered) - 1, min(count, len(ordered))).round().astype(int)
    return [ordered[place] for place in np.random.default_rng([seed, 7]).permutation(np.unique(places))]
