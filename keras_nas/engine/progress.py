"""What a search shows while it runs: live in a terminal, one updating display in a notebook, a log elsewhere."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any, Protocol

from keras_nas.engine import events as told
from keras_nas.ledger import Trial

logger = logging.getLogger("keras_nas.search")


@dataclass
class State:
    """What there is to show.

    Args:
        score: Name of the score that the search is after.
        better: Whether the first of two scores is better than the second.
        max_trials: Trials in all, or None.
        max_seconds: Wall-clock time in all, or None.
        workers: How many trials run at once.
    """

    score: str
    better: Callable[[float, float], bool]
    max_trials: int | None = None
    max_seconds: float | None = None
    workers: int = 1
    began: float = field(default_factory=time.monotonic)
    finished: int = 0
    failed: int = 0
    reason: str = ""
    best: Trial | None = None
    running: dict[int, str] = field(default_factory=dict)
    durations: list[float] = field(default_factory=list)
    _since: dict[int, float] = field(default_factory=dict)

    def take(self, notice: told.Notice) -> None:
        """Takes one notice in."""
        match notice:
            case told.SearchStarted(trials):
                self._restore(trials)
            case told.TrialStarted(trial):
                self.running[trial.number] = "starting"
                self._since.setdefault(trial.number, time.monotonic())
            case told.EpochEnded(trial, epoch, metrics):
                self.running[trial.number] = f"epoch {epoch}{self._shown(metrics)}"
            case told.TrialRetried(trial, failure):
                self.running[trial.number] = f"again after {failure.kind}"
            case told.TrialFinished(trial):
                self.finished += 1
                self._close(trial)
                self._compare(trial)
            case told.TrialFailed(trial):
                self.failed += 1
                self._close(trial)
            case told.SearchEnded(reason):
                self.reason = reason

    @property
    def done(self) -> int:
        """Trials that were run to an end, those of earlier runs of the search included."""
        return self.finished + self.failed

    def seconds_left(self) -> float | None:
        """Expected wall-clock time to the end; None before anything is known.

        The mean of the last ten trials tells how long one takes; those that run have on average half of it behind them
        unless it is known better. The time limit bounds it.
        """
        elapsed = time.monotonic() - self.began
        limit = max(0.0, self.max_seconds - elapsed) if self.max_seconds is not None else None
        if not self.durations or self.max_trials is None:
            return limit
        recent = self.durations[-10:]
        each = sum(recent) / len(recent)
        spent = sum(min(each, time.monotonic() - self._since[number]) for number in self.running)
        work = max(0.0, (self.max_trials - self.done) * each - spent)
        expected = work / self.workers
        return expected if limit is None else min(limit, expected)

    def _restore(self, trials: Sequence[Trial]) -> None:
        """Counts what an earlier run of the search has done."""
        for trial in trials:
            if trial.source == "run" and trial.outcome is not None:
                self.finished += trial.outcome.ok
                self.failed += not trial.outcome.ok
                self._compare(trial)

    def _close(self, trial: Trial) -> None:
        self.running.pop(trial.number, None)
        if trial.number in self._since:
            self.durations.append(time.monotonic() - self._since.pop(trial.number))

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
    shown = [f"trials {state.done}{total}{failed} | elapsed {elapsed} | left {clock(state.seconds_left())}"]
    if state.best is not None:
        shown.append(f"best   {state.score} {score_of(state.best, state.score):.4g} (trial {state.best.number})")
    return shown + [f"trial {number}: {doing}" for number, doing in sorted(state.running.items())]


class Display(Protocol):
    """Where the state is shown."""

    def show(self, state: State, notice: told.Notice) -> None:
        """Shows the state after a notice."""


class LogDisplay:
    """Says through `logging` what ended and how; for batch jobs, and where there is no terminal."""

    def show(self, state: State, notice: told.Notice) -> None:
        """Logs the end of trials and of the search."""
        if isinstance(notice, told.TrialFinished | told.SearchEnded):
            logger.info(" | ".join(lines(state)[:2]))
        elif isinstance(notice, told.TrialFailed | told.TrialRetried):
            failure = notice.failure if isinstance(notice, told.TrialRetried) else notice.trial.outcome.failure  # type: ignore[union-attr]
            logger.warning("trial %d: %s", notice.trial.number, failure)


class TerminalDisplay:
    """A live display that redraws itself in place."""

    def __init__(self) -> None:
        self._live: Any = None

    def show(self, state: State, notice: told.Notice) -> None:
        """Redraws the display; the last state stays on the screen."""
        from rich.live import Live
        from rich.text import Text

        if self._live is None:
            self._live = Live(get_renderable=lambda: Text("\n".join(lines(state))), refresh_per_second=2)
            self._live.start()
        if isinstance(notice, told.SearchEnded):
            self._live.stop()


class NotebookDisplay:
    """One output of a notebook cell that is updated."""

    def __init__(self) -> None:
        self._handle: Any = None

    def show(self, state: State, notice: told.Notice) -> None:
        """Updates the output."""
        display = import_module("IPython.display").display
        content = {"text/plain": "\n".join(lines(state))}
        if self._handle is None:
            self._handle = display(content, raw=True, display_id=True)
        else:
            self._handle.update(content, raw=True)


class Progress:
    """A listener that shows how a search is getting on.

    Args:
        state: What is shown; made with the score and the limits of the search.
        display: Where; None shows nothing.

    Example:
        >>> progress = Progress(State("val_accuracy", float.__gt__, max_trials=20), display_for(verbose=0))
    """

    def __init__(self, state: State, display: Display | None) -> None:
        self.state = state
        self.display = display

    def __call__(self, notice: told.Notice) -> None:
        """Takes a notice in and shows it."""
        self.state.take(notice)
        if self.display is not None:
            self.display.show(self.state, notice)


def display_for(verbose: int) -> Display | None:
    """The display that suits where the program runs.

    Args:
        verbose: 0 shows nothing.
    """
    if not verbose:
        return None
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is not None and type(shell).__name__ == "ZMQInteractiveShell":
        return NotebookDisplay()
    return TerminalDisplay() if sys.stdout.isatty() else LogDisplay()
