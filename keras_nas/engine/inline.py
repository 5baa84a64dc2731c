"""Runs jobs in the calling process, behind the interface of a pool: for debugging, or where no process may start."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from keras_nas.engine.events import Ended, Epoch
from keras_nas.engine.job import Job, Stop, plain_metrics
from keras_nas.engine.worker import run


@dataclass
class InlineReport:
    """The `Report` of a job in the calling process.

    Args:
        attempt: Id of the attempt.
        folder: The trial's folder.
        events: Takes the epochs.
        pool: Knows whether to stop.
        deadline: Monotonic time at which to stop.
    """

    attempt: str
    folder: Path
    events: list[Epoch | Ended]
    pool: Inline
    deadline: float

    def __call__(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Notes the metrics of a finished epoch; raises `Stop` when the time is over or the search ends."""
        self.events.append(Epoch(self.attempt, int(epoch), plain_metrics(metrics)))
        if self.stopping:
            raise Stop(f"attempt {self.attempt} was asked to stop after epoch {epoch}")

    @property
    def stopping(self) -> bool:
        """Whether the trial has to end."""
        return self.pool.stopping or time.monotonic() >= min(self.deadline, self.pool.until)


class Inline:
    """A pool of one that runs each job inside `events`.

    A hang or a crash takes the caller with it, and limits are only looked at between epochs; everything else is as in a
    `Pool`.
    """

    size = 1

    def __init__(self) -> None:
        self.running: dict[str, tuple[Job, Path]] = {}
        self.stopping = False
        self.until = float("inf")
        self._stopped: list[Ended] = []

    @property
    def free(self) -> int:
        """How many jobs can be submitted now."""
        return 1 - len(self.running)

    def start(self) -> None:
        """Begins afresh after an interruption; there is nothing else to prepare."""
        self.stopping = False

    def submit(self, job: Job, attempt: str, folder: Path) -> int:
        """Takes a job for the next call of `events`; the worker's number is 0."""
        folder.mkdir(parents=True, exist_ok=True)
        self.running[attempt] = (job, folder)
        return 0

    def stop(self, attempt: str, grace_seconds: float | None = None) -> None:
        """Lets the job that has not begun end unrun; a running one sees `wake`."""
        if self.running.pop(attempt, None):
            failure = {"kind": "stopped", "message": "stopped before it began", "traceback": ""}
            self._stopped.append(Ended(attempt, failure=failure))

    def wake(self) -> None:
        """Asks the running job to end; may be called from a signal handler or another thread."""
        self.stopping = True

    def events(self, timeout: float | None = None) -> list[Epoch | Ended]:
        """Runs the submitted job to its end, or asks it to stop after `timeout` seconds; tells what happened."""
        events: list[Epoch | Ended] = [*self._stopped]
        self._stopped.clear()
        self.until = time.monotonic() + timeout if timeout is not None else float("inf")
        for attempt, (job, folder) in list(self.running.items()):
            limit = job.limits.seconds
            deadline = time.monotonic() + limit if limit is not None else float("inf")
            ending = run(job, InlineReport(attempt, folder, events, self, deadline))
            failure = ending.get("failure")
            if failure and failure["kind"] == "stopped" and time.monotonic() >= deadline:
                failure = {**failure, "kind": "timeout", "message": f"took longer than {limit:g} s"}
            events.append(Ended(attempt, ending.get("result"), failure, ending["seconds"], worker=0))
            del self.running[attempt]
        return events

    def close(self) -> None:
        """Nothing to end."""
