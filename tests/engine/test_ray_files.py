"""Files that travel: what is new, in which order, what is shared on a node, and what is left when nobody is."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from keras_nas.engine.ray_files import Mirror, NodeFolder, clean, sweep, unpack
from keras_nas.errors import InvalidArgument, StoreError


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The place of the nodes' folders in this test."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    yield tmp_path / f"keras_nas-{os.getuid()}"


def release(folder: NodeFolder) -> None:
    """Ends what a worker's end ends."""
    os.close(folder._lock)


def test_changes_come_once_and_in_the_order_of_writing(tmp_path: Path) -> None:
    mirror = Mirror(tmp_path)
    (tmp_path / "trials" / "3").mkdir(parents=True)
    for second, name in enumerate(("z.weights.h5", "a.json")):
        path = tmp_path / "trials" / "3" / name
        path.write_bytes(name.encode())
        os.utime(path, (second, second))
    assert list(mirror.changes().items()) == [
        ("trials/3/z.weights.h5", b"z.weights.h5"),
        ("trials/3/a.json", b"a.json"),
    ]
    assert mirror.changes() == {}


def test_of_two_files_of_one_moment_the_larger_comes_first(tmp_path: Path) -> None:
    for name, size in (("checkpoint.json", 10), ("epoch5.weights.h5", 1000)):
        (tmp_path / name).write_bytes(b"x" * size)
        os.utime(tmp_path / name, (1, 1))
    assert list(Mirror(tmp_path).changes()) == ["epoch5.weights.h5", "checkpoint.json"]


def test_replaced_and_removed_files_are_changes_and_links_are_not(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "x").write_text("1")
    os.utime(tmp_path / "data" / "x", (1, 1))
    mirror = Mirror(tmp_path)
    mirror.skip()
    (tmp_path / "new").write_text("2")
    os.utime(tmp_path / "new", (1, 1))
    os.replace(tmp_path / "new", tmp_path / "data" / "x")
    assert mirror.changes() == {"data/x": b"2"}
    (tmp_path / "data" / "x").unlink()
    assert mirror.changes() == {"data/x": None}


def test_only_a_part_is_looked_at(tmp_path: Path) -> None:
    unpack(tmp_path, {"trials/1/a": b"1", "logs/b": b"2"})
    assert Mirror(tmp_path, "trials/1").changes() == {"trials/1/a": b"1"}
    assert Mirror(tmp_path, "trials/2").changes() == {}


def test_changes_make_another_folder_the_same(tmp_path: Path) -> None:
    unpack(tmp_path, {"a/b": b"old", "gone": b""})
    unpack(tmp_path, {"a/b": b"new", "gone": None, "never": None})
    assert Mirror(tmp_path).changes() == {"a/b": b"new"}


def test_names_that_leave_the_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="leaves the folder"):
        unpack(tmp_path / "here", {"../x": b""})
    assert not (tmp_path / "x").exists()


def test_a_node_fetches_once(home: Path) -> None:
    got: list[bytes] = []

    def get(part: bytes) -> bytes:
        got.append(part)
        return part

    first, second = NodeFolder("search-node"), NodeFolder("search-node")
    place = first.fetch("data", {"x.npy": [b"12", b"34"], "deep/y": [], "z": [b"5"]}, get)
    assert second.fetch("data", {"x.npy": [b"other"]}, get) == place
    assert got == [b"12", b"34", b"5"]
    assert Mirror(place).changes().keys() == {"x.npy", "deep/y", "z"}
    assert (place / "x.npy").read_bytes() == b"1234"
    assert first.fetch("a/single", {"": [b"6"]}, get).read_bytes() == b"6"
    release(first)
    release(second)


def test_a_fetch_that_fails_leaves_nothing_to_be_taken_for_whole(home: Path) -> None:
    folder = NodeFolder("search-node")

    def fail(part: object) -> bytes:
        raise OSError("no space")

    with pytest.raises(OSError, match="no space"):
        folder.fetch("data", {"x": [b"1"]}, fail)
    place = folder.fetch("data", {"x": [b"1"]}, bytes)
    assert (place / "x").read_bytes() == b"1"
    release(folder)


HOLDER = """
import sys, tempfile, time
tempfile.tempdir = sys.argv[1]
from keras_nas.engine.ray_files import NodeFolder
folder = NodeFolder("theirs-node")
folder.fetch("data", {"x": [b"1"]}, bytes)
print("held", flush=True)
time.sleep(100)
"""


def test_only_folders_without_a_worker_are_swept(home: Path) -> None:
    """Also when the worker was killed; a folder that is used again in between is made again."""
    command = [sys.executable, "-c", HOLDER, str(home.parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env={**os.environ, "PYTHONPATH": str(Path.cwd())}) as other:
        assert other.stdout is not None
        other.stdout.readline()
        mine = NodeFolder("mine-node")
        mine.fetch("data", {"x": [b"1"]}, bytes)
        release(mine)
        sweep()
        assert [path.name for path in sorted(home.iterdir())] == ["theirs-node", "theirs-node.lock"]
        other.kill()
    clean("theirs", 10.0)
    assert list(home.iterdir()) == []
    release(NodeFolder("mine-node"))


def test_cleaning_does_not_wait_for_ever(home: Path) -> None:
    folder = NodeFolder("mine-node")
    began = time.monotonic()
    clean("mine", 0.2)
    assert 0.2 <= time.monotonic() - began < 5
    assert (home / "mine-node.lock").exists()
    release(folder)


def test_somebody_else_s_folder_is_refused(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    NodeFolder("mine-node")
    monkeypatch.setattr("os.getuid", lambda: int(home.name.removeprefix("keras_nas-")) + 1)
    home.rename(home.with_name(f"keras_nas-{os.getuid()}"))
    with pytest.raises(StoreError, match="belongs to somebody else: set TMPDIR"):
        NodeFolder("mine-node")
