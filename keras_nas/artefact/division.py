"""A model whose runtime computes no preprocessing: its network as an artefact, and beside it what stands before."""

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_nas.artefact import preprocess
from keras_nas.artefact.formats import FORMATS
from keras_nas.artefact.portable import FRONT, behind_front
from keras_nas.artefact.rows import Arrays, named_rows, outputs_of
from keras_nas.errors import ExportError

SPECIFICATION, PROGRAM = "preprocessing.json", "preprocess.py"
"""What is to be done with raw rows, and a program that does it."""


def divided(model: Any, format: str) -> bool:
    """Whether a format holds the network of a model alone."""
    return FORMATS[format].foreign and behind_front(model) is not model


def held_rows(model: Any, format: str, rows: Arrays) -> Arrays:
    """What an artefact is given for raw rows of its model: these, or what stands before the network makes of them."""
    if not divided(model, format):
        return rows
    return named_rows(behind_front(model), outputs_of(model.get_layer(FRONT), rows))


def write_preprocessing(folder: Path, model: Any, format: str, told: Mapping[str, Any] | None) -> dict[str, str]:
    """Write what stands before a network into the folder of its artefact.

    Args:
        folder: Of the export.
        model: The model that is exported.
        format: Its format.
        told: What its layer "preprocessing" does: `Task.specification`.

    Returns:
        What the manifest says of it; nothing where the format holds all of the model.

    Raises:
        ExportError: There is no specification.
    """
    if not divided(model, format):
        return {}
    if told is None:
        raise ExportError(
            f"The model's preprocessing lies in front of its network, no {format} runtime computes it, and nothing "
            "says in plain data what it does: export as saved_model, keras or source, or pass preprocessing=, as "
            "result.rows.preprocessing is (a task of your own tells it by Task.specification)."
        )
    text = json.dumps(dict(told), indent=1, allow_nan=False, ensure_ascii=False)
    (folder / SPECIFICATION).write_text(text + "\n", encoding="utf-8")
    shutil.copyfile(Path(preprocess.__file__), folder / PROGRAM)
    return {"preprocessing": SPECIFICATION}
