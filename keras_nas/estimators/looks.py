"""Scores a training on its way, and stops one that has no hope."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import keras

from keras_nas.estimators.curves import CURVE, FORETOLD, MARKS, RISK, SHARE, STOPPED, Known
from keras_nas.estimators.schedule import Schedule


@dataclass(frozen=True)
class Watching:
    """What a training that may be stopped is told.

    Args:
        known: the curves of others of its length.
        share: of the best, among which it has to be.
        risk: probability of being so with which it is given up.
        score: scores the model as it is, on the validation rows.
    """

    known: Known
    share: float
    risk: float
    score: Callable[[], Mapping[str, float]]

    @classmethod
    def of(
        cls, known: Known | None, fidelity: Mapping[str, float], score: Callable[[], Mapping[str, float]]
    ) -> Watching | None:
        """That of a trial; None for one that is not to be stopped."""
        if known is None or SHARE not in fidelity:
            return None
        return cls(known, fidelity[SHARE], fidelity[RISK], score)


class Looks(keras.callbacks.Callback):
    """Scores the model whenever a mark of its training is passed.

    Args:
        watching: what is known of others.
        schedule: of the training.
        bring_back: gives the model that is scored the weights of the one in training.
    """

    def __init__(self, watching: Watching, schedule: Schedule, bring_back: Callable[[], None]) -> None:
        super().__init__()
        self.watching = watching
        self.schedule = schedule
        self.bring_back = bring_back
        self.curve: list[float | None] = []
        self.foretold: list[dict[str, float]] = []
        self.stopped: float | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Marks that an earlier attempt, or a trial that this one goes on from, has passed are not looked at."""
        self.curve = [None for mark in MARKS if self.schedule.progress >= mark]

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Look where a mark is passed, but not at the end, which is scored anyway."""
        passed = len(self.curve)
        if passed < len(MARKS) and MARKS[passed] <= self.schedule.progress < 1.0:
            self._look()

    def _look(self) -> None:
        watching = self.watching
        self.bring_back()
        self.curve.append(float(watching.score()[watching.known.score]))
        scores = [float("nan") if value is None else value for value in self.curve]
        forecast = watching.known.forecast(scores, watching.risk)
        if forecast is None:
            return
        self.foretold.append(asdict(forecast))
        if watching.known.hopeless(forecast, watching.share):
            self.stopped = forecast.mark
            self.model.stop_training = True

    def told(self) -> dict[str, Any]:
        """The measurements: the curve, and what was foretold."""
        curve = [*self.curve, *[None] * (len(MARKS) - len(self.curve))]
        stopped = {} if self.stopped is None else {STOPPED: self.stopped}
        return {CURVE: curve, **({FORETOLD: self.foretold} if self.foretold else {}), **stopped}
