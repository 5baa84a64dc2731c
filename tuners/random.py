"""Random search, and quasi-random search on a scrambled Halton sequence."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from keras_nas.architecture import Label
from keras_nas.decisions import Decision
from keras_nas.domains import Domain, Labels
from keras_nas.operators import sample
from keras_nas.strategy import Outcome, Problem, Proposal, Strategy

DIGITS = 32
"""Digits of a number that are scrambled; 2 ** 32 proposals differ in base 2 already."""


class RandomSearch(Strategy):
    """Draws every live decision uniformly and independently: the yardstick of all other strategies.

    Example:
        >>> from keras_nas.tuners import make
        >>> make("random")
        RandomSearch()

    Reference:
        Bergstra and Bengio, "Random search for hyper-parameter optimization", JMLR 13, 2012.
    """

    starts_warm = False

    def __repr__(self) -> str:
        return "RandomSearch()"

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal:
        """A uniform draw."""
        return Proposal(sample(self.problem.decisions, self.problem.rng(number)))

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Nothing is learnt."""


class QuasiRandomSearch(Strategy):
    """Fills the space evenly: proposal `number` is the point of that number of a randomised Halton sequence.

    Each decision has a coordinate of its own, with the prime of its place as the base. The digits are
    permuted at random, which unties the coordinates of large bases; sleeping decisions leave their
    coordinate unused.

    Reference:
        Owen, "A randomized Halton algorithm in R", arXiv 1706.02808.
    """

    starts_warm = False

    def begin(self, problem: Problem) -> None:
        """Draw the permutations of the digits."""
        super().begin(problem)
        bases = _primes(len(problem.decisions))
        rng = np.random.default_rng([problem.seed])
        self._axis = {
            decision.path: (base, rng.permuted(np.tile(np.arange(base), (DIGITS, 1)), axis=1))
            for decision, base in zip(problem.decisions, bases, strict=True)
        }

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal:
        """The sequence's point of that number."""

        def pick(decision: Decision) -> Label:
            base, permutations = self._axis[decision.path]
            return label_at(decision.domain, radical_inverse(number, base, permutations))

        return Proposal(self.problem.decisions.walk(pick))

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Nothing is learnt."""


def radical_inverse(number: int, base: int, permutations: np.ndarray) -> float:
    """The digits of `number` in `base`, each permuted, mirrored at the point: a place in [0, 1).

    Args:
        number: from 0.
        base: at least 2.
        permutations: shape `(digits, base)`, one permutation of the digits a place.

    Example:
        >>> [radical_inverse(n, 2, np.tile(np.arange(2), (8, 1))) for n in range(4)]
        [0.0, 0.5, 0.25, 0.75]
    """
    place, weight = 0.0, 1.0
    for permutation in permutations:
        weight /= base
        place += weight * int(permutation[number % base])
        number //= base
        if weight < 1e-12:
            break
    return min(place, math.nextafter(1.0, 0.0))


def label_at(domain: Domain, unit: float) -> Label:
    """The label at a place in [0, 1), every label having an equal share.

    Example:
        >>> label_at(Labels(("a", "b")), 0.7)
        'b'
    """
    if isinstance(domain, Labels):
        return domain.values[int(unit * len(domain.values))]
    if domain.step is None or domain.log:
        return domain.at(unit)
    return domain.at(domain.unit(domain.low + int(unit * domain.size) * domain.step))


def _primes(count: int) -> list[int]:
    found: list[int] = []
    candidate = 2
    while len(found) < count:
        if all(candidate % prime for prime in found):
            found.append(candidate)
        candidate += 1
    return found
