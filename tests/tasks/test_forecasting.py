"""What a forecast is measured by, what is learned of the training part alone, and what models of it are."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest

from keras_nas.data import Rows, Split, collect, split_rows
from keras_nas.errors import InvalidArgument
from keras_nas.space import Op
from keras_nas.spaces import Space, get_space
from keras_nas.tasks.forecasting import ForecastSignature, TimeseriesForecasting
from keras_nas.tasks.scores import forecasting_scores
from keras_nas.tasks.yardsticks import season_of, yardsticks

WAVE = np.sin(np.arange(400) * 2 * np.pi / 12)
NOISE = np.random.default_rng(0).normal(size=400)
TASK = TimeseriesForecasting(horizon=3, lookback=24)


def prepared(series: Any, folder: Path, task: TimeseriesForecasting = TASK) -> tuple[Rows, Split, ForecastSignature]:
    rows = collect(series, folder / "data", target="regression", ranks=task.ranks, framing=task.framing)
    split = split_rows(rows)
    return rows, split, task.signature(rows, split)


@pytest.mark.parametrize(
    ("series", "season"),
    [(WAVE + 0.1 * NOISE, 12), (10 * WAVE + np.arange(400), 12), (NOISE, 1), (NOISE.cumsum(), 1), (np.ones(3), 1)],
    ids=["wave", "trend", "noise", "walk", "short"],
)
def test_the_season_is_found(series: np.ndarray, season: int) -> None:
    assert season_of(series[:, None], 48) == season


def test_errors_are_in_standard_deviations() -> None:
    y = np.zeros((4, 3, 2), np.float32)
    found = forecasting_scores(y, y + np.array([2.0, 20.0], np.float32), [2.0, 10.0])
    assert found == pytest.approx({"mse": 2.5, "loss": 2.5, "rmse": 2.5**0.5, "mae": 1.5})


def test_simple_forecasts_are_what_they_are_called(tmp_path: Path) -> None:
    rows, split, signature = prepared(WAVE + 0.05 * NOISE, tmp_path)
    errors = yardsticks(rows, split, signature)
    std = signature.output_std[0]
    past, future = rows.x[split.validation] / std, rows.y[split.validation] / std
    assert errors["naive"] == pytest.approx(np.square(past[:, -1:] - future).mean(), rel=1e-5)
    assert errors["seasonal naive"] == pytest.approx(np.square(past[:, -12:-9] - future).mean(), rel=1e-5)
    assert errors["linear"] < 0.8 * errors["seasonal naive"] < 0.1 * errors["naive"]


def test_only_the_training_part_is_learned_from(tmp_path: Path) -> None:
    split = prepared(WAVE, tmp_path / "first")[1]
    seen = split.train[-1] + 27
    changed = np.where(np.arange(400) < seen, WAVE, 1e6)
    again = prepared(changed, tmp_path / "second")[2]
    assert again == prepared(WAVE, tmp_path / "third")[2]
    assert again.input_mean[0] == pytest.approx(WAVE[:seen].mean(), abs=1e-6)


def test_networks_of_the_space_are_models_of_raw_windows(tmp_path: Path) -> None:
    frame = pd.DataFrame({"high": 500 + 9 * WAVE, "price": NOISE, "low": -WAVE})
    rows, split, signature = prepared(frame, tmp_path)
    space, x = get_space("timeseries", TASK.name), rows.x[split.validation]
    for start in space.start[:3]:
        built = TASK.build(space, start, signature)
        assert built.model.output.shape == (None, 3, 3)
        if start["network"] == "seasonal_naive":
            np.testing.assert_allclose(built.model.predict(x, verbose=0), x[:, -12:-9], atol=1e-3)
        if start["network"] == "naive":
            np.testing.assert_allclose(built.model.predict(x, verbose=0), x[:, [-1] * 3], atol=1e-3)


def test_features_of_ones_own_space_become_forecasts(tmp_path: Path) -> None:
    signature = prepared(WAVE, tmp_path)[2]
    model = TASK.build(Space("flat", Op(keras.layers.Flatten)), {}, signature).model
    assert model.output.shape == (None, 3, 1)


@pytest.mark.parametrize("options", [{"horizon": 0}, {"lookback": 2.5}, {"season": True}], ids=str)
def test_steps_are_whole_numbers(options: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="expected a whole number of steps, 1 or more"):
        TimeseriesForecasting(**options)


@pytest.mark.slow
def test_linear_regression_on_a_real_series_does_what_is_published(
    tmp_path: Path, reference_data: Callable[[str], Path]
) -> None:
    """DLinear's mean squared error at horizon 96 on the official test part is 0.375."""
    frame = pd.read_csv(reference_data("sets/ts_etth1.csv.gz"))
    task = TimeseriesForecasting(horizon=96, lookback=336)
    data, test = frame[:8640], frame[11520 - 336 : 14400]
    options: dict[str, Any] = {"target": "regression", "ranks": task.ranks, "framing": task.framing}
    rows = collect(data, tmp_path / "data", validation_data=test, **options)
    split = split_rows(rows, holdout=0)
    signature = task.signature(rows, split)
    assert len(split.validation) == 2785
    assert signature.season == 24
    assert yardsticks(rows, split, signature)["linear"] < 0.385
