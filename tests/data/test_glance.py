"""What is seen of data at once, in every form; and what cannot be looked at is refused with its reason."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from keras_nas.data.glance import Glance, glance
from keras_nas.errors import DataError, InvalidArgument

ROWS = 60
RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (ROWS, 8, 6, 3), np.uint8)
MASKS = RANDOM.integers(0, 2, (ROWS, 8, 6), np.uint8)
KINDS = ["cat", "dog", "owl"] * (ROWS // 3)
FRAME = pd.DataFrame({"age": RANDOM.normal(40, 9, ROWS), "job": ["cook", "smith"] * (ROWS // 2), "kind": KINDS})


def dataset(*columns: Any) -> Any:
    return tf.data.Dataset.from_tensor_slices(columns)


class Batches(keras.utils.PyDataset):
    """Batches of ten images."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.ndarray]:
        return IMAGES[10 * index : 10 * index + 10], MASKS[10 * index : 10 * index + 10]


@pytest.mark.parametrize(
    "data",
    [
        dataset(IMAGES, MASKS),
        dataset(IMAGES, MASKS[..., None]),
        dataset(IMAGES, MASKS).batch(16),
        dataset(IMAGES, MASKS).batch(16, drop_remainder=True),
        tf.data.Dataset.from_generator(lambda: zip(IMAGES, MASKS, strict=True), (tf.uint8, tf.uint8)),
        [(IMAGES[:20], MASKS[:20]), (IMAGES[20:], MASKS[20:])],
        Batches(workers=1),
    ],
    ids=["single", "single_deep", "batched", "whole_batches", "of_unknown_shape", "list", "py_dataset"],
)
def test_pictures_with_masks_are_told_from_batches(data: Any) -> None:
    seen = glance(data)
    assert seen.shape[1:] == (8, 6, 3) and seen.looks == "pictures"
    assert seen.answer is not None and seen.answer.kind == "arrays" and seen.answer.shape[:3] == (*seen.shape[:1], 8, 6)


def test_a_table_is_seen_without_what_is_to_be_predicted() -> None:
    seen = glance(FRAME, "kind")
    assert (seen.columns, seen.shape) == (("age", "job"), (ROWS, 2))
    assert seen.answer is not None and seen.answer.kind == "classes"


@pytest.mark.parametrize("target", [2, "2", [2], np.array(["2"])])
def test_columns_may_be_numbered(target: Any) -> None:
    seen = glance(FRAME.set_axis(range(3), axis=1), target)
    assert seen.columns == ("0", "1") and seen.answer is not None and seen.answer.kind == "classes"


def test_columns_by_name_are_a_table_whatever_holds_them() -> None:
    columns = {"age": pd.Series(FRAME["age"].to_numpy(), index=range(9, 9 + ROWS)), "size": tf.ones(ROWS)}
    assert glance((columns, KINDS)) == Glance("table", (ROWS, 2), glance((IMAGES, KINDS)).answer, None, seen_kinds())
    nested = glance(({"photo": IMAGES, "facts": {"age": list(range(ROWS)), "job": FRAME["job"]}}, KINDS))
    assert (nested.form, nested.shape) == ("inputs", (ROWS, 2))


def seen_kinds() -> dict[str, str]:
    return {"age": "other", "size": "other"}


def test_a_folder_of_images_may_hold_notes(tmp_path: Path) -> None:
    for folder, name in (("cat", "0_notes.txt"), ("cat", "1.PNG"), ("dog", "2.jpg")):
        (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / folder / name).touch()
    assert glance(tmp_path).form == "folder"
    for file in (tmp_path / "cat" / "1.PNG", tmp_path / "dog" / "2.jpg"):
        file.unlink()
    assert glance(tmp_path).form == "text"


class Ragged:
    """Batches of pictures of several sizes."""

    def __len__(self) -> int:
        return 2

    def __iter__(self) -> Iterator[Any]:
        yield IMAGES[:4], [0, 1, 0, 1]
        yield IMAGES[:4, :5], [0, 1, 0, 1]


TWICE = FRAME.set_axis(["age", "age", "kind"], axis=1)


@pytest.mark.parametrize(
    ("data", "target", "words"),
    [
        (dataset(IMAGES, KINDS).take(0), None, "data is empty: expected at least a few rows"),
        (dataset(IMAGES, KINDS).batch(4).take(0), None, "data is empty"),
        (dataset(IMAGES), None, "data is a tf.data.Dataset of a tuple of 1; expected elements (x, y)"),
        (dataset({"a": IMAGES}, KINDS), None, "whose elements hold a dict of 1; expected tensors, one for each of x"),
        (dataset(tf.ragged.constant([[1], [2, 3]]), [0, 1]), None, "whose elements hold a single RaggedTensorSpec"),
        (dataset(IMAGES, KINDS).repeat(), None, "endless tf.data.Dataset"),
        (Ragged(), None, "data: x changes its shape, rows of (8, 6, 3) first and of (5, 6, 3) later"),
        ([(IMAGES, KINDS, 1, 1)], None, "data yields a tuple of 4; expected batches (x, y)"),
        (({"age": [1, 2, 3], "job": ["cook"]}, [0, 1, 0]), None, "data: age has 3 rows, job has 1 rows"),
        (
            ({"age": 3, "photo": IMAGES}, KINDS),
            None,
            "data: 'age' is 3; expected a column, an array of rows or a table",
        ),
        (({"photo": IMAGES, "facts": {}}, KINDS), None, "data: 'facts' is {}; expected a column"),
        (({"a": [[1, 2], [3]], "b": [1, 2]}, [0, 1]), None, "data: 'a' holds a list of 2 whose parts differ in length"),
        (TWICE, "kind", "data: two columns are called 'age'; expected different names"),
        (FRAME[["age", "job"]].set_axis([1, "1"], axis=1), None, "data: two columns are called '1'"),
        (FRAME, "kin", "data: Unknown target 'kin': expected one of 'age', 'job', 'kind'. Did you mean 'kind'?"),
        (FRAME, 7, "data: Unknown target '7'"),
    ],
)
def test_what_cannot_be_looked_at_is_refused(data: Any, target: Any, words: str) -> None:
    with pytest.raises(DataError) as caught:
        glance(data, target)
    assert words in str(caught.value)


def test_arrays_of_other_things_than_numbers_look_like_nothing() -> None:
    for dtype in ("datetime64[s]", complex):
        assert glance((np.zeros((ROWS, 8, 8), dtype), KINDS)).looks == "other"


def test_what_can_be_read_only_once_is_not_looked_at() -> None:
    with pytest.raises(InvalidArgument, match="cannot look at .generator, steps.: what is looked at would be gone"):
        glance((iter([]), 3))
    with pytest.raises(InvalidArgument, match="target='kind' names a column, which only tables and series have"):
        glance((IMAGES, KINDS), "kind")
