"""Tests of opening the rows that were written."""

import json
from pathlib import Path

import numpy as np
import pytest

from keras_nas.data import Rows, collect
from keras_nas.errors import StoreError


@pytest.fixture
def folder(images: tuple[np.ndarray, np.ndarray], target: Path) -> Path:
    collect(images, target)
    return target


def test_what_is_known_about_the_rows(folder: Path) -> None:
    rows = Rows.load(folder)
    assert (rows.size, rows.target, rows.given_validation, rows.dropped) == (60, "classification", 0, ())
    assert len(rows.fingerprint) == 64


def test_an_absent_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="does not hold readable data of a search"):
        Rows.load(tmp_path)


def test_a_truncated_array(folder: Path) -> None:
    whole = (folder / "x.npy").read_bytes()
    (folder / "x.npy").write_bytes(whole[:-100])
    with pytest.raises(StoreError, match="does not hold readable data .* remove the folder and start again"):
        Rows.load(folder)


def test_an_array_of_other_data(folder: Path) -> None:
    np.save(folder / "y.npy", np.zeros(59, np.int32))
    with pytest.raises(StoreError, match=r"is damaged: its arrays have \[59, 60\] rows, its record says 60"):
        Rows.load(folder)


def test_a_damaged_record(folder: Path) -> None:
    (folder / "rows.json").write_text(json.dumps({"size": 60}))
    with pytest.raises(StoreError, match="does not hold readable data"):
        Rows.load(folder)


def test_objects_are_never_unpickled(folder: Path) -> None:
    np.save(folder / "y.npy", np.array([{}] * 60, object), allow_pickle=True)
    with pytest.raises(StoreError, match="does not hold readable data"):
        Rows.load(folder)
