"""One search owns a directory at a time; the ownership vanishes with the process, however it ends."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import struct
import time
from pathlib import Path

from keras_nas.errors import StoreError

LOCK_NAME = "search.lock"
"""The file that is locked; it stays when the lock goes."""
FLOCK = "hhqqi0q"
"""The structure `flock` of 64-bit Linux: type, whence, start, length, process."""
_held: set[tuple[int, int]] = set()
"""Device and inode of the lock files that this process holds: POSIX locks do not tell its own threads apart."""


class DirectoryLock:
    """Exclusive ownership of a search directory.

    A POSIX record lock: the kernel drops it when the process ends, it works on network file systems, and child
    processes do not inherit it.

    Args:
        directory: The folder of the search.

    Example:
        >>> import tempfile
        >>> with DirectoryLock(Path(tempfile.mkdtemp())):
        ...     pass
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / LOCK_NAME
        self._descriptor = -1

    def __enter__(self) -> DirectoryLock:
        self.acquire()
        return self

    def __exit__(self, *exception: object) -> None:
        self.release()

    def acquire(self) -> None:
        """Takes the lock or refuses at once.

        Raises:
            StoreError: When another search, in this process or another, owns the directory.
        """
        if self.path.exists() and _identity(self.path.stat()) in _held:
            raise StoreError(self._refusal())
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        try:
            fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            os.close(descriptor)
            raise StoreError(self._refusal()) from error
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": time.strftime("%Y-%m-%d %H:%M:%S")}
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(owner).encode(), 0)
        self._descriptor = descriptor
        _held.add(_identity(os.fstat(descriptor)))

    def release(self) -> None:
        """Gives the directory free; does nothing when it is not held."""
        if self._descriptor >= 0:
            _held.discard(_identity(os.fstat(self._descriptor)))
            os.close(self._descriptor)
            self._descriptor = -1

    def holder(self) -> str | None:
        """Who owns the directory now, in words; None when nobody does. Nothing is locked by asking."""
        if not self.path.exists():
            return None
        if _identity(self.path.stat()) in _held:
            return self._owner()
        with self.path.open("rb") as file:
            found = fcntl.fcntl(file, fcntl.F_GETLK, struct.pack(FLOCK, fcntl.F_WRLCK, 0, 0, 0, 0))
        return None if struct.unpack(FLOCK, found)[0] == fcntl.F_UNLCK else self._owner()

    def _refusal(self) -> str:
        return (
            f"Another search runs in {self.path.parent} ({self._owner()}): wait for its end, stop it, or name another "
            f"directory. What it records can be read meanwhile with `keras-nas status`."
        )

    def _owner(self) -> str:
        """Who holds the lock, in words; opened for reading it would drop a lock of this process, so then it is not."""
        if self.path.exists() and _identity(self.path.stat()) in _held:
            return "in this very process"
        try:
            owner = json.loads(self.path.read_text())
            return f"process {owner['pid']} on {owner['host']} since {owner['since']}"
        except (OSError, ValueError, KeyError, TypeError):
            return "by an unnamed process"


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino
