"""Tests of the targets of a regression."""

from typing import Any

import numpy as np
import pytest

from keras_nas.data.targets import read_targets
from keras_nas.errors import DataError


@pytest.mark.parametrize("y", [[1, 2], [[1.0], [2.0]], np.array([1, 2], np.uint8)])
def test_targets_become_columns_of_float32(y: Any) -> None:
    targets = read_targets(np.asarray(y), "data")
    assert targets.dtype == np.float32 and targets.tolist() == [[1.0], [2.0]]


@pytest.mark.parametrize(
    ("y", "text"),
    [
        (["a"], "y has the shape .* holds text; expected numbers to predict, .* Choose a classification task"),
        ([1.0, np.inf], "y holds NaN or infinity, first in row 11"),
        ([1.0, 1e300], "y holds NaN or infinity, first in row 11"),
        (np.zeros((1, 2, 3)), r"y has the shape \(1, 2, 3\)"),
    ],
)
def test_targets_of_the_wrong_kind(y: Any, text: str) -> None:
    with pytest.raises(DataError, match=text):
        read_targets(np.asarray(y), "data", first_row=10)
