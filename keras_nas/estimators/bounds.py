"""Where a search ends."""

from __future__ import annotations

from dataclasses import dataclass

SCORING, SCORING_SHARE = 2.0, 0.01
"""Seconds, and share of the time, that are kept at the end for scoring the winner and writing results."""


@dataclass(frozen=True)
class Bounds:
    """Where a search ends.

    Args:
        max_time: seconds of the whole search, or None.
        max_trials: trainings, or None.
        workers: trials that run at once.
        measuring: seconds that measuring the costs of a trained network takes.
    """

    max_time: float | None
    max_trials: int | None
    workers: int = 1
    measuring: float = 0.0

    @property
    def last_training(self) -> float | None:
        """Seconds of a search until its last training ends, which is then scored and measured; None without a limit.

        Example:
            >>> Bounds(600.0, None, measuring=6.0).last_training
            586.0
        """
        if self.max_time is None:
            return None
        return self.max_time - SCORING - SCORING_SHARE * self.max_time - self.measuring

    def front_size(self) -> int:
        """How many networks of a front are trained to the end.

        Example:
            >>> Bounds(600.0, None).front_size(), Bounds(None, 16).front_size()
            (6, 4)
        """
        affordable = self.max_time / 60.0 if self.max_time else (self.max_trials or 0) / 4
        return min(6, max(3, int(affordable)))
