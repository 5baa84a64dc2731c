"""The library of finished searches on this machine: what was searched, and which architectures were best.

A search adds one small file, and a new one begins with the best architectures of the nearest earlier tasks. The files
hold architectures, scores and sizes; no row of anybody's data, no label and no path. Nothing leaves the machine.
"""

from __future__ import annotations

import math
import os
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from typing import Any

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decisions
from keras_nas.errors import InvalidArgument
from keras_nas.files import read_json, write_json
from keras_nas.objectives.latency_table import cache_folder

FOLDER = "KERAS_NAS_HISTORY"
"""The environment variable that names the folder, or says "off"."""
OFF = "off"
KEPT = 50
"""Architectures that are kept of a search, its best."""
NEAREST = 3
"""Earlier searches of which a new one learns."""
BEGINNING = 4
"""Architectures of earlier searches with which a new one begins."""
NAME = re.compile("[0-9a-f]{16}")
"""What searches are called in the library."""


@dataclass(frozen=True)
class Facts:
    """What a search was about, as simple numbers.

    Args:
        task: its name.
        space: the space's name.
        objective: name and direction of the first objective.
        rows: of the data.
        outputs: classes, or targets of a regression.
        shape: of one row; of several inputs, how many numbers they are together.
    """

    task: str
    space: str
    objective: tuple[str, str]
    rows: int
    outputs: int
    shape: tuple[int, ...]

    def distance(self, other: Facts) -> float:
        """How far apart two tasks are: differences of the logarithms of rows, outputs and numbers in a row.

        Returns:
            0 for tasks that look alike; infinite where task, space or objective differ.

        Example:
            >>> small = Facts("image_classification", "small_images", ("val_accuracy", "max"), 1_000, 10, (28, 28, 1))
            >>> small.distance(Facts(small.task, small.space, small.objective, 10_000, 10, (28, 28, 1)))
            1.0
        """
        if (self.task, self.space, self.objective) != (other.task, other.space, other.objective):
            return math.inf
        return math.hypot(
            _apart(self.rows, other.rows),
            _apart(self.outputs, other.outputs),
            _apart(math.prod(self.shape), math.prod(other.shape)),
        )

    def __str__(self) -> str:
        shape = " x ".join(map(str, self.shape))
        return f"{self.task}, {self.rows:,} rows of {shape}, {self.outputs} outputs"


@dataclass(frozen=True)
class Past:
    """A finished search.

    Args:
        facts: what it was about.
        best: its best architectures, the best first.
        scores: the first objective of each.
        ended: date and time, by this machine's clock.
    """

    facts: Facts
    best: tuple[Architecture, ...]
    scores: tuple[float, ...]
    ended: str = field(default_factory=lambda: f"{datetime.now():%Y-%m-%d %H:%M:%S}")

    @classmethod
    def of(cls, facts: Facts, found: Mapping[Architecture, float]) -> Past:
        """A search that ends now.

        Args:
            facts: what it was about.
            found: architectures with their scores, the best first.
        """
        return cls(facts, tuple(found)[:KEPT], tuple(found.values())[:KEPT])

    def to_json(self) -> dict[str, Any]:
        """In JSON types."""
        best = [dict(architecture) for architecture in self.best]
        return {"facts": asdict(self.facts), "best": best, "scores": [*self.scores], "ended": self.ended}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Past:
        """What `to_json` gave."""
        facts = told["facts"]
        known = Facts(**{**facts, "objective": tuple(facts["objective"]), "shape": tuple(facts["shape"])})
        return cls(known, tuple(map(Architecture, told["best"])), tuple(told["scores"]), told["ended"])


