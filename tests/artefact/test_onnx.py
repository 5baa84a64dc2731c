"""ONNX and OpenVINO compute what converters would refuse, by the names that a SavedModel has."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.artefact.child import run_alone
from keras_nas.artefact.formats import FORMATS, write
from keras_nas.artefact.portable import portable
from keras_nas.artefact.rows import compared, named_rows, outputs_of
from keras_nas.errors import ExportError
from tests.artefact.test_portable import ROWS, gaps

pytest.importorskip("tf2onnx")
pytest.importorskip("onnx")


def answers(model: Any, rows: Any, format: str, folder: Path) -> Any:
    for module in FORMATS[format].needs:
        pytest.importorskip(module)
    inputs = named_rows(model, rows)
    path = write(portable(model, unroll=FORMATS[format].unroll), format, folder, inputs)
    return compared(outputs_of(model, inputs), run_alone(format, path, inputs, threads=1).outputs)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("format", ["onnx", "openvino"])
def test_what_converters_refuse_is_converted(format: str, tmp_path: Path) -> None:
    found = answers(gaps(), ROWS, format, tmp_path)
    assert found.max_abs_difference <= 1e-5


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("format", ["onnx", "openvino", "litert_int8"])
def test_recurrent_layers_and_several_inputs_and_outputs(format: str, tmp_path: Path) -> None:
    series, fact = keras.Input((4, 3), name="series"), keras.Input((2,), name="fact")
    h = layers.GRU(4)(layers.Bidirectional(layers.LSTM(4, return_sequences=True))(series))
    outputs = {"class": layers.Dense(3)(layers.Concatenate()([h, fact])), "value": layers.Dense(1)(fact)}
    model = keras.Model({"series": series, "fact": fact}, outputs)
    rng = np.random.default_rng(0)
    rows = {"series": rng.normal(size=(6, 4, 3)), "fact": rng.normal(size=(6, 2))}
    found = answers(model, rows, format, tmp_path)
    assert found.max_abs_difference <= (0.1 if format == "litert_int8" else 1e-5)


def test_tables_of_text_are_refused_by_name(tmp_path: Path) -> None:
    x = keras.Input((), dtype="string", name="job")
    model = keras.Model(x, layers.Embedding(3, 2)(layers.StringLookup(vocabulary=["a", "b"])(x)), name="table")
    with pytest.raises(ExportError, match=r"'table' looks values up \(StringLookup\), which no onnx runtime does: exp"):
        write(model, "onnx", tmp_path, {})
