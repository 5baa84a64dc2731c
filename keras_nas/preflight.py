"""What can be known before anything is trained: whether the limits can be met, and whether the time suffices."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from keras_nas.architecture import Architecture
from keras_nas.errors import InfeasibleError, InvalidArgument
from keras_nas.objectives.constraints import Constraint
from keras_nas.spaces import Space
from keras_nas.strategy import Failure
from keras_nas.tasks import Signature, Task

LEAST_SECONDS = 30.0
"""Below this, building, tracing and scoring leave no time to train."""
SAMPLES = 200
"""Architectures sampled to see whether the constraints can be met."""
STATIC = ("params", "flops", "memory_mb", "size_mb")
"""Costs that follow from the architecture alone."""

Costs = Callable[[Architecture], dict[str, float]]


def check_budget(max_time: float | None, max_trials: int | None) -> None:
    """Refuse a budget in which nothing can be trained.

    Raises:
        InvalidArgument: says what came, what is needed, and what to do.
    """
    if max_time is not None and not max_time >= LEAST_SECONDS:
        raise InvalidArgument(
            f"max_time={max_time!r} is too short for one trial: building and tracing a model alone take seconds. "
            f"Expected at least {LEAST_SECONDS:.0f} (seconds); give more time, or max_trials instead."
        )
    if max_trials is not None and (isinstance(max_trials, bool) or not isinstance(max_trials, int) or max_trials < 1):
        raise InvalidArgument(f"max_trials={max_trials!r}: expected a whole number of 1 or more.")


def cost_function(task: Task, space: Space, signature: Signature) -> Costs:
    """A function from an architecture to its static costs, computed without building the model."""
    from keras_nas.objectives.cost import CostNet

    def costs(architecture: Architecture) -> dict[str, float]:
        net = CostNet()
        _, finished = task.assemble(space, architecture, signature, net, net.input(signature.input_shape))
        scores: dict[str, float] = net.cost(finished).scores()
        return scores

    return costs


def screen(constraints: Sequence[Constraint], costs: Costs) -> Callable[[Architecture], Failure | None] | None:
    """A function that says before training why an architecture breaks a static constraint; None without any."""
    static = [constraint for constraint in constraints if constraint.name in STATIC]
    if not static:
        return None

    def refuse(architecture: Architecture) -> Failure | None:
        if not architecture:
            return None
        scores = costs(architecture)
        broken = [constraint for constraint in static if constraint.violation(scores) > 0]
        if not broken:
            return None
        words = ", ".join(f"{c.name} is {scores[c.name]:,.4g}, limit {c.limit:,.4g}" for c in broken)
        return Failure("infeasible", words)

    return refuse


def check_feasible(constraints: Sequence[Constraint], space: Space, costs: Costs, seed: int) -> float:
    """The share of sampled architectures that meet the static constraints.

    Raises:
        InfeasibleError: when none does; names the nearest limits that some architecture meets.
    """
    static = [constraint for constraint in constraints if constraint.name in STATIC]
    if not static:
        return 1.0
    samples = [costs(space.sample(seed * SAMPLES + number)) for number in range(SAMPLES)]
    met = [all(constraint.violation(scores) == 0 for constraint in static) for scores in samples]
    if any(met):
        return sum(met) / len(met)
    raise InfeasibleError(_nearest(static, samples, space))


def _nearest(constraints: Sequence[Constraint], samples: Sequence[dict[str, float]], space: Space) -> str:
    nearest: dict[str, Any] = min(samples, key=lambda scores: sum(c.violation(scores) for c in constraints))
    asked = ", ".join(f"{c.name} <= {c.limit:,.4g}" for c in constraints)
    found = ", ".join(f"{c.name} = {nearest[c.name]:,.4g}" for c in constraints)
    return (
        f"No architecture of the space {space.name!r} meets {asked}: of {SAMPLES} sampled ones the nearest has "
        f"{found}. "
        "Raise the limits to that, or choose a space of smaller networks."
    )
