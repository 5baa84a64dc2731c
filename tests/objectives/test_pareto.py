"""Dominance, fronts, crowding, hypervolume and knee against their definitions."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from keras_nas.errors import InvalidArgument
from keras_nas.objectives.pareto import (
    crowding_distance,
    hypervolume,
    knee_point,
    non_dominated_sort,
    pareto_front,
)

GRID = st.integers(1, 4).flatmap(
    lambda m: arrays(np.int64, st.tuples(st.integers(0, 14), st.just(m)), elements=st.integers(0, 4))
)


def _peeled(dominates: np.ndarray) -> np.ndarray:
    """Fronts as NSGA-II defines them: peel off what nothing left dominates."""
    ranks = np.full(len(dominates), -1)
    for rank in range(len(dominates)):
        left = ranks < 0
        ranks[left & ~dominates[left].any(axis=0)] = rank
    return ranks


def _dominance(points: np.ndarray, violations: np.ndarray) -> np.ndarray:
    pareto = (points[:, None] <= points[None]).all(-1) & (points[:, None] < points[None]).any(-1)
    bad = violations > 0
    less = violations[:, None] < violations[None]
    return np.where(bad[:, None] | bad[None], less, pareto)


@given(GRID)
@settings(deadline=None)
def test_fronts_equal_peeling(points: np.ndarray) -> None:
    assert (non_dominated_sort(points) == _peeled(_dominance(points, np.zeros(len(points))))).all()


@given(GRID, st.data())
@settings(deadline=None)
def test_constraint_domination_equals_peeling(points: np.ndarray, data: st.DataObject) -> None:
    violations = data.draw(arrays(np.int64, len(points), elements=st.integers(0, 2)))
    expected = _peeled(_dominance(points, violations))
    assert (non_dominated_sort(points, violations) == expected).all()
    assert (pareto_front(points, violations) == np.flatnonzero(expected == 0)).all()


@given(GRID)
@settings(deadline=None)
def test_hypervolume_equals_counting_cells(points: np.ndarray) -> None:
    """On an integer grid the volume is the number of unit cells whose lower corner some point dominates."""
    objectives = points.shape[1]
    cells = np.array(list(itertools.product(range(4), repeat=objectives)))
    covered = (points[:, None] <= cells[None]).all(-1).any(axis=0)
    assert hypervolume(points, [4] * objectives) == pytest.approx(covered.sum())


def test_hypervolume_of_a_sphere_octant() -> None:
    """Points on a unit sphere dominate an eighth of its volume as their number grows."""
    angles = np.linspace(0, np.pi / 2, 40)
    theta, phi = (grid.ravel() for grid in np.meshgrid(angles, angles))
    sphere = 1 - np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=1)
    assert hypervolume(sphere, [1, 1, 1]) == pytest.approx(np.pi / 6, abs=0.03)


def test_sort_of_many_points_is_fast_enough_to_be_exact() -> None:
    points = np.random.default_rng(0).random((4000, 2))
    ranks = non_dominated_sort(points)
    best = np.minimum.accumulate(points[np.argsort(points[:, 0])][:, 1])
    assert (ranks == 0).sum() == len(np.unique(best))


def test_crowding_by_hand() -> None:
    points = [[0, 8], [1, 4], [3, 2], [4, 0]]
    assert crowding_distance(points) == pytest.approx([np.inf, 3 / 4 + 6 / 8, 3 / 4 + 4 / 8, np.inf])
    assert np.isinf(crowding_distance([[1, 1], [1, 1]])).all()
    assert crowding_distance(np.zeros((0, 2))).shape == (0,)
    assert not np.isnan(crowding_distance(np.array([[np.inf, 1], [2, 2], [3, np.inf], [0, 5]]))).any()


def test_knee_by_hand() -> None:
    assert knee_point([[0, 100], [1, 30], [2, 28], [10, 0]]) == 1
    assert knee_point([[5, 5], [0, 10], [1, 1], [10, 0]]) == 2, "a dominated point is never the knee"
    assert knee_point([[3, 3]]) == 0


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: non_dominated_sort([1, 2]), r"shape \(2,\): expected \(points, objectives\)"),
        (lambda: non_dominated_sort([[np.nan, 1]]), "not a number: leave failed trials out"),
        (lambda: non_dominated_sort([[1, 1]], [1, 2]), r"violations have shape \(2,\): expected \(1,\)"),
        (lambda: hypervolume([[1, 1]], [2]), "expected 2 finite numbers, one an objective"),
        (lambda: knee_point(np.zeros((0, 2))), "the front is empty"),
    ],
)
def test_wrong_input(call: object, text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        call()  # type: ignore[operator]
