"""Labels and targets as they come: their forms recognised, or refused with what to do."""

from collections.abc import Sequence

import numpy as np

from keras_nas.data.batch import decoded
from keras_nas.data.checks import check_finite, kind_of
from keras_nas.errors import DataError


def compact(y: np.ndarray, name: str) -> tuple[np.ndarray, int]:
    """Reduce labels to one value a row.

    Args:
        y: Labels of shape (rows,) or (rows, 1), or one-hot of shape (rows, classes).
        name: What the data is called in an error message.

    Returns:
        The labels, or for one-hot the positions of the ones, shape (rows,); and the number of
        one-hot columns, 0 for plain labels.

    Raises:
        DataError: The labels have another form.
    """
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.ndim == 1:
        return y, 0
    if y.ndim != 2 or y.dtype.kind not in "buif":
        raise DataError(
            f"{name}: y has the shape {y.shape} and holds {kind_of(y)}; expected one label for each row, shape "
            "(rows,), or one-hot labels, shape (rows, classes)."
        )
    ones = (y == 1).sum(axis=1) == 1
    rows = ones & ((y == 0).sum(axis=1) == y.shape[1] - 1)
    if not rows.all():
        wrong = int((~rows).argmax())
        raise DataError(
            f"{name}: y has the shape {y.shape} but is not one-hot, first {y[wrong].tolist()}; expected a single "
            "1 in each row. Give one label for each row instead, shape (rows,). For several labels a row choose "
            "'image_multilabel_classification'."
        )
    return y.argmax(axis=1), y.shape[1]


def read_targets(y: np.ndarray, name: str, first_row: int = 0) -> np.ndarray:
    """The targets of a regression as float32 of shape (rows, outputs).

    Raises:
        DataError: The targets are not finite numbers, or have more than two axes.
    """
    if y.ndim not in (1, 2) or y.dtype.kind not in "buif":
        raise DataError(
            f"{name}: y has the shape {y.shape} and holds {kind_of(y)}; expected numbers to predict, shape (rows,) "
            "or (rows, outputs). Choose a classification task if y holds classes; convert numbers that came as text "
            "with pandas.to_numeric."
        )
    with np.errstate(over="ignore"):
        targets = (y if y.ndim == 2 else y[:, None]).astype(np.float32)
    check_finite(name, "y", targets, first_row)
    return targets


def joined(parts: Sequence[tuple[np.ndarray, int]], name: str) -> tuple[np.ndarray, int]:
    """The labels of all parts, and the number of one-hot columns, 0 for plain labels."""
    widths = sorted({width for _, width in parts})
    if len(widths) > 1:
        raise DataError(
            f"{name}: one-hot labels change their width, {widths} columns (0: plain labels); expected one width. "
            "Encode all rows alike."
        )
    values = [value for value, _ in parts]
    kinds = {value.dtype.kind for value in values}
    if len(kinds) > 1 and not kinds <= set("biuf"):
        values = [value.astype(object) for value in values]
    return np.concatenate(values), widths[0]


def typed(values: np.ndarray, name: str) -> tuple[str, np.ndarray]:
    """The kind of labels ("text", "integer", "boolean"), and the labels in an array of that kind."""
    if values.dtype.kind == "O":
        values = _unboxed(values, name)
    kind = values.dtype.kind
    if kind == "S":
        return "text", np.array(decoded(values, f"{name}: y"))
    if kind in "UT":
        return "text", values.astype(str)
    if kind == "b":
        return "boolean", values
    if kind in "iu":
        return "integer", values
    check_finite(name, "y", values)
    if kind != "f" or (values != np.floor(values)).any():
        example = values[values != np.floor(values)][0] if kind == "f" else values[0]
        raise DataError(
            f"{name}: y holds {kind_of(values)}, {example} for example; expected classes as integers, text, booleans "
            "or one-hot. Choose a regression task if y is a quantity."
        )
    return "integer", values.astype(np.int64)


def _unboxed(values: np.ndarray, name: str) -> np.ndarray:
    """An array of Python objects as one of text, booleans or numbers."""
    import pandas as pd

    missing = np.asarray(pd.isna(values))
    if missing.any():
        raise DataError(
            f"{name}: y has no label in {missing.sum():,} rows, first in row {int(missing.argmax()):,}; expected a "
            "label in each. Remove these rows."
        )
    plain = decoded(values, f"{name}: y")
    for types in ((str,), (bool, np.bool_), (int, np.integer), (int, float, np.number)):
        if all(isinstance(value, types) for value in plain):
            return np.array(plain)
    found = sorted({type(value).__name__ for value in plain})
    raise DataError(
        f"{name}: y mixes labels of the types {', '.join(found)}; expected one kind: integers, text or booleans. "
        "Convert them, with str for example."
    )
