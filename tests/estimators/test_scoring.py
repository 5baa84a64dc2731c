"""What predictions are judged by: names, functions, Keras objects."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras_nas.data import Rows
from keras_nas.engine.job import TrialError
from keras_nas.estimators.scoring import (
    check_latency,
    forward,
    loss_value,
    measure_costs,
    measuring_seconds,
    metric_score,
    scores_of,
    standard_errors,
    targets,
    validation_scores,
)
from tests.small import tiny_training

TRUTH = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
GUESS = np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1], [0.6, 0.3, 0.1], [0.3, 0.4, 0.3]], np.float32)


def share_sure(truth: Any, predictions: Any) -> Any:
    return keras.ops.mean(keras.ops.max(predictions, axis=1) > 0.65)


@pytest.mark.parametrize(
    ("metric", "name", "value"),
    [
        ("categorical_accuracy", "categorical_accuracy", 0.5),
        ("AUC", "auc", None),
        (keras.metrics.CategoricalAccuracy(name="hits"), "hits", 0.5),
        (share_sure, "share_sure", 0.5),
    ],
)
def test_a_metric_has_a_name_and_a_value(metric: Any, name: str, value: float | None) -> None:
    found = metric_score(metric, TRUTH, GUESS)
    assert found[0] == name
    assert found[1] == pytest.approx(value) if value else 0 < found[1] < 1
    assert metric_score(metric, TRUTH, GUESS) == found  # an object carries nothing over


def test_a_loss_by_name_object_or_function() -> None:
    expected = float(np.mean((TRUTH - GUESS) ** 2))
    for loss in ("mse", keras.losses.MeanSquaredError(), keras.losses.mean_squared_error):
        assert loss_value(loss, TRUTH, GUESS) == pytest.approx(expected)


def test_targets_are_one_hot_or_numbers(tmp_path: Path) -> None:
    classes = targets(tiny_training(tmp_path), np.array([0, 9]))
    assert classes.shape == (2, 10)
    assert classes.dtype == np.float32
    numbers = targets(tiny_training(tmp_path / "r", "image_regression"), np.array([[1.5], [2.0]]))
    np.testing.assert_array_equal(numbers, [[1.5], [2.0]])


def test_the_users_loss_replaces_the_score_loss(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, loss="mse", scores=["auc"])
    y = np.arange(40) % 10
    perfect = np.eye(10, dtype=np.float32)[y]
    assert scores_of(training, y, perfect) == {"accuracy": 1.0, "loss": 0.0, "auc": 1.0}


def test_the_standard_error_of_a_share_is_the_binomial_s(tmp_path: Path) -> None:
    training = tiny_training(tmp_path)
    y = np.arange(2000) % 10
    right = np.random.default_rng(0).random(2000) < 0.9
    errors = standard_errors(training, y, np.eye(10, dtype=np.float32)[np.where(right, y, (y + 1) % 10)])
    assert errors["accuracy"] == pytest.approx((right.mean() * (1 - right.mean()) / 2000) ** 0.5, rel=0.35)
    assert set(errors) == {"accuracy", "loss"}
    assert standard_errors(training, y[:1], np.eye(10)[:1]) == {}


def test_rows_that_overlap_are_left_out_side_by_side(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    training = tiny_training(tmp_path)
    y = np.zeros(2000, int)
    predictions = np.eye(10, dtype=np.float32)[np.arange(2000) // 200 % 2]
    apart = standard_errors(training, y, predictions)["accuracy"]
    monkeypatch.setattr(type(training.signature), "dependent", 100)
    together = standard_errors(training, y, predictions)["accuracy"]
    assert together > 5 * apart


def two_milliseconds(model: Any) -> float:
    """A latency target of one's own."""
    return 2.0


def test_costs_are_measured_where_they_are_asked_for() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    costs, words = measure_costs(model, {"latency_ms": None, "flops": 10}, two_milliseconds)
    assert costs == {
        "params": 15,
        "latency_ms": 2.0,
        "latency_p95_ms": 2.0,
        "flops": 15,
        "memory_mb": 28e-6,
        "size_mb": 60e-6,
    }
    assert words is not None and "by two_milliseconds on the device of two_milliseconds" in words
    assert measure_costs(model, {}, two_milliseconds) == ({"params": 15}, None)


def test_a_prediction_stands_in_for_a_measurement() -> None:
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(3)])
    costs, words = measure_costs(model, {"latency_ms": 1.0}, two_milliseconds, {"latency_ms": 1.5})
    assert costs == {"params": 15, "latency_ms": 1.5}
    assert words == "predicted, not measured"
    costs, _ = measure_costs(model, {"latency_p95_ms": None}, two_milliseconds, {"latency_ms": 1.5})
    assert costs["latency_p95_ms"] == 2.0


def test_what_is_too_slow_is_not_trained() -> None:
    words = r"2 ms .*, latency\w* 2 in 1 measurements; the limit is 2.01 ms, and repeated measurements differ by 3%"
    for name in ("latency_ms", "latency_p95_ms"):
        with pytest.raises(TrialError, match=words) as told:
            check_latency(None, {name: 2.01}, two_milliseconds)
        assert told.value.kind == "too_slow"
        check_latency(None, {name: 2.1}, two_milliseconds)
        check_latency(None, {name: None}, two_milliseconds)


def test_a_model_that_is_scored_again_is_traced_once(tmp_path: Path) -> None:
    training = tiny_training(tmp_path)
    rows, seen = Rows.load(training.data), []

    class Traced(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            seen.append(1)
            return x

    x = keras.Input(rows.x.shape[1:], dtype="uint8")
    hidden = keras.layers.Flatten()(Traced(dtype="float32")(x))
    model = keras.Model(x, keras.layers.Dense(10, "softmax")(hidden))
    run = forward(model, rows)
    seen.clear()
    first, _ = validation_scores(training, run, rows, np.arange(10))
    again, _ = validation_scores(training, run, rows, np.arange(25))
    assert len(seen) == 1
    model.set_weights([weight + 0.1 * np.arange(weight.shape[-1]) for weight in model.get_weights()])
    assert validation_scores(training, run, rows, np.arange(10))[0] != first
    assert validation_scores(training, model, rows, np.arange(25))[0] != again


def test_time_is_kept_for_what_is_measured() -> None:
    assert measuring_seconds({"params": 1.0, "flops": None}) == 0
    assert measuring_seconds({"latency_p95_ms": None}) > 2
    assert measuring_seconds({"latency_ms": None, "energy_mj": None}) > measuring_seconds({"latency_ms": 5.0})
