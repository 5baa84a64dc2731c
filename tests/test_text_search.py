"""One search on texts, from strings to an export that takes raw strings, run without keras_nas."""

import runpy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import keras_nas
from keras_nas.artefact.formats import FORMATS
from keras_nas.artefact.manifest import verify_files
from keras_nas.data import Split
from keras_nas.errors import ExportError
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.export import export_model

pytestmark = pytest.mark.slow

ROWS = 240
RANDOM = np.random.default_rng(0)
GOOD = RANDOM.integers(0, 2, ROWS)
OPINIONS = np.array([["dull", "a bore", "no good"], ["fine", "a delight", "worth it"]])
TEXTS = [f"The film number {n} is {RANDOM.choice(OPINIONS[good])}, I say" for n, good in enumerate(GOOD)]
FRAME = pd.DataFrame({"review": TEXTS, "verdict": np.where(GOOD, "praise", "blame")})


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Of the networks that the space begins with."""
    return keras_nas.search(
        "text_classification",
        FRAME,
        target="verdict",
        metrics=["f1_score", "auc"],
        estimator=FullTraining(3),
        max_trials=2,
        workers=0,
        verbose=0,
        directory=tmp_path_factory.mktemp("text") / "search",
    )


def test_it_learns_and_tells_the_usual_scores(result: Any) -> None:
    assert [trial.architecture["network"] for trial in result.trials] == ["naive_bayes", "bag"]
    assert result.holdout["accuracy"] > 0.9
    assert {"val_accuracy", "val_loss", "val_f1_score", "val_auc"} <= set(result.winner.scores)
    assert set(result.classes) == {"praise", "blame"}


def test_the_export_takes_raw_strings_on_every_held_out_row(result: Any, tmp_path: Path) -> None:
    held = Split.load(result.rows.directory).holdout
    rows = result.rows.schema.rows(FRAME.iloc[held])
    exported = export_model(result.best_model, tmp_path / "model", rows=rows)
    assert exported.rows == len(held) and exported.max_abs_difference < 1e-5
    assert exported.manifest["inputs"]["review"]["dtype"] == "string"


@pytest.mark.parametrize("file_format", ["litert", "litert_float16", "onnx"])
def test_formats_that_know_no_strings_get_the_network_and_a_program(
    result: Any, tmp_path: Path, file_format: str
) -> None:
    for module in FORMATS[file_format].needs:
        pytest.importorskip(module)
    exported = result.export(tmp_path / "phone", format=file_format)
    assert exported.max_abs_difference < (1e-2 if file_format == "litert_float16" else 1e-5)
    assert exported.manifest["inputs"].keys() == {"words", "pieces"}
    assert "without the preprocessing" in str(exported) and exported.manifest["preprocessing"] == "preprocessing.json"
    assert {"preprocess.py", "preprocessing.json"} < verify_files(tmp_path / "phone")["files"].keys()
    prepare = runpy.run_path(str(tmp_path / "phone" / "preprocess.py"))["load"](tmp_path / "phone")
    numbers = prepare({"review": TEXTS})
    for name, array in numbers.items():
        np.testing.assert_array_equal(array, result.rows.inputs[name])


def test_without_words_for_the_preprocessing_there_is_no_such_export(result: Any, tmp_path: Path) -> None:
    rows = result.rows.schema.rows(FRAME.head())
    with pytest.raises(ExportError, match=r"no litert runtime computes it, and nothing says .*pass preprocessing="):
        export_model(result.best_model, tmp_path / "phone", format="litert", rows=rows)
    assert not [*tmp_path.iterdir()]
