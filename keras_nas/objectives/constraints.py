"""Limits on what is measured: `{"latency_ms": 5, "params": 1e6}`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.objectives.objective import direction_of, known_objectives

Bound = Literal["upper", "lower"]


@dataclass(frozen=True)
class Constraint:
    """One limit.

    Args:
        name: of the score, "latency_ms" or "val_accuracy" say.
        limit: in the score's unit.
        bound: "upper" when the score may be at most the limit, "lower" when at least.
    """

    name: str
    limit: float
    bound: Bound = "upper"

    def violation(self, scores: Mapping[str, float]) -> float:
        """By how much the limit is broken, relative to it; 0.0 when it holds, infinite when the score is missing."""
        value = scores.get(self.name)
        if value is None or not math.isfinite(value):
            return math.inf
        excess = value - self.limit if self.bound == "upper" else self.limit - value
        return max(0.0, excess) / max(abs(self.limit), 1e-12)

    def margin(self, scores: Mapping[str, float]) -> float:
        """How far the score stays on the good side, relative to the limit; negative when it is broken."""
        gap = self.limit - scores[self.name] if self.bound == "upper" else scores[self.name] - self.limit
        return gap / max(abs(self.limit), 1e-12)


def constraints_from(spec: Mapping[str, float] | None) -> tuple[Constraint, ...]:
    """Constraints from `{name: limit}`: an upper limit for what is minimised, a lower one for what is maximised.

    Raises:
        InvalidArgument: for a name without a known direction, or a limit that is no finite number.
    """
    return tuple(_constraint(name, limit) for name, limit in (spec or {}).items())


def _constraint(name: str, limit: Any) -> Constraint:
    direction = direction_of(name)
    if direction is None:
        raise InvalidArgument(unknown("constraint", name, known_objectives()))
    if isinstance(limit, bool) or not isinstance(limit, int | float) or not math.isfinite(limit):
        raise InvalidArgument(f"constraint {name!r} needs a finite number as its limit; got {limit!r}.")
    return Constraint(name, float(limit), "upper" if direction == "min" else "lower")


def total_violation(constraints: Sequence[Constraint], scores: Mapping[str, float], partial: bool = False) -> float:
    """The sum of all violations; 0.0 when all hold.

    Args:
        constraints: the limits.
        scores: what was measured.
        partial: whether to leave out constraints whose score is not known yet.
    """
    known = [constraint for constraint in constraints if not partial or constraint.name in scores]
    return float(sum(constraint.violation(scores) for constraint in known))


def margin_report(constraints: Sequence[Constraint], scores: Mapping[str, float]) -> list[dict[str, Any]]:
    """One row a constraint: name, bound, limit, measured value, margin in per cent of the limit, whether it is met."""
    return [
        {
            "name": constraint.name,
            "bound": constraint.bound,
            "limit": constraint.limit,
            "measured": scores[constraint.name],
            "margin_pct": 100.0 * constraint.margin(scores),
            "met": constraint.violation(scores) == 0.0,
        }
        for constraint in constraints
    ]
