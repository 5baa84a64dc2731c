"""Folders that appear whole or not at all."""

import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from keras_nas.errors import ExportError
from keras_nas.files import sync


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """A folder to be filled, which gets its name when the block ends well, and is gone when it does not.

    It is made next to its target, put on the disk, and renamed; what stood under the name is removed after that.

    Args:
        target: The folder's path at the end. What it holds now is replaced.

    Raises:
        ExportError: The disk refused.
    """
    folder = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        folder.chmod(0o755)
        yield folder
        _put_in_place(folder, target)
    except OSError as error:
        raise ExportError(f"Cannot write {target}: {error.strerror or error}. Choose another directory.") from error
    finally:
        if folder is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _put_in_place(folder: Path, target: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        sync(path)
    earlier = folder.with_name(f"{folder.name}.earlier")
    if target.exists():
        os.replace(target, earlier)
    try:
        os.replace(folder, target)
    except OSError:
        if earlier.exists():
            os.replace(earlier, target)
        raise
    sync(target.parent)
    shutil.rmtree(earlier, ignore_errors=True)


def digests(folder: Path, but: str) -> dict[str, str]:
    """The SHA-256 of each file in a folder, by its path inside it.

    Args:
        folder: Searched through all levels.
        but: A path inside it to leave out.
    """
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
    return {name: _digest(path) for name, path in files.items() if name != but}


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
