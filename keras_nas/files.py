"""Files that are whole or absent, also after a crash; JSON that knows whether it is damaged."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from keras_nas.points import reached


def write_atomically(path: Path, content: bytes, durable: bool = True) -> None:
    """Writes a file so that a reader, also after a crash, sees the old content or the new, never a part.

    Args:
        path: Where; its folder must exist.
        content: What.
        durable: Whether to wait until it is on the disk.

    Raises:
        OSError: When the file cannot be written; nothing is left behind then.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        reached("files.before_replace")
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    if durable:
        sync(path.parent)
    reached("files.after_replace")


def sync(path: Path) -> None:
    """Makes a file's content durable, or a folder's entries (a replaced file's new name, say)."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_json(path: Path, value: Any) -> None:
    """Writes JSON with a checksum, atomically; `read_json` reads it."""
    body = json.dumps(value, sort_keys=True, allow_nan=False)
    write_atomically(path, json.dumps({"body": body, "checksum": checksum(body)}).encode())


def read_json(path: Path) -> Any | None:
    """What `write_json` wrote; None when the file is absent or damaged."""
    try:
        envelope = json.loads(path.read_bytes())
        whole = checksum(envelope["body"]) == envelope["checksum"]
        return json.loads(envelope["body"]) if whole else None
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def checksum(*parts: object) -> str:
    """A short checksum of some values, told apart by position (16 hexadecimal digits)."""
    text = "\x1f".join("\x00" if part is None else str(part) for part in parts)
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
