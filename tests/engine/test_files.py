"""Files are whole or absent; folders stay inside; nobody else's folder is touched."""

from pathlib import Path

import pytest

from keras_nas.engine import points
from keras_nas.engine.files import (
    inside,
    keep_trials,
    read_json,
    safe_directory,
    write_atomically,
    write_json,
)
from keras_nas.engine.store import Record, Store
from keras_nas.errors import InvalidArgument, StoreError


class Killed(BaseException):
    """Stands for the end of the process."""


def test_a_crash_before_the_replacement_leaves_the_old_content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomically(path, b"old")

    def die(name: str) -> None:
        if name == "files.before_replace":
            raise Killed

    monkeypatch.setattr(points, "hook", die)
    with pytest.raises(Killed):
        write_atomically(path, b"new")
    assert path.read_bytes() == b"old"
    assert [entry.name for entry in tmp_path.iterdir()] == ["file"]


def test_json_comes_back(tmp_path: Path) -> None:
    write_json(tmp_path / "x.json", {"a": [1, 2.5, None, "ü"]})
    assert read_json(tmp_path / "x.json") == {"a": [1, 2.5, None, "ü"]}


def test_damaged_json_is_none_at_every_offset(tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    write_json(path, {"score": 0.75})
    content = path.read_bytes()
    for at in range(len(content)):
        path.write_bytes(content[:at])
        assert read_json(path) is None
        path.write_bytes(content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :])
        assert read_json(path) in (None, {"score": 0.75})
    assert read_json(tmp_path / "absent") is None


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
    for overwrite in (False, True):
        with pytest.raises(StoreError, match="holds 1 entries .*but no keras_nas search"):
            safe_directory(tmp_path, overwrite=overwrite)
    assert (tmp_path / "thesis.tex").read_text() == "years of work"


def test_overwriting_deletes_the_search_and_nothing_else(tmp_path: Path) -> None:
    for name in ("search.sqlite", "search.sqlite-wal", "notes.txt"):
        (tmp_path / name).write_text("x")
    (tmp_path / "trials" / "0").mkdir(parents=True)
    outside = tmp_path.parent / "outside"
    outside.mkdir()
    (tmp_path / "logs").symlink_to(outside)
    assert safe_directory(tmp_path, overwrite=True) == tmp_path.resolve()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["notes.txt", "search.lock"]
    assert outside.is_dir()


def test_a_running_search_is_not_overwritten(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        store.append([Record("call")])
        with pytest.raises(StoreError, match="Another search runs"):
            safe_directory(tmp_path, overwrite=True)
        assert len(list(store.records())) == 1
    safe_directory(tmp_path, overwrite=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["search.lock"]


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
