"""Tests of data that arrives batch by batch, and of what may go wrong on the way."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_nas.data import collect
from keras_nas.errors import DataError, InvalidArgument

X, Y = np.zeros((8, 4, 4), np.float32), np.arange(8) % 2
Refused = Callable[..., None]


class Broken:
    """Batches of which the second one fails."""

    def __len__(self) -> int:
        return 3

    def __iter__(self) -> Iterator[Any]:
        yield X, Y
        raise RuntimeError("no such file")


class Endless(keras.utils.PyDataset):
    """A PyDataset that defines no length."""

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return X, Y


class SaidEndless(Endless):
    """A PyDataset that says that it has no end."""

    num_batches = None


def dataset(*columns: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices(columns if len(columns) > 1 else columns[0])


def test_an_error_of_the_user_s_own_code_is_named(refused: Refused) -> None:
    refused("data raised RuntimeError at batch 1: no such file. Iterate over it once outside", Broken())


def test_a_generator_that_ends_early(refused: Refused) -> None:
    refused("data ended after 2 batches; expected 5. Give the number", (iter([(X, Y)] * 2), 5))


def test_no_batch_at_all(refused: Refused) -> None:
    refused("data is empty: expected at least a few rows", (iter([]), 0))
    refused("data is empty", dataset(X, Y).take(0))
    refused("data is empty", (np.empty((0, 4, 4)), []))


@pytest.mark.parametrize(
    ("item", "text"),
    [
        (X, r"yields a single ndarray of the shape \(8, 4, 4\); expected batches \(x, y\)"),
        ({"x": X}, r"yields a dict of 1; expected batches"),
        ((X, Y, Y, Y), "yields a tuple of 4; expected batches"),
        ((X[0], np.int64(1)), "yields single rows; expected batches"),
        ((X, Y[:5]), "in a batch: x has 8 rows, y has 5 rows; expected the same number"),
    ],
)
def test_items_that_are_not_batches(item: Any, text: str, refused: Refused) -> None:
    refused(text, (iter([item]), 1))


def test_batches_of_changing_shape(refused: Refused) -> None:
    batches = [(X, Y), (np.zeros((8, 5, 4), np.float32), Y)]
    refused(r"x changes its shape, rows of \(4, 4\) first and of \(5, 4\) later", (iter(batches), 2))


def test_batches_of_changing_type(refused: Refused) -> None:
    batches = [(X.astype(np.uint8), Y), (X, Y)]
    refused("x changes its type, uint8 first and float32 later; .* one scale", (iter(batches), 2))


def test_a_late_nan_is_found_and_nothing_is_left(refused: Refused) -> None:
    late = X.copy()
    late[3, 1, 1] = np.nan
    refused("x holds NaN or infinity, first in row 11", (iter([(X, Y), (late, Y)]), 2), error=DataError)


def test_weights_in_some_batches_only(refused: Refused) -> None:
    refused("only some batches have a sample_weight", (iter([(X, Y), (X, Y, np.ones(8))]), 2))


def test_endless_data(refused: Refused) -> None:
    refused(r"endless tf.data.Dataset; .* End it with .take\(batches\)", dataset(X, Y).batch(4).repeat())
    refused("is a PyDataset without an end; .* Define its __len__", Endless())
    refused("is a PyDataset without an end", SaidEndless())


def test_a_data_set_without_labels(refused: Refused) -> None:
    refused(r"data is a tf.data.Dataset of .* expected elements \(x, y\)", dataset(X))
    refused("tf.data.Dataset of a dict of 2", dataset({"x": X, "y": Y}))


def test_weights_given_twice(refused: Refused) -> None:
    weight = np.ones(8)
    refused("sample_weight came twice", (X, Y, weight), sample_weight=weight, error=InvalidArgument)


def test_more_batches_than_memory_would_hold_at_once(target: Path) -> None:
    seen = []

    def batches() -> Iterator[Any]:
        for i in range(20):
            seen.append(i)
            yield np.full((100, 4, 4), i, np.uint8), np.arange(100) % 2

    rows = collect((batches(), 20), target)
    assert len(seen) == 20 and rows.size == 2000
    np.testing.assert_array_equal(rows.x[:, 0, 0], np.repeat(np.arange(20), 100))
