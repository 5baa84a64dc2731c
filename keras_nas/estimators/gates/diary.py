"""What is told while gates are learnt, one file for each part: a training that goes on knows what was told before."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from keras_nas.files import read_json, write_json

Told = list[dict[str, Any]]


class Diary:
    """Entries in the order of their training steps; each file is whole or absent and never written again.

    Args:
        folder: of the trial.
        name: of its files, before their numbers.

    Example:
        >>> import tempfile
        >>> diary = Diary(Path(tempfile.mkdtemp()), "gates")
        >>> diary.add(10, [{"skips": 1}])
        >>> diary.add(20, [{"skips": 2}])
        >>> diary.taken_up(15), diary.taken_up(99)  # the training goes on from step 15
        ([{'skips': 1}], [{'skips': 1}])
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name

    def add(self, step: int, told: Told) -> None:
        """Keep what was told until a step."""
        write_json(self.folder / f"{self.name}-{step:09}.json", told)

    def taken_up(self, step: float = float("inf")) -> Told:
        """All that was told until a step; what an earlier attempt told later is forgotten."""
        files = sorted(self.folder.glob(f"{self.name}-*.json"))
        told: Told = []
        for file in files:
            if int(file.stem.rpartition("-")[2]) > step:
                file.unlink()
            else:
                told += read_json(file) or []
        return told
