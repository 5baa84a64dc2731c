"""What a pool tells the driver about attempts, and what the driver tells its listeners about trials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from keras_nas.ledger import Trial
from keras_nas.strategy import Failure


@dataclass(frozen=True)
class Epoch:
    """An attempt finished an epoch.

    Args:
        attempt: Its id.
        epoch: Counts from 1, over all attempts of the trial.
        metrics: Name to number; None where it was not finite.
    """

    attempt: str
    epoch: int
    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class Ended:
    """An attempt is over: with a result, or with a failure.

    Args:
        attempt: Its id.
        result: The parts of the result in JSON types, or None.
        failure: `{"kind", "message", "traceback"}`, or None. The kind is one of `keras_nas.strategy.FailureKind`, or
            "stopped" when the driver asked for the end and the trial had nothing to show.
        seconds: Wall-clock time by part.
        worker: Number of the worker; None when the result was found after a restart.
    """

    attempt: str
    result: Mapping[str, Any] | None = None
    failure: Mapping[str, str] | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)
    worker: int | None = None

    @classmethod
    def from_file(cls, content: Mapping[str, Any]) -> Ended:
        """The ending that a worker left in a file."""
        return cls(content["attempt"], content.get("result"), content.get("failure"), content["seconds"])


@dataclass(frozen=True)
class TrialStarted:
    """A trial was handed to a worker; also when it goes on after a failure or a resume."""

    trial: Trial
    attempt: str
    worker: int


@dataclass(frozen=True)
class EpochEnded:
    """A running trial finished an epoch."""

    trial: Trial
    epoch: int
    metrics: Mapping[str, Any]


@dataclass(frozen=True)
class TrialRetried:
    """An attempt failed and the trial is tried once more, with `changes`."""

    trial: Trial
    failure: Failure
    changes: Mapping[str, Any]


@dataclass(frozen=True)
class TrialFinished:
    """A trial has scores; they are in `trial.outcome`."""

    trial: Trial


@dataclass(frozen=True)
class TrialFailed:
    """A trial has none; `trial.outcome.failure` says why."""

    trial: Trial


@dataclass(frozen=True)
class SearchStarted:
    """The driver begins; `trials` of earlier runs of the search are known already."""

    trials: Sequence[Trial]


@dataclass(frozen=True)
class SearchEnded:
    """The driver is through: "done", "max_trials", "max_time", "interrupted" or "error" (an exception follows)."""

    reason: str


Notice = SearchStarted | TrialStarted | EpochEnded | TrialRetried | TrialFinished | TrialFailed | SearchEnded
