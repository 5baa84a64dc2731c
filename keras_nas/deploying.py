"""A search's winner made ready for use elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from keras_nas.data import Split
from keras_nas.data.trees import taken
from keras_nas.export import Export, export_model

if TYPE_CHECKING:
    from keras_nas.result import SearchResult


def export_winner(result: SearchResult, path: str | Path, file_format: str, overwrite: bool) -> Export:
    """Write the winner to a new folder with the account of it; see `SearchResult.export`.

    Args:
        result: of the search.
        path: the folder.
        file_format: name of the format.
        overwrite: whether an earlier export there is replaced.
    """
    held = Split.load(result.directory / "data")
    part = held.holdout if len(held.holdout) else held.validation
    manifest = {
        "task": result.told["task"],
        "classes": list(result.classes),
        "metrics": dict(result.winner.scores),
        "holdout": result.told["holdout"],
        "architecture": dict(result.winner.architecture),
    }
    sample = taken(result.rows.x, part[:256])
    return export_model(
        result.best_model, path, format=file_format, rows=sample, manifest=manifest, overwrite=overwrite
    )
