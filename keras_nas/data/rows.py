"""The data of a search as memory-mapped arrays, written once for all workers."""

import json
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from keras_nas.data.joint import JointSchema
from keras_nas.data.labels import Labels
from keras_nas.data.schema import Schema
from keras_nas.data.series import SeriesSchema
from keras_nas.data.trees import leaves, open_tree
from keras_nas.data.windows import Framing, Windows
from keras_nas.errors import StoreError
from keras_nas.files import read_json

Target = Literal["classification", "regression", "multilabel", "segmentation", "texts", "several"]
RECORD = "rows.json"
INPUTS = "inputs"
"""The folder of what a front made of x."""
PREPROCESSING = "preprocessing.json"
VERSION = 1


@dataclass(frozen=True)
class Rows:
    """All rows of the data as read-only memory-mapped arrays, and what is known about them.

    Args:
        directory: The folder that holds the files.
        x: Inputs as given, raw type and shape (rows, ...): one array, or several by name; of a series `Windows`.
        y: Classification: int32 class numbers of shape (rows,). Regression: float32 targets of
            shape (rows, outputs); of a series `Windows` of shape (rows, horizon, series). Several labels a row: uint8
            0 and 1 of shape (rows, classes). Masks: uint8 class numbers of shape (rows, height, width). Texts: their
            tokens, a `TextArray` of shape (rows, tokens).
        sample_weight: float32 weights of shape (rows,), or None.
        groups: int32 group numbers of shape (rows,), or None; -1 for the rows of validation_data.
        labels: The classes in the order of the model's outputs.
        record: Contents of the folder's record: target, fingerprint, dropped, given_validation.
    """

    directory: Path
    x: Any
    y: np.ndarray
    sample_weight: np.ndarray | None
    groups: np.ndarray | None
    labels: Labels
    record: dict[str, Any]

    @classmethod
    def load(cls, directory: str | Path) -> "Rows":
        """Open rows that `collect` has written.

        Raises:
            StoreError: The folder does not hold such rows, or they are damaged.
        """
        folder = Path(directory)
        try:
            record = json.loads((folder / RECORD).read_text(encoding="utf-8"))
            x, y = open_tree(folder, "x"), open_tree(folder, "y")
            weight, groups = _open_if_any(folder, "sample_weight"), _open_if_any(folder, "groups")
            labels = Labels(record["labels"]["kind"], tuple(record["labels"]["classes"]))
            rows = cls(folder, x, y, weight, groups, labels, record)
            lengths = {len(array) for array in (*leaves(x), y, weight, groups) if array is not None}
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"{folder} does not hold readable data of a search ({error}): give the directory of a search, "
                "or remove the folder and start again with the data."
            ) from error
        if lengths != {record["size"]}:
            raise StoreError(
                f"{folder} is damaged: its arrays have {sorted(lengths)} rows, its record says {record['size']:,}. "
                "Remove the folder and start again with the data."
            )
        return rows if rows.framing is None else rows._windowed(rows.framing)

    def _windowed(self, framing: Framing) -> "Rows":
        """The windows of the steps that these rows are."""
        given = int(self.record["given_validation"])
        starts = framing.starts([len(self.y) - given, given])
        y: Any = Windows(self.y, starts + framing.lookback, framing.horizon)
        return replace(self, x=Windows(self.x, starts, framing.lookback), y=y)

    def __len__(self) -> int:
        return len(self.y)

    @property
    def size(self) -> int:
        """The number of rows, those of validation_data included."""
        return len(self.y)

    @cached_property
    def inputs(self) -> Any:
        """What networks are trained on: what the front of the models made of x, where they have one; else x itself."""
        folder = self.directory / INPUTS
        return open_tree(folder, INPUTS) if folder.exists() else self.x

    @property
    def preprocessing(self) -> dict[str, Any] | None:
        """What the front does, as plain data; None where there is none, or no words for it."""
        told: dict[str, Any] | None = read_json(self.directory / PREPROCESSING)
        return told

    @property
    def schema(self) -> Schema | None:
        """The columns of a table."""
        columns = self.record.get("columns")
        return None if columns is None else Schema.from_json(columns)

    @property
    def series(self) -> SeriesSchema | None:
        """The columns of a series and its windows."""
        series = self.record.get("series")
        return None if series is None else SeriesSchema.from_json(series)

    @property
    def joint(self) -> JointSchema | None:
        """The inputs and targets, where they are several."""
        joint = self.record.get("joint")
        return None if joint is None else JointSchema.from_json(joint)

    @property
    def framing(self) -> Framing | None:
        """How windows of a series are rows; None where rows are not windows."""
        series = self.series
        return None if series is None else series.framing

    @property
    def target(self) -> Target:
        """What y is."""
        target: Target = self.record["target"]
        return target

    @property
    def given_validation(self) -> int:
        """How many of the last rows the user gave as validation_data."""
        given = int(self.record["given_validation"])
        return given if self.framing is None or not given else max(0, given - self.framing.span + 1)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the data as given, by which a resumed search recognises it."""
        return str(self.record["fingerprint"])

    @property
    def dropped(self) -> tuple[str, ...]:
        """A sentence for each row that was left out."""
        return tuple(self.record["dropped"])


def _open(folder: Path, name: str) -> np.ndarray:
    array: np.ndarray = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
    return array


def _open_if_any(folder: Path, name: str) -> np.ndarray | None:
    return _open(folder, name) if (folder / f"{name}.npy").exists() else None
