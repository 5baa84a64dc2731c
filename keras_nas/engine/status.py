"""What a search's display shows: counts, the best so far, what runs, and how long it will still take."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keras_nas.engine import events as told
from keras_nas.ledger import Trial, is_training


@dataclass
class State:
    """What there is to show.

    Args:
        score: Name of the score that the search is after.
        better: Whether the first of two scores is better than the second.
        max_trials: Trials in all, or None.
        left: Tells the expected seconds to the end, or None while nothing is known.
    """

    score: str
    better: Callable[[float, float], bool]
    max_trials: int | None = None
    left: Callable[[], float | None] = lambda: None
    began: float = field(init=False, default_factory=time.monotonic)
    finished: int = field(default=0, init=False)
    failed: int = field(default=0, init=False)
    scored: int = field(default=0, init=False)
    reason: str = field(default="", init=False)
    best: Trial | None = field(default=None, init=False)
    running: dict[int, str] = field(init=False, default_factory=dict)

    def take(self, notice: told.Notice) -> None:
        """Takes one notice in."""
        match notice:
            case told.SearchStarted(trials):
                self._restore(trials)
            case told.TrialStarted(trial):
                self.running[trial.number] = "starting"
            case told.EpochEnded(trial, epoch, metrics):
                self.running[trial.number] = f"epoch {epoch}{self._shown(metrics)}"
            case told.TrialRetried(trial, failure):
                self.running[trial.number] = f"again after {failure.kind}"
            case told.TrialFinished(trial):
                self._count(trial)
                self.running.pop(trial.number, None)
                self._compare(trial)
            case told.TrialFailed(trial):
                self._count(trial)
                self.running.pop(trial.number, None)
            case told.SearchEnded(reason):
                self.reason = reason

    @property
    def done(self) -> int:
        """Trials that were run to an end, those of earlier runs of the search included."""
        return self.finished + self.failed

    def _restore(self, trials: Sequence[Trial]) -> None:
        """Counts what an earlier run of the search has done."""
        for trial in trials:
            if trial.source == "run" and trial.outcome is not None:
                self._count(trial)
                self._compare(trial)

    def _count(self, trial: Trial) -> None:
        """Counts an ended trial: a training that went well or not, or a network that was scored without one."""
        good = trial.outcome is not None and trial.outcome.ok
        self.scored += not is_training(trial)
        self.finished += is_training(trial) and good
        self.failed += is_training(trial) and not good

    def _compare(self, trial: Trial) -> None:
        best = score_of(self.best, self.score)
        new = score_of(trial, self.score)
        if new is not None and (best is None or self.better(new, best)):
            self.best = trial

    def _shown(self, metrics: Mapping[str, Any]) -> str:
        value = metrics.get(self.score)
        return f", {self.score} {value:.4g}" if isinstance(value, int | float) else ""


def score_of(trial: Trial | None, name: str) -> float | None:
    """A trial's score, or None when it has none."""
    return trial.outcome.scores.get(name) if trial is not None and trial.outcome is not None else None


def clock(seconds: float | None) -> str:
    """Seconds as hours, minutes and seconds.

    Example:
        >>> clock(3671)
        '1:01:11'
    """
    if seconds is None:
        return "unknown"
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def lines(state: State) -> list[str]:
    """The display in text, one entry a line: counts and times, the best so far, and what runs."""
    total = f"/{state.max_trials}" if state.max_trials is not None else ""
    failed = f" ({state.failed} failed)" if state.failed else ""
    elapsed = clock(time.monotonic() - state.began)
    scored = f"scored {state.scored} | " if state.scored else ""
    shown = [f"{scored}trials {state.done}{total}{failed} | elapsed {elapsed} | left {clock(state.left())}"]
    if state.best is not None:
        shown.append(f"best   {state.score} {score_of(state.best, state.score):.4g} (trial {state.best.number})")
    return shown + [f"trial {number}: {doing}" for number, doing in sorted(state.running.items())]
