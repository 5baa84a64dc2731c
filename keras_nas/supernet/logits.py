"""What a method learns of a supernet's gates, beside the weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np

MEMORY = 0.5
"""Of the gradients' mean: those of gates are so noisy that it is short."""


class Logits(keras.layers.Layer):
    """A logit for each label of each decision, and the optimizer that moves them: a part of the supernet's state.

    Kept in the supernet they are in its checkpoints, so that a training that goes on goes on with both.

    Args:
        width: how many there are.
        above: what is added to what is learnt, shape `(width,)`; nothing by default.

    Example:
        >>> logits = Logits(2).ready(0.1)
        >>> logits.step(np.array([1.0, -1.0]))
        >>> [round(float(value), 3) for value in logits.array()]
        [-0.1, 0.1]
    """

    def __init__(self, width: int, above: Callable[[], np.ndarray] | None = None) -> None:
        super().__init__(name="logits")
        self.above = above
        self.values = self.add_weight(shape=(width,), initializer="zeros", trainable=False, name="values")
        self.optimizer: Any = None
        self.built = True

    def ready(self, rate: float) -> Logits:
        """Itself, with Adam of this learning rate."""
        self.optimizer = keras.optimizers.Adam(rate, beta_1=MEMORY)
        self.optimizer.build([self.values])
        return self

    def array(self) -> np.ndarray:
        """The logits, float64 of shape `(width,)`."""
        learnt = np.asarray(self.values, dtype=float)
        return learnt if self.above is None else learnt + self.above()

    def step(self, slope: np.ndarray) -> None:
        """One step down the gradient `slope`, of shape `(width,)`."""
        self.optimizer.apply([keras.ops.convert_to_tensor(slope, "float32")], [self.values])
