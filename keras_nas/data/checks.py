"""Checks of the data as given: each message says what came, what was expected, what to do."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

import numpy as np

from keras_nas.errors import DataError

AXES = {
    2: "(rows, features)",
    3: "(rows, height, width)",
    4: "(rows, height, width, channels)",
    5: "(rows, depth, height, width, channels)",
}

MAP = 64
"""Outputs from which on they are taken for the places of a map."""


def check_lengths(name: str, lengths: Mapping[str, int]) -> None:
    """Refuse columns of different length, given as {"x": rows, "y": rows, ...}."""
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{column} has {rows:,} rows" for column, rows in lengths.items())
        raise DataError(
            f"{name}: {listed}; expected the same number in each. Check that all were filtered and shuffled alike."
        )


def check_names(name: str, columns: Iterable[object]) -> None:
    """Refuse a table two columns of which have one name; 1 and "1" are one."""
    twice = [column for column, count in Counter(map(str, columns)).items() if count > 1]
    if twice:
        raise DataError(f"{name}: two columns are called {twice[0]!r}; expected different names. Rename one of them.")


def check_rank(name: str, shape: Sequence[int], ranks: Collection[int]) -> None:
    """Refuse an x whose number of axes is none of `ranks`, or that has an axis of length 0.

    A mapping as `ranks` tells what the axes are called, those of images are known.
    """
    axes = ranks if isinstance(ranks, Mapping) else AXES
    expected = " or ".join(axes.get(rank, f"{rank} axes") for rank in ranks)
    if len(shape) not in ranks:
        raise DataError(
            f"{name}: x has the shape {tuple(shape)}, {len(shape)} axes; expected {expected}. "
            "Reshape x, or choose the task that fits this data."
        )
    if 0 in shape[1:]:
        raise DataError(
            f"{name}: x has the shape {tuple(shape)}, rows without content; expected {expected}, "
            "each axis at least 1 long. Check how x was made."
        )


def check_numbers(name: str, x: np.ndarray) -> None:
    """Refuse an x that does not hold numbers."""
    if x.dtype.kind not in "buif":
        raise DataError(
            f"{name}: x holds {kind_of(x)}; expected numbers in rows of one common shape. "
            "Convert x to a numeric array (images to the same size) first."
        )


def check_finite(name: str, column: str, values: np.ndarray, first_row: int = 0) -> None:
    """Refuse NaN and infinity; `first_row` is the number of the first row of `values` in the data."""
    if values.dtype.kind != "f" or np.isfinite(values).all():
        return
    wrong = ~np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    raise DataError(
        f"{name}: {column} holds NaN or infinity, first in row {first_row + int(wrong.argmax()):,}; "
        f"expected finite numbers. Remove such rows or fill the gaps, with np.nan_to_num for example."
    )


def check_same_rows(name: str, shape: Sequence[int], first: Sequence[int]) -> None:
    """Refuse a batch whose rows have another shape than those of the first batch."""
    if tuple(shape[1:]) != tuple(first[1:]):
        raise DataError(
            f"{name}: x changes its shape, rows of {tuple(first[1:])} first and of {tuple(shape[1:])} later; "
            "expected one common shape. Resize or pad the rows."
        )


def check_not_empty(name: str, rows: int) -> None:
    """Refuse data without a row."""
    if rows == 0:
        raise DataError(f"{name} is empty: expected at least a few rows for each class. Check how it was made.")


def check_weights(name: str, weights: np.ndarray) -> None:
    """Refuse sample weights that are not one finite number of at least 0 for each row."""
    if weights.ndim != 1 or weights.dtype.kind not in "buif":
        raise DataError(
            f"{name}: sample_weight has the shape {weights.shape} and holds {kind_of(weights)}; "
            "expected one number for each row, shape (rows,)."
        )
    check_finite(name, "sample_weight", weights)
    if (weights < 0).any() or not weights.any():
        raise DataError(
            f"{name}: sample_weight goes from {weights.min()} to {weights.max()}; expected numbers of at "
            "least 0, not all 0. Give the rows to be left out the weight 0, or remove them."
        )


def check_targets(name: str, targets: np.ndarray) -> None:
    """Refuse regression targets that never change; `targets` has the shape (rows, outputs).

    Of a map, which has many outputs, some places may be the same in all rows.
    """
    constant = np.flatnonzero(targets.min(axis=0) == targets.max(axis=0))
    if len(constant) and (targets.shape[1] < MAP or len(constant) == targets.shape[1]):
        raise DataError(
            f"{name}: y is {targets[0, constant[0]]:g} in every row (output {constant[0]}); expected targets "
            "that vary. Check how y was made, or remove that output."
        )


def kind_of(array: np.ndarray) -> str:
    """What an array holds, in words."""
    words = {"b": "booleans", "u": "integers", "i": "integers", "f": "real numbers", "c": "complex numbers"}
    words |= {"U": "text", "S": "text", "T": "text", "M": "dates", "m": "time spans", "V": "records"}
    if array.dtype.kind == "O" and array.size and all(isinstance(value, str) for value in array.ravel()):
        return "text"
    return words.get(array.dtype.kind, "objects of mixed kind or length")
