"""Several labels a row: any of some classes, or none of them."""

from collections.abc import Sequence

import numpy as np

from keras_nas.data.checks import kind_of
from keras_nas.data.labels import Labels
from keras_nas.errors import DataError

LEAST = 2
"""Rows that a label needs: one to train on, one to test on."""
FORMS = "0 and 1 for each class, shape (rows, classes), or a list of names for each row"


def read_label_sets(y: np.ndarray, name: str) -> np.ndarray:
    """Labels of a batch: a matrix of 0 and 1, or an array of objects, the names of each row.

    Args:
        y: Shape (rows, classes), or lists of names.
        name: What the data is called in messages.

    Returns:
        uint8 of shape (rows, classes), or tuples of names, shape (rows,).

    Raises:
        DataError: The labels have another form.
    """
    if y.dtype.kind in "UTSO":
        return _names(y, name)
    if y.ndim != 2 or y.dtype.kind not in "buif":
        raise DataError(
            f"{name}: y has the shape {y.shape} and holds {kind_of(y)}; expected {FORMS}. For one label a row choose "
            "the task 'image_classification'."
        )
    strange = y[(y != 0) & (y != 1)]
    if len(strange):
        raise DataError(
            f"{name}: y holds {strange[0]:.4g}; expected {FORMS}. For probabilities use (y > 0.5), for numbers a "
            "regression task."
        )
    return y.astype(np.uint8)


def read_label_classes(parts: Sequence[np.ndarray], name: str) -> tuple[Labels, np.ndarray]:
    """Find the classes of labels that came in several parts.

    Args:
        parts: What `read_label_sets` made of each part.
        name: What the data is called in messages.

    Returns:
        The classes, and which of them each row has, uint8 of shape (rows, classes).

    Raises:
        DataError: The forms differ, or a class cannot be learned.

    Example:
        >>> sets = read_label_sets(np.array([("cat", "dog"), ("dog",), ("cat",), ()], object), "data")
        >>> labels, y = read_label_classes([sets], "data")
        >>> labels.classes, y.tolist()
        (('cat', 'dog'), [[1, 1], [0, 1], [1, 0], [0, 0]])
    """
    if all(part.dtype.kind == "O" for part in parts):
        known = sorted({label for part in parts for row in part for label in row})
        labels = Labels("sets", tuple(known))
        found = encode_label_sets(parts, labels, name)
    else:
        _check_widths(parts, name)
        found = np.concatenate(parts)
        labels = Labels("sets", tuple(range(found.shape[1])))
    _check_learnable(found, labels, name)
    return labels, found


def encode_label_sets(parts: Sequence[np.ndarray], labels: Labels, name: str) -> np.ndarray:
    """Which of the classes each row has.

    Raises:
        DataError: A name is none of the classes, or the matrix has another width.
    """
    if any(part.dtype.kind != "O" for part in parts):
        _check_widths([np.zeros((0, len(labels.classes)), np.uint8), *parts], name)
        return np.concatenate(parts)
    place = {label: number for number, label in enumerate(labels.classes)}
    rows = [row for part in parts for row in part]
    strange = next((label for row in rows for label in row if label not in place), None)
    if strange is not None:
        raise DataError(
            f"{name}: the label {strange!r} is unknown; expected some of {', '.join(map(repr, labels.classes[:10]))}. "
            "Remove it, or add rows with that label to the training data."
        )
    found = np.zeros((len(rows), len(place)), np.uint8)
    for number, row in enumerate(rows):
        found[number, [place[label] for label in row]] = 1
    return found


def rarest(held: np.ndarray) -> np.ndarray:
    """The class of each row that fewest rows hold, and the number of classes for rows without any, shape (rows,).

    Args:
        held: Which classes each row holds, shape (rows, classes).

    Example:
        >>> rarest(np.array([[1, 1], [1, 0], [0, 0]]))
        array([1, 0, 2])
    """
    counts = np.where(held, held.sum(axis=0), len(held) + 1)
    return np.asarray(np.where(held.any(axis=1), counts.argmin(axis=1), held.shape[1]))


def _names(y: np.ndarray, name: str) -> np.ndarray:
    """Tuples of names."""
    rows = y.tolist()
    wrong = next((number for number, row in enumerate(rows) if not _are_names(row)), None)
    if wrong is not None:
        raise DataError(f"{name}: y is {rows[wrong]!r} in row {wrong:,}; expected {FORMS}, [] for a row without any.")
    sets = np.empty(len(rows), object)
    sets[:] = [tuple(sorted(set(row))) for row in rows]
    return sets


def _are_names(row: object) -> bool:
    return isinstance(row, list | tuple | set | frozenset) and all(isinstance(label, str) for label in row)


def _check_widths(parts: Sequence[np.ndarray], name: str) -> None:
    """Refuse rows of different classes."""
    widths = sorted({part.shape[1] if part.ndim == 2 else 0 for part in parts})
    if len(widths) > 1:
        raise DataError(
            f"{name}: labels change their width, {widths} classes (0: lists of names); expected one form and one "
            "width. Encode all rows alike."
        )


def _check_learnable(found: np.ndarray, labels: Labels, name: str) -> None:
    """Refuse classes that no rows have, or all."""
    counts = found.sum(axis=0, dtype=np.int64)
    for words, wrong in (("fewer than two rows have", counts < LEAST), ("all rows have", counts == len(found))):
        if wrong.any():
            listed = ", ".join(repr(labels.classes[number]) for number in np.flatnonzero(wrong)[:5])
            raise DataError(
                f"{name}: {int(wrong.sum()):,} of {len(counts):,} classes cannot be learned, {words} them: {listed}; "
                "expected rows with and without each. Add rows, or remove these classes."
            )
