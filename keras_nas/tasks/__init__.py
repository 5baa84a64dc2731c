"""Tasks by name."""

from __future__ import annotations

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.tasks.base import Built, Task
from keras_nas.tasks.image import ImageClassification, ImageRegression
from keras_nas.tasks.signature import Signature
from keras_nas.tasks.tabular import TabularClassification, TabularRegression

TASKS: dict[str, type[Task]] = {
    task.name: task for task in (ImageClassification, ImageRegression, TabularClassification, TabularRegression)
}


def get_task(task: str | Task) -> Task:
    """A task from its name; a `Task` is returned as it is.

    Raises:
        InvalidArgument: for an unknown name; lists the valid ones and suggests the nearest.
    """
    if isinstance(task, Task):
        return task
    if not isinstance(task, str) or task not in TASKS:
        raise InvalidArgument(unknown("task", task, TASKS))
    return TASKS[task]()


__all__ = ["TASKS", "Built", "Signature", "Task", "get_task"]
