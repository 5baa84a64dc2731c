"""What a training tells the search, and what it leaves behind so that it can go on after a crash."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import keras

from keras_nas.engine.job import Report, Stop, TrialError
from keras_nas.estimators.schedule import Schedule
from keras_nas.files import write_atomically

LOOK_EVERY = 20
"""Batches between two looks at the loss and at the search's wish to stop."""
WRITE_EVERY = 5.0
"""Seconds of training between two checkpoints: writing after every epoch would cost small data sets dearly."""

ENOUGH = 0.5
"""Share of a training by the clock that is worth a score."""


class Checkpoint:
    """Writes weights, optimizer, epoch and spent seconds.

    Args:
        folder: the trial's folder.
        precision: policy of the training; another one's optimizer has other variables.
        schedule: whose time is kept.
        every: seconds of training between two writes.
        inherited: seconds that went into the training before this trial went on with it.
    """

    def __init__(
        self,
        folder: Path,
        precision: str,
        schedule: Schedule,
        every: float | None = None,
        inherited: float = 0.0,
    ) -> None:
        self.folder = folder
        self.precision = precision
        self.schedule = schedule
        self.every = WRITE_EVERY if every is None else every
        self.inherited = inherited
        self.written = schedule.seconds
        self.epoch, self.batches = 0, schedule.batches

    def epoch_ended(self, model: Any, epoch: int) -> None:
        """Write when it is time."""
        self.epoch = epoch
        if self.schedule.seconds - self.written >= self.every:
            self.write(model)

    def training_ended(self, model: Any) -> None:
        """Write where a longer training may go on from here, unless that is done."""
        if self.schedule.budget.goes_on and self.batches < self.schedule.batches:
            self.write(model)

    def write(self, model: Any) -> None:
        """Weights under a name of their own first, then the JSON that names them."""
        weights = self.folder / f"epoch{self.epoch}.weights.h5"
        model.save_weights(weights)
        self.written, self.batches = self.schedule.seconds, self.schedule.batches
        state = {
            "trial": self.folder.name,
            "epoch": self.epoch,
            "epochs": self.schedule.epochs,
            "seconds": self.written,
            "inherited": self.inherited,
            "weights": weights.name,
            "precision": self.precision,
        }
        write_atomically(self.folder / "checkpoint.json", json.dumps(state).encode())
        for old in self.folder.glob("epoch*.weights.h5"):
            if old != weights:
                old.unlink()


def last_checkpoint(folder: Path, precision: str) -> dict[str, Any] | None:
    """The state that an earlier attempt left, or the trial that this one goes on from; None when there is none.

    It has `epoch`, the number of the next one, `epochs` that were trained, perhaps not to the end of the last,
    `seconds` that went into them and how many of these were `inherited`, and `weights` (a path).

    Args:
        folder: the trial's folder.
        precision: policy of the training that wants to go on; a state of another one is left alone.
    """
    file = folder / "checkpoint.json"
    if not file.exists():
        return None
    state: dict[str, Any] = json.loads(file.read_text())
    own = state["trial"] == folder.name
    inherited = state["inherited"] if own else state["seconds"]
    whole = {**state, "weights": folder / state["weights"], "inherited": inherited}
    return whole if state["precision"] == precision else None


class Watch(keras.callbacks.Callback):
    """Reports epochs, ends a training whose loss is no number, and lets the search stop it.

    A training that is stopped has no result: it goes on from its checkpoint when the search is resumed. Only one that
    ends by the clock and has most of its time behind it is content with what it has.

    Args:
        report: the search's ear.
        checkpoint: written at epochs' ends.
    """

    def __init__(self, report: Report, checkpoint: Checkpoint) -> None:
        super().__init__()
        self.report = report
        self.checkpoint = checkpoint

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Look now and then, not only at the epoch's end."""
        if batch % LOOK_EVERY == LOOK_EVERY - 1:
            _check((logs or {}).get("loss", 0.0))
            if self.report.stopping:
                self._stop(Stop("stopped within an epoch"))

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Keep the state, then report the epoch's metrics."""
        metrics = {name: float(value) for name, value in (logs or {}).items()}
        _check(metrics.get("loss", 0.0))
        self.checkpoint.epoch_ended(self.model, epoch + 1)
        try:
            self.report(epoch + 1, metrics)
        except Stop as stop:
            self._stop(stop)

    def on_train_end(self, logs: Any = None) -> None:
        """Keep the state that a longer training would go on from."""
        self.checkpoint.training_ended(self.model)

    def _stop(self, stop: Stop) -> None:
        schedule = self.checkpoint.schedule
        if schedule.budget.seconds is None or schedule.progress < ENOUGH:
            raise stop
        self.model.stop_training = True


def _check(loss: Any) -> None:
    if not math.isfinite(float(loss)):
        raise TrialError("not_finite", f"the training loss became {float(loss)}; a lower learning rate may help.")
