"""Several labels a row: a matrix of 0 and 1, or names."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras_nas.data import Rows, collect, split_rows

X = np.random.default_rng(0).integers(0, 256, (12, 6, 6), dtype=np.uint8)
Y = np.array([[1, 0, 0], [1, 1, 0], [0, 0, 1], [0, 0, 0]] * 3)
NAMES = [["cat"], ["dog", "cat"], ["owl"], []] * 3
KIND: dict[str, Any] = {"target": "multilabel"}
Make = Callable[..., Rows]


@pytest.mark.parametrize("y", [Y, Y.astype(bool), Y.astype(float), NAMES, [set(row) for row in NAMES]])
def test_both_forms_say_the_same(y: Any, make_rows: Make) -> None:
    rows = make_rows(X, y, **KIND)
    np.testing.assert_array_equal(rows.y, Y)
    assert rows.y.dtype == np.uint8
    assert rows.labels.classes == ((0, 1, 2) if isinstance(y, np.ndarray) else ("cat", "dog", "owl"))


def test_names_of_equal_number(make_rows: Make) -> None:
    rows = make_rows(X, [["cat", "dog"], ["dog", "owl"], ["owl", "cat"]] * 4, **KIND)
    np.testing.assert_array_equal(rows.y, [[1, 1, 0], [0, 1, 1], [1, 0, 1]] * 4)


def test_more_rows_in_the_names_of_the_first(target: Path, refused: Callable[..., None]) -> None:
    more = (X[:2], [["owl", "dog"], ["cat"]])
    refused("validation_data: the label 'emu' is unknown; expected some of 'cat', 'dog', 'owl'",
            (X, NAMES), validation_data=(X[:1], [["cat", "emu"]]), **KIND)  # fmt: skip
    refused("labels change their width, .2, 3.", (X, NAMES), validation_data=(X[:1], Y[:1, :2]), **KIND)
    rows = collect((X, NAMES), target, validation_data=more, **KIND)
    assert rows.y[12:].tolist() == [[0, 1, 1], [1, 0, 0]]


@pytest.mark.parametrize(
    ("y", "text"),
    [
        (Y * 0.5, "y holds 0.5; expected 0 and 1 for each class.* For probabilities use .y > 0.5."),
        (Y[:, 0], r"y has the shape \(12,\) and holds integers; expected 0 and 1 .* choose the task 'image_classif"),
        (["cat", "dog"] * 6, "y is 'cat' in row 0; expected 0 and 1 .* or a list of names for each row, .. for a row"),
        ([["cat"], [3, 4]] * 6, r"parts differ in length or kind"),
        (np.hstack([Y, Y[:, :1] * 0]), "1 of 4 classes cannot be learned, fewer than two rows have them: 3"),
        (
            np.hstack([Y, Y[:, :1] * 0 + 1]),
            "1 of 4 classes cannot be learned, all rows have them: 3; expected rows",
        ),
    ],
    ids=["halves", "one", "text", "mixed", "nowhere", "everywhere"],
)
def test_what_is_no_set_of_labels(y: Any, text: str, refused: Callable[..., None]) -> None:
    refused(text, (X, y), **KIND)


def test_rare_labels_are_trained_on(make_rows: Make) -> None:
    x, y = np.tile(X, (4, 1, 1)), np.tile(Y, (4, 1))
    y[:, 2] = 0
    y[[4, 30], 2] = 1
    rows = make_rows(x, y, **KIND)
    for seed in range(5):
        assert rows.y[split_rows(rows, 0.3, 0.3, seed).train].any(axis=0).all()


def test_one_label_a_row_is_told_of_several(refused: Callable[..., None]) -> None:
    refused("first .1, 1, 0.; .*For several labels a row choose 'image_multilabel_classification'", (X[1:], Y[1:]))
