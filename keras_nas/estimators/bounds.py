"""Where a search ends."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Bounds:
    """Where a search ends.

    Args:
        max_time: seconds of the whole search, or None.
        max_trials: trainings, or None.
        workers: trials that run at once.
    """

    max_time: float | None
    max_trials: int | None
    workers: int = 1
