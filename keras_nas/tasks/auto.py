"""Which task data is for: each task is asked whether the data suits it, and no list of cases is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras_nas.data.glance import Glance, glance
from keras_nas.errors import InvalidArgument
from keras_nas.tasks.base import Task

AUTO = "auto"
"""What stands for a task that is to be inferred."""


@dataclass(frozen=True)
class Inferred:
    """A task, and why it was chosen.

    Args:
        task: the only one that the data suits.
        told: what the user should know of the choice, in lines.
    """

    task: Task
    told: tuple[str, ...]


def inferred(data: Any, target: Any, tasks: Mapping[str, type[Task]]) -> Inferred:
    """The only task that data suits.

    Args:
        data: as `keras_nas.search` takes it.
        target: names of a table's columns to predict, or None.
        tasks: those that are asked.

    Raises:
        InvalidArgument: no task suits the data, or several do; these are named with their reasons.

    Example:
        >>> import numpy as np
        >>> from keras_nas.tasks import TASKS
        >>> found = inferred((np.zeros((60, 28, 28), np.uint8), [0, 1, 2] * 20), None, TASKS)
        >>> found.task.name
        'image_classification'
    """
    seen = glance(data, target)
    reasons = {name: reason for name, task in tasks.items() if (reason := task.suits(seen))}
    if not reasons:
        raise InvalidArgument(_none(seen, tasks))
    if len(reasons) > 1:
        told = "; or ".join(f"{name!r}, since {reason}" for name, reason in reasons.items())
        raise InvalidArgument(f"task='auto': the data can be for {told}. Name the task that is meant.")
    ((name, reason),) = reasons.items()
    others = [repr(other) for other in _near(seen, tasks) if other != name]
    other = f", {' or '.join(others)} say," if others else ""
    return Inferred(
        tasks[name](),
        (f"The task is taken to be {name}, since {reason}.", f"If another is meant, name it{other} instead of 'auto'."),
    )


def _near(seen: Glance, tasks: Mapping[str, type[Task]]) -> list[str]:
    """The tasks that take such rows, whatever is to be predicted."""
    return [name for name, task in tasks.items() if task.takes(seen)]


def _none(seen: Glance, tasks: Mapping[str, type[Task]]) -> str:
    """What is wrong with data that suits no task."""
    if seen.answer is None and seen.form == "table":
        names = ", ".join(map(repr, seen.columns[:10]))
        return f"task='auto': the data is a table ({names}), but not said is what to predict. Pass target='its name'."
    near = _near(seen, tasks)
    if near and seen.answer is not None:
        return (
            f"task='auto': the rows may be for {' or '.join(map(repr, near))}, but the targets are "
            f"{seen.answer.reason}, which none of these predicts. Name the task, or give classes or quantities."
        )
    return (
        f"task='auto': no task takes such rows ({seen.form} {seen.shape or ''}). Name one of {', '.join(tasks)}, which "
        "tells what it expects."
    )
