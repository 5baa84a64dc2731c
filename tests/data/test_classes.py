"""Tests of how the rows are spread over the classes."""

import numpy as np
import pytest

from keras_nas.data import Labels, class_summary, class_weights
from keras_nas.data.classes import check_classes
from keras_nas.errors import DataError


def test_summary_counts_the_rows_of_each_label() -> None:
    summary = class_summary(np.array([0, 0, 0, 1]), Labels("text", ("cat", "dog")))
    assert summary.counts == {"cat": 3, "dog": 1}
    assert summary.ratio == 3
    assert str(summary) == "2 classes, 1 to 3 rows each (imbalance 3.0 : 1)"


def test_summary_of_equal_classes_is_short() -> None:
    assert str(class_summary(np.array([0, 1]), Labels("integer", (4, 7)))) == "2 classes, 1 rows each"


def test_summary_with_an_absent_class() -> None:
    assert class_summary(np.array([0, 0]), Labels("integer", (4, 7))).ratio == float("inf")


def test_balanced_weights_give_each_class_the_same_say() -> None:
    codes = np.array([0] * 90 + [1] * 10)
    weights = class_weights(codes, 2)
    assert weights.dtype == np.float32
    assert weights[codes].mean() == pytest.approx(1)
    assert weights[0] * 90 == pytest.approx(weights[1] * 10)


def test_an_absent_class_has_no_weight() -> None:
    assert class_weights(np.array([0, 0]), 2).tolist() == [1.0, 0.0]


def test_single_class() -> None:
    with pytest.raises(DataError, match="every row has the same label, 'cat'; expected at least two classes"):
        check_classes("data", np.zeros(5, int), Labels("text", ("cat",)))


def test_class_with_fewer_than_two_rows() -> None:
    labels = Labels("text", ("ant", "bee", "cat"))
    text = r"1 of 3 classes have fewer than two rows: 'bee' \(1\); expected at least two each.*merge or remove"
    with pytest.raises(DataError, match=text):
        check_classes("data", np.array([0, 0, 1, 2, 2]), labels)


def test_quantities_given_as_classes() -> None:
    labels = Labels("integer", tuple(range(30)))
    with pytest.raises(DataError, match=r"30 of 30 classes .* and 25 more; .* a quantity, .* a regression task"):
        check_classes("data", np.arange(30), labels)
