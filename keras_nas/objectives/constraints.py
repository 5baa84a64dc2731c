"""Constraints: limits that a network must keep, how far it is off, and how much room it leaves."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.objectives.objective import direction_of, known_objectives


@dataclass(frozen=True)
class Constraint:
    """A limit on one score.

    Args:
        name: The score's key, "latency_ms" say.
        limit: The last value that is still allowed.
        bound: "upper": no more than the limit; "lower": no less. None takes the score's own direction: an upper
            bound for what is minimised, a lower one for what is maximised.

    Raises:
        InvalidArgument: The limit is not a finite number, the bound is another word, or the score's direction is
            not known and no bound was given.

    Example:
        >>> Constraint("latency_ms", 5).violation({"latency_ms": 6})
        0.2
    """

    name: str
    limit: float
    bound: Literal["upper", "lower"] | None = None

    def __post_init__(self) -> None:
        direction = direction_of(self.name)
        if self.bound is None and direction is None:
            raise InvalidArgument(
                f"{unknown('score in a constraint', self.name, known_objectives())} For a score of your own give the "
                f"bound: Constraint({self.name!r}, {self.limit!r}, 'upper')."
            )
        bound = self.bound or ("upper" if direction == "min" else "lower")
        if bound not in ("upper", "lower"):
            raise InvalidArgument(f"The bound of {self.name!r} is {self.bound!r}: expected 'upper' or 'lower'.")
        if not isinstance(self.limit, int | float) or isinstance(self.limit, bool) or not math.isfinite(self.limit):
            raise InvalidArgument(f"The limit of {self.name!r} is {self.limit!r}: expected a finite number.")
        object.__setattr__(self, "bound", bound)

    def margin(self, scores: Mapping[str, float]) -> float:
        """The room left as a fraction of the limit: 0.2 is 20 % inside it, -0.2 is 20 % beyond.

        Raises:
            InvalidArgument: The trial did not report the score.
        """
        if self.name not in scores:
            raise InvalidArgument(
                f"The trial reported no {self.name!r}, which a constraint needs: it reported {', '.join(scores)}."
            )
        value = float(scores[self.name])
        if math.isnan(value):
            return -math.inf
        room = self.limit - value if self.bound == "upper" else value - self.limit
        return room / (abs(self.limit) or 1.0)

    def violation(self, scores: Mapping[str, float]) -> float:
        """How far the score lies beyond the limit, as a fraction of it; 0 when it holds."""
        return max(0.0, -self.margin(scores))

    def __str__(self) -> str:
        return f"{self.name} {'<=' if self.bound == 'upper' else '>='} {self.limit:g}"


def constraints_from(
    spec: Mapping[str, float] | Constraint | Sequence[Constraint] | None,
) -> tuple[Constraint, ...]:
    """The constraints that a user asked for.

    Args:
        spec: `{"latency_ms": 5, "params": 1e6}`, constraints made by hand, or None for none.

    Example:
        >>> [str(c) for c in constraints_from({"latency_ms": 5, "val_accuracy": 0.9})]
        ['latency_ms <= 5', 'val_accuracy >= 0.9']
    """
    if spec is None:
        return ()
    if isinstance(spec, Mapping):
        return tuple(Constraint(name, limit) for name, limit in spec.items())
    entries = tuple(spec) if isinstance(spec, list | tuple) else (spec,)
    wrong: list[Any] = [entry for entry in entries if not isinstance(entry, Constraint)]
    if wrong:
        raise InvalidArgument(
            f"A constraint is {wrong[0]!r}: expected a mapping such as {{'latency_ms': 5}}, or Constraint(name, limit)."
        )
    return tuple(entry for entry in entries if isinstance(entry, Constraint))


def limits_from(limits: Mapping[str, float], names: Collection[str]) -> tuple[Constraint, ...]:
    """The constraints that the arguments of `best(max_params=1e5, min_val_accuracy=0.9)` stand for.

    Args:
        limits: `max_<score>` or `min_<score>`.
        names: of the scores that there are.

    Raises:
        InvalidArgument: for a limit of another form, or on an unknown score.

    Example:
        >>> [str(limit) for limit in limits_from({"max_params": 100}, {"params"})]
        ['params <= 100']
    """
    found = []
    for limit, value in limits.items():
        bound, _, name = limit.partition("_")
        if bound not in ("max", "min") or name not in names:
            raise InvalidArgument(
                f"limit {limit!r}: expected max_<score> or min_<score> with a score of {sorted(names)}. Costs are "
                "measured where they are an objective or a constraint of the search."
            )
        found.append(Constraint(name, value, "upper" if bound == "max" else "lower"))
    return tuple(found)


def total_violation(constraints: Iterable[Constraint], scores: Mapping[str, float], partial: bool = False) -> float:
    """The sum of all violations, for constraint domination; 0 when every constraint holds.

    Args:
        constraints: The limits.
        scores: What is known of the network.
        partial: Leave out the constraints whose score is not known yet, before training say.
    """
    return sum(c.violation(scores) for c in constraints if not partial or c.name in scores)


def margin_report(constraints: Iterable[Constraint], scores: Mapping[str, float]) -> list[dict[str, Any]]:
    """One row a constraint, for tables: name, bound, limit, measured, margin_pct, met.

    Example:
        >>> margin_report(constraints_from({"params": 100}), {"params": 80})
        [{'name': 'params', 'bound': 'upper', 'limit': 100, 'measured': 80, 'margin_pct': 20.0, 'met': True}]
    """
    return [
        {
            "name": constraint.name,
            "bound": constraint.bound,
            "limit": constraint.limit,
            "measured": scores.get(constraint.name),
            "margin_pct": 100 * constraint.margin(scores),
            "met": constraint.violation(scores) == 0,
        }
        for constraint in constraints
    ]
