"""A search on an image and a table, for a class and a number, from plain data to an export of raw inputs."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import keras_nas
from keras_nas.artefact.preprocess import load
from keras_nas.data import Split
from keras_nas.data.trees import taken
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.export import export_model
from keras_nas.looking.reproduction import reproducing_call
from keras_nas.preparing.identity import called
from keras_nas.space import Choice, Op, Series
from keras_nas.spaces import Space
from tests.small import digit_images, tiny_space, top_two

PIXELS, DIGITS = digit_images(300)
TABLE = pd.DataFrame(PIXELS[:, 1:6, 4].astype(float)).add_prefix("p")
TABLE["shade"] = np.where(PIXELS[:, 5, 0] + PIXELS[:, 2, 4] > 9, "dark", None)
DATA = ({"image": PIXELS, "table": TABLE}, {"digit": DIGITS, "ink": PIXELS.sum(axis=(1, 2)) / 7})


def tiny_table() -> Space:
    """Numbers alone."""
    from keras import layers

    from keras_nas.blocks import columns

    network = columns(Series(), Series(Op(layers.Embedding, input_dim=9, output_dim=2), Op(layers.Flatten)))
    return Space("numbers", Series(network, Op(layers.Dense, units=Choice("units", [8, 16]))))


def searched(folder: Path, **changes: Any) -> Any:
    task = keras_nas.Several(spaces={"image": tiny_space(), "table": tiny_table()}, weights={"ink": 0.5})
    given: dict[str, Any] = {"estimator": FullTraining(3), "strategy": "random", "max_trials": 1, "workers": 0}
    given |= {"precision": "float32", "verbose": 0, "directory": folder / "search", "history": False}
    return keras_nas.search(task, DATA, **{**given, **changes})


OWN = {
    "loss": {"ink": "mae"},
    "metrics": {"digit": [top_two, "f1_score"], "ink": ["mape"]},
    "class_weight": "balanced",
}


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return searched(tmp_path_factory.mktemp("several"), **OWN)


def test_every_target_has_its_scores_and_the_sum_is_what_is_optimised(result: Any) -> None:
    names = {"val_loss", "val_digit_accuracy", "val_digit_loss", "val_ink_rmse", "val_ink_r2_score"}
    assert names <= set(result.winner.scores)
    assert [objective.name for objective in result.objectives] == ["val_loss"]
    assert {"loss", "digit_accuracy", "ink_rmse"} <= set(result.told["holdout"]["intervals"])
    scores = result.winner.scores
    assert scores["val_ink_loss"] == pytest.approx(scores["val_ink_mae"] / np.std(DATA[1]["ink"]), rel=0.1)
    assert scores["val_loss"] == pytest.approx(scores["val_digit_loss"] + 0.5 * scores["val_ink_loss"], rel=1e-5)


def test_metrics_of_a_target_bear_its_name(result: Any) -> None:
    scores = result.winner.scores
    assert {"val_digit_top_two", "val_digit_f1_score", "val_ink_mean_absolute_percentage_error"} <= set(scores)
    assert 1 >= scores["val_digit_top_two"] >= scores["val_digit_accuracy"]
    assert "class_weight='balanced'" in reproducing_call(result)


def test_the_account_tells_what_each_input_and_target_was_taken_for(result: Any) -> None:
    account = result.summary()
    for words in (
        "input 'image' is taken for image",
        "target 'ink' is taken for regression",
        "loss has the weight 0.5",
    ):
        assert words in account
    assert "your_task,  # the task 'several', your own" in reproducing_call(result)
    assert "Several(inputs={'image': 'image', 'table': 'tabular'}, targets=" in called(result.training.task)


def test_the_model_takes_raw_inputs_by_name(result: Any) -> None:
    rows = result.rows.joint.rows({name: x[:4] for name, x in DATA[0].items()})
    outputs = result.best_model.predict(rows, verbose=0)
    assert {name: array.shape for name, array in outputs.items()} == {"digit": (4, 10), "ink": (4, 1)}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"loss": "mse"}, r"loss='mse': there are several targets; expected a dict by target, \{'digit': ...\}"),
        ({"metrics": {"inks": ["mae"]}}, r"metrics: Unknown target 'inks': .*'ink'"),
        ({"class_weight": {"ink": "balanced"}}, r"class_weight: Unknown target 'ink'.*digit"),
        ({"class_weight": {"digit": 2}}, r"'digit' is 2; expected 'balanced'"),
        ({"metrics": {"ink": "mae"}}, r"metrics\['ink'\]='mae': expected a list"),
        ({"loss": {"digit": "sparse_categorical_crossentropy"}}, r"loss: 'sparse_categorical_crossentropy' of 'digit'"),
    ],
)
def test_what_is_said_of_targets_is_by_target(given: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=words):
        searched(tmp_path, **given)
    assert not (tmp_path / "search").exists()


@pytest.mark.slow
def test_the_export_agrees_on_every_hold_out_row(result: Any, tmp_path: Path) -> None:
    rows = taken(result.rows.x, Split.load(result.rows.directory).holdout)
    exported = export_model(result.best_model, tmp_path / "model", rows=rows)
    assert exported.rows == len(rows["image"])
    assert exported.max_abs_difference <= 1e-4 * 60


@pytest.mark.slow
def test_litert_gets_the_network_of_all_inputs_and_a_program(result: Any, tmp_path: Path) -> None:
    exported = result.export(tmp_path / "phone", format="litert")
    assert exported.agreement == 1
    prepare = load(tmp_path / "phone")
    assert prepare(result.rows.joint.rows(DATA[0])).keys() == exported.manifest["inputs"].keys()
    assert set(exported.manifest["inputs"]) == {"image", "table.numbers", "table.categories"}
