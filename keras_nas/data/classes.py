"""How the rows are spread over the classes: counts, balanced weights, and classes too small to use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from keras_nas.data.labels import Labels
from keras_nas.errors import DataError

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


def class_summary(codes: np.ndarray, labels: Labels) -> ClassSummary:
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


def check_classes(name: str, codes: np.ndarray, labels: Labels) -> None:
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


def _numbers_hint(rare: Sequence[object], counts: Mapping[object, int]) -> str:
    numeric = not isinstance(rare[0], (str, bool))
    if numeric and len(rare) > len(counts) / 2:
        return " If y is a quantity, not a class, choose a regression task."
    return ""
