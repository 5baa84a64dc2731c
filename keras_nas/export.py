"""Hand a model over: stored atomically, run again in a fresh process, compared, and described by a manifest."""

import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.artefact.division import PROGRAM, divided, held_rows, write_preprocessing
from keras_nas.artefact.folder import new_folder
from keras_nas.artefact.formats import FORMATS, format_named, held, write
from keras_nas.artefact.manifest import AGREEMENT, described, facts, read_manifest, verify_files, write_manifest
from keras_nas.artefact.portable import behind_front, portable
from keras_nas.artefact.rows import Arrays, Comparison, compared, count, max_abs_difference, named_rows, outputs_of
from keras_nas.engine.job import Job, Limits, TrialError
from keras_nas.engine.once import run_once
from keras_nas.engine.process import WorkerSettings
from keras_nas.errors import ExportError, InvalidArgument
from keras_nas.estimators.custom import check_registered, register, registered_here
from keras_nas.markup import Markup, table
from keras_nas.objectives.latency import Measurement, made_up, measure_stored, run_stored

LATENCY_SECONDS = 2.0
"""Longest that an export's latency is measured."""


@dataclass(frozen=True)
class Export:
    """An export that was verified; printed, it is one sentence, and in a notebook a small table.

    Args:
        path: The folder.
        format: A key of `keras_nas.artefact.formats.FORMATS`.
        max_abs_difference: The largest difference between the outputs of the stored model, run in a fresh process,
            and of the float32 model in memory.
        agreement: The share of rows for which both give the same answer: the same class.
        rows: On how many rows they were compared.
        latency: Of the stored model in that process, one row a call.
        manifest: What `manifest.json` says.
    """

    path: Path
    format: str
    max_abs_difference: float
    agreement: float
    rows: int
    latency: Measurement
    manifest: dict[str, Any]

    @property
    def takes(self) -> str:
        """What the stored model takes, for people: each input's name, type and shape, n rows at a time."""
        inputs = self.manifest["inputs"].items()
        shapes = {
            name: ", ".join("n" if side is None else str(side) for side in told["shape"]) for name, told in inputs
        }
        return "; ".join(f"{name} {told['dtype']} ({shapes[name]})" for name, told in inputs)

    def __str__(self) -> str:
        return (
            f"{self.format} in {self.path}: run in a fresh process on {self.rows} rows, "
            f"max abs difference {self.max_abs_difference:.2g}, agreement {100 * self.agreement:.1f} %, "
            f"{self.latency.latency_ms:.3g} ms {self.latency.where}"
        )

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> Markup:
        facts = {
            "folder": self.path,
            "takes": self.takes,
            "run in a fresh process": f"on {self.rows} rows",
            "largest difference": f"{self.max_abs_difference:.2g}",
            "same answer": f"{100 * self.agreement:.1f} %",
            "latency": f"{self.latency.latency_ms:.3g} ms {self.latency.where}",
        }
        return table(["export", self.format], facts.items())


def export_model(
    model: Any,
    directory: str | Path,
    *,
    format: str = "saved_model",
    rows: Any,
    samples: Any = None,
    manifest: Mapping[str, Any] | None = None,
    preprocessing: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    timeout_s: float = 600.0,
) -> Export:
    """Store a model in a folder that appears whole and verified, or not at all.

    The model is converted in one child process, beside the target, and loaded in another without keras_nas, run there
    on `rows`, compared with the model in memory, and timed. Only then does the folder get its name.

    Args:
        model: A built Keras model; one in mixed precision is stored as its float32 copy.
        directory: The folder to make. One that exists is replaced only if it is an earlier export.
        format: "saved_model" (a `serving_default` signature that takes rows by the inputs' names), "keras", "litert",
            "litert_float16", "litert_int8", "onnx", "openvino" or "source".
        rows: Held-out rows exactly as the user gave them: an array, or a list or dict of arrays like the inputs.
        samples: Other rows, of the training part: "litert_int8" takes the scales of its numbers from them. By default
            the rows themselves.
        manifest: What to say about the model, JSON values only: task, classes, metrics.
        preprocessing: What the layer "preprocessing" does, as `result.rows.preprocessing` tells. Formats whose runtimes
            know no such layer hold the layer "network" alone, and beside it this as `preprocessing.json`, with
            `preprocess.py` which applies it; the rows are compared through both.
        overwrite: Replace an earlier export.
        timeout_s: The longest that converting, and running the stored model, may take.

    Returns:
        The export; printing it says what was compared.

    Raises:
        ExportError: The model cannot be stored, does not run alone, or differs: by more than 1e-4 of its largest
            output in float32, 0.02 in float16, or in more than a tenth of its answers in int8.
        InvalidArgument: The format is unknown, or the directory or the rows cannot be used.
        MissingDependency: A package that the format needs is not installed.
    """
    format_named(format)
    target = _target(directory, overwrite)
    told = described(manifest or {})
    check_registered(model)
    stored = portable(model)
    inputs = named_rows(stored, rows)
    like = inputs if samples is None else named_rows(stored, samples)
    expected, taken = outputs_of(stored, inputs), held_rows(stored, format, inputs)
    with new_folder(target) as folder:
        told |= write_preprocessing(folder, stored, format, preprocessing)
        _converted(stored, format, folder, held_rows(stored, format, like), timeout_s)
        outputs, latency = _run(folder, format, inputs, timeout_s)
        found = compared(expected, outputs)
        _check(found, format, count(inputs))
        told |= {**facts(format, taken, expected, found), "latency": asdict(latency)}
        if stored is not model:
            told["verification"]["copy_difference"] = max_abs_difference(outputs_of(model, inputs), expected)
        told = write_manifest(folder, told)
    return Export(target, format, found.max_abs_difference, found.agreement, count(inputs), latency, told)