class History:
    """Finished searches, one file each in a folder that can be moved, copied and deleted.

    Args:
        folder: None where searches neither learn from one another nor are remembered.

    Example:
        >>> import tempfile
        >>> history = History(Path(tempfile.mkdtemp()))
        >>> facts = Facts("image_classification", "small_images", ("val_accuracy", "max"), 60_000, 10, (28, 28, 1))
        >>> history.add("first", Past.of(facts, {Architecture({"depth": 2}): 0.9}))
        >>> [str(past.facts) for past in history]
        ['image_classification, 60,000 rows of 28 x 28 x 1, 10 outputs']
        >>> history.clear()
        >>> len(history)
        0
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder

    def __iter__(self) -> Iterator[Past]:
        """The searches, the latest first; files that are damaged or hold something else are passed over."""
        return iter(sorted(self._read().values(), key=lambda past: past.ended, reverse=True))

    def __len__(self) -> int:
        return len(self._read())

    def __repr__(self) -> str:
        if self.folder is None:
            return "History: switched off"
        searches = list(self)
        lines = [f"  {past.ended}  {past.facts}, best {past.scores[0]:.4f}" for past in searches if past.scores]
        return "\n".join([f"History: {len(searches)} searches in {self.folder}", *lines])

    def add(self, name: str, past: Past) -> None:
        """Keep a search; an earlier one of that name is replaced.

        Where the folder cannot be written to there is a warning, and no more.
        """
        if self.folder is None:
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_json(self.folder / f"{name}.json", past.to_json())
        except OSError as error:
            warnings.warn(
                f"The search was not added to the history in {self.folder} ({error.strerror}): name another folder "
                f"by {FOLDER}, or switch it off with {FOLDER}={OFF}.",
                stacklevel=2,
            )

    def clear(self) -> None:
        """Forget all searches, on disk too, also damaged ones; their own folders stay, and so do files of others."""
        for file in self._files():
            content = read_json(file)
            if _past(content) is not None or (content is None and NAME.fullmatch(file.stem)):
                file.unlink(missing_ok=True)

    def nearest(self, facts: Facts, apart_from: str = "") -> list[Past]:
        """The searches of the same task, space and objective, those of the most similar data first.

        Args:
            facts: of the new search.
            apart_from: name of a search that does not count: the same one, resumed.
        """
        others = [past for name, past in self._read().items() if name != apart_from]
        return nearest(sorted(others, key=lambda past: past.ended, reverse=True), facts)

    def _read(self) -> dict[str, Past]:
        found = {file.stem: _past(read_json(file)) for file in self._files()}
        return {name: past for name, past in found.items() if past is not None}

    def _files(self) -> Sequence[Path]:
        return () if self.folder is None else sorted(self.folder.glob("*.json"))


def history(folder: bool | str | os.PathLike[str] = True) -> History:
    """The library of finished searches on this machine.

    Args:
        folder: True for the folder that KERAS_NAS_HISTORY names, or else `history` in the user's cache folder; False,
            or KERAS_NAS_HISTORY=off, for none; or another folder.

    Returns:
        The searches, to look at, to iterate over and to `clear()`.

    Raises:
        InvalidArgument: for anything else.

    Example:
        >>> history(False)
        History: switched off
    """
    if folder is False:
        return History(None)
    if folder is not True and not isinstance(folder, str | os.PathLike):
        raise InvalidArgument(f"history={folder!r}: expected True, False, or the path of a folder.")
    if folder is not True:
        return History(Path(folder).expanduser())
    named = os.environ.get(FOLDER, "")
    if named.lower() == OFF:
        return History(None)
    return History(Path(named).expanduser() if named else cache_folder() / "history")


def nearest(searches: Sequence[Past], facts: Facts) -> list[Past]:
    """At most `NEAREST` comparable searches, the most similar first."""
    comparable = [past for past in searches if math.isfinite(past.facts.distance(facts))]
    return sorted(comparable, key=lambda past: past.facts.distance(facts))[:NEAREST]


def beginning(searches: Sequence[Past], decisions: Decisions, count: int = BEGINNING) -> tuple[Architecture, ...]:
    """The best architectures of some searches in turn: the best of each, then the second best of each ...

    Args:
        searches: the nearest first.
        decisions: of the space; what is no architecture of it is left out.
        count: how many at most.
    """
    turns = zip_longest(*(past.best for past in searches))
    merged = dict.fromkeys(architecture for turn in turns for architecture in turn if architecture is not None)
    return tuple(architecture for architecture in merged if is_one_of(decisions, architecture))[:count]


def is_one_of(decisions: Decisions, architecture: Mapping[str, Label]) -> bool:
    """Whether an architecture is one of a space."""
    try:
        decisions.validate(architecture)
    except InvalidArgument:
        return False
    return True


def _past(told: Any) -> Past | None:
    """The search that a file tells of; None where it tells of something else, or nothing."""
    try:
        return Past.from_json(told)
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


def _apart(first: int, second: int) -> float:
    return abs(math.log10(max(1, first)) - math.log10(max(1, second)))
