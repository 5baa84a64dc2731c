"""What a fitted estimator holds of its search: the winner, and where the search is."""

from __future__ import annotations

import os
import shutil
import tempfile
import weakref
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import numpy as np

from keras_nas.data.trees import mapped
from keras_nas.errors import DataError
from keras_nas.loading import load_tensorflow
from keras_nas.preparing.arguments import search_directory
from keras_nas.results.result import SearchResult

BATCH = 256
"""Rows that the model always computes at a time: a row's prediction does not depend on how many stand beside it."""


class Folder:
    """Where a search is: a new folder below `directory`, or a temporary one that lasts as long as the search's result.

    Args:
        directory: as given.
        task: its name.
    """

    def __init__(self, directory: str | os.PathLike[str] | None, task: str) -> None:
        self.parent = None if directory is None else search_directory(directory, task)
        self.task = task

    def __enter__(self) -> Self:
        name = search_directory(None, self.task).name
        self.path = Path(tempfile.mkdtemp(prefix=name)) if self.parent is None else self.parent / name
        return self

    def keep(self, result: SearchResult) -> None:
        """Leave the folder, a temporary one until the result is gone."""
        if self.parent is None:
            weakref.finalize(result, shutil.rmtree, self.path, ignore_errors=True)

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is not None and self.parent is None:
            shutil.rmtree(self.path, ignore_errors=True)


class Winner:
    """A Keras model as the bytes of its file, which is how it is pickled; loaded when it is first used.

    Args:
        content: of the `.keras` file.
        schema: reads a user's rows as the model takes them.
    """

    def __init__(self, content: bytes, schema: Any) -> None:
        self.content = content
        self.schema = schema

    def __getstate__(self) -> dict[str, Any]:
        return {"content": self.content, "schema": self.schema}

    @cached_property
    def model(self) -> Any:
        """The model."""
        load_tensorflow()
        import keras

        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "model.keras"
            file.write_bytes(self.content)
            return keras.models.load_model(file, compile=False)

    def outputs(self, x: Any) -> np.ndarray:
        """What the model gives for a user's rows, `(rows, outputs)` float64."""
        import tensorflow as tf

        raw, found = self.schema.rows(x, "X"), []
        for start in range(0, len(x), BATCH):
            index = np.minimum(np.arange(start, start + BATCH), len(x) - 1)
            batch = mapped(tf.convert_to_tensor, mapped(lambda column, index=index: column[index], raw))
            found.append(np.asarray(self.model(batch, training=False), np.float64))
        return np.concatenate(found)[: len(x)]


@dataclass(frozen=True)
class Images:
    """The schema of images: their shape and type."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    def rows(self, x: np.ndarray, name: str) -> np.ndarray:
        """The images, as in `fit`."""
        if x.shape[1:] != self.shape or not np.can_cast(x.dtype, self.dtype, "same_kind"):
            raise DataError(
                f"{name} holds rows of {x.dtype} {x.shape[1:]}; expected {self.dtype} {self.shape}, as in fit."
            )
        return x.astype(self.dtype, copy=False)
