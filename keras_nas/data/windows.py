"""Windows of a series: rows that are read from it when they are needed, never copied out."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Framing:
    """How a series becomes rows: some steps in, the steps behind them out.

    Args:
        horizon: Steps to forecast.
        lookback: Steps before them that a model sees.
        season: Steps after which the series repeats itself; None where that is to be found out.
        time: The name of the column that holds the times; None for the index, or the first column of dates.
    """

    horizon: int
    lookback: int
    season: int | None = None
    time: str | None = None

    @property
    def span(self) -> int:
        """Steps of a row, those to forecast included."""
        return self.lookback + self.horizon

    def starts(self, pieces: Sequence[int]) -> np.ndarray:
        """The first step of every row; none reaches from one piece into the next.

        Args:
            pieces: Steps of each piece of the series, in order.

        Example:
            >>> Framing(horizon=1, lookback=3).starts([5, 4])
            array([0, 1, 5])
        """
        begin = np.cumsum([0, *pieces])
        rows = [first + np.arange(max(0, size - self.span + 1)) for first, size in zip(begin, pieces, strict=False)]
        return np.concatenate(rows)

    def as_json(self) -> dict[str, Any]:
        """The framing as plain data."""
        return asdict(self)


@dataclass(frozen=True)
class Windows:
    """An array of shape (rows, steps, columns) whose rows overlap in one series; an index reads what it asks for.

    Args:
        series: Shape (all steps, columns).
        starts: The first step of each row, int64 of shape (rows,).
        steps: Of a row.

    Example:
        >>> Windows(np.arange(5)[:, None], np.arange(3), 2)[1:, :, 0].tolist()
        [[1, 2], [2, 3]]
    """

    series: np.ndarray
    starts: np.ndarray
    steps: int

    def __len__(self) -> int:
        return len(self.starts)

    def __getitem__(self, index: Any) -> np.ndarray:
        rows, *rest = index if isinstance(index, tuple) else (index,)
        first = np.asarray(self.starts[rows])
        found: np.ndarray = np.asarray(self.series[first[..., None] + np.arange(self.steps)])
        return found[(*[slice(None)] * first.ndim, *rest)]

    @property
    def shape(self) -> tuple[int, ...]:
        """(rows, steps, columns)."""
        return (len(self), self.steps, *self.series.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        """That of the series."""
        return self.series.dtype
