"""Files that appear whole or not at all, and arrays that are written row by row."""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

import numpy as np

from keras_nas.errors import StoreError
from keras_nas.files import sync

SPARE_BYTES = 64 << 20  # left free on the disk, for the search's own records


class ArrayWriter:
    """An .npy file that grows by rows, so that the whole array never has to be in memory.

    The first rows fix the type and the shape of a row. NumPy leaves room in the header for the
    number of rows to grow: it is filled in at the end.

    Args:
        path: The file to write.

    Example:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "x.npy"
        >>> with ArrayWriter(path) as writer:
        ...     writer.append(np.zeros((2, 3), np.uint8))
        ...     writer.append(np.ones((1, 3), np.uint8))
        >>> np.load(path).shape
        (3, 3)
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.rows = 0
        self._file: BinaryIO | None = None
        self._row: np.ndarray | None = None

    def append(self, rows: np.ndarray) -> None:
        """Write `rows`, of shape (rows, ...), behind those already there."""
        if self._file is None:
            self._file, self._row = self.path.open("wb"), np.empty((0, *rows.shape[1:]), rows.dtype)
            self._header()
        self._file.write(np.ascontiguousarray(rows).reshape(-1).view(np.uint8).data)
        self.rows += len(rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is None:
            return
        with self._file:
            self._header()
            self._file.flush()
            os.fsync(self._file.fileno())

    def _header(self) -> None:
        assert self._file is not None and self._row is not None  # noqa: S101 - for the type checker
        self._file.seek(0)
        description = np.lib.format.header_data_from_array_1_0(self._row)
        description["shape"] = (self.rows, *self._row.shape[1:])
        np.lib.format.write_array_header_1_0(self._file, description)


@contextmanager
def staged(directory: Path) -> Iterator[Path]:
    """A new folder that becomes `directory` when the block ends well, and vanishes when it fails.

    Args:
        directory: The final place: absent or empty. Missing parents are created, and removed
            again when the block fails.

    Yields:
        The folder to write into, beside the final one.

    Raises:
        StoreError: `directory` holds files already, or cannot be written.
    """
    if directory.is_dir() and any(directory.iterdir()):
        raise StoreError(f"{directory} holds other files: give an empty or a new directory for the data.")
    missing = [parent for parent in directory.parents if not parent.exists()]
    try:
        folder = _new_folder(directory)
    except OSError as error:
        raise StoreError(f"{directory} cannot be written ({error}): give a directory that can.") from error
    try:
        yield folder
        sync(folder)
        os.replace(folder, directory)
        sync(directory.parent)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        for parent in missing:
            if not any(parent.iterdir()):
                parent.rmdir()
        raise


def require_space(directory: Path, needed_bytes: int) -> None:
    """Refuse to go on when the disk of `directory` has no room for `needed_bytes`.

    Raises:
        StoreError: Less is free, 64 MiB set aside.
    """
    free_bytes = shutil.disk_usage(directory).free
    if needed_bytes + SPARE_BYTES > free_bytes:
        raise StoreError(
            f"The data needs {needed_bytes / 1e6:,.0f} MB on the disk of {directory.parent}, which has "
            f"{free_bytes / 1e6:,.0f} MB free (64 MB are left for the search's records): free some, "
            "or choose a directory on another disk."
        )


def write_array(path: Path, array: np.ndarray) -> None:
    """Write `array` as .npy at `path`, whole or not at all."""
    temporary = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    with ArrayWriter(temporary) as writer:
        writer.append(array)
    os.replace(temporary, path)


def _new_folder(directory: Path) -> Path:
    prefix = f".{directory.name}-unfinished-"
    directory.parent.mkdir(parents=True, exist_ok=True)
    for abandoned in directory.parent.glob(f"{prefix}*"):
        shutil.rmtree(abandoned, ignore_errors=True)
    folder = directory.parent / f"{prefix}{secrets.token_hex(4)}"
    folder.mkdir()
    return folder
