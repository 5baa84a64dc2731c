"""Architectures as numbers: one-hot rows for surrogates, and sets of `(path, label)` features.

A decision that sleeps in an architecture is all zeros in its row and absent from its set, so that two
architectures that differ only in what neither uses are the same point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np

from keras_nas.architecture import Label
from keras_nas.decisions import Decisions
from keras_nas.domains import Domain, Labels

Feature = tuple[str, Label]


class Encoder:
    """Turns architectures of one space into rows of numbers, with the columns laid out once.

    A named option is one column (1 where chosen), a number is one column (its place in [0, 1]); columns
    follow the order of the decisions.

    Args:
        decisions: the space.

    Example:
        >>> from keras_nas.decisions import Decision
        >>> from keras_nas.domains import Labels
        >>> space = Decisions((Decision("op", Labels(("conv", "pool"))),
        ...                    Decision("kernel", Labels((3, 5)), (("op", frozenset({"conv"})),))))
        >>> Encoder(space).transform([{"op": "conv", "kernel": 5}, {"op": "pool"}])
        array([[1., 0., 0., 1.],
               [0., 1., 0., 0.]])
    """

    def __init__(self, decisions: Decisions) -> None:
        self.decisions = decisions
        ends = list(accumulate((decision.domain.width for decision in decisions), initial=0))
        self._columns = {
            decision.path: (start, decision.domain) for decision, start in zip(decisions, ends[:-1], strict=True)
        }
        self.width = ends[-1]

    def columns(self, path: str) -> slice:
        """Where the decision of that path stands in a row."""
        start, domain = self._columns[path]
        return slice(start, start + domain.width)

    def transform(self, architectures: Sequence[Mapping[str, Label]]) -> np.ndarray:
        """One row an architecture, shape `(len(architectures), width)`, float64 in [0, 1]."""
        matrix = np.zeros((len(architectures), self.width))
        for row, architecture in zip(matrix, architectures, strict=True):
            cells = [_cell(*self._columns[path], label) for path, label in architecture.items()]
            if cells:
                places, values = zip(*cells, strict=True)
                row[list(places)] = values
        return matrix


def _cell(start: int, domain: Domain, label: Label) -> tuple[int, float]:
    if isinstance(domain, Labels):
        return start + domain.index(label), 1.0
    return start, domain.unit(label)


def encode(decisions: Decisions, architecture: Mapping[str, Label]) -> np.ndarray:
    """One architecture as a row, shape `(width,)`; keep an `Encoder` where there are many.

    Example:
        >>> from keras_nas.decisions import Decision
        >>> from keras_nas.domains import Labels
        >>> encode(Decisions((Decision("op", Labels(("conv", "pool"))),)), {"op": "pool"})
        array([0., 1.])
    """
    return np.asarray(Encoder(decisions).transform([architecture])[0])


def features(architecture: Mapping[str, Label]) -> frozenset[Feature]:
    """The architecture as a set, for kernels and trees that compare what two architectures share.

    Example:
        >>> sorted(features({"op": "conv", "kernel": 3}))
        [('kernel', 3), ('op', 'conv')]
    """
    return frozenset(architecture.items())
