"""Hand a model over: stored atomically, run again in a fresh process, compared, and described by a manifest."""

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.artefact.child import run_alone
from keras_nas.artefact.folder import digests, new_folder
from keras_nas.artefact.formats import FORMATS, format_named, portable, write
from keras_nas.artefact.rows import Arrays, count, max_abs_difference, named_rows, outputs_of
from keras_nas.errors import ExportError, InvalidArgument
from keras_nas.objectives.latency import Measurement, made_up, measure_stored

TOLERANCE = 1e-4
MANIFEST = "manifest.json"
MARK = "keras_nas_export"
_RESERVED = {MARK, "format", "created", "versions", "inputs", "outputs", "verification", "files"}


@dataclass(frozen=True)
class Export:
    """An export that was verified.

    Args:
        path: The folder.
        format: "saved_model", "keras" or "litert".
        max_abs_difference: The largest difference between the outputs of the stored model, run in a fresh process,
            and of the float32 model in memory.
        rows: On how many rows they were compared.
        manifest: What `manifest.json` says.
    """

    path: Path
    format: str
    max_abs_difference: float
    rows: int
    manifest: dict[str, Any]

    def __str__(self) -> str:
        return (
            f"{self.format} in {self.path}: run in a fresh process on {self.rows} rows, "
            f"max abs difference {self.max_abs_difference:.2g}"
        )


def export_saved_model(
    model: Any, directory: str | Path, *, rows: Any, manifest: Mapping[str, Any], overwrite: bool = False
) -> Export:
    """Export a SavedModel; see `export_model`."""
    return export_model(model, directory, rows=rows, manifest=manifest, overwrite=overwrite)


def export_model(
    model: Any,
    directory: str | Path,
    *,
    format: str = "saved_model",
    rows: Any,
    manifest: Mapping[str, Any] | None = None,
    overwrite: bool = False,
    timeout_s: float = 120.0,
) -> Export:
    """Store a model in a folder that appears whole and verified, or not at all.

    The model is written beside the target, loaded in a fresh process without keras_nas, run there on `rows` and
    compared with the model in memory. Only then does the folder get its name.

    Args:
        model: A built Keras model; one in mixed precision is stored as its float32 copy.
        directory: The folder to make. One that exists is replaced only if it is an earlier export.
        format: "saved_model" (a `serving_default` signature that takes rows by the inputs' names), "keras" or
            "litert".
        rows: Held-out rows exactly as the user gave them: an array, or a list or dict of arrays like the inputs.
        manifest: What to say about the model, JSON values only: task, classes, metrics.
        overwrite: Replace an earlier export.
        timeout_s: The longest that running the stored model may take.

    Returns:
        The export; printing it says what was compared.

    Raises:
        ExportError: The model cannot be stored, does not run alone, or differs by more than 1e-4.
        InvalidArgument: The format is unknown, or the directory or the rows cannot be used.
    """
    kind, target = format_named(format), _target(directory, overwrite)
    told = _described(manifest or {})
    stored = portable(model, unroll=kind.unroll)
    inputs = named_rows(stored, rows)
    expected = outputs_of(stored, inputs)
    with new_folder(target) as folder:
        answer = run_alone(format, write(stored, format, folder), inputs, timeout_s=timeout_s)
        difference = max_abs_difference(expected, answer.outputs)
        if not difference <= TOLERANCE:
            raise ExportError(
                f"The {format} export gives other outputs than the model in memory: they differ by {difference:.3g} "
                f"on the {count(inputs)} held-out rows, at most {TOLERANCE:g} is accepted. Nothing was left behind."
            )
        told |= _facts(format, inputs, expected, difference)
        if stored is not model:
            told["verification"]["copy_difference"] = max_abs_difference(outputs_of(model, inputs), expected)
        told["files"] = digests(folder, but=MANIFEST)
        (folder / MANIFEST).write_text(json.dumps(told, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return Export(target, format, difference, count(inputs), told)


def read_manifest(directory: str | Path) -> dict[str, Any]:
    """What the manifest of an export says.

    Raises:
        ExportError: The folder is not an export of keras_nas.
    """
    path = Path(directory) / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ExportError(f"{Path(directory)} is not an export of keras_nas: no readable {MANIFEST} in it.") from error
    if not isinstance(manifest, dict) or MARK not in manifest:
        raise ExportError(f"{Path(directory)} is not an export of keras_nas: its {MANIFEST} is somebody else's.")
    return manifest


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
    return measure_stored(path, manifest["format"], made_up(specs, batch_size), max_seconds=max_seconds)


def verify_files(directory: str | Path) -> dict[str, Any]:
    """Check an export's files against the digests in its manifest, which is returned.

    Raises:
        ExportError: A file is missing, changed or not in the manifest.
    """
    manifest = read_manifest(directory)
    found, listed = digests(Path(directory), but=MANIFEST), manifest["files"]
    wrong = sorted(name for name in {*found, *listed} if found.get(name) != listed.get(name))
    if wrong:
        raise ExportError(f"The export in {directory} was changed: {', '.join(wrong)}. Export the model again.")
    return manifest


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


def _described(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """The user's part of the manifest, in plain JSON values."""
    taken = sorted(_RESERVED & manifest.keys())
    if taken:
        raise InvalidArgument(f"The manifest names {', '.join(taken)}, which the export fills in: choose other names.")
    try:
        told = json.loads(json.dumps(dict(manifest), allow_nan=False, default=_plain))
    except (TypeError, ValueError) as error:
        raise InvalidArgument(f"The manifest cannot be written as JSON: {error}.") from error
    return dict(told)


def _plain(value: Any) -> Any:
    """A NumPy number or array as Python's."""
    if isinstance(value, np.generic | np.ndarray):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is no JSON value")


def _facts(format: str, inputs: Arrays, outputs: Arrays, difference: float) -> dict[str, Any]:
    """The manifest's part that the export itself knows."""
    packages = {"keras_nas": "keras-nas", "tensorflow": "tensorflow", "keras": "keras", "numpy": "numpy"}
    packages |= {FORMATS[format].package: FORMATS[format].package}
    return {
        MARK: 1,
        "format": format,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()} | {k: version(v) for k, v in packages.items()},
        "inputs": _arrays(inputs),
        "outputs": _arrays(outputs),
        "verification": {"rows": count(inputs), "max_abs_difference": difference, "tolerance": TOLERANCE},
    }


def _arrays(arrays: Arrays) -> dict[str, Any]:
    """Name, type and shape of each array; the first axis is the batch's."""
    return {
        name: {
            "dtype": "string" if values.dtype.kind in "US" else values.dtype.name,
            "shape": [None, *values.shape[1:]],
        }
        for name, values in arrays.items()
    }
