"""What a training tells, when it stops, and what it leaves behind."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest

from keras_nas.engine.job import Stop, TrialError
from keras_nas.estimators.schedule import Budget, Schedule
from keras_nas.estimators.watch import LOOK_EVERY, Checkpoint, Watch, last_checkpoint
from tests.small import Ear


def watching(ear: Ear, budget: Budget, seconds: float = 0.0) -> Watch:
    """A watch over a training that has taken some seconds."""
    schedule = Schedule(budget, lambda progress: 0.1, steps=1, spent=seconds, clock=lambda: 0.0)
    watch = Watch(ear, Checkpoint(ear.folder, "float32", schedule))
    model: Any = SimpleNamespace(stop_training=False)
    watch.set_model(model)
    return watch


def test_epochs_are_told_as_numbers(tmp_path: Path) -> None:
    ear = Ear(tmp_path)
    watching(ear, Budget(epochs=2)).on_epoch_end(0, {"loss": np.float32(1.0)})
    assert ear.epochs == [1]


@pytest.mark.parametrize("loss", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_ends_the_training(loss: float, tmp_path: Path) -> None:
    watch = watching(Ear(tmp_path), Budget(epochs=2))
    watch.on_train_batch_end(0, {"loss": loss})  # not every batch is looked at
    for look in (
        lambda: watch.on_train_batch_end(LOOK_EVERY - 1, {"loss": loss}),
        lambda: watch.on_epoch_end(0, {"loss": loss}),
    ):
        with pytest.raises(TrialError, match="the training loss became"):
            look()


def stops(watch: Watch, ear: Ear) -> None:
    ear.stopping, ear.stop_after = True, 1
    watch.on_train_batch_end(LOOK_EVERY - 1, {"loss": 1.0})
    watch.on_epoch_end(0, {"loss": 1.0})


@pytest.mark.parametrize(("budget", "seconds"), [(Budget(epochs=2), 9.0), (Budget(seconds=10), 4.0)])
def test_a_training_that_is_stopped_has_no_result(budget: Budget, seconds: float, tmp_path: Path) -> None:
    ear = Ear(tmp_path)
    with pytest.raises(Stop):
        stops(watching(ear, budget, seconds), ear)


def test_one_that_has_most_of_its_time_behind_it_is_content(tmp_path: Path) -> None:
    ear = Ear(tmp_path)
    watch = watching(ear, Budget(seconds=10), 6.0)
    stops(watch, ear)
    assert watch.model.stop_training


def test_checkpoints_are_written_when_it_is_time(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    now = [0.0]
    schedule = Schedule(Budget(epochs=9), lambda progress: 0.1, steps=1, clock=lambda: now[0])
    checkpoint = Checkpoint(tmp_path, "float32", schedule, every=5.0)
    checkpoint.epoch_ended(model, 1)
    assert last_checkpoint(tmp_path, "float32") is None
    for epoch, now[0] in ((2, 6.0), (3, 7.0), (4, 12.0)):
        checkpoint.epoch_ended(model, epoch)
    state = last_checkpoint(tmp_path, "float32")
    assert state is not None
    assert (state["epoch"], state["seconds"]) == (4, 12.0)
    assert state["weights"].exists()
    assert len(list(tmp_path.iterdir())) == 2  # older weights are gone
    assert last_checkpoint(tmp_path, "mixed_float16") is None
