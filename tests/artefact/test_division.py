"""A network alone, and beside it what stands before it: only where the runtime asks for that, and never in silence."""

import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.artefact.division import divided, held_rows, write_preprocessing
from keras_nas.artefact.formats import held
from keras_nas.errors import ExportError


@pytest.fixture(scope="module")
def model() -> Any:
    """Jobs by name in, two probabilities out."""
    job = keras.Input((), dtype="string", name="job")
    code = keras.ops.expand_dims(layers.StringLookup(vocabulary=["cook", "smith"])(job), 1)
    front = keras.Model({"job": job}, {"codes": code}, name="preprocessing")
    codes = keras.Input((1,), dtype="int64", name="codes")
    end = layers.Dense(2, "softmax")(layers.Flatten()(layers.Embedding(3, 2)(codes)))
    network = keras.Model({"codes": codes}, end, name="network")
    x = {"job": keras.Input((), dtype="string", name="job")}
    return keras.Model(x, network(front(x)))


def test_the_network_is_held_alone_where_its_runtime_looks_nothing_up(model: Any) -> None:
    rows = {"job": np.array(["smith", "pilot"])}
    assert held(model, "litert").name == "network" and divided(model, "litert")
    assert held_rows(model, "onnx", rows)["codes"].tolist() == [[2], [0]]
    assert held(model, "saved_model") is model and not divided(model, "keras")
    assert held_rows(model, "source", rows) is rows
    alone = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    assert held(alone, "litert") is alone and not divided(alone, "litert")


def test_the_specification_stands_beside_it_with_its_program(model: Any, tmp_path: Path) -> None:
    told = {"keras_nas_preprocessing": 1, "columns": [{"name": "größe"}]}
    assert write_preprocessing(tmp_path, model, "litert", told) == {"preprocessing": "preprocessing.json"}
    text = (tmp_path / "preprocessing.json").read_text(encoding="utf-8")
    assert json.loads(text) == told and "größe" in text
    program = (tmp_path / "preprocess.py").read_text(encoding="utf-8")
    assert "def load(" in program and "import keras" not in program and "import tensorflow" not in program
    assert write_preprocessing(tmp_path, model, "saved_model", None) == {}


def test_without_a_specification_it_says_what_to_do(model: Any, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match=r"no onnx runtime computes it.*or pass preprocessing=, as result.rows"):
        write_preprocessing(tmp_path, model, "onnx", None)
    assert not [*tmp_path.iterdir()]
