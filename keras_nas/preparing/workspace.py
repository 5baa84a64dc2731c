"""The folder of a search while it is not yet certain that there will be a search: what fails leaves all as it was."""

from __future__ import annotations

import shutil
from pathlib import Path

from keras_nas.engine.files import DISCARDED, OWN_NAMES, REPLACED, STORE_NAME, safe_directory
from keras_nas.engine.lock import LOCK_NAME, DirectoryLock


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
        self._take_up()
        self._before = {entry.name for entry in self.folder.iterdir()}
        self._kept = False
        if self.replace and STORE_NAME in self._before:
            with DirectoryLock(self.folder):
                self._move(_entries(self.folder), self.folder / REPLACED)
        return self

    def keep(self) -> None:
        """From here on there is a search: the one that it replaces goes."""
        self._kept = True
        if (self.folder / REPLACED).exists():
            (self.folder / REPLACED).rename(self.folder / DISCARDED)
        shutil.rmtree(self.folder / DISCARDED, ignore_errors=True)

    def __exit__(self, kind: object, *exception: object) -> None:
        if kind is not None and not self._kept:
            self._restore()

    def _take_up(self) -> None:
        """What a process that was killed left: a search that stands aside comes back, one that was to go goes."""
        left = [self.folder / name for name in (REPLACED, DISCARDED) if (self.folder / name).exists()]
        if not left:
            return
        with DirectoryLock(self.folder):
            shutil.rmtree(self.folder / DISCARDED, ignore_errors=True)
            self._bring_back()

    def _bring_back(self) -> None:
        """The search that stands aside instead of what has taken its place; nothing where none does."""
        aside = self.folder / REPLACED
        if not aside.exists():
            return
        for entry in list(aside.iterdir()):
            _remove(self.folder / entry.name)
            entry.rename(self.folder / entry.name)
        aside.rmdir()

    def _restore(self) -> None:
        """Remove what is new, bring back what stood aside, and remove the folders that were made."""
        for entry in _entries(self.folder):
            if entry.name not in self._before or (self.folder / REPLACED).exists():
                _remove(entry)
        self._bring_back()
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
    """What belongs to a search, but for the lock and what stands aside."""
    own = OWN_NAMES - {LOCK_NAME, REPLACED, DISCARDED}
    return [entry for entry in folder.iterdir() if entry.name in own or entry.name.startswith("search.sqlite")]


def _remove(entry: Path) -> None:
    if entry.is_dir() and not entry.is_symlink():
        shutil.rmtree(entry)
    else:
        entry.unlink(missing_ok=True)
