"""Class labels as the user gave them, and the class numbers that models are trained on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_nas.data.targets import compact, joined, typed
from keras_nas.errors import DataError

Label = str | int | bool


@dataclass(frozen=True)
class Labels:
    """The classes in the order of the model's outputs, and the way between them and the labels.

    Args:
        kind: How the labels came: "text", "integer", "boolean", "one_hot", or "number" for the
            targets of a regression, which have no classes.
        classes: The user's labels, sorted; position k is output k.

    Example:
        >>> labels = Labels("text", ("cat", "dog"))
        >>> labels.encode(["dog", "cat"]).tolist()
        [1, 0]
        >>> labels.decode(np.array([[0.9, 0.1], [0.2, 0.8]])).tolist()
        ['cat', 'dog']
    """

    kind: str
    classes: tuple[Label, ...] = ()

    def encode(self, y: Any, name: str = "y") -> np.ndarray:
        """Class numbers of labels in any form that the search accepts.

        Args:
            y: Labels of shape (rows,), or one-hot of shape (rows, classes).
            name: What the labels are called in an error message.

        Returns:
            int32 array of shape (rows,).

        Raises:
            DataError: A label is none of the classes.
        """
        return self.encode_compact([compact(np.asarray(y), name)], name)

    def encode_compact(self, parts: Sequence[tuple[np.ndarray, int]], name: str) -> np.ndarray:
        """Class numbers of labels in several parts, each what `compact` made of it."""
        values, width = joined(parts, name)
        if width:
            return self._positions(values, width, name)
        values = typed(values, name)[1]
        known = np.asarray(self.classes)
        comparable = (values.dtype.kind == "U") == (known.dtype.kind == "U")
        strange = ~np.isin(values, known) if comparable else np.ones(len(values), bool)
        if strange.any():
            raise DataError(
                f"{name}: the label {values[strange][0].item()!r} is unknown; expected one of "
                f"{_listed(self.classes)}. Remove such rows, or add rows with that label to the training data."
            )
        return np.searchsorted(known, values).astype(np.int32)

    def decode(self, scores: Any) -> np.ndarray:
        """The user's label of the largest score in each row; `scores` has the shape (rows, classes)."""
        labels: np.ndarray = np.asarray(self.classes)[np.asarray(scores).argmax(axis=-1)]
        return labels

    def _positions(self, values: np.ndarray, width: int, name: str) -> np.ndarray:
        if width != len(self.classes):
            raise DataError(
                f"{name}: one-hot labels with {width} columns; expected {len(self.classes)}, one for each of "
                f"{_listed(self.classes)}. Give the labels in the same form as in the training data."
            )
        return values.astype(np.int32)


def read_classes(parts: Sequence[tuple[np.ndarray, int]], name: str) -> tuple[Labels, np.ndarray]:
    """Find the classes of labels that came in several parts.

    Args:
        parts: What `compact` made of each part.
        name: What the data is called in an error message.

    Returns:
        The classes, and the class number of each row, int32.
    """
    values, width = joined(parts, name)
    if width:
        return Labels("one_hot", tuple(range(width))), values.astype(np.int32)
    kind, values = typed(values, name)
    classes, codes = np.unique(values, return_inverse=True)
    return Labels(kind, tuple(classes.tolist())), codes.astype(np.int32)


def _listed(classes: Iterable[Label]) -> str:
    names = [repr(label) for label in classes]
    return ", ".join(names[:10]) + (f" and {len(names) - 10:,} more" if len(names) > 10 else "")
