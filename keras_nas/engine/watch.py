"""A search as another process sees it: the state that its own display shows, kept up to date from the record alone."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from keras_nas.engine import events as told
from keras_nas.engine.files import RESULT
from keras_nas.engine.lock import DirectoryLock
from keras_nas.engine.resume import Spent, outcome_of, proposal_of
from keras_nas.engine.status import State, lines
from keras_nas.engine.store import read_only
from keras_nas.errors import StoreError
from keras_nas.files import read_json
from keras_nas.ledger import Trial
from keras_nas.strategy import Failure


class Watch(AbstractContextManager["Watch"]):
    """Looks at a search without touching it; entering opens the record, which is read on where the last look ended.

    Args:
        directory: of the search, which may run, or have ended.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.owner: str | None = None
        self.state: State | None = None
        self._trials: dict[int, Trial] = {}
        self._spent = Spent()
        self._position = 0
        self._called = 0.0
        self._max_seconds: float | None = None
        self._connection: sqlite3.Connection

    def __enter__(self) -> Watch:
        self._connection = read_only(self.directory)
        return self

    def __exit__(self, *exception: object) -> None:
        self._connection.close()

    @property
    def running(self) -> bool:
        """Whether the search ran at the last look."""
        return self.owner is not None

    @property
    def ended(self) -> int:
        """Trials that had ended at the last look."""
        return 0 if self.state is None else self.state.done + self.state.scored

    def lines(self) -> list[str]:
        """What there is to say now, an entry a line: whether it runs, counts and times, the best so far, what runs.

        Raises:
            StoreError: when the record cannot be read.
        """
        self.owner = DirectoryLock(self.directory).holder()
        try:
            self._read()
        except sqlite3.Error as error:
            raise StoreError(
                f"The record in {self.directory} cannot be read ({error}): expected the folder of a search. Where the "
                "file is damaged, keras_nas.resume recovers what it can."
            ) from error
        if self.state is None:
            return [self._heading(), "no trial yet"]
        self.state.began = time.monotonic() - self._seconds()
        if not self.running:
            self.state.running.clear()
        return [self._heading(), *lines(self.state)]

    def _read(self) -> None:
        """Takes in what was recorded since the last look."""
        query = "SELECT position, time, kind, trial, attempt, body FROM records WHERE position > ? ORDER BY position"
        for position, when, kind, trial, attempt, body in self._connection.execute(query, (self._position,)):
            self._position = position
            self._spent.take(kind, when)
            if kind == "call":
                self._called = when
                self._begin(json.loads(body)["arguments"])
            else:
                self._take(kind, int(trial), attempt, json.loads(body))

    def _begin(self, arguments: Mapping[str, Any]) -> None:
        """A run of the search: what earlier ones have ended counts, what they had under way is not running."""
        name, direction = arguments["objectives"][0]
        better = float.__gt__ if direction == "max" else float.__lt__
        self._max_seconds = arguments["max_time"]
        self.state = State(name, better, arguments["max_trials"], self._left)
        self.state.take(told.SearchStarted(list(self._trials.values())))

    def _take(self, kind: str, number: int, attempt: str, body: Mapping[str, Any]) -> None:
        """A record as the notice that the search's own display was given."""
        if kind == "propose" or (kind == "observe" and number not in self._trials):
            self._trials[number] = Trial(number, proposal_of(body), body["source"])
        trial, failure = self._trials.get(number), body.get("failure")
        if trial is None or self.state is None or trial.source != "run":
            return
        if kind == "observe":
            trial.outcome = outcome_of(body)
        match kind, body.get("state"):
            case "start", _:
                self.state.take(told.TrialStarted(trial, attempt, worker=0))
            case "epoch", _:
                self.state.take(told.EpochEnded(trial, body["epoch"], body["metrics"]))
            case "end", "failed":
                self.state.take(told.TrialRetried(trial, Failure(**failure or {}), body["changes"]))
            case "end", "stopped":
                self.state.running.pop(number, None)
            case "observe", _:
                self.state.take(told.TrialFailed(trial) if failure else told.TrialFinished(trial))

    def _seconds(self) -> float:
        """The time that the search has used."""
        return self._spent.seconds(time.time() if self.running else 0.0)

    def _left(self) -> float | None:
        """Seconds to the end at most; none where it is over, or is bounded by trials alone."""
        if self._reason() not in (None, "interrupted"):
            return 0.0
        return None if self._max_seconds is None else max(0.0, self._max_seconds - self._seconds())

    def _reason(self) -> str | None:
        """Why the last run of the search ended, where it has come to an end of its own."""
        file = self.directory / RESULT
        if self.running or not file.exists() or file.stat().st_mtime < self._called:
            return None
        reason: str | None = (read_json(file) or {}).get("reason")
        return reason

    def _heading(self) -> str:
        """Whether it runs, and what to do where it does not."""
        reason = self._reason()
        if self.running:
            return f"running, {self.owner}"
        if reason in (None, "interrupted"):
            return f"{reason or 'stopped before its end'}: `keras-nas resume {self.directory}` goes on"
        return f"ended by {reason}"
