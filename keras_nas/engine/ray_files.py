"""Files that travel between the driver and the nodes of a cluster, which need not share a file system."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_nas.engine.files import inside
from keras_nas.errors import StoreError
from keras_nas.files import write_atomically

Changes = dict[str, bytes | None]
"""Names inside a folder with their new content, in the order in which to write them; None for what is gone."""
Parts = Mapping[str, Sequence[Any]]
"""The files of a folder by name ("" where it is a single file), each in parts that lie in Ray's object store."""


class Mirror:
    """Tells what has changed in a folder since it was last asked. Links are not followed.

    Args:
        root: Names are relative to it.
        below: The part of it that is looked at.

    Example:
        >>> folder = Path(tempfile.mkdtemp())
        >>> mirror = Mirror(folder)
        >>> _ = (folder / "epoch").write_text("1")
        >>> mirror.changes(), mirror.changes()
        ({'epoch': b'1'}, {})
    """

    def __init__(self, root: Path, below: str = "") -> None:
        self.root = root
        self.below = below
        self._seen: dict[str, tuple[int, int, int]] = {}

    def changes(self) -> Changes:
        """What is new, in the order in which it was written: a file that names another one comes after it."""
        before, now = self._seen, self._scan()
        fresh = sorted((name for name in now if before.get(name) != now[name]), key=now.__getitem__)
        content: Changes = {}
        for name in fresh:
            with contextlib.suppress(FileNotFoundError):
                content[name] = (self.root / name).read_bytes()
        self._seen = now
        return {**content, **{name: None for name in before if name not in now}}

    def skip(self) -> None:
        """Counts what there is as told."""
        self._seen = self._scan()

    def _scan(self) -> dict[str, tuple[int, int, int]]:
        """Each file's time, size (the larger first where the time is the same) and number."""
        found = {}
        for folder, _, names in os.walk(self.root / self.below):
            for path in (Path(folder, name) for name in names):
                with contextlib.suppress(FileNotFoundError):
                    status = path.lstat()
                    if stat.S_ISREG(status.st_mode):
                        name = path.relative_to(self.root).as_posix()
                        found[name] = (status.st_mtime_ns, -status.st_size, status.st_ino)
        return found


def unpack(root: Path, changes: Changes) -> None:
    """Makes in one folder what has changed in another; each file is whole or absent.

    Args:
        root: The folder.
        changes: From `Mirror.changes`.
    """
    for name, content in changes.items():
        path = inside(root, name)
        if content is None:
            path.unlink(missing_ok=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)


class NodeFolder:
    """A search's folder among the temporary files of a node, shared by its workers there.

    Each of them holds a lock that the kernel drops when the process ends, however it does; by that `sweep` knows what
    nobody uses any more.

    Args:
        name: Of the search on this node.
    """

    def __init__(self, name: str) -> None:
        self.path = _home() / name
        self._lock = _held(_home() / f"{name}.lock")

    def fetch(self, name: str, parts: Parts, get: Callable[[Any], bytes]) -> Path:
        """Where a folder or file lies that all workers of the search read: the first one to ask writes it.

        Args:
            name: In the search's folder.
            parts: Its content.
            get: Gets a part, `ray.get`.
        """
        place = self.path / "shared" / name
        unfinished = self.path / "unfinished" / name
        unfinished.parent.mkdir(parents=True, exist_ok=True)
        with (self.path / "fetch.lock").open("ab") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if place.exists():
                return place
            for file, pieces in parts.items():
                path = unfinished / file
                path.parent.mkdir(parents=True, exist_ok=True)
                with path.open("wb") as stream:
                    for piece in pieces:
                        stream.write(get(piece))
            place.parent.mkdir(parents=True, exist_ok=True)
            os.replace(unfinished, place)
        return place


def clean(search: str, seconds: float) -> None:
    """Removes what a search has left on this node, as soon as its workers there have ended.

    Args:
        search: Names the search.
        seconds: How long to wait for that.
    """
    end = time.monotonic() + seconds
    while any(_home().glob(f"{search}-*")) and time.monotonic() < end:
        sweep()
        time.sleep(0.05)


def sweep() -> None:
    """Removes the folders of searches that have no worker on this node any more."""
    for lock in _home().glob("*.lock"):
        with contextlib.suppress(OSError), lock.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if lock.with_suffix("").exists():
                shutil.rmtree(lock.with_suffix(""))
            lock.unlink()


def _home() -> Path:
    """The user's own folder below the temporary files."""
    folder = Path(tempfile.gettempdir()) / f"keras_nas-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    if folder.lstat().st_uid != os.getuid():
        raise StoreError(f"{folder} belongs to somebody else: set TMPDIR to a folder of your own where Ray is started.")
    return folder


def _held(path: Path) -> int:
    """An open file with a lock that others may share; opened again where `sweep` was faster."""
    while True:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        if path.exists() and os.path.samestat(os.fstat(descriptor), path.stat()):
            return descriptor
        os.close(descriptor)
