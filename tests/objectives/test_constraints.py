"""Limits, margins and violations."""

import math
from typing import Any

import pytest

from keras_nas.errors import InvalidArgument
from keras_nas.objectives.constraints import Constraint, constraints_from, margin_report, total_violation


def test_bounds_follow_the_scores_direction() -> None:
    constraints = constraints_from({"latency_ms": 5, "val_accuracy": 0.9})
    assert [str(c) for c in constraints] == ["latency_ms <= 5", "val_accuracy >= 0.9"]
    assert constraints_from(Constraint("profit", 3, "lower")) == (Constraint("profit", 3, "lower"),)
    assert constraints_from(None) == ()


def test_violation_is_a_fraction_of_the_limit() -> None:
    latency, accuracy = constraints_from({"latency_ms": 5, "val_accuracy": 0.8})
    assert latency.violation({"latency_ms": 6}) == pytest.approx(0.2)
    assert latency.violation({"latency_ms": 5}) == 0
    assert accuracy.violation({"val_accuracy": 0.6}) == pytest.approx(0.25)
    assert latency.violation({"latency_ms": math.nan}) == math.inf
    assert Constraint("params", 0).violation({"params": 3}) == 3


def test_total_and_partial() -> None:
    constraints = constraints_from({"latency_ms": 5, "params": 100})
    assert total_violation(constraints, {"latency_ms": 10, "params": 150}) == pytest.approx(1.5)
    assert total_violation(constraints, {"params": 150}, partial=True) == pytest.approx(0.5)
    with pytest.raises(InvalidArgument, match="no 'latency_ms', which a constraint needs: it reported params"):
        total_violation(constraints, {"params": 150})


def test_margins() -> None:
    assert margin_report(constraints_from({"latency_ms": 5}), {"latency_ms": 6.0}) == [
        {"name": "latency_ms", "bound": "upper", "limit": 5, "measured": 6.0,
         "margin_pct": pytest.approx(-20), "met": False}
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ({"latency": 5}, "Unknown score in a constraint 'latency'.*Did you mean 'latency_ms'.*give the bound"),
        ({"params": math.nan}, "limit of 'params' is nan: expected a finite number"),
        ({"params": "many"}, "limit of 'params' is 'many': expected a finite number"),
        ([("params", 5)], r"A constraint is \('params', 5\): expected a mapping such as \{'latency_ms': 5\}"),
    ],
)
def test_wrong_constraints(spec: Any, text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        constraints_from(spec)


def test_wrong_bound() -> None:
    with pytest.raises(InvalidArgument, match="bound of 'params' is 'above': expected 'upper' or 'lower'"):
        Constraint("params", 5, "above")  # type: ignore[arg-type]
