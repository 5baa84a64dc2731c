"""A search for forecasts, from a table with times to an exported model of raw windows."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import keras_nas
from keras_nas.data import Split
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.export import export_model
from keras_nas.looking.reproduction import reproducing_call
from keras_nas.results.refit import rebuilt

STEPS = 300
RANDOM = np.random.default_rng(0)
PRICE = RANDOM.normal(5, 1, STEPS)
FRAME = pd.DataFrame(
    {
        "time": pd.date_range("2024-01-01", periods=STEPS, freq="h"),
        "price": PRICE,
        "sold": 100 + 20 * np.sin(np.arange(STEPS) * 2 * np.pi / 12) + RANDOM.normal(0, 2, STEPS),
        "left": 7 + 0.1 * np.cos(np.arange(STEPS) * 2 * np.pi / 12) + RANDOM.normal(0, 0.01, STEPS),
    }
)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return keras_nas.search(
        keras_nas.TimeseriesForecasting(horizon=6, lookback=24),
        FRAME,
        target=["sold", "left"],
        estimator=FullTraining(3),
        max_trials=3,
        workers=0,
        precision="float32",
        verbose=0,
        directory=tmp_path_factory.mktemp("series") / "search",
    )


def test_simple_forecasts_are_shown_and_are_candidates(result: Any) -> None:
    account = "\n".join(result.told["data"])
    assert "A row is a window: 24 steps of 3 columns, then 6 steps of the 2 series to forecast" in account
    assert "which repeat themselves after 12 steps." in account
    assert "simple forecasts on the rows to choose by, in standard deviations: naive " in account
    assert account in result.summary()
    board = result.leaderboard().set_index("network")
    assert set(board.index) == {"linear", "seasonal_naive", "naive"}
    assert board.loc["naive", "params"] == board.loc["naive", "epochs"] == 0
    assert f"naive {board.loc['naive', 'val_mse']:.4g}, " in account
    assert f"seasonal naive {board.loc['seasonal_naive', 'val_mse']:.4g}, " in account


def test_what_is_held_out_comes_last(result: Any) -> None:
    split = Split.load(result.rows.directory)
    assert split.train.max() < split.validation.min() < split.validation.max() < split.holdout.min()
    assert {"mse", "mae", "rmse"} <= set(result.holdout)
    low, high = result.told["holdout"]["intervals"]["mse"]
    assert low < result.holdout["mse"] < high


def test_the_model_forecasts_what_comes_next_of_a_table(result: Any) -> None:
    last = result.rows.series.rows(FRAME)[-1:]
    assert last.shape == (1, 24, 3)
    forecast = result.best_model.predict(last, verbose=0)
    assert forecast.shape == (1, 6, 2)
    assert forecast[0, :, 0].mean() == pytest.approx(100, abs=25)
    assert forecast[0, :, 1].mean() == pytest.approx(7, abs=0.5)


def test_the_call_and_the_training_are_known_from_the_folder(result: Any) -> None:
    again = keras_nas.load(result.directory)
    assert rebuilt(again).signature == result.training.signature
    assert "keras_nas.TimeseriesForecasting(horizon=6, lookback=24" in reproducing_call(again)


@pytest.mark.slow
def test_the_export_agrees_on_every_window_held_out(result: Any, tmp_path: Path) -> None:
    rows = result.rows.x[Split.load(result.rows.directory).holdout]
    for file_format in ("saved_model", "keras", "litert"):
        exported = export_model(result.best_model, tmp_path / file_format, format=file_format, rows=rows)
        assert exported.rows == len(rows)
        assert exported.max_abs_difference <= 1e-4 * 120
