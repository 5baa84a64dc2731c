"""Tests of the accepted forms of data: each is recognised, and all give the same rows."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from keras_nas.data import collect
from keras_nas.data.batch import as_array
from keras_nas.data.sources import open_source
from keras_nas.errors import DataError

Arrays = tuple[np.ndarray, np.ndarray]


class Sequence(keras.utils.PyDataset):
    """Batches of 16 rows; one element of three where there are weights."""

    def __init__(self, *columns: np.ndarray) -> None:
        super().__init__()
        self.columns = columns

    def __len__(self) -> int:
        return -(-len(self.columns[0]) // 16)

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        return tuple(column[16 * index : 16 * index + 16] for column in self.columns)


class Loader:
    """An iterable of batches with a length, as other libraries have them."""

    def __init__(self, x: np.ndarray, y: np.ndarray) -> None:
        self.batches = [(x[i : i + 16], y[i : i + 16]) for i in range(0, len(x), 16)]

    def __len__(self) -> int:
        return len(self.batches)

    def __iter__(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        return iter(self.batches)


def slices(*columns: np.ndarray) -> Any:
    return tf.data.Dataset.from_tensor_slices(columns)


FORMS: dict[str, Callable[[np.ndarray, np.ndarray], Any]] = {
    "tuple": lambda x, y: (x, y),
    "list": lambda x, y: [x, y],
    "nested lists": lambda x, y: (x.tolist(), y.tolist()),
    "tensors": lambda x, y: (tf.constant(x), tf.constant(y)),
    "series": lambda x, y: (x, pd.Series(y)),
    "frame": lambda x, y: (x, pd.DataFrame({"label": y})),
    "big-endian": lambda x, y: (x, y.astype(">i4")),
    "data set": slices,
    "batched data set": lambda x, y: slices(x, y).batch(16),
    "data set in whole batches": lambda x, y: slices(x, y).batch(20, drop_remainder=True),
    "data set of channels": lambda x, y: slices(x[..., None], y),
    "data set without a shape": lambda x, y: tf.data.Dataset.from_generator(
        lambda: iter(Loader(x, y)), output_types=(tf.uint8, tf.int64)
    ),
    "data set of rows without a shape": lambda x, y: tf.data.Dataset.from_generator(
        lambda: zip(x, y, strict=True), output_types=(tf.uint8, tf.int64)
    ),
    "PyDataset": Sequence,
    "iterable": Loader,
    "list of batches": lambda x, y: Loader(x, y).batches,
    "generator": lambda x, y: (iter(Loader(x, y)), 4),
    "endless generator": lambda x, y: (((x[:20], y[:20]) if i % 3 else (x[20:], y[20:]) for i in range(1, 10**9)), 1),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_the_same_rows(form: str, images: Arrays, target: Path) -> None:
    x, y = images
    rows = collect(FORMS[form](x, y), target)
    expected = x[:20] if form == "endless generator" else x
    np.testing.assert_array_equal(rows.x.reshape(-1, 8, 8), expected)
    np.testing.assert_array_equal(rows.y, y[: len(expected)])
    assert rows.x.dtype == (np.int64 if form == "nested lists" else np.uint8)
    assert rows.x.ndim == (4 if form == "data set of channels" else 3)


@pytest.mark.parametrize("form", [lambda *columns: columns, Sequence, slices], ids=["tuple", "PyDataset", "data set"])
def test_sample_weights_come_with_the_data(form: Any, images: Arrays, target: Path) -> None:
    weight = np.linspace(0, 1, 60)
    rows = collect(form(*images, weight), target)
    assert rows.sample_weight is not None
    np.testing.assert_allclose(rows.sample_weight, weight, rtol=1e-6)


def test_text_labels_of_a_data_set(images: Arrays, target: Path) -> None:
    names = np.array(["ant", "bee", "cat"])[images[1]]
    assert collect(slices(images[0], names).batch(7), target).labels.classes == ("ant", "bee", "cat")


def test_one_hot_labels_of_a_data_set_that_is_not_batched(images: Arrays, target: Path) -> None:
    rows = collect(slices(images[0][..., None], np.eye(3)[images[1]]), target)
    assert rows.labels.kind == "one_hot" and rows.y.tolist() == images[1].tolist()


def test_bfloat16_becomes_float32(target: Path, images: Arrays) -> None:
    rows = collect(slices(tf.cast(images[0], tf.bfloat16), images[1]), target)
    assert rows.x.dtype == np.float32


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (np.zeros((4, 2, 2)), r"data is a single ndarray of the shape \(4, 2, 2\); .* The labels are missing"),
        (pd.DataFrame({"a": [1]}), "a single DataFrame .* The labels are missing"),
        ((i for i in range(3)), r"data is a generator; .* It has no length: give \(generator, steps\)"),
        (42, r"data is a int; expected arrays \(x, y\), a tf.data.Dataset, .* images for each class"),
        ({"x": [1]}, "data is a dict of 1; expected arrays"),
        ((np.zeros(3),), "data is a tuple of 1; expected arrays"),
        ((1, 2), "data holds a int for a column; expected arrays"),
        ([], "data is a list of 0; expected arrays"),
    ],
)
def test_forms_that_are_not_accepted(data: Any, text: str, refused: Callable[..., None]) -> None:
    refused(text, data, error=DataError)


def test_masked_values_are_refused() -> None:
    with pytest.raises(DataError, match="has masked values; .* Fill or remove them"):
        as_array(np.ma.masked_array([1, 2], mask=[False, True]), "data")


def test_rows_of_different_shape_are_refused(refused: Callable[..., None]) -> None:
    refused("holds a list of 2 whose parts differ in length or kind .* Resize or pad", ([[1, 2], [3]], [0, 1]))


def test_the_identity_of_arrays_follows_their_content(images: Arrays) -> None:
    def identity(x: Any, y: Any) -> str:
        return open_source((x, y), (3,)).identity()

    x, y = images
    other = x.copy()
    other[30, 4, 4] ^= 1
    changed = [(other, y), (x, y[::-1]), (x.astype(int), y), (x[:50], y[:50])]
    found = {identity(*data) for data in [(x, y), *changed]}
    assert len(found) == 5
    assert identity(x.copy(), y.copy()) in found
