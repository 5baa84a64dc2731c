"""The front of a table's model: raw columns to numbers and codes, by Keras' own layers and operations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_nas.artefact.portable import FRONT
from keras_nas.data.schema import MISSING
from keras_nas.tasks.preprocessing import UNKNOWN, Category, Number, Preprocessing, part_of

NUMBERS, CATEGORIES = "numbers", "categories"
OTHER = MISSING + 1
"""The whole number by which Keras calls what a vocabulary does not have."""


def front(preprocessing: Preprocessing) -> Any:
    """A Keras model from raw columns, arrays (rows,) by their keys, to the network's inputs.

    Args:
        preprocessing: what was learned of the training part.

    Returns:
        A functional model whose outputs are `numbers` float32 (rows, k) and `categories` int32 (rows, c), each where
        there are any.
    """
    import keras

    x = {column.key: keras.Input((), dtype=column.dtype, name=column.key) for column in preprocessing.columns}
    outputs = {}
    if preprocessing.numbers:
        outputs[NUMBERS] = _numbers(preprocessing.numbers, x)
    if preprocessing.categories:
        outputs[CATEGORIES] = _categories(preprocessing.categories, x)
    return keras.Model(x, outputs, name=FRONT)


def _numbers(numbers: Sequence[Number], x: dict[str, Any]) -> Any:
    """All piecewise linear maps at once: the sum of the rises of the pieces, each as far as it is passed."""
    from keras import ops

    real = {key: _real(x[key]) for key in dict.fromkeys(number.column for number in numbers)}
    parts = [ops.cast(part_of(number.part, real[number.column], ops), "float64") for number in numbers]
    raw = ops.stack(parts, axis=1)
    missing = ops.isnan(raw)
    start, rate, rise = _pieces(numbers)
    base = np.array([number.heights[0] for number in numbers])
    there = ops.where(missing, start[:, 0], raw)
    passed = ops.clip((ops.expand_dims(there, -1) - start) * rate, 0.0, 1.0)
    values = ops.sum(passed * rise, axis=-1) + base
    return ops.cast(ops.where(missing, np.zeros(len(numbers)), values), "float32")


def _real(column: Any) -> Any:
    """A raw column as float64, NaN where missing."""
    from keras import ops

    if column.dtype == "float64":
        return column
    return ops.where(ops.equal(column, MISSING), float("nan"), ops.cast(column, "float64"))


def _pieces(numbers: Sequence[Number]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Start, 1 / width and rise of each piece, (numbers, pieces); what a map lacks are pieces without a rise."""
    most = max(1, *(len(number.knots) - 1 for number in numbers))
    start, rate, rise = np.zeros((3, len(numbers), most))
    for row, number in enumerate(numbers):
        knots, heights = np.array(number.knots), np.array(number.heights)
        pieces = len(knots) - 1
        start[row], rate[row, :pieces] = knots[-1], 1 / np.diff(knots)
        start[row, :pieces], rise[row, :pieces] = knots[:-1], np.diff(heights)
    return start, rate, rise


def _categories(categories: Sequence[Category], x: dict[str, Any]) -> Any:
    """The codes of all categories, those of each behind those of the one before."""
    from keras import ops

    codes, offset = [], 0
    for category in categories:
        codes.append(ops.cast(_code(category, x[category.column]), "int32") + offset)
        offset += category.codes
    return ops.stack(codes, axis=1)


def _code(category: Category, column: Any) -> Any:
    from keras import layers

    if column.dtype == "string":
        return layers.StringLookup(vocabulary=["", *category.values], oov_token=UNKNOWN)(column)
    return layers.IntegerLookup(vocabulary=[MISSING, *category.values], oov_token=OTHER)(column)
