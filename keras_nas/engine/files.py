"""Folders that stay inside their directory, that hold a search or nothing, and checkpoints that do not pile up."""

from __future__ import annotations

import itertools
import os
import shutil
from collections.abc import Collection
from pathlib import Path

from keras_nas.engine.lock import LOCK_NAME
from keras_nas.errors import InvalidArgument, StoreError

STORE_NAME = "search.sqlite"
"""The file that makes a folder a keras_nas search."""
RESULT = "result.json"
"""The file that says how the search ended."""
MODEL = "model.keras"
"""The file of a trial's model, in the trial's folder."""
PARENT = "parent.keras"
"""The model, of another architecture, whose weights a trial begins with, in the trial's folder."""
REFITS = "refits"
"""The folder of retrained winners."""
REPLACED, DISCARDED = "replaced", "discarded"
"""Where an earlier search stands aside until the new one is certain, and where it goes then."""
RANDOM_SEARCH = "random_search"
"""The folder of the random search that a search is compared with."""
SPECIALISED = "specialised"
"""The folder of networks that were taken out of a supernet, each for some limits."""
SHARED_WEIGHTS = "shared.weights.h5"
"""What networks have in common where a search shares weights."""
BACKBONE = "backbone.keras"
"""The pretrained model that all networks begin with."""
FILES = (STORE_NAME, LOCK_NAME, RESULT, SHARED_WEIGHTS, BACKBONE)
FOLDERS = (REFITS, SPECIALISED, RANDOM_SEARCH, REPLACED, DISCARDED, "results", "trials", "logs", "data")
OWN_NAMES = frozenset({*FILES, *FOLDERS})
"""What a search writes into its folder, beside what SQLite adds to the name of its file."""


def inside(directory: Path, name: str) -> Path:
    """The path `directory/name`, refused when it leaves `directory`.

    Args:
        directory: The folder to stay in.
        name: A file's or folder's relative name.

    Raises:
        InvalidArgument: When the name is absolute, climbs out, or leads out through a link.

    Example:
        >>> inside(Path("runs"), "../elsewhere")
        Traceback (most recent call last):
        keras_nas.errors.InvalidArgument: The name '../elsewhere' leaves the folder runs: use a name without '..' \
and without a leading '/'.
    """
    path = directory / name
    root = directory.resolve()
    if not name or path.resolve() == root or root not in path.resolve().parents:
        raise InvalidArgument(
            f"The name {name!r} leaves the folder {directory}: use a name without '..' and without a leading '/'."
        )
    return path


def safe_directory(path: str | os.PathLike[str]) -> Path:
    """The folder of a search, made if need be; refused when it holds anything but a keras_nas search.

    Args:
        path: The folder.

    Returns:
        The absolute path of a folder that can be written to.

    Raises:
        StoreError: When the folder holds other files, is a file or cannot be written to. Nothing is changed then.
    """
    directory = Path(path).expanduser().resolve()
    if directory.exists() and not directory.is_dir():
        raise StoreError(f"The search directory {directory} is a file: name a folder.")
    found = sorted(entry.name for entry in directory.iterdir()) if directory.exists() else []
    if found and STORE_NAME not in found and not set(found) <= OWN_NAMES:
        raise StoreError(
            f"The folder {directory} holds {len(found)} entries ({', '.join(found[:3])}, ...) but no keras_nas search: "
            f"it is left alone. Name an empty or a new folder."
        )
    _make(directory)
    return directory


def _make(directory: Path) -> None:
    """Creates a folder and proves that it can be written to."""
    probe = directory / ".writable"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        raise StoreError(
            f"The search directory {directory} cannot be written to ({error.strerror}): name a folder of your own."
        ) from error


def unused(path: Path) -> Path:
    """The path itself, or with a number added to its stem when something has that name already."""
    numbered = (path.with_name(f"{path.stem}-{number}{path.suffix}") for number in itertools.count(1))
    return next(name for name in itertools.chain([path], numbered) if not name.exists())


def keep_trials(folder: Path, numbers: Collection[int]) -> list[int]:
    """Deletes the trial folders that are not wanted any more, so that the disk stays bounded.

    Args:
        folder: Holds one folder per trial, named by its number.
        numbers: The trials to keep: the best ones and those still running or pending.

    Returns:
        The numbers of the trials whose folder went.
    """
    gone = [int(entry.name) for entry in folder.iterdir() if entry.name.isdigit() and int(entry.name) not in numbers]
    for number in gone:
        shutil.rmtree(folder / str(number))
    return sorted(gone)
