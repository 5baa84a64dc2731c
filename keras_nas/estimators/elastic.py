"""The training of an elastic supernet: networks of all sizes, which learn from the largest one too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras

from keras_nas.architecture import Label
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.fitting import Lesson
from keras_nas.estimators.gates.courses import Data, Sampled, Told
from keras_nas.estimators.shared_judge import Judge
from keras_nas.estimators.shared_search import SIZED
from keras_nas.supernet import Progressive, Sampling, Sandwich, Supernet, teacher_of

POLICIES: dict[str, Callable[[Any], Sampling]] = dict(zip(SIZED, (Sandwich, Progressive), strict=True))

SOFT: dict[str, Callable[[Any], Any]] = {
    "classification": keras.ops.softmax,
    "multilabel": keras.ops.sigmoid,
    "regression": lambda outputs: outputs,
}
"""What a teacher's raw outputs say of the targets, by the kind of these; of others no teacher is heard."""


class Sized(Sampled):
    """Every step trains a network whose sizes a policy draws.

    Its targets are the rows' own, and with equal weight what the largest network says of them in the same step. With a
    loss of the user's own, and for masks, there is no such teacher.

    Args:
        training: of the search.
        policy: by name.

    Reference:
        Yu and Huang, "Universally Slimmable Networks and Improved Training Techniques", arXiv 1903.05134, for
        distillation in place; Cai et al., "Once-for-All", arXiv 1908.09791.
    """

    def __init__(self, training: Training, policy: str) -> None:
        super().__init__(training, POLICIES[policy], elastic=True)
        self.policy = policy

    def begin(self, net: Supernet, architecture: Mapping[str, Label], lesson: Lesson) -> tuple[Any, Data]:
        """All rows are learnt from."""
        if self.training.options.loss is None and self.training.task.target in SOFT:
            net.teach(teacher_of(net.decisions, net.dimensions(), architecture))
        return super().begin(net, architecture, lesson)

    def end(self, judge: Judge) -> Told:
        """The sizes that there are, by what they are the size of."""
        judge.net.teacher = None
        roles = {path: own.role for path, own in judge.net.dimensions().items()}
        return {}, {"elastic": {"policy": self.policy, "dimensions": roles}}


class Distilled:
    """A task whose loss hears a teacher beside the rows' own targets; all else is the task's.

    Args:
        task: what stands around the networks.
    """

    def __init__(self, task: Any) -> None:
        self.task = task

    def __getattr__(self, name: str) -> Any:
        return getattr(self.task, name)

    def loss(self, finished: bool = False) -> Any:
        """On a network's outputs and its teacher's, side by side."""
        return Distillation(self.task.loss(finished), SOFT[self.task.target])


class Distillation(keras.losses.Loss):
    """The sum of a loss to the targets and of the same loss to what a teacher says.

    Args:
        loss: between targets and outputs.
        soft: makes targets of the teacher's raw outputs.

    Example:
        >>> import numpy as np
        >>> loss = Distillation(keras.losses.MeanSquaredError(), SOFT["regression"])
        >>> float(loss(np.array([[1.0]]), np.array([[0.0, 2.0]])))  # 1 off the target, 2 off the teacher
        5.0

    Reference:
        Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", arXiv 1503.02531.
    """

    def __init__(self, loss: Any, soft: Callable[[Any], Any]) -> None:
        super().__init__(name="distillation", reduction=loss.reduction)
        self.own = loss
        self.soft = soft

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """One number a row."""
        y, taught = keras.ops.split(y_pred, 2, axis=-1)
        return self.own.call(y_true, y) + self.own.call(self.soft(taught), y)
