"""Pareto dominance over losses: fronts, crowding, hypervolume and the knee.

Everything is minimised: `keras_nas.objectives.objective.losses` turns scores into such a matrix.
"""

import numpy as np
from numpy.typing import ArrayLike

from keras_nas.errors import InvalidArgument


def non_dominated_sort(losses: ArrayLike, violations: ArrayLike | None = None) -> np.ndarray:
    """The front of each point: 0 is dominated by none, 1 only by points of front 0, and so on.

    A point's front is the length of the longest chain of points that dominate it. In lexicographic order
    only earlier points can dominate a later one, so that one pass finds all fronts in O(n) memory.

    With `violations` Deb's constraint domination holds: what meets the constraints comes before what does
    not, and of two points that do not, the one that violates less comes first, whatever its losses.

    Args:
        losses: Shape (points, objectives), to be minimised.
        violations: Shape (points,), by how much each point violates the constraints in all, 0 for none.

    Returns:
        Shape (points,), the number of each point's front. Equal points share a front.

    Example:
        >>> non_dominated_sort([[1, 2], [2, 1], [2, 2], [3, 3]])
        array([0, 0, 1, 2])
        >>> non_dominated_sort([[1, 1], [2, 2]], violations=[0.5, 0])
        array([1, 0])

    Reference:
        Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEC 6(2), 2002.
    """
    points = _matrix(losses)
    excess = np.zeros(len(points)) if violations is None else _violations(violations, len(points))
    feasible = excess <= 0
    ranks = np.zeros(len(points), dtype=int)
    ranks[feasible] = _fronts(points[feasible])
    fronts = ranks[feasible].max(initial=-1) + 1
    ranks[~feasible] = fronts + np.unique(excess[~feasible], return_inverse=True)[1]
    return ranks


def pareto_front(losses: ArrayLike, violations: ArrayLike | None = None) -> np.ndarray:
    """The indices of the points that none dominates, in their given order.

    Args:
        losses: Shape (points, objectives), to be minimised.
        violations: Shape (points,), as in `non_dominated_sort`.

    Example:
        >>> pareto_front([[1, 2], [2, 1], [2, 2]])
        array([0, 1])
    """
    return np.flatnonzero(non_dominated_sort(losses, violations) == 0)


def crowding_distance(losses: ArrayLike) -> np.ndarray:
    """How alone each point of a front is: the sides of the box that its two neighbours span.

    Args:
        losses: Shape (points, objectives) of one front.

    Returns:
        Shape (points,). Each objective's range is scaled to 1; its extremes are infinitely far from all.

    Example:
        >>> crowding_distance([[0, 4], [1, 1], [4, 0]])
        array([inf,  2., inf])

    Reference:
        Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEC 6(2), 2002.
    """
    points = _scaled(_matrix(losses))
    distance = np.zeros(len(points))
    for column in points.T:
        order = np.argsort(column, kind="stable")
        gaps = np.full(len(points), np.inf)
        gaps[1:-1] = column[order][2:] - column[order][:-2]
        distance[order] += gaps
    return distance


def hypervolume(losses: ArrayLike, reference: ArrayLike) -> float:
    """The volume that the points dominate below a reference point, exactly, for any number of objectives.

    The space is cut at each point's last objective; between two cuts the slice's base is the hypervolume of
    the points below, in one objective less. Two objectives are a sum of rectangles.

    Args:
        losses: Shape (points, objectives), to be minimised. Points beyond the reference count nothing.
        reference: Shape (objectives,), the worst values that still count.

    Example:
        >>> hypervolume([[1, 2], [2, 1]], reference=[3, 3])
        3.0

    Reference:
        Zitzler and Thiele, "Multiobjective optimization using evolutionary algorithms", PPSN V, 1998.
    """
    points = _matrix(losses)
    corner = np.asarray(reference, dtype=float)
    if corner.shape != points.shape[1:] or not np.isfinite(corner).all():
        raise InvalidArgument(
            f"The reference point is {reference!r}: expected {points.shape[1]} finite numbers, one an objective."
        )
    inside = points[(points < corner).all(axis=1)]
    return float(_volume(inside[pareto_front(inside)] if len(inside) else inside, corner))


def knee_point(losses: ArrayLike) -> int:
    """The index of the front's knee: where a gain in one objective begins to cost much of another.

    With every objective scaled to [0, 1] over the front it is the point that lies deepest below the plane
    through the unit points, which is the one with the smallest sum.

    Args:
        losses: Shape (points, objectives) with at least one point; take the logarithm of a cost that spans
            orders of magnitude.

    Example:
        >>> knee_point([[0, 4], [1, 1], [4, 0]])
        1

    Reference:
        Das, "On characterizing the knee of the Pareto curve", Structural Optimization 18, 1999.
    """
    points = _matrix(losses)
    if not len(points):
        raise InvalidArgument("A knee needs at least one point: the front is empty.")
    front = pareto_front(points)
    return int(front[np.argmin(_scaled(points[front]).sum(axis=1))])


def _fronts(points: np.ndarray) -> np.ndarray:
    if not len(points):
        return np.zeros(0, dtype=int)
    distinct, inverse = np.unique(points, axis=0, return_inverse=True)
    ranks = np.zeros(len(distinct), dtype=int)
    for index in range(1, len(distinct)):
        dominating = (distinct[:index] <= distinct[index]).all(axis=1)
        ranks[index] = 1 + ranks[:index].max(where=dominating, initial=-1)
    return ranks[inverse.reshape(-1)]


def _volume(points: np.ndarray, corner: np.ndarray) -> float:
    if len(points) == 0:
        return 0.0
    if len(corner) == 1:
        return float(corner[0] - points.min())
    points = points[np.argsort(points[:, -1], kind="stable")]
    heights = np.diff(points[:, -1], append=corner[-1])
    if len(corner) == 2:
        return float(heights @ (corner[0] - np.minimum.accumulate(points[:, 0])))
    slices = (_volume(points[: index + 1, :-1], corner[:-1]) for index in range(len(points)))
    return float(sum(height * base for height, base in zip(heights, slices, strict=True)))


def _scaled(points: np.ndarray) -> np.ndarray:
    """Every column scaled to [0, 1]; infinite losses count as the column's worst finite one."""
    finite = np.isfinite(points)
    worst = points.max(axis=0, where=finite, initial=-np.inf)
    known = np.where(finite, points, np.where(np.isfinite(worst), worst, 0.0))
    low, high = known.min(axis=0, initial=np.inf), known.max(axis=0, initial=-np.inf)
    return np.asarray((known - low) / np.where(high > low, high - low, 1.0))


def _matrix(losses: ArrayLike) -> np.ndarray:
    points = np.asarray(losses, dtype=float)
    if points.ndim != 2 or points.shape[1] == 0:
        raise InvalidArgument(f"The losses have shape {points.shape}: expected (points, objectives).")
    if np.isnan(points).any():
        raise InvalidArgument("The losses hold a value that is not a number: leave failed trials out.")
    return points


def _violations(violations: ArrayLike, count: int) -> np.ndarray:
    excess = np.asarray(violations, dtype=float)
    if excess.shape != (count,) or np.isnan(excess).any():
        raise InvalidArgument(f"The violations have shape {excess.shape}: expected ({count},), numbers from 0 up.")
    return excess
