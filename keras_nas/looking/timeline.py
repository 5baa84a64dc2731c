"""When things happened in a search, and what its time was spent on."""

from __future__ import annotations

import json
from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_nas.engine.store import read_only

PARTS = ("build", "fit", "score")
"""What a trial spends its seconds on."""
CALLS = """
SELECT c.arguments, c.versions, coalesce(json_extract(r.body, '$.prepared_s'), 0.0)
FROM calls AS c JOIN records AS r ON r.position = c.call ORDER BY c.call
"""
"""What each run was called with, and the seconds that it took to prepare."""


@dataclass(frozen=True)
class Timeline:
    """The time of a search; pauses between its runs do not count.

    Args:
        seconds: of wall-clock time in all, from the first thing recorded of each run.
        last: when anything was last recorded, in seconds since 1970.
        calls: what each run of the search was called with, `arguments` and `versions`, and how long it was `prepared`.
        ended: when each trial ended, in seconds since the beginning, by its number.
        trials: how long each trial took, all its attempts together, in seconds.
        parts: seconds of all trials by what they went into: build, fit, score, and the rest.
        between: seconds in which no trial ran: choosing what to try, handing it out, keeping records.
    """

    seconds: float
    last: float
    calls: list[dict[str, Any]]
    ended: dict[int, float]
    trials: dict[int, float]
    parts: dict[str, float]
    between: float

    @property
    def prepared(self) -> float:
        """Seconds of all runs before that: reading data, measuring the machine, looking ahead."""
        return float(sum(call["prepared"] for call in self.calls))

    @classmethod
    def read(cls, directory: Path) -> Timeline:
        """The timeline of the search in a folder."""
        with closing(read_only(directory)) as connection:
            records = connection.execute("SELECT kind, trial, time FROM records ORDER BY position").fetchall()
            calls = connection.execute(CALLS).fetchall()
            attempts = connection.execute("SELECT trial, seconds FROM attempts WHERE seconds IS NOT NULL").fetchall()
        seconds, ended = _elapsed(records)
        trials, parts = _spent([(trial, json.loads(text)) for trial, text in attempts])
        told = [
            {"arguments": json.loads(arguments), "versions": json.loads(found), "prepared": before}
            for arguments, found, before in calls
        ]
        last = max((when for *_, when in records), default=0.0)
        return cls(seconds, last, told, ended, trials, parts, _between(records))


def _elapsed(records: list[tuple[str, int | None, float]]) -> tuple[float, dict[int, float]]:
    """Seconds from each call to its last record, added up; and when each trial was observed."""
    before, began, last = 0.0, 0.0, 0.0
    ended: dict[int, float] = {}
    for kind, trial, when in records:
        if kind == "call":
            before += last - began
            began = last = when
        last = max(last, when)
        if kind == "observe" and trial is not None:
            ended[trial] = before + last - began
    return before + last - began, ended


def _between(records: list[tuple[str, int | None, float]]) -> float:
    """Seconds of the runs in which no trial was with a worker."""
    waited, before = 0.0, 0.0
    running: set[int | None] = set()
    for kind, trial, when in records:
        if kind == "call":
            running.clear()
        elif not running:
            waited += max(0.0, when - before)
        before = when
        if kind == "start":
            running.add(trial)
        elif kind == "end":
            running.discard(trial)
    return waited


def _spent(attempts: list[tuple[int, dict[str, float]]]) -> tuple[dict[int, float], dict[str, float]]:
    """Seconds by trial, and by what they went into."""
    trials: dict[int, float] = defaultdict(float)
    parts: dict[str, float] = dict.fromkeys((*PARTS, "other"), 0.0)
    for trial, seconds in attempts:
        known = {part: seconds.get(part, 0.0) for part in PARTS}
        whole = max(seconds.get("run", 0.0), sum(known.values()))
        trials[trial] += whole
        for part, value in {**known, "other": whole - sum(known.values())}.items():
            parts[part] += value
    return dict(trials), parts
