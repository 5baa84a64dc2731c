"""What a model learns from: the observations, and one number of merit for each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from keras_nas.architecture import Architecture


@dataclass(frozen=True, eq=False)
class Observation:
    """What is known of one architecture.

    Args:
        architecture: its answers.
        row: its features, shape `(columns,)`.
        losses: the objectives, minimised; infinite where it failed. Shape `(objectives,)`.
        violation: by how much it breaks the constraints, 0 when all hold, infinite where it failed.
        room: what each constraint leaves, not a number where that is unknown. Shape `(constraints,)`.
    """

    architecture: Architecture
    row: np.ndarray
    losses: np.ndarray
    violation: float
    room: np.ndarray = field(default_factory=lambda: np.zeros(0))

    @property
    def usable(self) -> bool:
        """Whether it has losses to learn from."""
        return bool(np.isfinite(self.losses).all())

    @property
    def refused(self) -> bool:
        """Whether it was not tried, since it was known to break a constraint."""
        return not self.usable and bool((self.room < 0).any())


@dataclass(frozen=True, eq=False)
class Record:
    """What a model learns from.

    Args:
        observed: in the order in which it became known.
        weights: of the objectives, shape `(objectives,)`.
        limited: whether merits heed the constraints.
    """

    observed: Sequence[Observation]
    weights: np.ndarray
    limited: bool = True

    @cached_property
    def rows(self) -> np.ndarray:
        """The features, shape `(observed, columns)`."""
        return np.stack([observation.row for observation in self.observed])

    @cached_property
    def losses(self) -> np.ndarray:
        """The objectives, minimised, infinite where it failed, shape `(observed, objectives)`."""
        return np.array([observation.losses for observation in self.observed])

    @cached_property
    def violations(self) -> np.ndarray:
        """By how much each breaks the constraints, shape `(observed,)`."""
        return np.array([observation.violation for observation in self.observed])

    @cached_property
    def rooms(self) -> np.ndarray:
        """What each constraint leaves, shape `(observed, constraints)`."""
        return np.stack([observation.room for observation in self.observed])

    @cached_property
    def merits(self) -> np.ndarray:
        """The higher the better, standardised, the objectives weighed, shape `(observed,)`."""
        return self._merits(scalarised(self.losses, self.weights))

    @cached_property
    def each(self) -> np.ndarray:
        """The same for each objective on its own, shape `(objectives, observed)`."""
        return np.stack([self._merits(losses) for losses in self.losses.T])

    def _merits(self, losses: np.ndarray) -> np.ndarray:
        return merits_of(losses, self.violations if self.limited else np.zeros(len(losses)))

    @cached_property
    def unlimited(self) -> Record:
        """What was tried, its merits as they would be without constraints."""
        return Record([observation for observation in self.observed if not observation.refused], self.weights, False)

    def first(self, count: int) -> Record:
        """What it was when so many were known."""
        return Record(self.observed[:count], self.weights, self.limited)

    def within(self, limit: int) -> Record:
        """At most `limit` observations: half of them the best, the others evenly spread over the rest."""
        if len(self.observed) <= limit:
            return self
        order = np.argsort(-self.merits, kind="stable")
        best, rest = order[: limit // 2], np.sort(order[limit // 2 :])
        spread = rest[np.linspace(0, len(rest) - 1, limit - limit // 2).astype(int)]
        return Record([self.observed[index] for index in np.sort(np.append(best, spread))], self.weights, self.limited)

    def best(self, count: int) -> list[Architecture]:
        """The `count` architectures of most merit."""
        return [self.observed[index].architecture for index in np.argsort(-self.merits, kind="stable")[:count]]


def merits_of(losses: np.ndarray, violations: np.ndarray) -> np.ndarray:
    """One number an observation, the higher the better, standardised.

    Loss is measured from the median in units of how far the best tenth is from it, and grows with the logarithm
    beyond the median: a model should tell the good from one another, not learn how bad the bad are. What breaks a
    constraint ranks below all that does not, the more the lower; failures lowest of all.

    Args:
        losses: to be minimised, infinite where it failed, shape `(observed,)`.
        violations: by how much the constraints are broken, shape `(observed,)`.
    """
    usable = np.isfinite(losses)
    feasible = usable & (violations <= 0)
    merits = np.full(len(losses), -np.inf)
    merits[feasible] = _bent(-losses[feasible])
    low = merits[feasible].min(initial=0.0)
    broken = usable & ~feasible
    merits[broken] = low - 0.1 - 0.9 * _shares(violations[broken])
    merits[~usable] = merits[usable].min(initial=low)
    return np.asarray((merits - merits.mean()) / (merits.std() or 1.0))


def _bent(values: np.ndarray) -> np.ndarray:
    """Values about their median, the upper half as it is, the lower half logarithmic."""
    if not len(values):
        return values
    centre, high = np.quantile(values, (0.5, 0.9))
    scaled = (values - centre) / (high - centre or np.ptp(values) or 1.0)
    return np.asarray(np.where(scaled < 0, -np.log1p(-np.minimum(scaled, 0.0)), scaled))


def _shares(values: np.ndarray) -> np.ndarray:
    """Ranks in (0, 1]; equal values share theirs."""
    order = np.unique(values, return_inverse=True)[1] + 1.0
    return np.asarray(order / order.max(initial=1.0))


def scalarised(losses: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """One loss a row: the only one, or the augmented Chebyshev norm of all.

    Args:
        losses: shape `(observations, objectives)`; rows with an infinite entry stay infinite.
        weights: of the objectives, each scaled to its range, shape `(objectives,)`.
    """
    if losses.shape[1] == 1:
        return np.asarray(losses[:, 0])
    usable = np.isfinite(losses).all(axis=1)
    low = losses[usable].min(axis=0, initial=np.inf)
    high = losses[usable].max(axis=0, initial=-np.inf)
    weighted = weights * (losses[usable] - low) / np.where(high > low, high - low, 1.0)
    single = np.full(len(losses), np.inf)
    single[usable] = weighted.max(axis=1) + 0.05 * weighted.sum(axis=1)
    return single
