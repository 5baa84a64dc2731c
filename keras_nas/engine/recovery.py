"""Gets the records out of a damaged store, whatever is damaged.

SQLite refuses a file whose first page, tree or length is wrong. The records need none of these: they lie in leaf pages,
each describes itself, and each carries a checksum. So every page of the file and of its write-ahead log is looked at by
itself, and whatever proves whole by its checksum is a record. (File format: https://www.sqlite.org/fileformat2.html)
"""

from __future__ import annotations

import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_nas.engine.files import unused
from keras_nas.engine.schema import COLUMNS, PAGE_SIZE
from keras_nas.files import checksum

LEAF = 0x0D
"""Type byte of a table's leaf page."""
WAL_HEADER = 32
FRAME_HEADER = 24
_INTEGER_BYTES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}


def set_aside(path: Path) -> Path:
    """Renames a damaged store and its log, so that nothing is lost and a new one can take its name.

    Returns:
        The new path, `search.damaged-<date>.sqlite`.
    """
    name = unused(path.with_name(f"{path.stem}.damaged-{time.strftime('%Y%m%d-%H%M%S')}{path.suffix}"))
    for suffix in ("-wal", "-shm", "-journal", ""):
        part = path.with_name(path.name + suffix)
        if part.exists():
            part.rename(name.with_name(name.name + suffix))
    return name


def recover(path: Path) -> tuple[list[tuple[Any, ...]], str]:
    """Reads all whole records of a damaged store.

    Args:
        path: The damaged file; its log lies beside it.

    Returns:
        The rows in order, and what is missing in words.
    """
    pages = _pages(path)
    latest = dict(pages)
    found: dict[int, tuple[Any, ...]] = {}
    for _, page in pages:
        for row in _rows(page, latest):
            found[row[0]] = max(row, found.get(row[0], row), key=lambda row: row[1])
    rows = [found[position] for position in sorted(found)]
    missing = (rows[-1][0] - len(rows)) if rows else 0
    cut = "whatever followed the last of them cannot be counted"
    return rows, f"{missing} between them were lost, and {cut}" if rows else "all were lost"


def _pages(path: Path) -> list[tuple[int, bytes]]:
    """Page number and content of every page, those of the log after those of the file."""
    content = path.read_bytes() if path.exists() else b""
    pages = [(at // PAGE_SIZE + 1, content[at : at + PAGE_SIZE]) for at in range(0, len(content), PAGE_SIZE)]
    log = path.with_name(path.name + "-wal")
    frames = log.read_bytes() if log.exists() else b""
    for at in range(WAL_HEADER, len(frames), FRAME_HEADER + PAGE_SIZE):
        frame = frames[at : at + FRAME_HEADER + PAGE_SIZE]
        if len(frame) > FRAME_HEADER:
            pages.append((int.from_bytes(frame[:4], "big"), frame[FRAME_HEADER:]))
    return pages


def _rows(page: bytes, pages: dict[int, bytes]) -> Iterator[tuple[Any, ...]]:
    """The whole records of one page; a page that is no leaf of the table has none."""
    if len(page) < 8 or page[0] != LEAF:
        return
    cells = int.from_bytes(page[3:5], "big")
    for index in range(min(cells, PAGE_SIZE // 4)):
        at = int.from_bytes(page[8 + 2 * index : 10 + 2 * index], "big")
        row = _row(page, at, pages)
        if row is not None:
            yield row


def _row(page: bytes, at: int, pages: dict[int, bytes]) -> tuple[Any, ...] | None:
    """The record whose cell begins at `at`, or None when it is not one or not whole."""
    try:
        size, at = _varint(page, at)
        position, at = _varint(page, at)
        values = _values(_payload(page, at, size, pages))
    except (IndexError, KeyError, TypeError, ValueError, struct.error):
        return None
    if len(values) != len(COLUMNS):
        return None
    row = (position, float(values[1]), *values[2:])  # a whole number lies there as an integer
    return row if checksum(*row[:-1]) == row[-1] else None


def _payload(page: bytes, at: int, size: int, pages: dict[int, bytes]) -> bytes:
    """A record's bytes, gathered from its overflow pages when it is long."""
    largest, smallest = PAGE_SIZE - 35, (PAGE_SIZE - 12) * 32 // 255 - 23
    if size <= largest:
        return page[at : at + size]
    fitting = smallest + (size - smallest) % (PAGE_SIZE - 4)
    local = fitting if fitting <= largest else smallest
    gathered = bytearray(page[at : at + local])
    following = int.from_bytes(page[at + local : at + local + 4], "big")
    while len(gathered) < size:
        overflow = pages[following]
        gathered += overflow[4:]
        following = int.from_bytes(overflow[:4], "big")
        if len(overflow) < PAGE_SIZE:
            break
    return bytes(gathered[:size])


def _values(record: bytes) -> list[Any]:
    """The columns of a record."""
    end, at = _varint(record, 0)
    types = []
    while at < end:
        kind, at = _varint(record, at)
        types.append(kind)
    values = []
    for kind in types:
        width = _INTEGER_BYTES[kind] if kind < 10 else (kind - 12) // 2
        values.append(_value(kind, record[at : at + width]))
        at += width
    return values


def _value(kind: int, content: bytes) -> Any:
    if kind == 0:
        return None
    if kind in (8, 9):
        return kind - 8
    if kind == 7:
        return struct.unpack(">d", content)[0]
    return int.from_bytes(content, "big", signed=True) if kind < 10 else content.decode("utf-8")


def _varint(content: bytes, at: int) -> tuple[int, int]:
    """A variable-length integer of up to 9 bytes, and where it ends."""
    value = 0
    for index in range(9):
        byte = content[at + index]
        if index == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    raise ValueError("not reached: the ninth byte always ends a number")
