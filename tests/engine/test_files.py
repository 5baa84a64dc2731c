"""Folders stay inside; nobody else's folder is touched."""

from pathlib import Path

import pytest

from keras_nas.engine.files import inside, keep_trials, safe_directory
from keras_nas.errors import InvalidArgument, StoreError


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "", ".", "link/x"])
def test_names_that_leave_the_directory_are_refused(tmp_path: Path, name: str) -> None:
    directory = tmp_path / "runs"
    directory.mkdir()
    (directory / "link").symlink_to(tmp_path)
    with pytest.raises(InvalidArgument, match="leaves the folder"):
        inside(directory, name)


def test_names_inside_are_accepted(tmp_path: Path) -> None:
    assert inside(tmp_path, "a/b") == tmp_path / "a" / "b"


def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(StoreError, match="holds 1 entries .*but no keras_nas search"):
        safe_directory(tmp_path)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_a_file_is_no_directory(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="is a file: name a folder"):
        safe_directory(tmp_path / "file")
    with pytest.raises(StoreError, match="cannot be written to"):
        safe_directory(tmp_path / "file" / "below")


def test_only_the_wanted_trials_stay(tmp_path: Path) -> None:
    for name in ("0", "1", "2", "10", "notes"):
        (tmp_path / name).mkdir()
    assert keep_trials(tmp_path, {1, 10}) == [0, 2]
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["1", "10", "notes"]
