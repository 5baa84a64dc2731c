"""What can be known before anything is trained: whether the limits can be met, and whether the time suffices."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import takewhile
from typing import Any

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.data import Rows
from keras_nas.data.trees import described
from keras_nas.errors import InfeasibleError, InvalidArgument, unknown
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.custom import check_registered
from keras_nas.estimators.pace import effort
from keras_nas.estimators.scoring import (
    ENERGY,
    LATENCY,
    MEASURED,
    loss_value,
    measure_costs,
    metric_score,
    of_target,
    predicted,
    scores_of,
    targets,
)
from keras_nas.estimators.training import build
from keras_nas.objectives.constraints import Constraint, total_violation
from keras_nas.objectives.energy import measure_energy
from keras_nas.objectives.latency_predictor import LatencyPredictor
from keras_nas.objectives.operations import operations_of
from keras_nas.preparing.foresight import Costs as Costs
from keras_nas.preparing.foresight import reader
from keras_nas.spaces import Space
from keras_nas.strategy import Failure, Outcome
from keras_nas.tasks import Signature, Task

SAMPLES = 200
"""Architectures sampled to see whether the constraints can be met."""
HOPELESS = 3.0
"""Times the latency limit: measured on a busy machine, anything less may still be met."""
SECONDS = 5.0
"""Longest that a network which meets the constraints is looked for beyond the sample."""
REMEMBERED = 4096
"""Architectures whose costs are remembered."""


def cost_function(task: Task, space: Space, signature: Signature, predictor: LatencyPredictor | None = None) -> Costs:
    """A function from an architecture to its static costs, and its predicted latency, without building the model.

    Beside the costs it tells what `keras_nas.estimators.pace.effort` does.
    """
    from keras_nas.objectives.cost import CostNet, layers_of

    read = reader(task, space, signature)

    @lru_cache(maxsize=REMEMBERED)
    def costs(architecture: Architecture) -> dict[str, float]:
        finished = read(architecture)
        latency = {} if predictor is None else {"latency_ms": predictor.latency_ms(operations_of(finished))}
        return {**CostNet().cost(finished).scores(), **latency, **effort(list(layers_of([finished])))}

    return Costs(costs, predictor)


def screen(constraints: Sequence[Constraint], costs: Costs) -> Callable[[Architecture], Outcome | None] | None:
    """A function that says before training that an architecture breaks a static constraint; None without any.

    A cost that is predicted has to lie beyond its limit by more than the prediction may be wrong.
    """
    known = costs.known(constraints)
    if not known:
        return None

    def refuse(architecture: Architecture) -> Outcome | None:
        if not architecture:
            return None
        scores = costs(architecture)
        broken = [c for c in known if c.violation(scores) > costs.slack.get(c.name, 0.0)]
        if not broken:
            return None
        words = ", ".join(f"{c.name} is {scores[c.name]:,.4g}, limit {c.limit:,.4g}" for c in broken)
        return Outcome({c.name: scores[c.name] for c in known}, Failure("infeasible", words))

    return refuse


def check_feasible(
    constraints: Sequence[Constraint], space: Space, costs: Costs, seed: int
) -> tuple[Architecture, ...]:
    """An architecture that meets the static constraints, for the search to try first; none without constraints.

    Raises:
        InfeasibleError: when none was found; names the nearest limits that some architecture meets.
    """
    known = costs.known(constraints)
    if not known:
        return ()
    nearest = least(space, lambda architecture: total_violation(known, costs(architecture)), seed)
    if any(c.violation(costs(nearest)) > costs.slack.get(c.name, 0.0) for c in known):
        raise InfeasibleError(_unmet(known, costs(nearest), space))
    return (nearest,)


def least(space: Space, cost: Callable[[Architecture], float], seed: int) -> Architecture:
    """An architecture of small cost: the best of a sample, changed decision by decision while that helps; 0 ends it.

    Args:
        space: to look in.
        cost: not below 0.
        seed: of the sample.
    """
    best, lowest = Architecture({}), float("inf")
    for number in range(SAMPLES):
        sampled = space.sample(np.random.default_rng([seed, number]))
        if (found := cost(sampled)) < lowest:
            best, lowest = sampled, found
        if not lowest:
            return best
    until = time.monotonic() + SECONDS

    def near() -> Iterator[Architecture]:
        return takewhile(lambda _: time.monotonic() < until, space.neighbours(best, seed))

    while closer := next((other for other in near() if cost(other) < lowest), None):
        best, lowest = closer, cost(closer)
        if not lowest:
            break
    return best


def check_latency(constraints: Sequence[Constraint], training: Training, costs: Costs) -> None:
    """Measure the network of the fewest FLOPs, before any training, where latency is limited.

    Raises:
        InfeasibleError: when even that takes several times the limit.
    """
    limits = [constraint for constraint in constraints if constraint.name in LATENCY and constraint.bound == "upper"]
    if not limits:
        return
    small = least(training.space, lambda architecture: costs(architecture)["flops"], training.seed)
    wanted, target = {constraint.name: None for constraint in limits}, training.options.costing.latency_target
    scores, spoken = measure_costs(build(training, small).model, wanted, target)
    for constraint in limits:
        if scores[constraint.name] > HOPELESS * constraint.limit:
            raise InfeasibleError(
                f"{constraint} cannot be met: even the network of the fewest FLOPs of the space "
                f"{training.space.name!r} takes {spoken}. Raise the limit above that, or choose a space of smaller "
                "networks."
            )


def _unmet(constraints: Sequence[Constraint], nearest: Mapping[str, float], space: Space) -> str:
    asked = ", ".join(str(constraint) for constraint in constraints)
    found = ", ".join(f"{c.name} = {nearest[c.name]:,.4g}" for c in constraints)
    return (
        f"No architecture of the space {space.name!r} was found that meets {asked}: the nearest has {found}. "
        "Change the limits to that, or choose a space of other sizes."
    )


def check_scoring(training: Training, watched: Sequence[str]) -> None:
    """Compute every score on made-up predictions: what cannot be computed is better known before training.

    Args:
        training: names the loss and the metrics.
        watched: what objectives and constraints speak of.

    Raises:
        InvalidArgument: for a loss or a metric that fails, and for an objective that nothing computes.
    """
    y, predictions = training.task.made_up(training.signature)
    options, truth = training.options, targets(training, y)
    for target, metric in options.own_metrics:
        _tried("metrics", metric, partial(_metric_value, of_target(training, target, truth, predictions)))
    if options.loss is not None:
        _tried("loss", options.loss, lambda given: loss_value(given, truth, predictions))
    known = [f"val_{name}" for name in (*training.task.score_names, *scores_of(training, y, predictions))]
    if ENERGY in watched:
        _check_energy(options.costing.latency_target)
    for name in watched:
        if name not in (*known, *MEASURED, ENERGY):
            raise InvalidArgument(
                f"{unknown('objective', name, [*dict.fromkeys(known), *MEASURED])} Or compute it yourself: metrics="
                f"[...] takes Keras metrics and functions; one called {name.removeprefix('val_')!r} becomes {name!r}."
            )


def _metric_value(own: tuple[Any, Any], metric: Any) -> float:
    """A metric of answers and predictions."""
    return metric_score(metric, *own)[1]


def _check_energy(target: Any) -> None:
    """Refuse to optimise what the machine does not count, or for a target that counts latencies alone."""
    if callable(target):
        raise InvalidArgument(
            f"{ENERGY} is measured of a model that runs here, and latency_target is a function, which tells latencies "
            "alone: expected the name of a format, 'keras' say."
        )
    found = measure_energy(lambda: None, seconds=0.5)
    if found.energy_mj is None:
        raise InvalidArgument(
            f"{ENERGY} is not measured here: {found.reason}. Choose another objective, or a machine with counters that "
            "this user may read."
        )


def _tried(argument: str, given: Any, compute: Callable[[Any], float]) -> None:
    """Refuse a loss or a metric that raises, or gives no number."""
    shapes = "targets (rows, outputs), one-hot for classes, and predictions (rows, outputs)"
    try:
        value = compute(given)
    except Exception as error:
        raise InvalidArgument(
            f"{argument}: {given!r} cannot be used ({type(error).__name__}: {error}). Expected a Keras object, its "
            f"name, or a function of {shapes}."
        ) from error
    if not np.isfinite(value):
        raise InvalidArgument(f"{argument}: {given!r} gives {value} on ordinary {shapes}; expected a finite number.")


def check_baseline(training: Training) -> None:
    """Refuse a baseline that does not take the user's rows or give what the task's models give.

    Raises:
        InvalidArgument: says what it takes and gives, and what was expected.
    """
    signature, options = training.signature, training.options
    if options.baseline is None:
        return
    rows = Rows.load(training.data)
    try:
        model = build(training, None).model
        outputs = predicted(model, rows, np.arange(4))
    except Exception as error:
        raise InvalidArgument(
            f"baseline_model cannot be built or applied to {described(rows.x)} "
            f"({type(error).__name__}: {error}). Expected a model that takes rows as you gave them."
        ) from error
    check_registered(model)
    if outputs.shape != (4, *signature.output_shape):
        raise InvalidArgument(
            f"baseline_model gives {outputs.shape} for 4 rows; expected {(4, *signature.output_shape)}: one output "
            + ("a target." if training.task.target == "regression" else "a class.")
        )
    classes = training.task.target in ("classification", "segmentation")
    if classes and np.abs(outputs.sum(axis=-1) - 1).max() > 0.01:
        raise InvalidArgument("baseline_model must give probabilities: let its last layer be a softmax.")
    if training.task.target == "multilabel" and (outputs.min() < 0 or outputs.max() > 1):
        raise InvalidArgument("baseline_model must give probabilities: let its last layer be a sigmoid.")
