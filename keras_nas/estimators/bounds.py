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

    def front_size(self) -> int:
        """How many networks of a front are trained to the end.

        Example:
            >>> Bounds(600.0, None).front_size(), Bounds(None, 16).front_size()
            (6, 4)
        """
        affordable = self.max_time / 60.0 if self.max_time else (self.max_trials or 0) / 4
        return min(6, max(3, int(affordable)))
