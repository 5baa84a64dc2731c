"""What a driver is given: how far the search goes, where jobs run, and what to do about a failure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from keras_nas.engine.events import Ended, Epoch, Notice
from keras_nas.engine.job import Job
from keras_nas.ledger import Trial
from keras_nas.strategy import Failure

Listener = Callable[[Notice], None]
"""Is told what happens; for progress displays."""
MakeJob = Callable[[Trial, Mapping[str, Any]], Job]
"""Makes the job of a trial, given the changed arguments of a retry (empty for none)."""
Retry = Callable[[Trial, Failure, Mapping[str, Any], int], Mapping[str, Any] | None]
"""Decides about one more attempt; `retry_lost` shows how."""


class Workers(Protocol):
    """What the driver needs of a pool: `Pool` and `Inline` have it."""

    @property
    def free(self) -> int:
        """How many jobs can be submitted now."""

    def start(self) -> None:
        """Prepares the workers."""

    def submit(self, job: Job, attempt: str, folder: Path) -> int:
        """Hands out a job; returns the worker's number."""

    def stop(self, attempt: str, grace_seconds: float | None = None) -> None:
        """Asks an attempt to end."""

    def wake(self) -> None:
        """Makes a waiting `events` return."""

    def events(self, timeout: float | None = None) -> list[Epoch | Ended]:
        """Waits for something to happen."""


def retry_lost(trial: Trial, failure: Failure, changes: Mapping[str, Any], failed: int) -> Mapping[str, Any] | None:
    """Hands a trial out once more when its worker was lost, unchanged; any other failure is final.

    Args:
        trial: What was tried.
        failure: How the attempt failed.
        changes: Changed arguments of that attempt.
        failed: How many attempts of the trial have failed, this one included.

    Returns:
        Changed arguments for one more attempt, or None to let the failure stand.
    """
    return changes if failure.kind == "killed" and failed == 1 else None


@dataclass(frozen=True)
class Plan:
    """How far a search goes.

    Args:
        max_seconds: Wall-clock time over all runs of the search; None for no limit.
        max_trials: Trainings over all runs of the search (what the record answers, or is judged without training, does
            not count); None for no limit.
        retry: Decides whether a failed attempt is followed by another, and with which changed arguments.
        keep: Numbers of the trials whose folders are kept, from all trials so far; None keeps all.
        call: Arguments and versions of this run, in JSON types, for the record.
        grace_seconds: Time between the request to stop and the kill at the end of the search.
    """

    max_seconds: float | None = None
    max_trials: int | None = None
    retry: Retry = retry_lost
    keep: Callable[[Sequence[Trial]], Collection[int]] | None = None
    call: Mapping[str, Any] = field(default_factory=lambda: {"arguments": {}, "versions": {}})
    grace_seconds: float = 5.0
