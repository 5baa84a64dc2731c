"""What predictions are judged by: names, functions, Keras objects."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras_nas.estimators.scoring import loss_value, metric_score, scores_of, targets
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
