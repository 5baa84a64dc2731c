"""What a search shows while it runs: live in a terminal, one updating display in a notebook, a log elsewhere."""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import Any, Protocol

from keras_nas.engine import events as told
from keras_nas.engine.status import State as State
from keras_nas.engine.status import lines

logger = logging.getLogger("keras_nas.search")


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
