"""Files are whole or absent, and JSON knows whether it is damaged."""

from pathlib import Path

import pytest

from keras_nas import points
from keras_nas.files import read_json, write_atomically, write_json


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
