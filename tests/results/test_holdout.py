"""Intervals of scores: Wilson's for a share, the bootstrap's for others, none where a sample does not allow it."""

from typing import Any

import numpy as np
import pytest

from keras_nas.estimators.assignment import Options
from keras_nas.results.holdout import intervals, wilson
from keras_nas.tasks import Signature, get_task
from keras_nas.tasks.forecasting import ForecastSignature


class Told:
    """What intervals ask of a training."""

    def __init__(self, task: str, *scores: str) -> None:
        self.task: Any = get_task(task)
        self.options = Options(scores=scores)
        self.signature = Signature({}, 1)
        self.seed = 0


def test_a_share_of_all_is_not_certain() -> None:
    low, high = wilson(1.0, 100)
    assert low == pytest.approx(0.963, abs=1e-3)
    assert high == pytest.approx(1.0)
    assert wilson(0.5, 10_000) == pytest.approx((0.4902, 0.5098), abs=1e-4)


def test_a_classifier() -> None:
    y = np.arange(100) % 4
    found = intervals(Told("image_classification", "f1_score"), y, np.eye(4)[y])  # type: ignore[arg-type]
    assert found["accuracy"] == pytest.approx(list(wilson(1.0, 100)))
    assert found["loss"] == pytest.approx([0.0, 0.0])
    assert set(found) == {"accuracy", "loss", "f1_score"}


def test_a_regression_covers_the_error_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(5)
    covered = 0
    for _ in range(12):
        errors = rng.normal(0, 2, (60, 1))
        low, high = intervals(Told("image_regression"), np.zeros((60, 1)), errors)["mse"]  # type: ignore[arg-type]
        covered += low <= 4.0 <= high
    assert covered >= 9


def test_windows_that_overlap_are_drawn_in_blocks() -> None:
    told: Any = Told("timeseries_forecasting")
    errors = np.random.default_rng(0).normal(size=20).repeat(20)[:, None, None]
    widths = []
    for horizon in (1, 20):
        told.signature = ForecastSignature({}, 1, output_std=(1.0,), horizon=horizon)
        low, high = intervals(told, np.zeros_like(errors), errors)["mse"]
        widths.append(high - low)
    assert widths[1] > 2 * widths[0]


def test_samples_that_lack_a_class_count_nothing() -> None:
    y = np.array([0] * 29 + [1])
    found = intervals(Told("image_classification", "auc"), y, np.full((30, 2), 0.5))  # type: ignore[arg-type]
    assert "accuracy" in found
