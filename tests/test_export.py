"""Exports are atomic, run without keras_nas, agree with the model in memory, and never overwrite what is not theirs."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.artefact import formats
from keras_nas.artefact.folder import new_folder
from keras_nas.errors import ExportError, InvalidArgument
from keras_nas.export import export_model, export_saved_model, measure_export, read_manifest, verify_files

ROWS = np.random.default_rng(0).integers(0, 256, (70, 12, 12), dtype=np.uint8)


def _image_model(policy: str | None = None) -> Any:
    """Raw uint8 pixels in, three probabilities out."""
    x = keras.Input((12, 12), dtype="uint8", name="image")
    h = layers.Reshape((12, 12, 1))(layers.Rescaling(1 / 255)(x))
    h = layers.Conv2D(8, 3, activation="relu", dtype=policy)(h)
    h = layers.GlobalAveragePooling2D(dtype=policy)(layers.BatchNormalization(dtype=policy)(h))
    return keras.Model(x, layers.Dense(3, activation="softmax", dtype="float32")(h))


@pytest.fixture(scope="module")
def model() -> Any:
    return _image_model()


@pytest.fixture(scope="module")
def exported(model: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    target = tmp_path_factory.mktemp("exports") / "model"
    return export_saved_model(model, target, rows=ROWS, manifest={"task": "image", "accuracy": np.float32(0.5)})


def test_saved_model_is_verified_and_described(exported: Any) -> None:
    assert exported.max_abs_difference <= 1e-5
    assert str(exported).startswith(f"saved_model in {exported.path}: run in a fresh process on 70 rows, max abs")
    manifest = read_manifest(exported.path)
    assert manifest == exported.manifest == verify_files(exported.path)
    assert (manifest["task"], manifest["accuracy"]) == ("image", 0.5)
    assert manifest["inputs"] == {"image": {"dtype": "uint8", "shape": [None, 12, 12]}}
    assert manifest["outputs"] == {"output_0": {"dtype": "float32", "shape": [None, 3]}}
    assert manifest["verification"]["rows"] == 70
    assert {"python", "keras_nas", "tensorflow", "keras", "numpy"} <= manifest["versions"].keys()
    assert "saved_model.pb" in manifest["files"]
    assert all(len(digest) == 64 for digest in manifest["files"].values())


@pytest.mark.slow
def test_a_stranger_loads_it(exported: Any, model: Any) -> None:
    code = (
        "import sys, numpy as np, tensorflow as tf\n"
        "serve = tf.saved_model.load(sys.argv[1]).signatures['serving_default']\n"
        "print(serve(image=tf.zeros((2, 12, 12), tf.uint8))['output_0'].numpy().tolist())\n"
        "assert not [name for name in sys.modules if name.startswith('keras_nas')]\n"
    )
    done = subprocess.run([sys.executable, "-I", "-c", code, exported.path], capture_output=True, text=True, check=True)
    expected = model(np.zeros((2, 12, 12), np.uint8)).numpy()
    assert np.allclose(json.loads(done.stdout), expected, atol=1e-5)


@pytest.mark.slow
def test_an_export_is_measured_itself(exported: Any) -> None:
    found = measure_export(exported.path, batch_size=2, max_seconds=0.3)
    assert found.latency_ms > 0
    assert (found.target, found.batch_size) == ("saved_model", 2)


def test_nothing_else_is_left_beside_it(exported: Any) -> None:
    assert [path.name for path in exported.path.parent.iterdir()] == ["model"]


@pytest.mark.slow
@pytest.mark.parametrize("format", ["keras", "litert"])
def test_other_formats(model: Any, tmp_path: Path, format: str) -> None:
    done = export_model(model, tmp_path / "m", format=format, rows=ROWS)
    assert done.max_abs_difference <= 1e-4
    assert formats.FORMATS[format].file in verify_files(tmp_path / "m")["files"]


@pytest.mark.slow
def test_recurrent_layers_run_in_litert(tmp_path: Path) -> None:
    recurrent = [layers.Bidirectional(layers.LSTM(4, return_sequences=True)), layers.GRU(4)]
    model = keras.Sequential([keras.Input((6, 3)), *recurrent, layers.Dense(2)])
    rows = np.random.default_rng(0).normal(size=(5, 6, 3)).astype(np.float32)
    done = export_model(model, tmp_path / "m", format="litert", rows=rows)
    assert done.max_abs_difference <= 1e-4
    assert done.manifest["verification"]["copy_difference"] <= 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision_is_stored_in_float32(tmp_path: Path, policy: str) -> None:
    model = _image_model(policy)
    done = export_saved_model(model, tmp_path / "m", rows=ROWS, manifest={})
    assert done.max_abs_difference <= 1e-5
    assert 0 < done.manifest["verification"]["copy_difference"] < 0.02
    assert model.layers[3].compute_dtype == policy.removeprefix("mixed_"), "the model in memory is not touched"


@pytest.mark.slow
def test_several_inputs_and_outputs(tmp_path: Path) -> None:
    a, b = keras.Input((3,), name="l"), keras.Input((2,), name="r")
    h = layers.Concatenate()([a, b])
    model = keras.Model({"r": b, "l": a}, {"class": layers.Dense(2)(h), "value": layers.Dense(1)(a)})
    rng = np.random.default_rng(0)
    rows = {"l": rng.normal(size=(4, 3)), "r": rng.normal(size=(4, 2))}
    done = export_saved_model(model, tmp_path / "m", rows=rows, manifest={})
    assert done.manifest["inputs"].keys() == {"l", "r"}
    assert done.manifest["outputs"].keys() == {"class", "value"}


def test_overwrite_only_what_is_an_export(exported: Any, model: Any, tmp_path: Path) -> None:
    foreign = tmp_path / "photos"
    foreign.mkdir()
    (foreign / "a.jpg").write_text("mine")
    for overwrite in (False, True):
        with pytest.raises(ExportError, match="photos is not an export of keras_nas: no readable manifest.json in it"):
            export_model(model, foreign, rows=ROWS, overwrite=overwrite)
    (foreign / "manifest.json").write_text('{"name": "another tool"}')
    with pytest.raises(ExportError, match="its manifest.json is somebody else's"):
        export_model(model, foreign, rows=ROWS, overwrite=True)
    with pytest.raises(ExportError, match="holds an earlier export: choose another name, or pass overwrite=True"):
        export_model(model, exported.path, rows=ROWS)
    assert (foreign / "a.jpg").read_text() == "mine"


@pytest.mark.parametrize("name", ["../out", "a/../../b", "/", ".", "", "x\0y"])
def test_names_that_escape_are_refused(model: Any, name: str) -> None:
    with pytest.raises(InvalidArgument, match=r"expected the path of a new folder without '\.\.'"):
        export_model(model, name, rows=ROWS)


def test_links_and_files_are_refused(model: Any, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "file").write_text("")
    for name in ("link", "file"):
        with pytest.raises(ExportError, match="is not a folder but a file or a link"):
            export_model(model, tmp_path / name, rows=ROWS)
    with pytest.raises(ExportError, match=r"Cannot write .*file/m: .*\. Choose another directory"):
        export_model(model, tmp_path / "file" / "m", rows=ROWS)


@pytest.mark.parametrize(
    ("given", "text"),
    [
        ({"format": "savedmodel"}, "Unknown export format 'savedmodel'.*Did you mean 'saved_model'"),
        ({"rows": ROWS[:, :5]}, r"rows for input 'image' have shape \(70, 5, 12\): expected \(rows, 12, 12\)"),
        ({"rows": ROWS / 255}, "are float64, the model takes uint8: convert them first"),
        ({"rows": ROWS[:0]}, "as many for each input, and one at least"),
        ({"rows": {"a": ROWS, "b": ROWS}}, r"The model has 1 inputs \(image\), the rows 2 arrays"),
        ({"manifest": {"files": 1}}, "The manifest names files, which the export fills in"),
        ({"manifest": {"x": object()}}, "The manifest cannot be written as JSON: object is no JSON value"),
    ],
)
def test_wrong_arguments_write_nothing(model: Any, tmp_path: Path, given: dict[str, Any], text: str) -> None:
    arguments = {"rows": ROWS} | given
    with pytest.raises(InvalidArgument, match=text):
        export_model(model, tmp_path / "m", **arguments)
    assert not list(tmp_path.iterdir())


def _write_another(model: Any, path: Path) -> None:
    """A writer that stores a model with one weight off, as a faulty converter would."""
    other = keras.models.clone_model(model)
    other.set_weights([weights + 1e-2 for weights in model.get_weights()])
    other.save(path)


def _write_rubbish(model: Any, path: Path) -> None:
    path.write_text("rubbish")


def _write_nothing(model: Any, path: Path) -> None:
    raise ValueError("no such operation")


@pytest.mark.parametrize(
    ("format", "writer", "text"),
    [
        (
            "keras",
            _write_another,
            r"gives other outputs than the model in memory: they differ by 0\.\d+ on the 70 held-out",
        ),
        ("litert", _write_rubbish, r"does not run in a fresh process \(exit code 1\): .*ValueError"),
        ("keras", _write_nothing, "cannot be written as keras: no such operation"),
    ],
)
def test_a_bad_artefact_is_not_left_behind(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, format: str, writer: Any, text: str
) -> None:
    bad = formats.Format("model", writer, "keras") if format == "litert" else formats.Format("m.keras", writer, "keras")
    monkeypatch.setattr(formats, "FORMATS", {**formats.FORMATS, format: bad})
    with pytest.raises(ExportError, match=text):
        export_model(model, tmp_path / "m", format=format, rows=ROWS)
    assert not list(tmp_path.iterdir())


def test_a_slow_artefact_is_stopped(model: Any, tmp_path: Path) -> None:
    with pytest.raises(ExportError, match="no answer in a fresh process within 0.05 s: raise the limit"):
        export_model(model, tmp_path / "m", format="keras", rows=ROWS, timeout_s=0.05)
    assert not list(tmp_path.iterdir())


def test_a_changed_export_is_noticed(exported: Any, tmp_path: Path) -> None:
    shutil.copytree(exported.path, tmp_path / "m")
    verify_files(tmp_path / "m")
    (tmp_path / "m" / "saved_model.pb").write_bytes(b"")
    (tmp_path / "m" / "extra").write_bytes(b"")
    with pytest.raises(ExportError, match="was changed: extra, saved_model.pb. Export the model again"):
        verify_files(tmp_path / "m")


@pytest.mark.slow
def test_an_earlier_export_is_replaced(model: Any, tmp_path: Path) -> None:
    export_model(model, tmp_path / "m", rows=ROWS[:2])
    export_model(model, tmp_path / "m", format="litert", rows=ROWS[:3], overwrite=True)
    assert verify_files(tmp_path / "m")["verification"]["rows"] == 3
    assert sorted(path.name for path in (tmp_path / "m").iterdir()) == ["manifest.json", "model.tflite"]
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_failed_replacement_keeps_the_earlier_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "old").write_text("old")
    replace, calls = os.replace, []

    def refusing(source: Any, target: Any) -> None:
        calls.append(source)
        if len(calls) == 2:
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr("os.replace", refusing)
    with pytest.raises(ExportError, match="No space left on device"), new_folder(tmp_path / "m") as folder:
        (folder / "new").write_text("new")
    assert [path.name for path in tmp_path.rglob("*")] == ["m", "old"]
