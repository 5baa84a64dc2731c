"""The folder of a search while it is not yet certain that there will be a search: what fails leaves all as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

from keras_nas.engine.files import OWN_NAMES, STORE_NAME, safe_directory
from keras_nas.engine.lock import LOCK_NAME, DirectoryLock

RESULT = "result.json"
"""The file that says how the search ended."""
REFITS = "refits"
"""The folder of retrained winners."""
REPLACED = "replaced"
"""Where an earlier search stands aside until the new one is certain."""


class Workspace:
    """Makes the folder of a search, and takes back what it did unless `keep` was called.

    Args:
        directory: the folder; made with its parents where it does not exist.
        replace: whether an earlier search there makes room for a new one.

    Raises:
        StoreError: when the folder cannot be written to, holds something else, or belongs to a running search.
    """

    def __init__(self, directory: Path, replace: bool) -> None:
        self.directory = directory
        self.replace = replace

    def __enter__(self) -> Workspace:
        self._made = [path for path in (self.directory, *self.directory.parents) if not path.exists()]
        self.folder = safe_directory(self.directory)
        self._before = {entry.name for entry in self.folder.iterdir()}
        self._kept = False
        if self.replace and STORE_NAME in self._before:
            with DirectoryLock(self.folder):
                self._move(_entries(self.folder), self.folder / REPLACED)
        return self

    def keep(self) -> None:
        """From here on there is a search: the one that it replaces goes."""
        self._kept = True
        shutil.rmtree(self.folder / REPLACED, ignore_errors=True)

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is not None and not self._kept:
            self._restore()

    def _restore(self) -> None:
        """Remove what is new, bring back what stood aside, and remove the folders that were made."""
        aside = self.folder / REPLACED
        for entry in _entries(self.folder):
            if aside.exists() or entry.name not in self._before:
                _remove(entry)
        if aside.exists():
            self._move(list(aside.iterdir()), self.folder)
            aside.rmdir()
        if self._made:
            _remove(self.folder / LOCK_NAME)
        for path in self._made:
            if not any(path.iterdir()):
                path.rmdir()

    def _move(self, entries: list[Path], target: Path) -> None:
        target.mkdir(exist_ok=True)
        for entry in entries:
            entry.rename(target / entry.name)


def _entries(folder: Path) -> list[Path]:
    """What belongs to a search, but for the lock."""
    own = (OWN_NAMES | {RESULT, REFITS}) - {LOCK_NAME}
    return [entry for entry in folder.iterdir() if entry.name in own or entry.name.startswith("search.sqlite")]


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)
