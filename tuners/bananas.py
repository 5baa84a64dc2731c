"""BANANAS: an ensemble of predictors over path features, and Thompson sampling on it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import numpy as np

from keras_nas.tuners._forest import grow
from keras_nas.tuners._pool import Merit
from keras_nas.tuners._record import Record
from keras_nas.tuners._surrogate import Surrogate

Edge = tuple[str, str, str]


class Bananas(Surrogate):
    """Propose where one draw from an ensemble's predictions is best.

    The ensemble predicts from the decisions and from what the problem tells of an architecture, where `path_counts`
    belongs: the paths through a cell say more than its edges. Its members' disagreement is the uncertainty, and each
    architecture draws its own prediction from it (independent Thompson sampling), which keeps parallel proposals
    apart. The members are extremely randomised trees, which fit in a tenth of a second what the paper's networks
    take many for.

    Args:
        initial: random architectures before the first fit.
        members: trees.

    Example:
        >>> from keras_nas.tuners import make
        >>> make("bananas", members=30).members
        30

    Reference:
        White et al., "BANANAS: Bayesian optimization with neural architectures for neural architecture search",
        arXiv 1910.11858.
    """

    def __init__(self, initial: int = 10, members: int = 20) -> None:
        super().__init__(initial)
        self.members = members

    def fit(self, record: Record, waiting: np.ndarray, rng: np.random.Generator) -> Merit:
        """A draw from the ensemble's predictions."""
        forest = grow(record.rows, record.merits, self.members, rng)

        def thompson(rows: np.ndarray) -> np.ndarray:
            mean, deviation = forest.predict(rows)
            return np.asarray(mean + deviation * rng.standard_normal(len(rows)))

        return thompson


def path_counts(
    edges: Iterable[Edge],
    source: str,
    target: str,
    skip: Collection[str] = ("skip_connect",),
    zero: Collection[str] = ("none",),
) -> Mapping[str, float]:
    """How many paths through a cell apply each sequence of operations: what `Problem.describe` may tell of it.

    Two cells that compute the same, however they are written down, share their paths; cells that are similar share
    most of them.

    Args:
        edges: `(from, to, operation)` of an acyclic graph.
        source: where paths begin.
        target: where paths end.
        skip: operations that do nothing; they are left out of a path.
        zero: operations that let nothing through; there is no path over them.

    Returns:
        Number of paths by the name "path/" and their operations in order, joined by ">".

    Example:
        >>> path_counts([("in", "a", "conv"), ("a", "out", "pool"), ("in", "out", "skip_connect")], "in", "out")
        {'path/': 1.0, 'path/conv>pool': 1.0}

    Reference:
        White et al., "BANANAS: Bayesian optimization with neural architectures for neural architecture search",
        arXiv 1910.11858.
    """
    leaving: dict[str, list[tuple[str, str]]] = {}
    for start, end, operation in edges:
        if operation not in zero:
            leaving.setdefault(start, []).append((end, operation))
    counts: dict[str, float] = {}
    walks: list[tuple[str, tuple[str, ...]]] = [(source, ())]
    while walks:
        node, operations = walks.pop(0)
        if node == target:
            name = "path/" + ">".join(operations)
            counts[name] = counts.get(name, 0.0) + 1.0
        for end, operation in leaving.get(node, []):
            walks.append((end, operations if operation in skip else (*operations, operation)))
    return counts
