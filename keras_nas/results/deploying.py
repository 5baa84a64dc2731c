"""A network of a search, mostly the winner, made ready for use elsewhere."""

from __future__ import annotations

import os
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_nas.data import Split
from keras_nas.data.split import evenly
from keras_nas.data.trees import taken
from keras_nas.errors import ExportError, InvalidArgument
from keras_nas.export import Export, export_model
from keras_nas.source import ARRAYS, WEIGHTS
from keras_nas.tasks import TASKS, get_task

if TYPE_CHECKING:
    from keras_nas.results.candidate import Candidate
    from keras_nas.results.result import SearchResult

SHOWN = 256
"""Held-out rows on which a stored model is compared."""
SAMPLES = 128
"""Training rows from which an integer format takes its scales."""


def export_candidate(
    result: SearchResult, path: str | Path, file_format: str, overwrite: bool, candidate: Candidate | None = None
) -> Export:
    """Write a model to a new folder with the account of it; see `SearchResult.export`.

    Args:
        result: of the search.
        path: the folder.
        file_format: name of the format.
        overwrite: whether an earlier export there is replaced.
        candidate: None for the winner.
    """
    shown = candidate or result.winner
    held = Split.load(result.directory / "data")
    part = held.holdout if len(held.holdout) else held.validation
    manifest = {
        "task": result.told["task"],
        "classes": list(result.classes),
        "metrics": dict(shown.scores),
        "holdout": result.told["holdout"] if candidate is None else candidate.measurements.get("holdout", {}),
        "architecture": dict(shown.architecture),
    }
    if result.rows.joint is not None:
        manifest["targets"] = {target.name: list(target.labels.classes) for target in result.rows.joint.targets}
    model = served(result, file_format, shown)
    x = result.rows.x if model is shown.model else {key: result.rows.x[key] for key in model.input}
    return export_model(
        model,
        path,
        format=file_format,
        rows=taken(x, part[:SHOWN]),
        samples=taken(x, evenly(held.train, SAMPLES)),
        manifest=manifest,
        preprocessing=result.rows.preprocessing,
        overwrite=overwrite,
    )


def served(result: SearchResult, file_format: str = "saved_model", candidate: Candidate | None = None) -> Any:
    """What is handed over of a model: of the task `sequence_to_sequence` a model that writes, else the one scored.

    Args:
        result: of the search.
        file_format: to be written.
        candidate: None for the winner.

    Raises:
        ExportError: when that format cannot hold it.
    """
    name = result.told["task"]
    task = get_task(name) if result.training is None and name in TASKS else getattr(result.training, "task", None)
    model = (candidate or result.winner).model
    return model if task is None else task.served(model, file_format)


def write_winner(result: SearchResult, path: str | Path, overwrite: bool) -> Export:
    """Write the winner as a program of plain Keras, with its weights beside it; see `SearchResult.to_source`.

    Args:
        result: of the search.
        path: of the program, which ends in ".py".
        overwrite: whether files of these names are replaced.

    Raises:
        InvalidArgument: when the path has another ending.
        ExportError: when a file is there already, or the model has no source.
    """
    target = Path(path).expanduser().absolute()
    if target.suffix != ".py":
        raise InvalidArgument(f"to_source: path={str(path)!r}; expected the name of a program, which ends in '.py'.")
    files = {suffix: target.with_suffix(suffix) for suffix in (WEIGHTS, ARRAYS, ".py")}
    there = [str(file) for file in files.values() if file.exists()]
    if there and not overwrite:
        raise ExportError(f"{' and '.join(there)} exist: choose another name, or pass overwrite=True.")
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{target.stem}.", dir=target.parent) as folder:
        done = export_candidate(result, Path(folder) / "source", "source", overwrite=False)
        for suffix, file in files.items():
            written = done.path / f"model{suffix}"
            if written.exists():
                os.replace(written, file)
    return replace(done, path=target)
