"""Tests of labels: every kind that is accepted, and the way back to the user's own."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from keras_nas.data import Labels
from keras_nas.data.labels import read_classes
from keras_nas.data.targets import compact
from keras_nas.errors import DataError


def read(y: Any) -> tuple[Labels, list[int]]:
    found, codes = read_classes([compact(np.asarray(y), "data")], "data")
    assert codes.dtype == np.int32
    return found, codes.tolist()


@pytest.mark.parametrize(
    ("y", "kind", "classes", "codes"),
    [
        ([5, 3, 5], "integer", (3, 5), [1, 0, 1]),
        (np.array([2, 1], np.uint8), "integer", (1, 2), [1, 0]),
        ([1.0, 0.0, 1.0], "integer", (0, 1), [1, 0, 1]),
        (["b", "a", "b"], "text", ("a", "b"), [1, 0, 1]),
        ([b"b", b"a"], "text", ("a", "b"), [1, 0]),
        (np.array(["é", "a"], object), "text", ("a", "é"), [1, 0]),
        (np.array([b"b", "a"], object), "text", ("a", "b"), [1, 0]),
        (pd.Series(["b", "a"]).to_numpy(), "text", ("a", "b"), [1, 0]),
        (pd.Series(["b", "a"], dtype="category").to_numpy(), "text", ("a", "b"), [1, 0]),
        ([True, False], "boolean", (False, True), [1, 0]),
        ([[7], [4]], "integer", (4, 7), [1, 0]),
        ([[0, 1, 0], [1, 0, 0]], "one_hot", (0, 1, 2), [1, 0]),
        (np.eye(2, dtype=np.float32), "one_hot", (0, 1), [0, 1]),
        (np.eye(2, dtype=bool), "one_hot", (0, 1), [0, 1]),
    ],
)
def test_each_kind_of_label(y: Any, kind: str, classes: tuple[Any, ...], codes: list[int]) -> None:
    found, numbers = read(y)
    assert (found.kind, found.classes, numbers) == (kind, classes, codes)
    assert found.encode(y).tolist() == codes
    assert all(isinstance(label, (str, int, bool)) and not isinstance(label, np.generic) for label in found.classes)


def test_scores_become_the_labels_of_the_user() -> None:
    found, _ = read(["dog", "cat"])
    assert found.decode([[0.1, 0.9], [0.6, 0.4]]).tolist() == ["dog", "cat"]


def test_labels_in_several_parts_share_their_classes() -> None:
    parts = [compact(np.asarray(y), "data") for y in (["b"], ["longer", "a"])]
    found, codes = read_classes(parts, "data")
    assert found.classes == ("a", "b", "longer") and codes.tolist() == [1, 2, 0]


@pytest.mark.parametrize(
    ("y", "text"),
    [
        ([0.5, 1.0], "y holds real numbers, 0.5 for example; expected classes .* Choose a regression task"),
        ([1.0, np.nan], "y holds NaN or infinity, first in row 1; expected finite numbers"),
        (np.array(["a", None], object), "y has no label in 1 rows, first in row 1; .* Remove these rows"),
        (np.array(["a", np.nan], object), "y has no label in 1 rows, first in row 1"),
        (np.array([pd.NA, "a"], object), "y has no label in 1 rows, first in row 0"),
        (np.array(["a", 1], object), "mixes labels of the types int, str; expected one kind"),
        (np.array(["2024-01-01"], "M8[D]"), "y holds dates, 2024-01-01 for example; expected classes"),
        ([[0, 1], [1, 1]], r"is not one-hot, first \[1, 1\]; expected a single 1 in each row"),
        ([[0.2, 0.8]], r"is not one-hot, first \[0.2, 0.8\]"),
        (np.zeros((2, 2, 2)), r"y has the shape \(2, 2, 2\) and holds real numbers; expected one label"),
        ([["a", "b"]], r"y has the shape \(1, 2\) and holds text; expected one label"),
    ],
)
def test_labels_of_the_wrong_kind(y: Any, text: str) -> None:
    with pytest.raises(DataError, match=text):
        read(y)


def test_one_hot_labels_of_changing_width() -> None:
    with pytest.raises(DataError, match=r"change their width, \[2, 3\] columns"):
        read_classes([compact(np.eye(2), "data"), compact(np.eye(3), "data")], "data")


@pytest.mark.parametrize("strange", [["bird"], [3]])
def test_an_unknown_label_is_refused(strange: list[Any]) -> None:
    with pytest.raises(DataError, match=f"the label {strange[0]!r} is unknown; expected one of 'cat', 'dog'"):
        Labels("text", ("cat", "dog")).encode(strange)


def test_one_hot_of_another_width_is_refused() -> None:
    with pytest.raises(DataError, match="one-hot labels with 3 columns; expected 2, one for each of 0, 1"):
        Labels("one_hot", (0, 1)).encode(np.eye(3))


def test_many_classes_are_shortened_in_messages() -> None:
    with pytest.raises(DataError, match="8, 9 and 90 more"):
        Labels("integer", tuple(range(100))).encode([100])