def _converted(model: Any, format: str, folder: Path, samples: Arrays, timeout_s: float) -> None:
    """Write the model into the folder, in a process of its own: converters crash, hang, and keep what they take."""
    with tempfile.TemporaryDirectory(prefix="keras_nas_") as name:
        source = Path(name)
        (behind_front(model) if divided(model, format) else model).save(source / "model.keras")
        np.savez(source / "samples.npz", allow_pickle=False, **samples)
        arguments = {"format": format, "source": source, "folder": folder, "custom_objects": registered_here()}
        job = Job(convert, arguments, Limits(seconds=timeout_s))
        modules = ("keras", type(model).__module__)
        settings = WorkerSettings(preload=modules, environment={"CUDA_VISIBLE_DEVICES": "-1"})
        ended = run_once(job, "export", source / "job", settings)
    if ended.failure is not None:
        kind, message = ended.failure["kind"], ended.failure["message"]
        words = message if kind == "build_error" else f"Converting to {format} failed, {kind}: {message}"
        raise ExportError(f"{words.rstrip('.')}. Nothing was left behind.")


def _run(folder: Path, format: str, rows: Arrays, timeout_s: float) -> tuple[Arrays, Measurement]:
    """The artefact's outputs on raw rows, which pass `preprocess.py` first where it is there; and its latency."""
    return run_stored(
        folder / FORMATS[format].file,
        format,
        rows,
        timed_rows=1,
        preprocess=folder if (folder / PROGRAM).exists() else None,
        max_seconds=LATENCY_SECONDS,
        timeout_s=timeout_s,
    )


def convert(report: Any, *, format: str, source: Path, folder: Path, custom_objects: Mapping[str, Any]) -> Any:
    """The job of the child process: a `.keras` file to another format.

    Args:
        report: Not used.
        format: A key of `keras_nas.artefact.formats.FORMATS`.
        source: Holds `model.keras` and `samples.npz`.
        folder: Takes the artefact.
        custom_objects: What the user's script has registered with Keras, by registered name.
    """
    import keras

    register(custom_objects)
    model = keras.saving.load_model(source / "model.keras", compile=False, safe_mode=False)
    with np.load(source / "samples.npz") as stored:
        samples = dict(stored)
    try:
        write(held(model, format), format, folder, samples)
    except ExportError as error:
        raise TrialError("build_error", str(error)) from error
    return {"scores": {"rows": count(samples)}}


def _check(found: Comparison, format: str, rows: int) -> None:
    """Refuse an artefact that answers otherwise than the model."""
    tolerance, difference = FORMATS[format].tolerance, found.max_abs_difference
    if tolerance is None and not found.agreement >= AGREEMENT:
        raise ExportError(
            f"The {format} export gives the answers of the model in memory for {100 * found.agreement:.1f} % of the "
            f"{rows} held-out rows only, {100 * AGREEMENT:g} % are asked for (max abs difference {difference:.3g}). "
            "Nothing was left behind. Export in float16 or float32, or give samples that are like the rows."
        )
    if tolerance is not None and not difference <= tolerance * found.scale:
        raise ExportError(
            f"The {format} export gives other outputs than the model in memory: they differ by {difference:.3g} "
            f"on the {rows} held-out rows, at most {tolerance * found.scale:g} is accepted. Nothing was left behind."
        )


def measure_export(directory: str | Path, *, batch_size: int = 1, max_seconds: float = 5.0) -> Measurement:
    """Measure the latency of an export itself, in a fresh process without keras_nas.

    Args:
        directory: The export's folder.
        batch_size: Rows in a call.
        max_seconds: The longest that the timed runs may take.

    Raises:
        ExportError: The folder is not an export, was changed, or does not run.
        InvalidArgument: An input's axis is open, so that no row can be made up.
    """
    manifest = verify_files(directory)
    specs = {name: (tuple(spec["shape"][1:]), spec["dtype"]) for name, spec in manifest["inputs"].items()}
    path = Path(directory).absolute() / format_named(manifest["format"]).file
    found = measure_stored(path, manifest["format"], made_up(specs, batch_size), max_seconds=max_seconds)
    return found.of_network_alone("preprocessing" in manifest)


def _target(directory: str | Path, overwrite: bool) -> Path:
    """The absolute path of the folder to make, once nothing speaks against it."""
    given = Path(directory).expanduser()
    if ".." in given.parts or given.name == "" or "\0" in str(given):
        raise InvalidArgument(
            f"The export's directory is {str(directory)!r}: expected the path of a new folder without '..'."
        )
    target = given.absolute()
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise ExportError(f"{target} is not a folder but a file or a link: choose another name for the export.")
    if target.is_dir() and any(target.iterdir()):
        read_manifest(target)
        if not overwrite:
            raise ExportError(f"{target} holds an earlier export: choose another name, or pass overwrite=True.")
    return target
