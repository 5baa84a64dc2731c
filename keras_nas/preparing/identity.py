"""What a search says of itself: what makes it the same search on resume, and what its result has to know."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import is_dataclass
from typing import Any

from keras_nas.errors import InvalidArgument
from keras_nas.estimators.assignment import Training
from keras_nas.nodes import Value
from keras_nas.preparing.goal import Goal
from keras_nas.spaces import SPACES, Space
from keras_nas.tasks import TASKS, Task, family

PRETRAINED = "pretrained"
"""The name of the space behind a backbone where the user named none."""
ELSEWHERE = ("data", "validation_data", "sample_weight", "groups", "target", "directory", "resume")
"""Arguments of a search of which its folder tells, or that say where it is."""


def recorded(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """A call as a record can hold it, so that it can be made again without being typed again.

    Args:
        arguments: of `keras_nas.search`, by name.

    Returns:
        `given`, the arguments that are names and numbers, and `own`, the names of those that are the user's objects.

    Example:
        >>> recorded({"task": "image_classification", "loss": print, "max_time": 60, "space": None})
        {'given': {'task': 'image_classification', 'max_time': 60}, 'own': ['loss']}
    """
    told = {name: value for name, value in arguments.items() if value is not None and name not in ELSEWHERE}
    given = {name: value for name, value in told.items() if _is_plain(value)}
    return {"given": given, "own": [name for name in told if name not in given]}


def _is_plain(value: Any) -> bool:
    """Whether JSON can hold it."""
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def identity(goal: Goal, options: Mapping[str, Any], seed: int, holdout: float | None) -> dict[str, Any]:
    """What decides whether it is the same search, in JSON types; the data says so itself.

    Args:
        goal: its strategy not yet begun.
        options: of the training, as given.
        seed: of the search.
        holdout: share of the rows, as given.
    """
    return {
        "task": goal.task.name,
        "space": goal.space.name,
        "decisions": decisions_of(goal.space),
        "backbone": None if goal.space.backbone is None else goal.space.backbone.told(),
        "strategy": described(goal.strategy),
        "estimator": described(goal.estimator),
        "objectives": [[objective.name, objective.direction] for objective in goal.objectives],
        "constraints": [str(constraint) for constraint in goal.constraints],
        "loss": named(options["loss"]),
        "metrics": named(options["metrics"]),
        "class_weight": options["class_weight"],
        "latency_target": named(options["latency_target"]),
        "baseline_model": options["baseline"] is not None,
        "holdout": holdout,
        "seed": seed,
    }


def decisions_of(space: Space) -> dict[str, str]:
    """Every decision of a space by its path, with its labels and conditions; and what its recipe settles."""
    conditions = {
        decision.path: "".join(f", if {path} is {sorted(map(str, labels))}" for path, labels in decision.when)
        for decision in space.decisions
    }
    settled = {name: value for name, value in space.recipe.items() if not isinstance(value, Value)}
    return {
        **{decision.path: decision.domain.shown() + conditions[decision.path] for decision in space.decisions},
        **{f"recipe/{name}": f"always {value!r}" for name, value in settled.items()},
    }


def described(part: Any) -> str:
    """An object by its class and the options that its constructor stored: `RegularizedEvolution(population=50)`.

    Options that are no text or number go by the name of their class: a memory address is another one tomorrow.
    """
    options = {name: _told(value) for name, value in vars(part).items() if not name.startswith("_")}
    return f"{type(part).__name__}({', '.join(f'{name}={text}' for name, text in options.items())})"


def _told(value: Any) -> str:
    """An option as it is where it is text, a number, or some of these; an object with options of its own by these."""
    if isinstance(value, str | int | float | bool | None) or (
        isinstance(value, dict | list | tuple) and _is_plain(value)
    ):
        return repr(value)
    return described(value) if is_dataclass(value) and not isinstance(value, type) else type(value).__name__


def called(task: Task) -> str:
    """The code of a task: its name, and where it has options the object."""
    return f"keras_nas.{described(task)}" if vars(task) else repr(task.name)


def named(part: Any) -> Any:
    """A loss or a metric by a name that is the same in the next session; lists, and what is by target, part by part."""
    if part is None or isinstance(part, str):
        return part
    if isinstance(part, Mapping):
        return {name: named(own) for name, own in part.items()}
    if isinstance(part, list | tuple):
        return [named(own) for own in part]
    return str(getattr(part, "name", None) or getattr(part, "__name__", type(part).__name__))


def facts(goal: Goal, training: Training) -> dict[str, Any]:
    """What a result read from disk has to know."""
    options = training.options
    own = {
        "task": type(goal.task) is not TASKS.get(goal.task.name) or not goal.task.is_told_by_data,
        "space": not is_ready(goal.space, goal.task),
        "backbone": goal.space.backbone is not None,
        "loss": options.loss is not None,
        "metrics": bool(options.own_metrics),
        "callbacks": bool(options.callbacks),
        "latency_target": callable(options.costing.latency_target),
    }
    return {
        "task": goal.task.name,
        "called": called(goal.task),
        "space": goal.space.name,
        "objectives": [[objective.name, objective.direction] for objective in goal.objectives],
        "constraints": [[c.name, c.limit, c.bound] for c in goal.constraints],
        "seed": training.seed,
        "precision": training.precision,
        "options": {
            "scores": [*options.scores],
            "class_weight": options.class_weight,
        },
        "costing": {
            "limits": options.costing.limits,
            "latency_target": named(options.costing.latency_target),
            "derived": [*options.costing.derived],
        },
        "own": [name for name, used in own.items() if used],
    }


def is_ready(space: Space, task: Task) -> bool:
    """Whether a space can be had by its name, or by none, where it stands behind a backbone."""
    if space.backbone is not None:
        return space.name in (PRETRAINED, *SPACES.get(family(task), ()))
    try:
        return str(task.space(space.name)) == str(space)
    except InvalidArgument:
        return False
