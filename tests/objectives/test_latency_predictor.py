"""Predicted latencies: sums of a table, corrected by networks that were measured."""

from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.objectives import latency_predictor
from keras_nas.objectives.latency import measure_latency
from keras_nas.objectives.latency_predictor import UNKNOWN_PCT, LatencyPredictor, Rates, corrected
from keras_nas.objectives.latency_table import LatencyTable, Timing
from tests.objectives.test_latency_table import CALL_MS, Device, dense, device

__all__ = ["device"]


@pytest.fixture(autouse=True)
def usual(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rates of the kind of device that this one is, a microcontroller: about right, and its own are measured."""
    monkeypatch.setattr(latency_predictor, "USUAL", np.array([1e-2, 3e-3, 1e-5, 1e-5]))


@pytest.fixture
def table(device: Device, tmp_path: Path) -> LatencyTable:
    """A table of the stand-in device that holds a few dense layers."""
    made = LatencyTable("litert", folder=tmp_path)
    made.measure([*dense(3, 4), *dense(50), *dense(200), *dense(10, 20, 40)])
    return made


def test_the_sum_of_what_is_in_the_table(table: LatencyTable) -> None:
    predictor = LatencyPredictor(table)
    expected = CALL_MS + 1e-3 * (4 * 3 + 3 + 3 * 4 + 4)
    assert predictor.latency_ms(dense(3, 4)) == pytest.approx(expected)
    assert predictor.error_pct == UNKNOWN_PCT


def test_what_is_not_in_the_table_is_interpolated(table: LatencyTable) -> None:
    predicted = LatencyPredictor(table).latency_ms(dense(100))
    assert predicted == pytest.approx(CALL_MS + 1e-3 * 500, rel=0.02)
    assert table.lacks(dense(100)[0])


def test_measured_networks_correct_the_sums(table: LatencyTable) -> None:
    """The device takes half as long again for whole networks as the sum says: the predictor learns it."""
    rng = np.random.default_rng(0)
    networks = [dense(*rng.choice([3, 4, 10, 20, 40, 50, 200], size=4).tolist()) for _ in range(24)]
    truth = LatencyPredictor(table)
    times = [1.5 * (truth.latency_ms(network) - CALL_MS) + CALL_MS for network in networks]
    for network, latency_ms in zip(networks[:12], times[:12], strict=True):
        table.learn(network, latency_ms)
    predictor = LatencyPredictor(table)
    errors = [abs(predictor.latency_ms(n) / t - 1) for n, t in zip(networks[12:], times[12:], strict=True)]
    assert np.mean(errors) < 0.03
    assert predictor.error_pct < 5
    table.learn(networks[12], 100 * times[12])
    assert predictor.error_pct < 5
    predictor.refit()
    assert predictor.error_pct > 5


def test_a_predictor_is_a_target(table: LatencyTable) -> None:
    predictor = LatencyPredictor(table)
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3)])
    found = measure_latency(model, target=predictor)
    assert found.latency_ms == pytest.approx(CALL_MS + 1e-3 * 15)
    assert found.target == f"a table of litert on {table.setting.device}"


def test_a_kind_that_was_never_measured_goes_by_all_others() -> None:
    timings = [Timing("Dense", flops, 0, 0, 1e-3 * flops) for flops in (100, 1000, 5000, 9000)]
    rates = Rates.fitted(timings)
    assert rates.latency_ms(Timing("Conv2D", 2000, 0, 0)) == pytest.approx(2.0, rel=0.01)
    assert rates.latency_ms(Timing("Conv2D", 2000, 0, 0, 0.5)) == 0.5
    assert Rates.fitted([]).latency_ms(Timing("Conv2D", 2000, 0, 0)) == pytest.approx(1e-2 + 3e-3 * 2000)


def test_rates_are_never_negative() -> None:
    rng = np.random.default_rng(1)
    timings = [Timing("Dense", *rng.integers(1, 10_000, 3).tolist(), float(rng.random())) for _ in range(20)]
    assert (Rates.fitted(timings).all >= 0).all()


def test_a_few_noisy_networks_do_not_mislead() -> None:
    """Two networks cannot support eight factors: the correction stays near none."""
    rows = np.abs(np.random.default_rng(2).normal(size=(2, 8))) + 0.1
    names = ("call", *"abcdefg")
    found = corrected(names, rows, rows.sum(axis=1) * [1.02, 0.98])
    assert np.abs(found.factors - 1).max() < 0.25
    assert corrected(names, rows[:1], rows[:1].sum(axis=1)).error_pct == UNKNOWN_PCT
