"""Tasks by name."""

from __future__ import annotations

from typing import Any

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.tasks.auto import AUTO, Inferred, inferred
from keras_nas.tasks.base import Built, Task
from keras_nas.tasks.forecasting import TimeseriesForecasting
from keras_nas.tasks.image import ImageClassification, ImageMultilabelClassification, ImageRegression
from keras_nas.tasks.segmentation import ImageSegmentation
from keras_nas.tasks.sequence_to_sequence import SequenceToSequence
from keras_nas.tasks.sequences import TimeseriesClassification
from keras_nas.tasks.several import Several
from keras_nas.tasks.signature import Signature
from keras_nas.tasks.tabular import TabularClassification, TabularRegression
from keras_nas.tasks.text import TextClassification, TextRegression
from keras_nas.tasks.volumes import VolumeClassification, VolumeRegression

TASKS: dict[str, type[Task]] = {
    task.name: task
    for task in (
        *(TextClassification, TextRegression, SequenceToSequence),
        *(ImageClassification, ImageMultilabelClassification, ImageRegression, ImageSegmentation),
        *(TabularClassification, TabularRegression),
        *(TimeseriesForecasting, TimeseriesClassification, Several, VolumeClassification, VolumeRegression),
    )
}


def get_task(task: str | Task) -> Task:
    """A task from its name; a `Task` is returned as it is.

    Raises:
        InvalidArgument: for an unknown name; lists the valid ones and suggests the nearest.
    """
    if isinstance(task, Task):
        return task
    if not isinstance(task, str) or task not in TASKS:
        raise InvalidArgument(unknown("task", task, [*TASKS, AUTO]))
    return TASKS[task]()


def settled(task: str | Task, data: Any, target: Any = None) -> Inferred:
    """The task that is searched for, and what there is to be told of it: "auto" asks the data which one it is.

    Args:
        task: a name, "auto", or a task.
        data: as `keras_nas.search` takes it.
        target: names of a table's columns to predict, or None.
    """
    found = inferred(data, target, TASKS) if task == AUTO else Inferred(get_task(task), ())
    whole, told = found.task.settled(data, target)
    return Inferred(whole, (*found.told, *told))


def family(task: Task) -> str:
    """The name of the ready task that a task is or derives from, whose spaces are its own; else the task's name."""
    return next((name for name, ready in TASKS.items() if isinstance(task, ready)), task.name)


__all__ = [
    "AUTO",
    "TASKS",
    "Built",
    "Several",
    "Signature",
    "Task",
    "TimeseriesForecasting",
    "family",
    "get_task",
    "settled",
]
