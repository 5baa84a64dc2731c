"""What watches a search from the process that called it: told of trials as they begin, get on and end.

A callback of Keras is copied into every training, which may run in another process. What follows a whole search is a
listener of its driver instead; here it gets methods, and a thread of its own.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import Any, ClassVar

from keras_nas.engine import events as told
from keras_nas.errors import MissingDependency
from keras_nas.ledger import Trial
from keras_nas.objectives.objective import Objective
from keras_nas.spaces import Space

PATIENCE = 30.0
"""Seconds that the end of a search waits for a callback."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Searching:
    """The search that is watched.

    Args:
        directory: its folder.
        space: what it searches.
        objectives: what it optimises; the first orders trials.
        arguments: of the call, in JSON types: task, strategy, estimator, seed, limits.
    """

    directory: Path
    space: Space
    objectives: Sequence[Objective]
    arguments: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What runs of this search are grouped under: the name of its folder."""
        return self.directory.absolute().name


class SearchCallback:
    """Follows a search; give it to `keras_nas.search(..., callbacks=[...])` among Keras callbacks.

    Its methods are called in order, in one thread of the process that called `search`. What they raise ends the
    callback with a warning, never a trial or the search; if they take long, the search does not wait for them.

    Example:
        >>> class Told(SearchCallback):
        ...     def on_trial_end(self, trial):
        ...         print(trial.number, trial.outcome.scores)
        >>> from keras_nas import Architecture, Outcome, Proposal
        >>> trial = Trial(3, Proposal(Architecture({})), outcome=Outcome({"val_accuracy": 0.9}))
        >>> Told().take(told.TrialFinished(trial))
        3 {'val_accuracy': 0.9}
    """

    package: ClassVar[str | None] = None
    """That it needs, which is the name of the extra that installs it as well."""

    def check(self) -> None:
        """Raise here what makes the callback useless; called before anything is trained.

        Raises:
            MissingDependency: `package` is not installed; says how to install it.
        """
        if self.package is None:
            return
        try:
            import_module(self.package)
        except ImportError as error:
            raise MissingDependency(
                f"callbacks: {type(self).__name__} needs {self.package}: pip install 'keras_nas[{self.package}]'."
            ) from error

    def on_search_begin(self, search: Searching) -> None:
        """The first trial is about to begin, or the next where an interrupted search goes on."""

    def on_trial_begin(self, trial: Trial) -> None:
        """A trial was handed out; once more where it goes on after a failed attempt."""

    def on_epoch_end(self, trial: Trial, epoch: int, metrics: Mapping[str, float]) -> None:
        """A training has finished an epoch.

        Args:
            trial: its trial.
            epoch: from 1.
            metrics: of the training, "loss" among them; finite ones.
        """

    def on_trial_end(self, trial: Trial) -> None:
        """A trial has ended: `trial.outcome.scores`, or why it failed, `trial.outcome.failure`."""

    def on_search_end(self, reason: str) -> None:
        """The last trial has ended.

        Args:
            reason: "done", "max_trials", "max_time", "interrupted" or "error".
        """

    def take(self, notice: told.Notice) -> None:
        """Call the method for a notice of the driver; the beginning of the search is told with more."""
        match notice:
            case told.TrialStarted(trial):
                self.on_trial_begin(trial)
            case told.EpochEnded(trial, epoch, metrics):
                finite = {name: value for name, value in metrics.items() if value is not None}
                self.on_epoch_end(trial, epoch, finite)
            case told.TrialFinished(trial) | told.TrialFailed(trial):
                self.on_trial_end(trial)
            case told.SearchEnded(reason):
                self.on_search_end(reason)


class Aside:
    """Tells a search callback what a driver says, in a thread of its own, and warns once when it fails.

    Args:
        callback: told.
        search: that it watches.
        patience: seconds that the end of the search waits for it.
    """

    def __init__(self, callback: SearchCallback, search: Searching, patience: float = PATIENCE) -> None:
        self.callback = callback
        self.search = search
        self.patience = patience
        self._notices: SimpleQueue[told.Notice] = SimpleQueue()
        self._thread: Thread | None = None
        self._failure: Exception | None = None

    def __call__(self, notice: told.Notice) -> None:
        """Pass a notice on; at the end wait, for a while."""
        if isinstance(notice, told.SearchStarted):
            self._thread = Thread(target=self._run, name=type(self.callback).__name__, daemon=True)
            self._thread.start()
        if self._thread is None:
            return
        self._notices.put(notice)
        late = isinstance(notice, told.SearchEnded) and self._is_late()
        failure, self._failure = self._failure, None
        if failure is not None:
            self._warn(f"failed ({type(failure).__name__}: {failure}) and is told no more")
        elif late:
            self._warn(f"was not done {self.patience:g} s after the search; what it has not written yet may be lost")

    def _is_late(self) -> bool:
        assert self._thread is not None  # noqa: S101 - started with the search
        self._thread.join(self.patience)
        return self._thread.is_alive()

    def _warn(self, what: str) -> None:
        name = type(self.callback).__name__
        warnings.warn(f"The callback {name} {what}. The search and its record are complete without it.", stacklevel=2)

    def _run(self) -> None:
        """Take notices in until the last one, or until something goes wrong."""
        begun: set[int] = set()
        try:
            while not isinstance(notice := self._notices.get(), told.SearchEnded):
                if isinstance(notice, told.SearchStarted):
                    self.callback.on_search_begin(self.search)
                    continue
                if isinstance(notice, told.TrialStarted):
                    begun.add(notice.trial.number)
                elif isinstance(notice, told.TrialFinished | told.TrialFailed) and notice.trial.number not in begun:
                    self.callback.on_trial_begin(notice.trial)  # what an earlier run had trained, and not recorded
                self.callback.take(notice)
            self.callback.take(notice)
        except Exception as error:
            logger.info("%s failed", type(self.callback).__name__, exc_info=True)
            self._failure = error
