"""An attempt that a worker has: until when it may go on, and how it ended."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from keras_nas.engine.events import Ended
from keras_nas.engine.job import Job
from keras_nas.engine.process import Worker


@dataclass
class Running:
    """An attempt under way.

    Args:
        attempt: Its id.
        worker: Who runs it.
        job: What it runs.
        began: Monotonic time of the submission.
        stop_at: Monotonic time at which it is asked to stop.
        kill_at: Monotonic time at which its worker is killed.
        reason: The failure to report if it has to be ended.
    """

    attempt: str
    worker: Worker
    job: Job
    began: float
    stop_at: float
    kill_at: float = float("inf")
    reason: dict[str, str] | None = None

    def silent_at(self, seconds: float) -> float:
        """Monotonic time at which the worker will have been silent for so long."""
        return self.worker.heard + seconds

    def ask_to_stop(self, kind: str, message: str, grace_seconds: float) -> None:
        """Asks the attempt to end, and sets the time at which it is killed if it has not; the first reason stands."""
        self.reason = self.reason or _failure(kind, message)
        self.stop_at = float("inf")
        self.kill_at = min(self.kill_at, time.monotonic() + grace_seconds)
        self.worker.send({"kind": "stop", "attempt": self.attempt})

    def give_up(self, message: str) -> None:
        """Has the worker killed at once: it is lost."""
        self.reason = self.reason or _failure("killed", message)
        self.kill_at = 0.0

    def ending(self, left: Mapping[str, Any] | None, death: Mapping[str, str] | None) -> Ended:
        """How the attempt ended.

        Args:
            left: What the worker left in the attempt's file, which counts before all else.
            death: The failure that the worker's own death is.
        """
        seconds = {"run": time.monotonic() - self.began}
        lost = self.reason or death or _failure("killed", "the worker left no readable result")
        ended = Ended.from_file(left) if left else Ended(self.attempt, failure=lost, seconds=seconds)
        if ended.failure and ended.failure["kind"] == "stopped" and self.reason:
            ended = replace(ended, failure={**self.reason, "traceback": ended.failure["traceback"]})
        return replace(ended, worker=self.worker.number)


def _failure(kind: str, message: str) -> dict[str, str]:
    return {"kind": kind, "message": message, "traceback": ""}
