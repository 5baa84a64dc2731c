"""Tests of writing the data once: what is kept, what is refused, and how it is found again."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras_nas.data import Rows, collect
from keras_nas.errors import DataError, InvalidArgument, ResumeError, StoreError

Arrays = tuple[np.ndarray, np.ndarray]
Refused = Callable[..., None]


@pytest.mark.parametrize("dtype", ["uint8", "float64", "float32", "int16", "bool", "float16"])
def test_the_type_of_x_is_kept(images: Arrays, target: Path, dtype: str) -> None:
    x = images[0].astype(dtype)
    rows = collect((x, images[1]), target)
    assert rows.x.dtype == x.dtype and isinstance(rows.x, np.memmap) and not rows.x.flags.writeable
    np.testing.assert_array_equal(rows.x, x)


def test_only_the_arrays_and_the_record_are_left(images: Arrays, target: Path) -> None:
    collect(images, target, sample_weight=np.ones(60), groups=np.arange(60))
    names = sorted(entry.name for entry in target.iterdir())
    assert names == ["groups.npy", "rows.json", "sample_weight.npy", "x.npy", "y.npy"]
    assert list(target.parent.iterdir()) == [target]


def test_validation_data_comes_last(images: Arrays, target: Path) -> None:
    x, y = images
    rows = collect((x, y + 5), target, validation_data=(x[:9], y[:9] + 5), groups=y, sample_weight=np.full(60, 2.0))
    assert (rows.size, len(rows), rows.given_validation) == (69, 69, 9)
    np.testing.assert_array_equal(rows.x[60:], x[:9])
    np.testing.assert_array_equal(rows.y[60:], y[:9])
    assert rows.groups is not None and rows.groups[60:].tolist() == [-1] * 9
    assert rows.sample_weight is not None and rows.sample_weight.tolist() == [2.0] * 60 + [1.0] * 9


def test_groups_are_numbered(images: Arrays, target: Path) -> None:
    names = np.array(["eve", "adam"])[np.arange(60) % 2]
    rows = collect(images, target, groups=names.astype(object))
    assert rows.groups is not None and rows.groups[:3].tolist() == [1, 0, 1]


def test_targets_of_a_regression(images: Arrays, target: Path) -> None:
    rows = collect((images[0], np.arange(60.0)), target, target="regression")
    assert rows.target == "regression" and rows.labels.kind == "number" and rows.labels.classes == ()
    assert rows.y.dtype == np.float32 and rows.y.shape == (60, 1)


def test_the_same_data_is_not_written_again(images: Arrays, target: Path) -> None:
    first = collect(images, target)
    written = (target / "x.npy").stat().st_mtime_ns
    again = collect((images[0].copy(), images[1].copy()), target)
    assert again.fingerprint == first.fingerprint
    assert (target / "x.npy").stat().st_mtime_ns == written


@pytest.mark.parametrize("change", ["x", "y", "weights", "groups", "target", "validation"])
def test_other_data_in_the_same_place_is_refused(images: Arrays, target: Path, change: str) -> None:
    collect(images, target)
    x, y = images
    options: dict[str, Any] = {
        "weights": {"sample_weight": np.ones(60)},
        "groups": {"groups": y},
        "target": {"target": "regression"},
        "validation": {"validation_data": images},
    }
    other = (x + 1, y) if change == "x" else (x, y[::-1]) if change == "y" else (x, y)
    with pytest.raises(ResumeError, match=r"holds other data .* 60 rows of \(8, 8\) uint8 .* another directory"):
        collect(other, target, **options.get(change, {}))


@pytest.mark.parametrize(
    ("x", "y", "text"),
    [
        (np.zeros((5, 4, 4)), [0, 1], "data: x has 5 rows, y has 2 rows; expected the same number in each"),
        (np.zeros((4, 16)), [0, 1] * 2, r"x has the shape \(4, 16\), 2 axes; expected \(rows, height, width\)"),
        (np.full((4, 2, 2), np.nan), [0, 1] * 2, "x holds NaN or infinity, first in row 0"),
        (np.full((4, 2, 2), "a"), [0, 1] * 2, "x holds text; expected numbers"),
        (np.zeros((4, 2, 2)), [1] * 4, "every row has the same label, 1; expected at least two classes"),
        (np.zeros((4, 2, 2)), [0, 0, 0, 1], r"1 of 2 classes have fewer than two rows: 1 \(1\)"),
        (np.zeros((4, 2, 2)), [0.1, 0.2, 0.3, 0.4], "y holds real numbers, 0.1 for example; expected classes"),
    ],
)
def test_data_that_cannot_be_used_leaves_nothing(x: Any, y: Any, text: str, refused: Refused) -> None:
    refused(text, (x, y), error=DataError)


def test_constant_targets(images: Arrays, refused: Refused) -> None:
    refused("y is 3 in every row", (images[0], np.full(60, 3)), target="regression")


def test_validation_data_that_does_not_fit(images: Arrays, refused: Refused) -> None:
    x, y = images
    refused("validation_data: the label 3 is unknown; expected one of 0, 1, 2", images, validation_data=(x, y + 1))
    refused("validation_data: x changes its shape", images, validation_data=(x[:, :4], y))
    refused("validation_data: x changes its type, uint8 first and float64", images, validation_data=(x / 255, y))
    refused("validation_data is empty", images, validation_data=(x[:0], y[:0]))
    pair = (x, np.ones((60, 2)))
    refused("validation_data: y has 2 outputs; expected 1", images, target="regression", validation_data=pair)


@pytest.mark.parametrize("name", ["sample_weight", "groups"])
def test_columns_that_do_not_fit(images: Arrays, refused: Refused, name: str) -> None:
    refused(f"x has 60 rows, {name} has 59 rows", images, **{name: np.ones(59)})
    refused(rf"{name} has the shape \(60, 2\); expected one value for each row", images, **{name: np.ones((60, 2))})


def test_wrong_weights(images: Arrays, refused: Refused) -> None:
    refused("sample_weight goes from -1.0 to -1.0", images, sample_weight=-np.ones(60))


def test_an_unknown_target(images: Arrays, refused: Refused) -> None:
    text = "Unknown target 'regresion': .* Did you mean 'regression'"
    refused(text, images, target="regresion", error=InvalidArgument)


def test_a_full_disk_leaves_nothing(images: Arrays, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    usage: Any = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=0))
    refused("The data needs 0 MB on the disk of .* free some, or choose a directory", images, error=StoreError)


def test_a_disk_that_fills_up_leaves_nothing(images: Arrays, refused: Refused, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("keras_nas.data.files.ArrayWriter.append", full)
    refused("could not be written to .*No space left.* choose a directory on another disk", images, error=StoreError)


def test_real_images(digits: Arrays, target: Path) -> None:
    rows = collect(digits, target)
    np.testing.assert_array_equal(rows.x, digits[0])
    np.testing.assert_array_equal(rows.y, digits[1])
    assert rows.labels.classes == tuple(range(10))


def test_rows_are_found_by_another_process(images: Arrays, target: Path) -> None:
    rows = collect(images, target, groups=images[1])
    loaded = Rows.load(str(target))
    assert loaded.record == rows.record and loaded.labels == rows.labels and loaded.sample_weight is None
    np.testing.assert_array_equal(loaded.x, images[0])
