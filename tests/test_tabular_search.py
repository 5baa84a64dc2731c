"""One search on a table, from a DataFrame to an export that takes raw rows."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
from keras import layers, ops

import keras_nas
from keras_nas.artefact.formats import FORMATS
from keras_nas.data import Split
from keras_nas.data.trees import taken
from keras_nas.errors import DataError, InvalidArgument
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.export import export_model, measure_export
from keras_nas.objectives.latency import measure_latency
from keras_nas.objectives.running import running

ROWS = 240
RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "number": np.arange(ROWS) + 500,
        "age": np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.normal(40, 9, ROWS)),
        "job, now": RANDOM.choice(["cook", "smith", None], ROWS),
    }
)
FRAME["result"] = np.where(FRAME["age"].fillna(60) > 45, "old", "young")
FRAME["verdict"] = FRAME["result"].map({"old": 1.0, "young": 0.0})


def own_model() -> Any:
    """A user's own network on raw columns."""
    x = {
        "age": keras.Input((), dtype="float64", name="age"),
        "job__now": keras.Input((), dtype="string", name="job__now"),
        "verdict": keras.Input((), dtype="float64", name="verdict"),
    }
    job = ops.one_hot(layers.StringLookup(vocabulary=["cook", "smith"])(x["job__now"]), 3)
    age = ops.cast(ops.nan_to_num(x["age"]), "float32")[:, None] / 50
    return keras.Model(x, layers.Dense(2, "softmax")(ops.concatenate([age, job], axis=1)))


def searched(folder: Path, frame: Any = FRAME, **changes: Any) -> Any:
    given: dict[str, Any] = {
        "target": "result",
        "estimator": FullTraining(2),
        "strategy": "random",
        "max_trials": 2,
        "workers": 0,
        "precision": "float32",
        "verbose": 0,
        "directory": folder / "search",
    }
    return keras_nas.search("tabular_classification", frame, **{**given, **changes})


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("table")
    return searched(folder, baseline_model=own_model, objectives=["val_auc", "val_loss"])


def test_the_account_says_what_is_strange(result: Any) -> None:
    account = "\n".join(result.told["data"])
    assert "The column 'number' was left out: it has another value in every row, like an id." in account
    assert "Warning: the column 'verdict' tells the target, their correlation is 1.000." in account
    assert account in result.summary()
    assert "equal one that is in every column" in account  # those without an age are often alike


def test_every_kind_of_score_is_an_objective(result: Any) -> None:
    names = {"val_accuracy", "val_auc", "val_loss", "params"}
    assert names <= set(result.winner.scores)
    assert {"accuracy", "auc", "loss"} <= set(result.holdout)


def test_the_users_own_model_learns_from_raw_columns(result: Any) -> None:
    assert set(result.baseline.model.input) == {"age", "job__now", "verdict"}
    assert 0 <= result.baseline.scores["val_accuracy"] <= 1


def test_the_model_takes_the_rows_of_a_table(result: Any) -> None:
    rows = result.rows.schema.rows(
        pd.DataFrame({"age": [30, None], "job, now": ["pilot", None], "verdict": [True, False]})
    )
    outputs = result.best_model.predict(rows, verbose=0)
    np.testing.assert_allclose(outputs.sum(axis=1), 1, atol=1e-5)
    with pytest.raises(
        DataError, match="the column 'job, now' is missing; expected all of 'age', 'job, now', 'verdict'"
    ):
        result.rows.schema.rows({"age": [30], "verdict": [1]})


@pytest.mark.slow
def test_the_export_agrees_on_every_hold_out_row(result: Any, tmp_path: Path) -> None:
    rows = taken(result.rows.x, Split.load(result.rows.directory).holdout)
    for file_format in ("saved_model", "keras"):
        exported = export_model(result.best_model, tmp_path / file_format, format=file_format, rows=rows)
        assert exported.rows == len(rows["age"]) == 36
        assert exported.max_abs_difference <= 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("file_format", ["litert", "litert_float16", "litert_int8", "onnx", "openvino"])
def test_runtimes_without_look_ups_get_the_network_and_a_program(result: Any, tmp_path: Path, file_format: str) -> None:
    for module in FORMATS[file_format].needs:
        pytest.importorskip(module)
    exported = result.export(tmp_path / "phone", format=file_format)
    assert exported.rows == 36 and exported.agreement >= 0.9
    assert exported.max_abs_difference <= {"litert_float16": 0.01, "litert_int8": 0.1}.get(file_format, 1e-5)
    assert set(exported.manifest["inputs"]) == {"numbers", "categories"}
    assert measure_export(tmp_path / "phone", max_seconds=0.2).target == f"{file_format} without the preprocessing"


@pytest.mark.slow
def test_latency_is_that_of_the_network_where_nothing_else_runs(result: Any) -> None:
    model = result.best_model
    found = measure_latency(model, target="litert", max_seconds=0.2)
    assert "by litert without the preprocessing on" in str(found)
    with running(model, "litert") as run:
        assert [output.shape for output in run()] == [(1, 2)]


def test_a_search_on_the_same_table_is_gone_on_with(result: Any, tmp_path: Path) -> None:
    folder = result.directory.parent
    again = searched(folder, baseline_model=own_model, objectives=["val_auc", "val_loss"])
    assert [trial.number for trial in again.trials] == [trial.number for trial in result.trials]


@pytest.mark.parametrize(
    ("frame", "changes", "error", "words"),
    [
        (FRAME, {"target": None}, DataError, "expected to be told which of them is to be predicted. Pass target="),
        (FRAME, {"target": "age"}, DataError, "the target 'age' is missing in .* rows"),
        (FRAME, {"target": "verdict", "objectives": "val_rmse"}, InvalidArgument, "Unknown objective 'val_rmse'"),
        ((FRAME[["age"]], FRAME["result"]), {}, DataError, "target='result' came with .X, y."),
        (FRAME, {"space": "darts"}, InvalidArgument, "Unknown space 'darts': expected one of 'tabular'"),
    ],
    ids=["untold", "gaps", "objective", "twice", "space"],
)
def test_what_does_not_fit_leaves_nothing_behind(
    frame: Any, changes: dict[str, Any], error: type[Exception], words: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words):
        searched(tmp_path, frame, **changes)
    assert not list(tmp_path.iterdir())


def test_a_regression_with_a_loss_and_weights_of_ones_own(tmp_path: Path) -> None:
    """Finished outputs are trained on stored inputs, the joined model is scored on raw rows."""
    frame = FRAME.drop(columns=["result", "verdict"]).assign(price=lambda f: f["age"].fillna(45) * 2 + 100)
    found = keras_nas.search(
        "tabular_regression",
        frame,
        target="price",
        loss="huber",
        sample_weight=np.ones(ROWS),
        objectives="val_r2_score",
        estimator=FullTraining(1),
        max_trials=1,
        workers=0,
        verbose=0,
        directory=tmp_path / "search",
    )
    assert {"val_loss", "val_rmse", "val_mae", "val_mse", "val_r2_score"} <= set(found.winner.scores)
    raw = taken(found.rows.x, slice(5))
    assert found.best_model.predict(raw, verbose=0).mean() == pytest.approx(180, abs=60)
