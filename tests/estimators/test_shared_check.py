"""Rank correlations, and what the summary says of them."""

import math

import numpy as np
import pytest

from keras_nas.estimators.shared_check import check_lines, kendall_tau, spearman

TIED = ([1, 2, 2, 3, 5, 5, 4], [2, 1, 3, 3, 4, 6, 6])


def test_ties_are_those_of_the_reference() -> None:
    stats = pytest.importorskip("scipy.stats")
    assert kendall_tau(*TIED) == pytest.approx(stats.kendalltau(*TIED).statistic)
    assert spearman(*TIED) == pytest.approx(stats.spearmanr(*TIED).statistic)


def test_opposite_orders_are_minus_one() -> None:
    rising = list(np.linspace(0, 1, 9))
    assert kendall_tau(rising, rising[::-1]) == pytest.approx(-1)
    assert spearman(rising, rising[::-1]) == pytest.approx(-1)


def test_a_constant_side_has_no_order() -> None:
    assert math.isnan(kendall_tau([1, 1, 1], [1, 2, 3]))
    assert math.isnan(spearman([1, 1, 1], [1, 2, 3]))


def test_a_good_ranking_is_told_without_warning() -> None:
    (line,) = check_lines([1, 2, 3, 4], [1, 2, 4, 3])
    assert line.startswith("Weight sharing checked: 4 networks trained alone")
    assert line.endswith("Kendall's tau 0.67, Spearman 0.80.")


@pytest.mark.parametrize("alone", [[4, 3, 2, 1], [1, 1, 1, 1]])
def test_a_poor_ranking_warns(alone: list[float]) -> None:
    assert check_lines([1, 2, 3, 4], alone)[1].startswith("Warning: below 0.3 the shared weights hardly rank")


def test_two_networks_are_no_check() -> None:
    assert check_lines([], []) == []
    (line,) = check_lines([1, 2], [1, 2])
    assert line.startswith("Weight sharing not checked: 2 of the 3 networks that a check needs were trained alone")
