"""Checks of the data as given: each message says what came, what was expected, what to do."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from keras_nas.errors import DataError

if TYPE_CHECKING:
    from keras_nas.data.labels import Labels

AXES = {
    2: "(rows, features)",
    3: "(rows, height, width)",
    4: "(rows, height, width, channels)",
    5: "(rows, depth, height, width, channels)",
}
MINIMUM_CLASS_ROWS = 2


@dataclass(frozen=True)
class ClassSummary:
    """How many rows each class has.

    Args:
        counts: Rows of each class, by the user's label, in the order of the model's outputs.

    Example:
        >>> print(ClassSummary({"cat": 90, "dog": 10}))
        2 classes, 10 to 90 rows each (imbalance 9.0 : 1)
    """

    counts: Mapping[object, int]

    @property
    def ratio(self) -> float:
        """Rows of the largest class over rows of the smallest; infinite when one has none."""
        smallest, largest = min(self.counts.values()), max(self.counts.values())
        return largest / smallest if smallest else float("inf")

    def __str__(self) -> str:
        smallest, largest = min(self.counts.values()), max(self.counts.values())
        if smallest == largest:
            return f"{len(self.counts)} classes, {largest:,} rows each"
        imbalance = f"imbalance {self.ratio:,.1f} : 1"
        return f"{len(self.counts)} classes, {smallest:,} to {largest:,} rows each ({imbalance})"


def class_summary(codes: np.ndarray, labels: "Labels") -> ClassSummary:
    """Count the rows of each class.

    Args:
        codes: Class numbers, shape (rows,), as in `Rows.y`.
        labels: `Rows.labels`.
    """
    counts = np.bincount(codes, minlength=len(labels.classes))
    return ClassSummary(dict(zip(labels.classes, counts.tolist(), strict=True)))


def class_weights(codes: np.ndarray, classes: int) -> np.ndarray:
    """Balanced class weights: rows / (classes * rows of the class), so that the mean over rows is 1.

    Args:
        codes: Class numbers of the training rows, shape (rows,).
        classes: The number of classes.

    Returns:
        float32 array of shape (classes,); 0 for a class without rows.

    Example:
        >>> class_weights(np.array([0, 0, 0, 1]), 2).round(3).tolist()
        [0.6669999957084656, 2.0]
    """
    counts = np.bincount(codes, minlength=classes)
    present = np.count_nonzero(counts)
    weights = np.divide(len(codes), present * counts, out=np.zeros(classes), where=counts > 0)
    return np.asarray(weights, np.float32)


def check_lengths(name: str, lengths: Mapping[str, int]) -> None:
    """Refuse columns of different length, given as {"x": rows, "y": rows, ...}."""
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{column} has {rows:,} rows" for column, rows in lengths.items())
        raise DataError(
            f"{name}: {listed}; expected the same number in each. "
            "Check that all were filtered and shuffled alike."
        )


def check_rank(name: str, shape: Sequence[int], ranks: Sequence[int]) -> None:
    """Refuse an x whose number of axes is none of `ranks`, or that has an axis of length 0."""
    expected = " or ".join(AXES.get(rank, f"{rank} axes") for rank in ranks)
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


def check_classes(name: str, codes: np.ndarray, labels: "Labels") -> None:
    """Refuse a single class, and classes with fewer than two rows."""
    counts = class_summary(codes, labels).counts
    if len(counts) < 2:
        raise DataError(
            f"{name}: every row has the same label, {labels.classes[0]!r}; expected at least two classes. "
            "Check how the labels were made."
        )
    rare = [label for label, rows in counts.items() if rows < MINIMUM_CLASS_ROWS]
    if rare:
        shown = ", ".join(f"{label!r} ({counts[label]})" for label in rare[:5])
        more = f" and {len(rare) - 5:,} more" if len(rare) > 5 else ""
        raise DataError(
            f"{name}: {len(rare):,} of {len(counts):,} classes have fewer than two rows: {shown}{more}; expected "
            "at least two each, one to train on and one to test on. Add rows, or merge or remove these classes."
            f"{_numbers_hint(rare, counts)}"
        )


def check_targets(name: str, targets: np.ndarray) -> None:
    """Refuse regression targets that never change; `targets` has the shape (rows, outputs)."""
    constant = np.flatnonzero(targets.min(axis=0) == targets.max(axis=0))
    if len(constant):
        raise DataError(
            f"{name}: y is {targets[0, constant[0]]:g} in every row (output {constant[0]}); expected targets "
            "that vary. Check how y was made, or remove that output."
        )


def kind_of(array: np.ndarray) -> str:
    """What an array holds, in words."""
    words = {"b": "booleans", "u": "integers", "i": "integers", "f": "real numbers", "c": "complex numbers"}
    words |= {"U": "text", "S": "text", "T": "text", "M": "dates", "m": "time spans", "V": "records"}
    return words.get(array.dtype.kind, "objects of mixed kind or length")


def _numbers_hint(rare: Sequence[object], counts: Mapping[object, int]) -> str:
    numeric = not isinstance(rare[0], (str, bool))
    if numeric and len(rare) > len(counts) / 2:
        return " If y is a quantity, not a class, choose a regression task."
    return ""
