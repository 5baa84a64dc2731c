"""How a budget is divided into short trainings to explore and long ones of the best."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from keras_nas.estimators.bounds import Bounds

FINAL_EPOCHS = 20.0
"""Of a finalist where no time is set."""
EXPLORE_EPOCHS, MOST_EPOCHS = 10.0, 200.0
"""Where epochs are quick no exploring trial, and no finalist, takes more than these: small data is soon learnt."""
EXPLORE = 0.25
"""Share of the time that goes into exploring."""
EXPLORE_FRONT = 0.3
"""The same where several finalists are to be found."""
LEARNING, LEAST_LEARNING = 3.0, 2.0
"""Times a trial's seconds before it trains that an exploring trial, and a finalist, has at least."""
COMPARED, LONGER = 3.0, 2.0
"""Where exploring trials are to last an epoch: how many there has to be time for, and how much longer at most."""


@dataclass(frozen=True)
class Division:
    """How a budget is divided.

    Args:
        explore: fidelity of an exploring trial, `{"seconds": 24}` or `{"epochs": 4}`.
        explore_trials: how many exploring trials at most; None where time alone ends exploring.
        explore_seconds: wall-clock seconds after which no exploring trial is begun; None where the number ends it.
        total_seconds: of the whole search, but for scoring the winner; None where epochs count.
        final_epochs: of a finalist at most.
        finalists: how many architectures are trained to the end.
        least_seconds: of a finalist; where less is left, none is trained.
    """

    explore: Mapping[str, float]
    explore_trials: int | None = None
    explore_seconds: float | None = None
    total_seconds: float | None = None
    final_epochs: float = FINAL_EPOCHS
    finalists: int = 1
    least_seconds: float = 0.0

    def explorers(self, workers: int) -> float:
        """How many exploring trials there is time for; any number where time does not end exploring."""
        if self.explore_seconds is None or self.explore_trials is not None:
            return math.inf
        return workers * self.explore_seconds / self.explore["seconds"]


def divide(
    bounds: Bounds,
    finalists: int,
    overhead: float = 0.0,
    epochs: tuple[float, float] | None = None,
    epoch: float = 0.0,
) -> Division:
    """A sensible division.

    With time to keep, a quarter goes into exploring, in slots that grow with the square root of the whole, so that more
    time buys both more trials and longer ones; on small data trials end sooner, by epochs, and on large data they last
    an epoch, or twice the slot, where there is time for three. Without, exploring trials have 3 epochs, finalists 20.

    Args:
        bounds: of the search; finalists count as trials.
        finalists: architectures that are trained to the end.
        overhead: seconds of a trial before it trains.
        epochs: those of an exploring trial and of a finalist, where epochs are quick.
        epoch: seconds of an epoch, as expected; 0 where nothing depends on it.
    """
    max_time, max_trials = bounds.max_time, bounds.max_trials
    few, most = epochs or ((3.0, FINAL_EPOCHS) if max_time is None else (EXPLORE_EPOCHS, MOST_EPOCHS))
    number = None if max_trials is None else max(1, max_trials - finalists)
    if max_time is None:
        return Division({"epochs": few}, explore_trials=number, final_epochs=most, finalists=finalists)
    share = (EXPLORE if finalists == 1 else EXPLORE_FRONT) * max_time
    slot = min(max(8.0, 1.25 * math.sqrt(max_time)), share)
    slot = max(slot, min(overhead + epoch, LONGER * slot, share, share * bounds.workers / COMPARED))
    if number is not None:
        slot = min(max(slot, share * bounds.workers / number), share)
    explore = {"seconds": round(max(slot, LEARNING * overhead), 1), "epochs": few}
    return Division(explore, number, share, bounds.last_training, most, finalists, LEAST_LEARNING * overhead)
