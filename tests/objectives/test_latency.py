"""Measured latencies: where they come from, what they name, and the statistics behind them."""

import math
import time
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.artefact.alone import interval_pct, timed
from keras_nas.artefact.child import Answer
from keras_nas.errors import InvalidArgument
from keras_nas.objectives import latency
from keras_nas.objectives.latency import Measurement, cpu_name, measure_latency, measure_stored, sample_rows


@pytest.fixture(scope="module")
def model() -> Any:
    x = keras.Input((8, 8), dtype="uint8", name="image")
    return keras.Model(x, layers.Dense(3)(layers.Flatten()(layers.Rescaling(1 / 255)(x))))


def test_a_known_wait_is_measured() -> None:
    found = timed(lambda: time.sleep(0.002), max_seconds=1.0)
    assert 2 <= found["latency_ms"] < 20
    assert found["latency_p95_ms"] >= found["latency_ms"]
    assert found["runs"] >= 30


def test_quick_calls_are_repeated_for_a_tenth_of_the_time() -> None:
    start = time.perf_counter()
    assert timed(lambda: time.sleep(1e-4), max_seconds=2.0)["runs"] > 200
    assert 0.15 < time.perf_counter() - start < 4


def test_a_slow_call_is_bounded() -> None:
    start = time.perf_counter()
    assert timed(lambda: time.sleep(0.05), max_seconds=0.1)["runs"] >= 5
    assert time.perf_counter() - start < 5


def test_the_interval_covers_the_median() -> None:
    """A 95 % interval of the median misses the true one in about 5 % of samples."""
    rng = np.random.default_rng(0)
    samples = np.sort(rng.lognormal(size=(400, 101)), axis=1)
    half = 0.98 * np.sqrt(101)
    low, high = int(np.floor(50.5 - half)), int(np.ceil(50.5 + half))
    missed = ((samples[:, low] > 1) | (samples[:, high] < 1)).mean()
    assert missed < 0.07
    assert interval_pct(samples[0]) == pytest.approx(100 * (samples[0, high] - samples[0, low]) / samples[0, 50])


def test_a_keras_model(model: Any) -> None:
    before = [weights.copy() for weights in model.get_weights()]
    found = measure_latency(model, batch_size=4, max_seconds=0.2)
    assert 0 < found.latency_ms <= found.latency_p95_ms
    assert (found.target, found.batch_size) == ("keras", 4)
    assert found.device
    assert found.threads and found.threads >= 1
    assert found.scores() == {"latency_ms": found.latency_ms, "latency_p95_ms": found.latency_p95_ms}
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_a_larger_model_takes_longer() -> None:
    def net(units: int) -> Any:
        return keras.Sequential([keras.Input((units,)), layers.Dense(units), layers.Dense(units)])

    small, large = (measure_latency(net(units), max_seconds=0.3).latency_ms for units in (8, 2048))
    assert large > 2 * small


def test_a_function_of_an_array() -> None:
    found = measure_latency(lambda x: time.sleep(0.001 * len(x)), (3,), batch_size=2, max_seconds=0.3)
    assert 2 <= found.latency_ms < 20


def test_a_users_own_measurement(model: Any) -> None:
    def on_my_phone(given: Any) -> list[float]:
        assert given is model
        return [3.0, 5.0, 4.0]

    found = measure_latency(model, target=on_my_phone)
    assert (found.latency_ms, found.interval_pct, found.target, found.threads) == (4.0, 50.0, "on_my_phone", None)
    assert "on the device of on_my_phone" in str(found)
    with pytest.raises(InvalidArgument, match=r"returned \[-1.0\]: expected milliseconds above 0"):
        measure_latency(model, target=lambda _: -1.0)


def test_nothing_is_claimed_of_what_a_function_does(model: Any) -> None:
    """One figure has no interval, and how many rows a call has is the function's own decision."""

    def on_my_phone(given: Any) -> float:
        return 3.0

    found = measure_latency(model, target=on_my_phone, batch_size=8)
    assert math.isnan(found.interval_pct)
    assert (found.batch_size, found.threads) == (None, None)
    assert str(found) == "3 ms by on_my_phone on the device of on_my_phone"


def test_threads_are_those_that_the_runtime_has(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Workers set variables that TensorFlow reads when it starts; stored models are told how many they may use."""
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "7")
    assert measure_latency(model, max_seconds=0.02).threads == 7
    asked: dict[str, Any] = {}

    def answered(format: str, path: Path, rows: Any, **given: Any) -> Answer:
        asked.update(given)
        return Answer({}, {"latency_ms": 1.0, "latency_p95_ms": 1.0, "interval_pct": 1.0})

    monkeypatch.setattr(latency, "run_alone", answered)
    found = measure_stored(Path("none"), "saved_model", {"x": np.zeros((1, 2))})
    assert (asked["threads"], asked["core"]) == (found.threads, None)
    assert measure_stored(Path("none"), "litert", {"x": np.zeros((1, 2))}).threads == asked["threads"] == 1
    assert asked["core"] is not None


@pytest.mark.slow
@pytest.mark.parametrize("target", ["saved_model", "litert"])
def test_stored_models(model: Any, target: str) -> None:
    found = measure_latency(model, target=target, max_seconds=0.5)
    assert 0 < found.latency_ms < 1000
    assert found.target == target
    if target == "litert":
        assert (found.device, found.threads) == (cpu_name(), 1)


def test_a_measurement_names_everything() -> None:
    text = str(Measurement(1.234, 2.0, 1.5, "a processor", "litert", 1, 2))
    assert text == (
        "1.23 ms (median known to 1.5 %, 95 % of calls below 2 ms) by litert on a processor, batch of 1, 2 threads"
    )


def test_rows_fit_every_type() -> None:
    inputs = {
        "a": keras.Input((2,), name="a"),
        "b": keras.Input((3,), dtype="int32", name="b"),
        "c": keras.Input((1,), dtype="string", name="c"),
        "d": keras.Input((2, 2), dtype="uint8", name="d"),
    }
    rows = sample_rows(keras.Model(inputs, inputs["a"]), None, "float32", 5)
    assert {name: (array.shape, array.dtype.kind) for name, array in rows.items()} == {
        "a": ((5, 2), "f"), "b": ((5, 3), "i"), "c": ((5, 1), "U"), "d": ((5, 2, 2), "u"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"target": "tflite"}, "Unknown latency target 'tflite': expected one of 'keras', 'saved_model', 'litert'"),
        ({"batch_size": 0}, "batch_size is 0: expected 1 or more"),
    ],
)
def test_wrong_arguments(model: Any, given: Any, text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        measure_latency(model, **given)


def test_an_open_axis_needs_a_shape() -> None:
    x = keras.Input((None, 3), name="series")
    model = keras.Model(x, layers.GlobalMaxPooling1D()(x))
    with pytest.raises(InvalidArgument, match=r"not known: the model's inputs are .*series.*Pass input_shape"):
        measure_latency(model)
    assert measure_latency(model, (5, 3), max_seconds=0.1).latency_ms > 0


def test_an_input_with_an_open_axis_keeps_its_type() -> None:
    """Noise would look up words that there are not."""
    model = keras.Model(x := keras.Input((None,), dtype="int32", name="words"), layers.Embedding(5, 2)(x))
    rows = sample_rows(model, (7,), "float32", 3)
    assert (rows["words"].shape, rows["words"].dtype.name) == ((3, 7), "int32")
