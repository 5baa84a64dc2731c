"""Classes or quantities: the rules, each at both of its sides."""

from typing import Any

import numpy as np
import pandas as pd
import pytest

from keras_nas.data.answers import answer_of
from keras_nas.errors import DataError

RANDOM = np.random.default_rng(0)


def whole(values: int, rows: int) -> np.ndarray:
    """So many different whole numbers in so many rows."""
    return np.arange(rows) % values


@pytest.mark.parametrize(
    ("y", "kind"),
    [
        (["cat", "dog"] * 9, "classes"),
        (np.array([True, False] * 9), "classes"),
        (pd.Series([3, 1, 2] * 9, dtype="category"), "classes"),
        (np.array(["a", None, "b"] * 9, object), "classes"),
        (whole(2, 6), "classes"),
        (whole(2, 6).astype(float), "classes"),
        (whole(20, 100), "classes"),
        (whole(20, 99), "either"),
        (whole(21, 105), "either"),
        (whole(21, 104), "numbers"),
        (whole(1000, 10_000), "either"),
        (whole(1001, 10_000), "numbers"),
        (whole(20, 1000).astype(float), "either"),
        (whole(21, 1000).astype(float), "numbers"),
        (np.array([1.0, 1.5, 2.0] * 99), "numbers"),
        (np.array([1.0, 2.0, np.nan] * 99), "classes"),
        (whole(5, 100)[:, None], "classes"),
        (np.eye(4)[whole(4, 40)], "classes"),
        (np.array([[1, 1, 0], [0, 0, 0]]), "labels"),
        (np.array([[1, 2], [3, 4]]), "numbers"),
        (RANDOM.random((9, 3)), "numbers"),
        (pd.DataFrame({"a": [1.5, 2.5], "b": [0, 1]}), "numbers"),
        (pd.DataFrame({"a": [1.5, 2.5], "b": ["x", "y"]}), "several"),
        ({"a": [1, 2], "b": [3, 4]}, "several"),
        (np.zeros((9, 8, 8), np.uint8), "arrays"),
        ([f"sentence number {number} of some words" for number in range(9)], "texts"),
        (np.array(["2024-01-01", "2024-01-02"], "datetime64[D]"), "unknown"),
        (pd.Categorical(["cat", "dog"] * 9), "classes"),
        (np.array(["größe".encode(), b"cat"] * 9), "classes"),
        (np.array(["größe".encode(), None] * 9, object), "classes"),
        (np.array(["cat", "dog"] * 9, object)[:, None], "classes"),
        ([f"{number}.png".encode() for number in range(9)], "arrays"),
        ([None] * 9, "unknown"),
        (None, "unknown"),
        (3, "unknown"),
    ],
)
def test_what_is_to_be_predicted(y: Any, kind: str) -> None:
    assert answer_of(y).kind == kind


def test_one_long_text_among_many_takes_no_memory_of_the_others() -> None:
    texts = [f"a text of some words, number {number}" for number in range(2_000)]
    assert answer_of([*texts, "long " * 2_000_000]).kind == "texts"


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(DataError, match="data: y holds bytes that are no text in UTF-8 .*; expected text. Decode it"):
        answer_of([b"\xff\xfe", b"cat"])


def test_the_reason_has_the_figures_that_decided() -> None:
    assert answer_of(whole(100, 2000)).reason == "100 different whole numbers, each in 20 rows on average"
    assert "given as real numbers" in answer_of(whole(5, 50).astype(float)).reason
    assert answer_of(np.array([[1, 1], [0, 1]])).reason == "2 columns of 0 and 1, with 1.5 ones a row on average"
