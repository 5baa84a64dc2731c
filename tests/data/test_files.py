"""Tests of files that appear whole or not at all."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras_nas.data.files import ArrayWriter, require_space, staged, write_array
from keras_nas.errors import StoreError


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64", "bool", "float16"])
def test_an_array_written_in_parts_equals_the_whole(tmp_path: Path, dtype: str) -> None:
    whole = np.random.default_rng(0).integers(0, 2, (2000, 3, 2)).astype(dtype)
    with ArrayWriter(tmp_path / "a.npy") as writer:
        for part in np.array_split(whole, 7):
            writer.append(part)
    read = np.load(tmp_path / "a.npy", mmap_mode="r")
    assert read.dtype == whole.dtype
    np.testing.assert_array_equal(read, whole)


def test_rows_in_another_memory_order_are_written_in_row_order(tmp_path: Path) -> None:
    whole = np.asfortranarray(np.arange(12.0).reshape(4, 3))
    write_array(tmp_path / "a.npy", whole)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npy"), whole)


def test_an_empty_array_keeps_its_type(tmp_path: Path) -> None:
    write_array(tmp_path / "a.npy", np.empty(0, np.int64))
    read = np.load(tmp_path / "a.npy")
    assert read.shape == (0,) and read.dtype == np.int64


def test_a_staged_folder_appears_when_the_block_ends(tmp_path: Path) -> None:
    final = tmp_path / "new" / "data"
    with staged(final) as folder:
        (folder / "a.json").write_text("ä")
        assert not final.exists()
    assert [entry.name for entry in final.iterdir()] == ["a.json"]
    assert [entry.name for entry in final.parent.iterdir()] == ["data"]


def test_a_failure_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(KeyError), staged(tmp_path / "new" / "deep" / "data") as folder:
        (folder / "a").write_text("half")
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".data-unfinished-0a1b").mkdir()
    (tmp_path / ".data-backup").mkdir()
    with staged(tmp_path / "data"):
        pass
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".data-backup", "data"]


def test_a_folder_with_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "precious.txt").write_text("mine")
    with pytest.raises(StoreError, match="holds other files: give an empty or a new directory"), staged(tmp_path):
        pass
    assert (tmp_path / "precious.txt").read_text() == "mine"


def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be written .* give a directory that can"):
        with staged(tmp_path / "file" / "data"):
            pass


def test_too_small_a_disk_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage: Any = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=100_000_000))
    require_space(tmp_path, 30_000_000)
    with pytest.raises(StoreError, match=r"needs 50 MB .* has 100 MB free .* free some, or choose"):
        require_space(tmp_path, 50_000_000)
