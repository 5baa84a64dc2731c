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

from keras_nas import export
from keras_nas.artefact import formats
from keras_nas.artefact.folder import new_folder
from keras_nas.artefact.manifest import read_manifest, verify_files
from keras_nas.artefact.rows import Comparison
from keras_nas.engine.events import Ended
from keras_nas.engine.job import TrialError
from keras_nas.errors import ExportError, InvalidArgument, MissingDependency
from keras_nas.export import export_model, measure_export

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
    return export_model(model, target, rows=ROWS, manifest={"task": "image", "accuracy": np.float32(0.5)})


def test_a_notebook_shows_a_small_table(exported: Any) -> None:
    shown = exported._repr_html_()
    assert shown.count("<tr>") == 7
    for words in (
        str(exported.path),
        "image uint8 (n, 12, 12)",
        "on 70 rows",
        "100.0 %",
        f"{exported.latency.latency_ms:.3g} ms by saved_model",
    ):
        assert words in shown


def test_saved_model_is_verified_and_described(exported: Any) -> None:
    assert exported.max_abs_difference <= 1e-5
    assert str(exported).startswith(f"saved_model in {exported.path}: run in a fresh process on 70 rows, max abs")
    assert f"agreement 100.0 %, {exported.latency.latency_ms:.3g} ms by saved_model on " in str(exported)
    assert repr(exported) == str(exported)
    manifest = read_manifest(exported.path)
    assert manifest == exported.manifest == verify_files(exported.path)
    assert (manifest["task"], manifest["accuracy"]) == ("image", 0.5)
    assert manifest["inputs"] == {"image": {"dtype": "uint8", "shape": [None, 12, 12]}}
    assert manifest["outputs"] == {"output_0": {"dtype": "float32", "shape": [None, 3]}}
    assert manifest["verification"].items() >= {"rows": 70, "agreement": 1.0, "scale": 1.0, "tolerance": 1e-4}.items()
    assert (manifest["latency"]["target"], manifest["latency"]["batch_size"]) == ("saved_model", 1)
    assert manifest["latency"]["latency_ms"] > 0
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
@pytest.mark.parametrize("format", sorted({*formats.FORMATS} - {"saved_model"}))
def test_other_formats(model: Any, tmp_path: Path, format: str) -> None:
    for module in formats.FORMATS[format].needs:
        pytest.importorskip(module)
    done = export_model(model, tmp_path / "m", format=format, rows=ROWS[:40], samples=ROWS[40:])
    assert done.max_abs_difference <= {"litert_int8": 0.05, "litert_float16": 1e-3}.get(format, 1e-4)
    assert done.agreement >= 0.9
    assert done.latency.threads == 1 or not formats.FORMATS[format].one_core
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
    done = export_model(model, tmp_path / "m", rows=ROWS)
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
    done = export_model(model, tmp_path / "m", rows=rows)
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


def test_an_artefact_that_does_not_run_is_not_left_behind(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def rubbish(model: Any, format: str, folder: Path, samples: Any, timeout_s: float) -> None:
        (folder / "model.tflite").write_text("rubbish")

    monkeypatch.setattr(export, "_converted", rubbish)
    with pytest.raises(ExportError, match=r"does not run in a fresh process \(exit code 1\): .*ValueError"):
        export_model(model, tmp_path / "m", format="litert", rows=ROWS)
    assert not list(tmp_path.iterdir())


def test_an_artefact_of_other_outputs_is_not_left_behind(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def off(path: Path, format: str, rows: Any, **limits: Any) -> Any:
        return {"output_0": model(rows["image"]).numpy() + 0.01}, None

    monkeypatch.setattr(export, "_converted", lambda *_: None)
    monkeypatch.setattr(export, "run_stored", off)
    with pytest.raises(ExportError, match=r"other outputs than the model in memory: they differ by 0\.01 on the 70"):
        export_model(model, tmp_path / "m", format="onnx", rows=ROWS)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("failure", "text"),
    [
        (
            {"kind": "build_error", "message": "The model 'm' cannot be written as keras: no"},
            "written as keras: no. No",
        ),
        ({"kind": "timeout", "message": "took longer than 9 s"}, "Converting to keras failed, timeout: took longer th"),
    ],
)
def test_a_conversion_that_fails_says_why(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: dict[str, str], text: str
) -> None:
    monkeypatch.setattr(export, "run_once", lambda *_: Ended("export", failure=failure))
    with pytest.raises(ExportError, match=text):
        export_model(model, tmp_path / "m", format="keras", rows=ROWS)
    assert not list(tmp_path.iterdir())


def test_what_a_converter_refuses_is_a_failure_of_the_model(
    model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(model: Any, path: Path, samples: Any) -> None:
        raise ValueError("no such operation")

    monkeypatch.setattr(formats, "FORMATS", {"keras": formats.Format("m.keras", refuse, "keras")})
    model.save(tmp_path / "model.keras")
    np.savez(tmp_path / "samples.npz", image=ROWS)
    with pytest.raises(TrialError, match="cannot be written as keras: no such operation") as error:
        export.convert(None, format="keras", source=tmp_path, folder=tmp_path, custom_objects={})
    assert error.value.kind == "build_error"


def test_a_missing_package_is_named(model: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bare = formats.Format("m", formats._keras, "numpy", ("numpy", "no_such_package"))
    monkeypatch.setattr(formats, "FORMATS", {"onnx": bare})
    with pytest.raises(MissingDependency, match="'onnx' needs no_such_package, not installed here: pip install 'keras"):
        export_model(model, tmp_path / "m", format="onnx", rows=ROWS)


def test_integers_may_differ_but_must_answer_alike() -> None:
    export._check(Comparison(0.3, 0.95, 1.0), "litert_int8", 70)
    with pytest.raises(ExportError, match="answers of the model in memory for 80.0 % of the 70 held-out rows only, 90"):
        export._check(Comparison(0.1, 0.8, 1.0), "litert_int8", 70)
    export._check(Comparison(0.05, 1.0, 1000.0), "onnx", 70)
    with pytest.raises(ExportError, match="they differ by 0.2 on the 70 held-out rows, at most 0.1 is accepted"):
        export._check(Comparison(0.2, 1.0, 1000.0), "onnx", 70)


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
