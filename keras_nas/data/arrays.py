"""Arrays in memory as a source of rows."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from keras_nas.data.batch import Batch, digest

BATCH_BYTES = 16 << 20  # how much of an array is read at once
SAMPLED_ROWS = 256  # rows of x that enter a fingerprint


@dataclass
class Arrays:
    """Arrays in memory (or memory-mapped): x, y and optional sample weights of equal length."""

    name: str
    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray | None = None
    dropped: list[str] = field(default_factory=list)

    @property
    def given(self) -> int:
        """The number of rows."""
        return len(self.x)

    def identity(self) -> str:
        """A digest of shapes, types, all labels and weights, and of 256 rows of x spread over all."""
        sampled = np.linspace(0, len(self.x) - 1, min(len(self.x), SAMPLED_ROWS)).astype(int)
        columns = (self.x[sampled], self.y, self.weight)
        return digest("arrays", self.x.shape, *columns)

    def batches(self) -> Iterator[Batch]:
        """The arrays in slices of 16 MiB."""
        step = max(1, BATCH_BYTES // max(1, self.x[:1].nbytes))
        for start in range(0, len(self.x), step):
            rows = np.arange(start, min(start + step, len(self.x)))
            part = slice(start, start + step)
            yield Batch(self.x[part], self.y[part], None if self.weight is None else self.weight[part], rows)
