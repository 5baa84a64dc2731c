"""What a training tells the search, and what it leaves behind so that it can go on after a crash."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import keras

from keras_nas.engine.files import write_atomically
from keras_nas.engine.job import Report, Stop, TrialError
from keras_nas.estimators.schedule import Schedule

LOOK_EVERY = 20
"""Batches between two looks at the loss and at the search's wish to stop."""


class Watch(keras.callbacks.Callback):
    """Reports epochs, ends a training whose loss is no number, and stops when the search asks.

    Args:
        report: the search's ear.
    """

    def __init__(self, report: Report) -> None:
        super().__init__()
        self.report = report

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Look at the loss now and then."""
        if batch % LOOK_EVERY == LOOK_EVERY - 1:
            _check((logs or {}).get("loss", 0.0))
            if self.report.stopping:
                self.model.stop_training = True

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Report the epoch's metrics."""
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        _check(metrics.get("loss", 0.0))
        try:
            self.report(epoch + 1, metrics)
        except Stop:
            self.model.stop_training = True


def _check(loss: Any) -> None:
    if not math.isfinite(float(loss)):
        raise TrialError("not_finite", f"the training loss became {float(loss)}; a lower learning rate may help.")


class Checkpoint(keras.callbacks.Callback):
    """Keeps weights, optimizer, epoch and spent seconds at each epoch's end, and takes them up again.

    Args:
        folder: the trial's folder.
        schedule: whose time is kept.
    """

    def __init__(self, folder: Path, schedule: Schedule) -> None:
        super().__init__()
        self.folder = folder
        self.schedule = schedule

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write the state: weights under a name of their own first, then the JSON that names them."""
        weights = self.folder / f"epoch{epoch + 1}.weights.h5"
        self.model.save_weights(weights)
        state = {"epoch": epoch + 1, "seconds": self.schedule.seconds, "weights": weights.name}
        write_atomically(self.folder / "checkpoint.json", json.dumps(state).encode())
        for old in self.folder.glob("epoch*.weights.h5"):
            if old != weights:
                old.unlink()


def last_checkpoint(folder: Path) -> dict[str, Any] | None:
    """The state that an earlier attempt left: `epoch`, `seconds`, `weights` (a path); None when there is none."""
    file = folder / "checkpoint.json"
    if not file.exists():
        return None
    state: dict[str, Any] = json.loads(file.read_text())
    return {**state, "weights": folder / state["weights"]}
