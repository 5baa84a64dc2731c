"""All that happened in a search, in one SQLite file that the driver alone writes.

A record is durable when `append` returns. Whoever opens the store owns the directory until the store is closed or the
process ends. A damaged file is set aside, what can be read of it is recovered, and one warning says what was lost.
"""

from __future__ import annotations

import json
import sqlite3
import time
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_nas.engine.files import STORE_NAME
from keras_nas.engine.lock import DirectoryLock
from keras_nas.engine.recovery import recover, set_aside
from keras_nas.engine.schema import PAGE_SIZE, migrate
from keras_nas.errors import StoreError
from keras_nas.files import checksum
from keras_nas.points import reached

NETWORK_FILE_SYSTEMS = frozenset(
    {"nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "9p", "afs", "ceph", "lustre", "gpfs", "beegfs",
     "glusterfs", "fuse.sshfs", "fuse.glusterfs", "fuse.rclone", "fuse.s3fs", "fuse.gcsfuse", "fuse.juicefs",
     "ocfs2", "gfs2"}
)  # fmt: skip
"""Where SQLite's write-ahead log, which needs shared memory, is not safe."""
NOT_DAMAGED = frozenset(
    {"SQLITE_BUSY", "SQLITE_LOCKED", "SQLITE_FULL", "SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM", "SQLITE_NOMEM"}
)
"""Errors that say nothing against the file itself."""
CHECKPOINT_SECONDS = 10.0
"""What a damaged write-ahead log may cost is no older than this."""
BUSY_SECONDS = 30.0
"""How long a commit waits for somebody who reads the store (never with a write-ahead log)."""


@dataclass(frozen=True)
class Record:
    """One thing that happened.

    Args:
        kind: "call", "propose", "start", "epoch", "end" or "observe".
        trial: Number of the trial, if it is about one.
        attempt: Id of the attempt, if it is about one.
        body: The rest, in JSON types.
        time: Seconds since 1970.
        position: Place in the order of all records, from 1; 0 before it is stored.
    """

    kind: str
    trial: int | None = None
    attempt: str | None = None
    body: Mapping[str, Any] | None = None
    time: float = 0.0
    position: int = 0


