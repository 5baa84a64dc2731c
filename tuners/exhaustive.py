"""Exhaustive search: every architecture once."""

from __future__ import annotations

import math
from collections.abc import Sequence

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument
from keras_nas.operators import enumerate_all
from keras_nas.strategy import DONE, Outcome, Problem, Proposal, Signal, Strategy


class ExhaustiveSearch(Strategy):
    """Tries every architecture of a small space, the last decision changing fastest, and ends.

    Example:
        >>> from keras_nas.tuners import make
        >>> make("exhaustive")
        ExhaustiveSearch()
    """

    starts_warm = False

    def __repr__(self) -> str:
        return "ExhaustiveSearch()"

    def begin(self, problem: Problem) -> None:
        """Start at the first architecture.

        Raises:
            InvalidArgument: the space holds a real-valued range, so that there is no end to it.
        """
        super().begin(problem)
        if math.isinf(problem.decisions.size):
            raise InvalidArgument(
                "exhaustive search needs a finite space, and this one has a real-valued range; give the range a "
                "step, or use 'random'."
            )
        self._coming = enumerate_all(problem.decisions)
        self._listed: list[Architecture] = []
        self._observed: set[Architecture] = set()
        self._first = 0

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """The first architecture that is neither observed nor pending."""
        taken = {proposal.architecture for proposal in pending}
        place = self._first
        while (architecture := self._at(place)) is not None:
            if architecture not in taken and architecture not in self._observed:
                return Proposal(architecture)
            place += 1
        return DONE

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Cross it off."""
        self._observed.add(proposal.architecture)
        while self._at(self._first) in self._observed:
            self._first += 1

    def _at(self, place: int) -> Architecture | None:
        """The architecture at that place of the list, which is written as far as it is read."""
        while len(self._listed) <= place and (architecture := next(self._coming, None)) is not None:
            self._listed.append(architecture)
        return self._listed[place] if place < len(self._listed) else None
