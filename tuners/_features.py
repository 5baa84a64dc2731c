"""Architectures as rows for models: the encoding, and what the problem tells of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decisions
from keras_nas.domains import Domain, Interval, Labels
from keras_nas.encoding import Encoder
from keras_nas.operators import sample
from keras_nas.strategy import Problem

REFERENCE = 1000
"""Random architectures from which names and scales of what is told of them are taken."""
SPREAD = 10.0
"""Ratio of largest to least from which a positive number is taken by its logarithm."""

Describe = Callable[[Architecture], Mapping[str, float]]


class Features:
    """Rows in two parts, one after the other: the decisions, and what the problem tells of an architecture.

    The decisions' part is the encoding, then for each number a column that says whether it is live, and for each
    ordered option a column with its place. The other part is `problem.describe`, standardised.

    Args:
        problem: the space, and what is told of its architectures.

    Attributes:
        groups: which columns belong together, shape `(columns,)`: those of a decision, the place of an ordered
            option, what is told under one name.
        numeric: whether each group is a number, shape `(groups,)`.
        told: whether each group is of the second part, shape `(groups,)`.
    """

    def __init__(self, problem: Problem) -> None:
        decisions = problem.decisions
        numbers = [group for group, decision in enumerate(decisions) if isinstance(decision.domain, Interval)]
        ordered = [group for group, decision in enumerate(decisions) if _is_ordered(decision.domain)]
        encoded = [group for group, decision in enumerate(decisions) for _ in range(decision.domain.width)]
        decided = len(decisions) + len(ordered)
        self.encoder = Encoder(decisions)
        self.extra = [decisions[group] for group in numbers + ordered]
        self.description = Description(problem.describe, decisions, problem.seed) if problem.describe else None
        told = self.description.groups if self.description else np.zeros(0, dtype=int)
        self.groups = np.concatenate([encoded, numbers, len(decisions) + np.arange(len(ordered)), decided + told])
        self.groups = self.groups.astype(int)
        self.told = np.arange(self.groups.max(initial=-1) + 1) >= decided
        self.numeric = self.told | np.isin(np.arange(len(self.told)), [*numbers, *range(len(decisions), decided)])

    def transform(self, architectures: Sequence[Architecture]) -> np.ndarray:
        """Shape `(len(architectures), columns)`; all zeros where a decision sleeps."""
        extra = np.zeros((len(architectures), len(self.extra)))
        for column, decision in enumerate(self.extra):
            extra[:, column] = [
                _place(decision.domain, a[decision.path]) if decision.path in a else 0.0 for a in architectures
            ]
        parts = [self.encoder.transform(architectures), extra]
        return np.hstack([*parts, self.description.transform(architectures)] if self.description else parts)


class Description:
    """What is told of an architecture, as columns.

    Numbers that span orders of magnitude are taken by their logarithm; all are standardised by a sample of the
    space, and divided so that a group of columns counts as much as one: two random architectures are 1 apart.

    Args:
        describe: tells of an architecture.
        decisions: the space.
        seed: of the sample.

    Attributes:
        groups: number of the group of each column, shape `(columns,)`.
    """

    def __init__(self, describe: Describe, decisions: Decisions, seed: int) -> None:
        rng = np.random.default_rng([seed])
        told = [describe(sample(decisions, rng)) for _ in range(REFERENCE)]
        values = {name: np.array([row.get(name, 0.0) for row in told]) for name in sorted({n for r in told for n in r})}
        self.describe = describe
        self.names = [name for name, column in values.items() if np.ptp(column) > 0]
        reference = np.array([values[name] for name in self.names]).reshape(len(self.names), REFERENCE)
        low = reference.min(axis=1)
        self.low = np.where((low > 0) & (reference.max(axis=1) > SPREAD * low), low, np.inf)
        reference = self._bent(reference.T)
        heads = [name.split("/")[0] for name in self.names]
        self.groups = np.array([sorted(set(heads)).index(head) for head in heads], dtype=int)
        members = np.bincount(self.groups)[self.groups] if heads else np.zeros(0)
        self.centre, self.scale = reference.mean(axis=0), reference.std(axis=0) * np.sqrt(2.0 * members)

    def transform(self, architectures: Sequence[Architecture]) -> np.ndarray:
        """Shape `(len(architectures), columns)`."""
        told = map(self.describe, architectures)
        values = np.array([[row.get(name, 0.0) for name in self.names] for row in told])
        bent = self._bent(values.reshape(len(architectures), len(self.names)))
        return np.asarray((bent - self.centre) / self.scale)

    def _bent(self, values: np.ndarray) -> np.ndarray:
        """The logarithm of the columns that span orders of magnitude."""
        logarithm = np.log(np.maximum(values, 1e-3 * self.low))
        return np.where(np.isfinite(self.low), logarithm, values)


def _is_ordered(domain: Domain) -> bool:
    return isinstance(domain, Labels) and domain.ordered and domain.size > 2


def _place(domain: Domain, label: Label) -> float:
    """Of an ordered option its place in [0, 1]; of a number that it is there."""
    return domain.index(label) / (domain.size - 1) if isinstance(domain, Labels) else 1.0
