"""What is searched for: the task and the four words of a method."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras_nas.architecture import Architecture
from keras_nas.backbone import Backbone
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.budgeting import Estimator
from keras_nas.estimators.ready import get_estimator, innermost
from keras_nas.methods import get_method
from keras_nas.objectives.constraints import Constraint, constraints_from
from keras_nas.objectives.objective import Objective, objectives_from
from keras_nas.spaces import Space
from keras_nas.strategy import Strategy
from keras_nas.tasks import Task, get_task


@dataclass(frozen=True)
class Goal:
    """What is searched for.

    Args:
        task: the task.
        space: the space.
        strategy: not yet begun.
        estimator: divides the budget.
        objectives: one or several.
        constraints: limits on scores.
        first: architectures that the user wants tried first.
    """

    task: Task
    space: Space
    strategy: Strategy
    estimator: Estimator
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...]
    first: tuple[Architecture, ...] = ()


def goal_of(
    task: str | Task,
    space: str | Space | None,
    method: str | None,
    how: tuple[str | Strategy | None, str | Estimator | None],
    objectives: Any,
    constraints: Mapping[str, float] | None,
    backbone: Any = None,
) -> Goal:
    """Names to objects; a method's row fills what is not given.

    Args:
        task: name or object.
        space: name or object; by default the method's, or the task's.
        method: name of a published method.
        how: strategy and estimator, names or objects; by default the method's.
        objectives: names or objects; by default the task's.
        constraints: limits by name.
        backbone: a Keras model or a `Backbone`, on which the networks stand.

    Raises:
        InvalidArgument: for a name that is not known; lists the valid ones and suggests the nearest.
    """
    from keras_nas import tuners

    row = get_method(method or "auto")
    chosen = get_task(task)
    where = space or (None if row.space == "any" else row.space)
    stem = None if backbone is None else Backbone.of(backbone)
    goals = objectives_from(objectives if objectives is not None else chosen.objective)
    strategy, estimator = how
    estimating = get_estimator(estimator or (chosen.default_estimator if method is None else row.estimator))
    _check_inputs(chosen, innermost(estimating))
    if stem is not None:
        _check_backbone(chosen, innermost(estimating))
    return Goal(
        chosen,
        _space(chosen, where, stem),
        tuners.make(strategy or row.strategy),
        estimating,
        goals,
        constraints_from(constraints),
    )


def _space(task: Task, where: str | Space | None, backbone: Backbone | None) -> Space:
    """The space by its name, or the task's; behind a backbone where there is one."""
    if backbone is None:
        return task.space(where or task.default_space)
    from keras_nas.spaces.pretrained import pretrained

    return pretrained(backbone, None if where is None else task.space(where), task.target == "segmentation")


def _check_inputs(task: Task, estimator: Estimator) -> None:
    """Refuse an estimator that reads one array of numbers where networks take columns, or several inputs."""
    if max(task.ranks, default=1) == 1 and getattr(estimator, "one_array", False):
        raise InvalidArgument(
            f"{type(estimator).__name__} scores networks of one array of numbers, not yet those of {task.name}, which "
            "take several. Use estimator='several_finalists' or 'finalists'."
        )


def _check_backbone(task: Task, estimator: Estimator) -> None:
    """Refuse a backbone where rows are no images, or where networks do not begin with its weights."""
    if set(task.ranks) != {3, 4}:
        raise InvalidArgument(
            f"backbone=: the rows of {task.name} are not images; expected a task such as 'image_classification', "
            "'image_regression' or 'image_segmentation'. Leave backbone= out."
        )
    if getattr(estimator, "one_array", False):
        raise InvalidArgument(
            f"backbone=: {type(estimator).__name__} looks at networks with new weights; expected an estimator that "
            "trains them one by one. Use estimator='finalists'."
        )
