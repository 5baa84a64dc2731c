"""Rows for a model by its inputs' names, its outputs on them, and how far two sets of outputs are apart."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from keras_nas.artefact.alone import call_model, in_chunks, named_outputs
from keras_nas.errors import InvalidArgument

Arrays: TypeAlias = dict[str, np.ndarray]


def named_rows(model: Any, rows: Any) -> Arrays:
    """Rows as one array an input, in the input's own type.

    Args:
        model: A functional or sequential Keras model.
        rows: An array, shape (rows, ...), for one input; else a list or dict of them like the model's inputs.

    Raises:
        InvalidArgument: The rows do not fit the inputs.
    """
    import keras

    inputs = getattr(model, "inputs", None)
    if not inputs:
        raise InvalidArgument(
            f"The model {model.name!r} has no known inputs: only a functional or sequential model can be exported."
        )
    names = [tensor.name for tensor in inputs]
    if len(inputs) == 1 and not isinstance(rows, dict):
        values = [rows]
    elif isinstance(rows, dict) and set(rows) == set(names):
        values = [rows[name] for name in names]
    else:
        values = keras.tree.flatten(rows)
        if isinstance(rows, dict) and len(values) == len(inputs) > 1:
            raise InvalidArgument(
                f"The rows are called {', '.join(map(str, rows))}: expected {', '.join(names)}, as the model's inputs."
            )
    if len(values) != len(inputs):
        raise InvalidArgument(
            f"The model has {len(inputs)} inputs ({', '.join(names)}), the rows {len(values)} arrays."
        )
    arrays = {tensor.name: _fitted(tensor, value) for tensor, value in zip(inputs, values, strict=True)}
    if len({len(array) for array in arrays.values()}) > 1 or not count(arrays):
        raise InvalidArgument("The rows must be as many for each input, and one at least.")
    return arrays


def _fitted(tensor: Any, value: Any) -> np.ndarray:
    """One input's rows in its type, checked against its shape."""
    array = np.asarray(value)
    if tensor.dtype == "string":
        return array.astype(str)
    wanted = tuple(tensor.shape[1:])
    fits = array.ndim == len(wanted) + 1 and all(w in (None, n) for w, n in zip(wanted, array.shape[1:], strict=True))
    if not fits:
        raise InvalidArgument(
            f"The rows for input {tensor.name!r} have shape {array.shape}: "
            f"expected (rows, {', '.join(map(str, wanted))})."
        )
    if not np.can_cast(array.dtype, tensor.dtype, "same_kind"):
        raise InvalidArgument(
            f"The rows for input {tensor.name!r} are {array.dtype}, the model takes {tensor.dtype}: convert them first."
        )
    return array.astype(tensor.dtype)


def count(arrays: Mapping[str, np.ndarray]) -> int:
    """How many rows the arrays hold."""
    return len(next(iter(arrays.values())))


def outputs_of(model: Any, rows: Arrays) -> Arrays:
    """The outputs of a model in memory, by the names that a serving signature gives them; rows in the inputs' order."""
    import keras

    def call(part: Arrays) -> Arrays:
        return named_outputs(call_model(model, [keras.ops.convert_to_tensor(values) for values in part.values()]))

    return in_chunks(call, rows)


@dataclass(frozen=True)
class Comparison:
    """How far a stored model's outputs are from those of the model in memory.

    Args:
        max_abs_difference: The largest difference over all outputs; infinite when names or shapes differ, or text does.
        agreement: The share of answers that are the same: the largest of several numbers stands in the same place; a
            single number differs by a tenth of the numbers' standard deviation at most.
        scale: The largest output in memory, and at least 1: differences count in proportion to it.
    """

    max_abs_difference: float
    agreement: float
    scale: float


def compared(expected: Arrays, found: Arrays) -> Comparison:
    """Two sets of outputs for the same rows.

    Example:
        >>> compared({"y": np.array([[0.1, 0.9], [0.6, 0.4]])}, {"y": np.array([[0.2, 0.8], [0.4, 0.6]])})
        Comparison(max_abs_difference=0.2, agreement=0.5, scale=1.0)
    """
    difference = max_abs_difference(expected, found)
    if difference == float("inf"):
        return Comparison(difference, 0.0, 1.0)
    numbers = {name: array for name, array in expected.items() if array.dtype.kind not in "OSU"}
    largest = max((float(np.abs(array.astype(float)).max(initial=0.0)) for array in numbers.values()), default=1.0)
    same = np.concatenate([_same(array, found[name]).ravel() for name, array in numbers.items()] or [np.ones(1)])
    return Comparison(round(difference, 12), float(same.mean()), max(1.0, largest))


def _same(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Which answers of one output are the same."""
    if one.ndim > 1 and one.shape[-1] > 1:
        return np.asarray(one.argmax(axis=-1) == other.argmax(axis=-1))
    spread = float(one.astype(float).std()) or 1.0
    return np.asarray(np.abs(one.astype(float) - other.astype(float)) <= 0.1 * spread)


def max_abs_difference(expected: Arrays, found: Arrays) -> float:
    """The largest difference over all outputs; infinite when names or shapes differ, text does, or one is NaN.

    Example:
        >>> max_abs_difference({"y": np.zeros(2)}, {"y": np.array([0.0, 0.5])})
        0.5
    """
    if expected.keys() != found.keys():
        return float("inf")
    return max(_difference(expected[name], found[name]) for name in expected)


def _difference(one: np.ndarray, other: np.ndarray) -> float:
    if one.shape != other.shape:
        return float("inf")
    if one.dtype.kind in "OSU":
        return 0.0 if (one == other).all() else float("inf")
    difference = float(np.abs(one.astype(float) - other.astype(float)).max(initial=0.0))
    return float("inf") if np.isnan(difference) else difference
