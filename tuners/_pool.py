"""Where a model looks for what it promises most of: all of a small space; of a large one, draws and neighbours."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from functools import cached_property
from itertools import islice

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.decisions import Decisions
from keras_nas.operators import enumerate_all, mutable, mutate, neighbours, sample

Encode = Callable[[Sequence[Architecture]], np.ndarray]
Merit = Callable[[np.ndarray], np.ndarray]

LISTED = 20_000
"""Largest space of which every architecture is ranked; of a larger one, a pool is drawn."""
PAIRS = 5_000_000
"""Pairs of listed and taken architectures beyond which a pool is drawn as well, to keep proposals quick."""
TRIES = 5_000
"""Draws in a row that are all taken before a space of unknown size counts as exhausted."""
DIGITS = 9
"""Decimals to which merits are compared, so that rounding errors never decide."""
DRAWN = 200
"""Architectures that a pool draws at random."""
ROUNDS = 3
"""How often the best of a pool are replaced by the best of their neighbours."""
LEADERS = 4
"""Architectures whose neighbours join a pool."""
NEIGHBOURS = 40
"""Of each, at most; drawn anew for every proposal."""


class Pool:
    """Where the best of a merit is looked for: all of a small space; of a large one, draws and neighbours.

    Args:
        decisions: the space.
        encode: architectures as the rows that a merit judges.
    """

    def __init__(self, decisions: Decisions, encode: Encode) -> None:
        self.decisions = decisions
        self.encode = encode

    @cached_property
    def listed(self) -> list[Architecture]:
        """All of a small space, else none."""
        return list(enumerate_all(self.decisions)) if self.decisions.size <= LISTED else []

    @cached_property
    def rows(self) -> np.ndarray:
        """Those, encoded."""
        return self.encode(self.listed)

    def unless(self, taken: Set[str], wish: Architecture, rng: np.random.Generator) -> Architecture | None:
        """`wish` unless it is taken, else one drawn at random."""
        return wish if wish.key not in taken else self.draw(rng, taken)

    def draw(self, rng: np.random.Generator, taken: Set[str]) -> Architecture | None:
        """An architecture at random that is not taken, or None when there seems to be none."""
        draws = _shuffled(self.listed, rng) if self.listed else islice(self._draws(rng), TRIES)
        return next((architecture for architecture in draws if architecture.key not in taken), None)

    def best(
        self, merit: Merit, leaders: Sequence[Architecture], taken: Set[str], rng: np.random.Generator
    ) -> Architecture | None:
        """The architecture with the most merit that is not taken, or None when there seems to be none."""
        if self.listed and len(self.listed) * len(taken) <= PAIRS:
            order = np.argsort(-merit(self.rows).round(DIGITS), kind="stable")
            return next((self.listed[index] for index in order if self.listed[index].key not in taken), None)
        found: dict[str, tuple[float, Architecture]] = {}
        drawn = list(islice(self._draws(rng), DRAWN))
        for _ in range(ROUNDS):
            drawn += self._around(leaders, rng)
            fresh = list({a.key: a for a in drawn if a.key not in taken and a.key not in found}.values())
            drawn = []
            if fresh:
                merits = merit(self.encode(fresh)).round(DIGITS).tolist()
                found |= {a.key: pair for a, pair in zip(fresh, zip(merits, fresh, strict=True), strict=True)}
            ranked = sorted(found.values(), key=lambda pair: -pair[0])
            leaders = [architecture for _, architecture in ranked[:LEADERS]]
        return leaders[0] if leaders else self.draw(rng, taken)

    def _draws(self, rng: np.random.Generator) -> Iterator[Architecture]:
        while True:
            yield sample(self.decisions, rng)

    def _around(self, centres: Iterable[Architecture], rng: np.random.Generator) -> Iterator[Architecture]:
        """Neighbours of each centre, and a few two changes away."""
        for centre in centres:
            if mutable(self.decisions, centre):
                yield from islice(neighbours(self.decisions, centre, rng), NEIGHBOURS)
                for _ in range(NEIGHBOURS // 8):
                    yield mutate(self.decisions, mutate(self.decisions, centre, rng), rng)


def _shuffled(items: Sequence[Architecture], rng: np.random.Generator) -> Iterator[Architecture]:
    return (items[int(index)] for index in rng.permutation(len(items)))
