"""Whether what is to be predicted are classes or quantities: the rules by which `search("auto", ...)` tells them."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from keras_nas.data.batch import as_array, decoded
from keras_nas.data.checks import kind_of
from keras_nas.data.images import SUFFIXES

CLASSES = 20
"""Different whole numbers up to which they are classes, where each is there often."""
OFTEN = 5
"""Rows a value on average from which a value is there often."""
QUANTITIES = 1_000
"""Different whole numbers beyond which they are quantities, however many rows there are."""
SENTENCE = 5
"""Words a text on average from which texts are sentences rather than names of classes."""

Kind = Literal["classes", "numbers", "either", "labels", "texts", "arrays", "several", "unknown"]


@dataclass(frozen=True)
class Answer:
    """What is to be predicted.

    Args:
        kind: "classes"; "numbers", quantities; "either" where nothing tells which of these two; "labels", several
            classes a row; "texts"; "arrays", one of two axes or more a row; "several", a dict or columns of different
            kinds; "unknown".
        reason: by which it was told, in words that go on from "to predict are".
        shape: of y, the row axis included.
    """

    kind: Kind
    reason: str
    shape: tuple[int, ...] = ()


def answer_of(y: Any) -> Answer:
    """What a target is.

    Text and booleans are classes; numbers with fractions are quantities. Whole numbers are classes where there are two
    of them, or at most 20 and each in 5 rows or more on average; quantities where there are more than 1,000, or more
    than 20 and each in fewer than 5 rows. All others can be either; so can whole numbers of 3 to 20 values that come as
    real numbers, while more than 20 of these are quantities. Several columns of 0 and 1 are one-hot classes where each
    row has a single 1, and several labels a row where not; other columns of numbers are as many quantities.

    Args:
        y: one column or several, as a user gives them.

    Example:
        >>> answer_of([0, 1, 2] * 20)
        Answer(kind='classes', reason='3 different whole numbers, each in 20 rows on average', shape=(60,))
        >>> answer_of([0.5, 1.0, 1.5, 2.0]).kind, answer_of(list(range(50))).kind, answer_of([1.0, 2.0, 3.0] * 9).kind
        ('numbers', 'numbers', 'either')
        >>> answer_of([[0, 1], [1, 0]]).kind, answer_of([[0, 1], [1, 1]]).kind, answer_of([[0.2, 3], [1, 0]]).kind
        ('classes', 'labels', 'numbers')
    """
    import pandas as pd

    if isinstance(y, Mapping):
        return Answer("several", f"{len(y)} targets by name, {', '.join(map(str, y))}")
    if isinstance(y, pd.DataFrame) and not all(pd.api.types.is_numeric_dtype(dtype) for dtype in y.dtypes):
        return (
            answer_of(y.iloc[:, 0]) if y.shape[1] == 1 else Answer("several", f"{y.shape[1]} columns, not all numbers")
        )
    if isinstance(getattr(y, "dtype", None), pd.CategoricalDtype):
        return Answer("classes", f"{len(y.dtype.categories):,} categories", (len(y),))
    array = as_array(y, "data: y")
    if not array.ndim:
        return Answer("unknown", f"{y!r} alone, without rows")
    if array.dtype.kind == "O" and len(array) and all(isinstance(row, tuple | list | set | frozenset) for row in array):
        return Answer("labels", "a list of names for each row", array.shape)
    if array.ndim == 2 and array.shape[1] == 1:
        array = array[:, 0]
    if array.ndim == 1:
        return _column(_plain(array))
    if array.ndim == 2 and array.dtype.kind in "buif":
        return _columns(array)
    return Answer("arrays" if array.ndim > 2 else "unknown", f"{array.shape} {kind_of(array)}", array.shape)


def _plain(array: np.ndarray) -> np.ndarray:
    """One column of text as objects, of other objects as booleans or numbers, where all are, without those missing."""
    import pandas as pd

    if array.dtype.kind not in "OUST":
        return array
    found = pd.Series(array.astype(object)).dropna().infer_objects()
    if not pd.api.types.is_string_dtype(found.dtype):
        return found.to_numpy()
    return np.array([str(value) for value in decoded(found, "data: y")], object)


def _column(y: np.ndarray) -> Answer:
    """One value a row."""
    if y.dtype.kind == "O" and len(y):
        return _texts(y)
    if y.dtype.kind == "b":
        return Answer("classes", "booleans", y.shape)
    if y.dtype.kind not in "uif" or not len(y):
        return Answer("unknown", kind_of(y), y.shape)
    there = y[np.isfinite(y)] if y.dtype.kind == "f" else y
    if (there != np.floor(there)).any():
        return Answer("numbers", "numbers with fractions", y.shape)
    values = len(np.unique(there))
    real = ", given as real numbers" if y.dtype.kind == "f" else ""
    reason = f"{values:,} different whole numbers{real}, each in {len(y) / max(1, values):.3g} rows on average"
    return Answer(_whole(values, len(y), bool(real)), reason, y.shape)


def _whole(values: int, rows: int, real: bool) -> Kind:
    """What so many different whole numbers in so many rows are."""
    if values <= 2:
        return "classes"
    often = rows >= OFTEN * values
    if values <= CLASSES:
        return "classes" if often and not real else "either"
    return "numbers" if real or not often or values > QUANTITIES else "either"


def _texts(y: np.ndarray) -> Answer:
    """Names of classes, sentences, or files of masks."""
    distinct = sorted(set(y))
    if all(Path(value).suffix.lower() in SUFFIXES for value in distinct[:OFTEN]):
        return Answer("arrays", "files of images", y.shape)
    words = sum(len(value.split()) for value in distinct) / len(distinct)
    if words >= SENTENCE and len(distinct) > len(y) / 2:
        return Answer("texts", f"texts of {words:.0f} words on average", y.shape)
    return Answer("classes", f"{len(distinct):,} different texts", y.shape)


def _columns(y: np.ndarray) -> Answer:
    """Several numbers a row."""
    if ((y == 0) | (y == 1)).all():
        ones = y.sum(axis=1)
        if (ones == 1).all():
            return Answer("classes", f"one-hot, a single 1 in each row of {y.shape[1]} columns", y.shape)
        return Answer(
            "labels", f"{y.shape[1]} columns of 0 and 1, with {ones.mean():.2g} ones a row on average", y.shape
        )
    return Answer("numbers", f"{y.shape[1]} numbers a row", y.shape)
