"""What an export says of itself: `manifest.json`, with a digest of each other file of the folder."""

import json
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.artefact.folder import digests
from keras_nas.artefact.formats import FORMATS
from keras_nas.artefact.rows import Arrays, Comparison, count
from keras_nas.errors import ExportError, InvalidArgument

AGREEMENT = 0.9
"""Share of answers that a format of other numbers must have in common with the model."""
MANIFEST = "manifest.json"
MARK = "keras_nas_export"
_RESERVED = {MARK, "format", "created", "versions", "inputs", "outputs", "preprocessing", "verification"}
_RESERVED |= {"latency", "files"}


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


def described(manifest: Mapping[str, Any]) -> dict[str, Any]:
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


def facts(format: str, inputs: Arrays, outputs: Arrays, found: Comparison) -> dict[str, Any]:
    """The manifest's part that the export itself knows."""
    kind = FORMATS[format]
    packages = {"keras_nas": "keras-nas", "tensorflow": "tensorflow", "keras": "keras", "numpy": "numpy"}
    packages |= {package: package for package in (kind.package, *kind.needs)}
    accepted = {"agreement_wanted": AGREEMENT} if kind.tolerance is None else {"tolerance": kind.tolerance}
    return {
        MARK: 1,
        "format": format,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"python": platform.python_version()} | {k: version(v) for k, v in packages.items()},
        "inputs": _arrays(inputs),
        "outputs": _arrays(outputs),
        "verification": {"rows": count(inputs), **asdict(found), **accepted},
    }


def write_manifest(folder: Path, told: Mapping[str, Any]) -> dict[str, Any]:
    """Write the manifest of a folder that holds all its other files; what it says is returned."""
    whole = {**told, "files": digests(folder, but=MANIFEST)}
    (folder / MANIFEST).write_text(json.dumps(whole, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    return whole


def _arrays(arrays: Arrays) -> dict[str, Any]:
    """Name, type and shape of each array; the first axis is the batch's."""
    return {
        name: {
            "dtype": "string" if values.dtype.kind in "US" else values.dtype.name,
            "shape": [None, *values.shape[1:]],
        }
        for name, values in arrays.items()
    }
