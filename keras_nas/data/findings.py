"""What is strange about a table: columns that tell the target, rows on both sides of the split."""

from typing import Any

import numpy as np

from keras_nas.data.rows import Rows
from keras_nas.data.schema import real
from keras_nas.data.split import Split
from keras_nas.data.trees import TextArray

TELLING = 0.99
"""Correlation from which a column is reported."""
BINS = 20
"""Ranges that numbers are put into."""
CLASSES = 50
"""Classes that are looked at."""


def leaks(rows: Rows, split: Split) -> list[str]:
    """A sentence for each column that tells the target almost alone.

    The correlation is the larger of Pearson's (numbers) and the correlation ratio: the share of the target's variance
    that lies between the column's values, or ranges of values, corrected for their number.

    Args:
        rows: A table.
        split: Whose training part is looked at.
    """
    y = _targets(rows, split)
    found = []
    for column in rows.schema.columns if rows.schema else ():
        correlation = _correlation(rows.x[column.key], split.train, y)
        if correlation >= TELLING:
            found.append(
                f"Warning: the column {column.name!r} tells the target, their correlation is {correlation:.3f}. "
                "Leave it out if it is not known when a prediction is made."
            )
    return found


def twins(rows: Rows, split: Split) -> list[str]:
    """A sentence where rows to choose by, or held out, equal rows to train on in all columns."""
    digests = _digests(rows.x)
    count = sum(int(np.isin(digests[part], digests[split.train]).sum()) for part in (split.validation, split.holdout))
    if not count:
        return []
    total = len(split.validation) + len(split.holdout)
    return [
        f"Warning: {count:,} of {total:,} rows that are not trained on equal one that is in every column, which "
        "flatters their scores. Remove duplicates with drop_duplicates(), or keep them together with groups=."
    ]


def _targets(rows: Rows, split: Split) -> np.ndarray:
    """Centred targets of the training part, (rows, outputs): classes one-hot."""
    y = np.asarray(rows.y[split.train])
    if rows.target == "classification":
        y = (y[:, None] == np.arange(min(CLASSES, len(rows.labels.classes)))).astype(np.float64)
    centred: np.ndarray = y - y.mean(axis=0, dtype=np.float64)
    return centred


def _correlation(array: Any, train: np.ndarray, y: np.ndarray) -> float:
    """The largest over the targets."""
    if isinstance(array, TextArray):
        return _ratio(np.unique(array.codes[train], return_inverse=True)[1], y)
    values = real(np.asarray(array[train]))
    missing = np.isnan(values)
    if missing.all():
        return 0.0
    edges = np.unique(np.nanquantile(values, np.linspace(0, 1, BINS + 1)[1:-1]))
    ranges = np.searchsorted(edges, values, "left") + np.searchsorted(edges, values, "right")  # ties have their own
    ranges[missing] = -1
    there = np.where(missing, np.nanmean(values), values)
    spread = np.sqrt(np.square(there - there.mean()).sum() * np.square(y).sum(axis=0))
    linear = np.abs((there - there.mean()) @ y) / np.where(spread > 0, spread, np.inf)
    return max(float(linear.max()), _ratio(np.unique(ranges, return_inverse=True)[1], y))


def _ratio(group: np.ndarray, y: np.ndarray) -> float:
    """The correlation ratio, corrected for the number of groups."""
    groups, rows = int(group.max()) + 1, len(group)
    if rows - groups < 2:
        return 0.0
    sums = np.stack([np.bincount(group, column, groups) for column in y.T], axis=1)
    between = (sums**2 / np.bincount(group, minlength=groups)[:, None]).sum(axis=0)
    total = np.square(y).sum(axis=0)
    within = np.where(total > 0, 1 - between / np.where(total > 0, total, 1), 1.0) * (rows - 1) / (rows - groups)
    return float(np.sqrt(np.clip(1 - within, 0, 1)).max())


def _digests(x: dict[str, Any]) -> np.ndarray:
    """A number for each row, equal for rows that are equal in all columns, uint64."""
    import pandas as pd

    columns = {name: array.codes if isinstance(array, TextArray) else array for name, array in x.items()}
    return np.asarray(pd.util.hash_pandas_object(pd.DataFrame(columns, copy=False), index=False))
