"""Searches on pairs of texts, from strings to an export that writes strings, run without keras_nas."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import tensorflow as tf

import keras_nas
from keras_nas.data import Split
from keras_nas.data.trees import taken
from keras_nas.errors import ExportError, InvalidArgument
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.results.deploying import served
from tests.pairs import pairs

pytestmark = pytest.mark.slow

PAIRS = 3_000
ALONE = """
import json, sys
import tensorflow as tf
model = tf.saved_model.load(sys.argv[1])
texts = json.load(open(sys.argv[2]))
written = [text.decode() for text in model.serve({"en": tf.constant(texts)}).numpy()]
assert not [name for name in sys.modules if name.startswith("keras_nas")]
print(json.dumps(written))
"""


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Of the first network that the space begins with."""
    return keras_nas.search(
        "sequence_to_sequence",
        pairs(800),
        metrics=["bleu"],
        estimator=FullTraining(12),
        max_trials=1,
        workers=0,
        verbose=0,
        directory=tmp_path_factory.mktemp("pairs") / "search",
    )


def test_it_learns_to_write(result: Any) -> None:
    scores = result.winner.scores
    assert {"val_perplexity", "val_loss", "val_token_accuracy", "val_bleu"} <= set(scores)
    assert scores["val_token_accuracy"] > 0.9 and result.holdout["bleu"] > 70
    low, high = result.told["holdout"]["intervals"]["bleu"]
    assert low <= result.holdout["bleu"] <= high
    assert served(result)({"text": tf.constant(["Say one two!"])}).numpy()[0].decode() == "Sag zwei, eins."


def test_the_export_writes_the_same_texts(result: Any, tmp_path: Path) -> None:
    exported = result.export(tmp_path / "model")
    assert exported.rows == len(Split.load(result.rows.directory).holdout) and exported.max_abs_difference == 0
    assert exported.manifest["inputs"] == {"text": {"dtype": "string", "shape": [None]}}
    assert exported.manifest["outputs"] == {"output_0": {"dtype": "string", "shape": [None]}}
    with pytest.raises(ExportError, match="in a loop of TensorFlow, which litert does not hold"):
        result.export(tmp_path / "phone", format="litert")


def test_what_a_folder_holds_can_be_exported_and_trained_again(result: Any, tmp_path: Path) -> None:
    again = keras_nas.load(result.directory)
    assert again.export(tmp_path / "model").max_abs_difference == 0
    assert again.refit(epochs=1).scores["val_bleu"] >= 0


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (
            {"loss": "mse"},
            "loss='mse': sequence_to_sequence has a loss and scores of its own; expected some of perplex",
        ),
        ({"metrics": ["bleu", "accuracy"]}, r"metrics=\['accuracy'\]: sequence_to_sequence has a loss and scores"),
        ({"objectives": "val_accuracy"}, "Unknown objective 'val_accuracy': expected one of 'val_perplexity'"),
        ({"method": "enas"}, "scores networks of one array of numbers, not yet those of sequence_to_sequence"),
    ],
)
def test_what_is_not_for_this_task_is_told(own: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=words):
        keras_nas.search("sequence_to_sequence", pairs(60), max_trials=1, verbose=0, directory=tmp_path / "s", **own)


def test_a_search_on_real_pairs(reference_data: Callable[[str], Path], tmp_path: Path) -> None:
    """English to German; every text of the hold-out is the same out of the export, in a process without keras_nas."""
    frame = pd.read_csv(reference_data("sets/mt_multi30k_en_de_fr.csv.gz")).query("split == 'train'")[["en", "de"]]
    frame = frame.iloc[:PAIRS]
    result = keras_nas.search(
        "sequence_to_sequence",
        frame,
        target="de",
        estimator=FullTraining(6),
        max_trials=1,
        verbose=0,
        directory=tmp_path / "search",
    )
    assert result.winner.scores["val_perplexity"] < 150
    assert 0 <= result.holdout["bleu"] < 60 and result.holdout["token_accuracy"] > 0.25
    print(result.summary())
    result.export(tmp_path / "model")
    texts = taken(result.rows.x["en"], Split.load(result.rows.directory).holdout).tolist()
    (tmp_path / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
    command = [sys.executable, "-I", "-c", ALONE, str(tmp_path / "model"), str(tmp_path / "texts.json")]
    ended = subprocess.run(command, capture_output=True, check=True, text=True)
    written = [text.decode() for text in served(result)({"en": tf.constant(texts)}).numpy()]
    assert json.loads(ended.stdout.splitlines()[-1]) == written
