"""Read a source batch by batch: x goes to its file at once, the rest is kept in memory."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.data import checks
from keras_nas.data.batch import Batch, Source
from keras_nas.data.files import require_space
from keras_nas.data.images import ImageFiles
from keras_nas.data.trees import TreeWriter, row_bytes
from keras_nas.errors import DataError

Read = Callable[[Batch, str], tuple[Any, int]]
"""From a batch and the name of the data to what is kept of its targets, and the columns of one-hot labels, else 0."""


@dataclass(frozen=True)
class Part:
    """What was kept in memory of one source: everything but x."""

    name: str
    y: list[tuple[np.ndarray, int]]
    weight: np.ndarray | None
    rows: np.ndarray
    given: int

    @property
    def targets(self) -> np.ndarray:
        """The targets of all batches."""
        return np.concatenate([values for values, _ in self.y])


class Inputs:
    """x while it is being written: rows of one shape and one type, all finite; columns as a schema has read them."""

    def __init__(self, folder: Path, targets: Read, ranks: Collection[int]) -> None:
        self.folder = folder
        self.targets = targets
        self.ranks = ranks
        self.first: np.ndarray | None = None

    def read(self, source: Source, writer: TreeWriter) -> Part:
        """Write all batches of x, and return the rest."""
        if isinstance(source, ImageFiles) and source.image_size is None and self.first is not None:
            source.image_size = self.first.shape[1:3]
        y, weights, rows = [], [], []
        for batch in source.batches():
            writer.append(self._checked(source.name, batch))
            self._require_space(source, batch)
            y.append(self.targets(batch, source.name))
            weights.append(batch.weight)
            rows.append(batch.rows)
        checks.check_not_empty(source.name, sum(map(len, rows)))
        given = source.given if source.given is not None else int(rows[-1][-1]) + 1
        return Part(source.name, y, _joined(source.name, weights), np.concatenate(rows), given)

    def _checked(self, name: str, batch: Batch) -> Any:
        if isinstance(batch.x, dict):
            return batch.x
        checks.check_numbers(name, batch.x)
        if self.first is None:
            checks.check_rank(name, batch.x.shape, self.ranks)
            self.first = batch.x[:1]
        checks.check_same_rows(name, batch.x.shape, self.first.shape)
        if not np.can_cast(batch.x.dtype, self.first.dtype, "same_kind"):
            raise DataError(
                f"{name}: x changes its type, {self.first.dtype} first and {batch.x.dtype} later; expected one type. "
                "Convert all of it to one type and one scale."
            )
        checks.check_finite(name, "x", batch.x, int(batch.rows[0]) if len(batch.rows) else 0)
        return batch.x.astype(self.first.dtype, copy=False)

    def _require_space(self, source: Source, batch: Batch) -> None:
        left = len(batch.rows) if source.given is None else source.given - int(batch.rows[-1]) - 1
        require_space(self.folder, left * row_bytes(batch.x))


def _joined(name: str, weights: list[np.ndarray | None]) -> np.ndarray | None:
    present = [weight for weight in weights if weight is not None]
    if present and len(present) < len(weights):
        raise DataError(f"{name}: only some batches have a sample_weight; expected all or none. Give 1 for the rest.")
    return np.concatenate(present) if present else None
