"""How long a training lasts, and the learning rate on the way."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import keras

from keras_nas.estimators.ladder import PIXELS, ROWS, RUNG


@dataclass(frozen=True)
class Budget:
    """The length of one training: epochs, or seconds of wall-clock time, whichever is given.

    Args:
        epochs: passes over the training rows, may be a fraction.
        seconds: from the start of the trial, building and tracing included.
        goes_on: whether a longer training may go on from its end, so that its state is kept.
        rows: share of the training rows that it sees; epochs still count all of them.
        pixels: share of an image's pixels that it sees; epochs still count whole images.
    """

    epochs: float | None = None
    seconds: float | None = None
    goes_on: bool = False
    rows: float = 1.0
    pixels: float = 1.0

    @property
    def share(self) -> float:
        """Work of a pass over what it sees, in passes over all."""
        return self.rows * self.pixels

    @classmethod
    def of(cls, fidelity: Mapping[str, float]) -> Budget:
        """That of a trial.

        Example:
            >>> Budget.of({"epochs": 3.0, "rung": 1.0})
            Budget(epochs=3.0, seconds=None, goes_on=True, rows=1.0, pixels=1.0)
        """
        shares = fidelity.get(ROWS, 1.0), fidelity.get(PIXELS, 1.0)
        return cls(fidelity.get("epochs"), fidelity.get("seconds"), RUNG in fidelity, *shares)

    def after(self, seconds: float) -> Budget:
        """With the seconds that went into a training before this trial went on with it."""
        return self if self.seconds is None else replace(self, seconds=self.seconds + seconds)

    def progress(self, epochs: float, seconds: float) -> float:
        """Share of the budget that is spent, from 0 to 1."""
        shares = [done / total for done, total in ((epochs, self.epochs), (seconds, self.seconds)) if total is not None]
        return min(1.0, max(shares, default=1.0))


def one_cycle(progress: float, peak: float, warmup: float = 0.2) -> float:
    """Learning rate of the one-cycle schedule (Smith and Topin, arXiv 1708.07120): up, then linearly to zero.

    Args:
        progress: share of the training that is over.
        peak: largest learning rate.
        warmup: share of the training before the peak.
    """
    if progress < warmup:
        return peak * (0.05 + 0.95 * progress / warmup)
    return peak * max(0.002, (1.0 - progress) / (1.0 - warmup))


class Schedule(keras.callbacks.Callback):
    """Sets the learning rate by the share of the budget that is spent, and stops when all is.

    Args:
        budget: how long to train.
        rate: learning rate at a progress.
        steps: batches in an epoch of all rows.
        spent: seconds that were spent before (building, an earlier attempt, a trial that this one goes on from).
        epoch: epochs that were trained before, may be a fraction.
        clock: seconds, monotonic.
    """

    def __init__(
        self,
        budget: Budget,
        rate: Callable[[float], float],
        steps: float,
        spent: float = 0.0,
        epoch: float = 0.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.budget = budget
        self.rate = rate
        self.steps = steps
        self.clock = clock
        self.start = clock() - spent
        self.batches = self.begun = round(epoch * steps)

    @property
    def seconds(self) -> float:
        """Seconds spent."""
        return self.clock() - self.start

    @property
    def epochs(self) -> float:
        """Passes over all training rows so far."""
        return self.batches / self.steps

    @property
    def progress(self) -> float:
        """Share of the budget that is spent."""
        return self.budget.progress(self.epochs, self.seconds)

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Set the learning rate."""
        self.model.optimizer.learning_rate.assign(self.rate(self.progress))

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Stop within the epoch when the budget is spent."""
        self.batches += 1
        if self.progress >= 1.0:
            self.model.stop_training = True
