"""Series with and without channels, standardised inside the model; what is refused of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import keras_nas
from keras_nas.data import Split, collect, split_rows
from keras_nas.errors import DataError
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.space import Choice, Op, Series
from keras_nas.spaces import Space
from keras_nas.tasks import get_task

TASK = get_task("timeseries_classification")
RANDOM = np.random.default_rng(0)
Y = np.arange(60) % 3
X = (50 + np.sin(np.arange(20) * (1 + Y[:, None])) + RANDOM.normal(0, 0.1, (60, 20))).astype(np.float32)
SMALL = Space(
    "small",
    Series(
        Op(keras.layers.Conv1D, filters=Choice("filters", [4, 8]), kernel_size=3), Op(keras.layers.GlobalMaxPooling1D)
    ),
    recipe={"optimizer": "adamw", "learning_rate": 0.02, "batch_size": 16},
)


@pytest.mark.parametrize("x", [X, X[..., None], np.stack([X, -X], axis=2)], ids=["bare", "channel", "two"])
def test_models_take_series_with_and_without_channels(x: np.ndarray, tmp_path: Path) -> None:
    rows = collect((x, Y), tmp_path / "data", ranks=TASK.ranks)
    signature = TASK.signature(rows, split_rows(rows))
    model = TASK.build(SMALL, {"filters": 4}, signature).model
    scaled = next(layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling)).output
    assert scaled.shape[1:] == (20, x.shape[2] if x.ndim == 3 else 1)
    assert keras.Model(model.input, scaled).predict(x, verbose=0).mean() == pytest.approx(0, abs=0.1)
    assert model.predict(x[:2], verbose=0).shape == (2, 3)


@pytest.mark.parametrize(
    ("x", "words"),
    [
        (
            np.zeros((60, 0)),
            r"rows without content; expected \(rows, steps\) or \(rows, steps, channels\), each",
        ),
        (np.zeros((60, 4, 0)), "rows without content"),
        (np.zeros((60, 4, 4, 1)), r"4 axes; expected \(rows, steps\) or \(rows, steps, channels\)"),
        ([np.zeros(3), np.zeros(4)] * 30, "parts differ in length or kind .* Resize or pad them first"),
        (np.where(np.arange(20) == 3, np.nan, X), "x holds NaN or infinity, first in row 0"),
    ],
    ids=["no steps", "no channels", "images", "lengths", "gaps"],
)
def test_what_is_no_series_is_told(x: Any, words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        collect((x, Y), tmp_path / "data", ranks=TASK.ranks)


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory, reference_data: Callable[[str], Path]) -> Any:
    sets = np.load(reference_data("sets/ts_ucr_uea.npz"), allow_pickle=False)
    data = sets["ItalyPowerDemand_x_train"], sets["ItalyPowerDemand_y_train"]
    return keras_nas.search(
        "timeseries_classification",
        data,
        space=SMALL,
        estimator=FullTraining(30),
        max_trials=1,
        workers=0,
        verbose=0,
        directory=tmp_path_factory.mktemp("power") / "search",
    )


def test_a_search_on_a_real_set_learns(result: Any) -> None:
    assert result.best_model.input.shape == (None, 24, 1)
    assert result.winner.scores["val_accuracy"] > 0.6


@pytest.mark.slow
def test_the_export_agrees(result: Any, tmp_path: Path) -> None:
    exported = result.export(tmp_path / "model")
    assert exported.rows == len(Split.load(result.rows.directory).holdout)
    assert exported.max_abs_difference <= 1e-4
