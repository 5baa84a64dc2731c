"""Progressive search: from simple architectures to complex ones, guided by a predictor that learns on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from itertools import islice

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision
from keras_nas.domains import Labels
from keras_nas.errors import InvalidArgument
from keras_nas.operators import mutable, neighbours
from keras_nas.strategy import Problem
from keras_nas.tuners._forest import grow
from keras_nas.tuners._record import Record
from keras_nas.tuners._surrogate import ModelBased

EXTENSIONS = 600
"""Extensions of a beam that the predictor ranks."""


class ProgressiveSearch(ModelBased):
    """Extend the best by a few more decisions at a time, and try the extensions that a predictor likes best.

    The decisions are opened level by level in the order of the space; a decision that is not open yet has its first
    option, or its least number. At each level the predictor, fitted to all that was tried so far, ranks the ways to
    answer the newly opened decisions of the `beam` best, and the first of them are tried. When all decisions are
    open, the beam's neighbours are ranked instead, to the end of the search. Declare options from simple to complex.

    Args:
        beam: architectures that are tried at a level, and extended at the next one.
        levels: into how many equal parts the decisions are split.
        members: trees of the predictor.

    Example:
        >>> from keras_nas.tuners import make
        >>> make("progressive", levels=3).levels
        3

    Reference:
        Liu et al., "Progressive neural architecture search", arXiv 1712.00559.
    """

    def __init__(self, beam: int = 12, levels: int = 3, members: int = 20) -> None:
        super().__init__(beam)
        self.levels = levels
        self.members = members

    def begin(self, problem: Problem) -> None:
        """Start at the first level."""
        if self.levels < 1:
            raise InvalidArgument(f"levels={self.levels}: decisions are opened at one level at least, 3 say.")
        super().begin(problem)
        count = len(problem.decisions)
        self.level_of = {d.path: place * self.levels // count for place, d in enumerate(problem.decisions)}

    def first(self, number: int, rng: np.random.Generator) -> Architecture:
        """The first level's decisions spread evenly, the others closed."""
        return self._closed(super().first(number, rng), 0)

    def choose(
        self, record: Record, waiting: Sequence[Architecture], taken: Set[str], rng: np.random.Generator
    ) -> Architecture | None:
        """The extension of the beam that is predicted to be best."""
        level = min(len(taken) // self.initial, self.levels)
        beam = record.best(self.initial)
        fresh = {a.key: a for a in islice(self._extensions(beam, level, rng), EXTENSIONS) if a.key not in taken}
        if not fresh:
            return self.pool.draw(rng, taken)
        extensions = list(fresh.values())
        forest = grow(record.rows, record.merits, self.members, rng)
        mean, _ = forest.predict(self.features.transform(extensions))
        return extensions[int(np.argmax(mean.round(9)))]

    def _extensions(self, beam: Sequence[Architecture], level: int, rng: np.random.Generator) -> Iterator[Architecture]:
        """What is ranked: random answers of the newly opened decisions, or neighbours when all are open."""
        if level >= self.levels:
            for centre in beam:
                if mutable(self.problem.decisions, centre):
                    yield from islice(neighbours(self.problem.decisions, centre, rng), EXTENSIONS // len(beam))
            return
        for draw in range(EXTENSIONS):
            yield self._opened(beam[draw % len(beam)], level, rng)

    def _opened(self, parent: Architecture, level: int, rng: np.random.Generator) -> Architecture:
        """`parent` with the decisions of `level` drawn, and later ones closed."""

        def pick(decision: Decision) -> Label:
            if self.level_of[decision.path] == level:
                return decision.domain.sample(rng)
            return parent.get(decision.path, simplest(decision))

        return self._closed(self.problem.decisions.walk(pick), level)

    def _closed(self, architecture: Architecture, level: int) -> Architecture:
        """`architecture` with the decisions above `level` at their simplest."""

        def pick(decision: Decision) -> Label:
            return architecture[decision.path] if self.level_of[decision.path] <= level else simplest(decision)

        return self.problem.decisions.walk(pick)


def simplest(decision: Decision) -> Label:
    """The first option, or the least number.

    Example:
        >>> simplest(Decision("depth", Labels((1, 2, 3))))
        1
    """
    domain = decision.domain
    return domain.values[0] if isinstance(domain, Labels) else domain.at(0.0)