class Store:
    """The file of one search, open for writing.

    Args:
        directory: Folder of the search; must exist.

    Example:
        >>> import tempfile
        >>> with Store(Path(tempfile.mkdtemp())) as store:
        ...     store.append([Record("call", body={"arguments": {"seed": 1}})])
        ...     [record.kind for record in store.records()]
        ['call']
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.path = directory / STORE_NAME
        self._lock = DirectoryLock(directory)
        self._connection: sqlite3.Connection
        self._last = 0
        self._checkpoint_due = 0.0

    def __enter__(self) -> Store:
        self.open()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def open(self) -> None:
        """Takes the directory and opens the file, which is made, migrated or recovered as need be.

        Raises:
            StoreError: When another search owns the directory, or the file is of a newer version or cannot be written.
        """
        self._lock.acquire()
        try:
            self._connection, self._last = _open_or_recover(self.path)
        except BaseException:
            self._lock.release()
            raise

    def append(self, records: Iterable[Record]) -> None:
        """Stores some records in one transaction: after a crash there are all of them or none.

        Args:
            records: What happened, in order; time and position are set here.

        Raises:
            StoreError: When it cannot be written: the disk is full, say. Nothing of it is stored then.
        """
        now = time.time()
        rows = [_row(record, self._last + place, now) for place, record in enumerate(records, start=1)]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
            reached("store.before_commit")
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            _roll_back(self._connection)
            raise StoreError(_why(error, self.path)) from error
        self._last += len(rows)
        reached("store.after_commit")

    def records(self, *kinds: str) -> Iterator[Record]:
        """The records in order; of some kinds only, when these are named."""
        marks = ", ".join("?" * len(kinds))
        where = f"WHERE kind IN ({marks})" if kinds else ""
        rows = self._connection.execute(f"SELECT * FROM records {where} ORDER BY position", kinds)  # noqa: S608
        for position, when, kind, trial, attempt, body, _ in rows:
            yield Record(kind, trial, attempt, json.loads(body), when, position)

    def times(self) -> Iterator[tuple[str, float]]:
        """Kind and time of all records in order, which is quicker than reading them whole."""
        yield from self._connection.execute("SELECT kind, time FROM records ORDER BY position")

    def checkpoint(self) -> None:
        """Brings the write-ahead log into the file, which then alone holds all; does so every few seconds at most."""
        now = time.monotonic()
        if now >= self._checkpoint_due:
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
            self._checkpoint_due = now + CHECKPOINT_SECONDS

    def close(self) -> None:
        """Closes the file and gives the directory free."""
        self._connection.close()
        self._lock.release()


def read_only(path: Path) -> sqlite3.Connection:
    """Opens a search's file for reading, also while the search runs.

    Args:
        path: The search's folder or its file.

    Returns:
        A connection with the views `trials`, `attempts`, `epochs`, `measurements` and `calls`.

    Raises:
        StoreError: When there is no such search.
    """
    file = path / STORE_NAME if path.is_dir() else path
    if not file.exists():
        raise StoreError(f"There is no search in {path}: expected a folder that holds {STORE_NAME}.")
    return sqlite3.connect(f"{file.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)


def _open_or_recover(path: Path) -> tuple[sqlite3.Connection, int]:
    """An open, sound store and its last position."""
    try:
        _refuse_remains(path)
        return _open(path)
    except (sqlite3.Error, ValueError) as error:
        if getattr(error, "sqlite_errorname", "") in NOT_DAMAGED:
            raise StoreError(_why(error, path)) from error
        reason = str(error)
    aside = set_aside(path)
    rows, lost = recover(aside)
    connection, _ = _open(path)
    with connection:
        connection.execute("BEGIN")
        connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
    warnings.warn(
        f"The search's file was damaged ({reason}). It is kept as {aside.name}; {len(rows)} records were recovered, "
        f"{lost}.",
        stacklevel=3,
    )
    return connection, max((row[0] for row in rows), default=0)


def _refuse_remains(path: Path) -> None:
    """Raises `ValueError` for what SQLite would take for a new file, though there was a search."""
    size = path.stat().st_size if path.exists() else 0
    trials = path.parent / "trials"
    if 0 < size < PAGE_SIZE:
        raise ValueError(f"cut to {size} bytes")
    if not size and trials.is_dir() and any(entry.name.isdigit() for entry in trials.iterdir()):
        raise ValueError("it is empty or missing beside trials")


def _open(path: Path) -> tuple[sqlite3.Connection, int]:
    """Opens a store and checks every page and every row of it."""
    connection = sqlite3.connect(path, isolation_level=None, timeout=BUSY_SECONDS)
    try:
        connection.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        connection.execute(f"PRAGMA journal_mode = {'DELETE' if on_network(path.parent) else 'WAL'}")
        connection.execute("PRAGMA synchronous = FULL")
        migrate(connection)
        return connection, _check(connection)
    except BaseException:
        connection.close()
        raise


def _check(connection: sqlite3.Connection) -> int:
    """The last position of a sound store; raises `ValueError` or `sqlite3.DatabaseError` for a damaged one."""
    (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise ValueError(verdict)
    count = last = 0
    for *values, mark in connection.execute("SELECT * FROM records ORDER BY position"):
        if checksum(*values) != mark:
            raise ValueError(f"record {values[0]} does not agree with its checksum")
        count, last = count + 1, values[0]
    return last


def _row(record: Record, position: int, now: float) -> tuple[Any, ...]:
    body = json.dumps(record.body or {}, sort_keys=True, allow_nan=False)
    values = (position, now, record.kind, record.trial, record.attempt, body)
    return *values, checksum(*values)


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        connection.execute("ROLLBACK")


def _why(error: Exception, path: Path) -> str:
    """An error of SQLite in words that say what to do."""
    if "full" in str(error):
        return (
            f"The disk that holds {path} is full: the search stopped, every finished trial is recorded. Free some "
            f"space and resume it."
        )
    return f"The search's file {path} cannot be used ({error}): see that it can be written to, and resume the search."


def on_network(path: Path, mounts: str | None = None) -> bool:
    """Whether a folder is on a network file system.

    Args:
        path: The folder.
        mounts: Content of `/proc/self/mountinfo`; read when not given. Elsewhere than on Linux nothing is known.
    """
    table = Path("/proc/self/mountinfo")
    if mounts is None:
        mounts = table.read_text() if table.exists() else ""
    best = ("", "")
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        point = before.split()[4].replace("\\040", " ")
        if path.resolve().is_relative_to(point) and len(point) >= len(best[0]):
            best = (point, after.split()[0])
    return best[1] in NETWORK_FILE_SYSTEMS
