"""Tests of the messages for data that cannot be used."""

import numpy as np
import pytest

from keras_nas.data import checks
from keras_nas.errors import DataError


def test_different_lengths() -> None:
    with pytest.raises(DataError, match="data: x has 3 rows, y has 2 rows; expected the same number in each"):
        checks.check_lengths("data", {"x": 3, "y": 2})


def test_wrong_rank() -> None:
    text = r"x has the shape \(3, 784\), 2 axes; expected \(rows, height, width\) or .*channels\). Reshape x"
    with pytest.raises(DataError, match=text):
        checks.check_rank("data", (3, 784), (3, 4))


def test_rows_without_content() -> None:
    with pytest.raises(DataError, match=r"\(3, 0, 8\), rows without content"):
        checks.check_rank("data", (3, 0, 8), (3, 4))


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -np.inf])
def test_not_finite(wrong: float) -> None:
    x = np.zeros((4, 2, 2), np.float32)
    checks.check_finite("data", "x", x)
    x[2, 1, 0] = wrong
    with pytest.raises(DataError, match="x holds NaN or infinity, first in row 1,002; .* Remove such rows or fill"):
        checks.check_finite("data", "x", x, first_row=1000)


@pytest.mark.parametrize(
    ("x", "text"),
    [
        (np.array(["a"]), "x holds text; expected numbers"),
        (np.array([1j]), "x holds complex numbers"),
        (np.array([None]), "x holds objects of mixed kind or length"),
        (np.array(["2024-01-01"], "M8[D]"), "x holds dates"),
    ],
)
def test_not_numbers(x: np.ndarray, text: str) -> None:
    with pytest.raises(DataError, match=text):
        checks.check_numbers("data", x)


def test_empty() -> None:
    with pytest.raises(DataError, match="data is empty: expected at least a few rows for each class"):
        checks.check_not_empty("data", 0)


@pytest.mark.parametrize(
    ("weights", "text"),
    [
        (np.ones((2, 2)), r"shape \(2, 2\) and holds real numbers; expected one number for each row"),
        (np.array(["a"]), "holds text"),
        (np.array([1.0, np.nan]), "sample_weight holds NaN or infinity, first in row 1"),
        (np.array([1.0, -1.0]), "goes from -1.0 to 1.0; expected numbers of at least 0, not all 0"),
        (np.zeros(2), "goes from 0.0 to 0.0"),
    ],
)
def test_wrong_weights(weights: np.ndarray, text: str) -> None:
    with pytest.raises(DataError, match=text):
        checks.check_weights("data", weights)


def test_constant_targets() -> None:
    targets = np.array([[1.0, 2.5], [0.0, 2.5]], np.float32)
    with pytest.raises(DataError, match=r"y is 2.5 in every row \(output 1\); expected targets that vary"):
        checks.check_targets("data", targets)
    checks.check_targets("data", np.repeat(targets, 40, axis=1))  # a map, some of whose places never change
    with pytest.raises(DataError, match="y is 2.5 in every row"):
        checks.check_targets("data", np.repeat(targets[:, 1:], 80, axis=1))
