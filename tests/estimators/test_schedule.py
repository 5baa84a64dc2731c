"""Length and learning rate of a training, by epochs and by seconds of a clock of our own."""

from typing import Any

import keras
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_nas.estimators.schedule import Budget, Schedule, one_cycle


def test_progress_is_the_larger_share() -> None:
    assert Budget(epochs=4).progress(1, 100) == 0.25
    assert Budget(seconds=10).progress(1, 5) == 0.5
    assert Budget(epochs=4, seconds=10).progress(1, 5) == 0.5
    assert Budget(epochs=4).progress(9, 0) == 1.0
    assert Budget().progress(0, 0) == 1.0


@given(st.floats(0, 1), st.floats(1e-4, 1))
def test_the_rate_rises_to_its_peak_and_falls(progress: float, peak: float) -> None:
    assert 0 < one_cycle(progress, peak) <= peak
    assert one_cycle(0.2, peak) == pytest.approx(peak)
    assert one_cycle(1.0, peak) < 0.01 * peak < one_cycle(0.0, peak)


def fitted(budget: Budget, clock: Any, epoch: int = 0) -> tuple[int, list[float]]:
    """Batches that were trained of 4 in an epoch, and the learning rates."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse")
    schedule = Schedule(budget, lambda progress: one_cycle(progress, 0.1), steps=4, epoch=epoch, clock=clock)
    rates: list[float] = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_begin=lambda batch, logs: rates.append(float(model.optimizer.learning_rate.numpy()))
    )
    x = np.zeros((8, 1), np.float32)
    model.fit(x, x, batch_size=2, epochs=100, initial_epoch=epoch, callbacks=[schedule, note], verbose=0)
    return schedule.batches, rates


def test_epochs_may_be_a_fraction() -> None:
    batches, rates = fitted(Budget(epochs=1.5), clock=lambda: 0.0)
    assert batches == 6
    assert rates == pytest.approx([one_cycle(k / 6, 0.1) for k in range(6)], rel=1e-4)


def test_seconds_end_within_an_epoch() -> None:
    ticks = iter(range(1000))
    batches, _ = fitted(Budget(seconds=20), clock=lambda: float(next(ticks)))
    assert batches == 10  # the clock is read twice a batch, and once at the start


def test_it_counts_from_the_epoch_that_was_reached() -> None:
    batches, rates = fitted(Budget(epochs=3), clock=lambda: 0.0, epoch=2)
    assert batches == 12
    assert rates == pytest.approx([one_cycle(k / 12, 0.1) for k in range(8, 12)], rel=1e-4)
