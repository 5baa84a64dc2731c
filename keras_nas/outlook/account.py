"""The outlook in words and in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.forecast import Rest
from keras_nas.estimators.pace import Pace
from keras_nas.outlook.survey import Survey
from keras_nas.spaces import Space


@dataclass(frozen=True)
class Outlook:
    """What is known of a search before it begins; times and memory are estimates.

    Args:
        space: that is searched.
        sample: of it.
        bounds: of the search.
        pace: of a typical trial; None where nothing could be measured.
        memory_mb: of a typical trial.
        rest: of the search.
        notes: what else the user should know.
    """

    space: Space
    sample: Survey
    bounds: Bounds
    pace: Pace | None = None
    memory_mb: float | None = None
    rest: Rest | None = None
    notes: Sequence[str] = ()

    def lines(self) -> list[str]:
        """For people."""
        told = [f"The space {self.space.name} has {self.space.shown_size}.", *self._constraints()]
        if self.pace is not None and self.memory_mb is not None:
            told.append(
                f"A trial takes about {rounded(self.pace.before + self.pace.after)} s beside its training, about "
                f"{rounded(self.pace.epoch)} s an epoch, and about {rounded(self.memory_mb)} MB."
            )
        if self.rest is not None:
            until = "Until the time is over" if self.bounds.max_trials is None else "Until the search ends"
            plural = "" if self.rest.trials == 1 else "s"
            told.append(
                f"{until} there is room for about {rounded(self.rest.trials)} trial{plural}, in about "
                f"{rounded(self.rest.seconds)} s."
            )
        return [*told, *self.notes]

    def _constraints(self) -> list[str]:
        sample = self.sample
        if not sample.constraints:
            return []
        count = len(sample.meeting(*sample.constraints))
        sampled = "" if len(sample.costs) == self.space.size else "sampled "
        line = f"Of {len(sample.costs)} {sampled}architectures {count} meet the constraints"
        if sample.tightest is None:
            return [f"{line}."]
        alone = len(sample.meeting(sample.tightest))
        return [f"{line}; the tightest is {sample.tightest}, which {alone} meet."]

    def facts(self) -> dict[str, Any]:
        """For the record, in JSON types."""
        sample, pace, rest = self.sample, self.pace, self.rest
        return {
            "architectures": self.space.size if self.space.size < float("inf") else None,
            "sampled": len(sample.costs),
            "meeting": len(sample.meeting(*sample.constraints)),
            "tightest": None if sample.tightest is None else str(sample.tightest),
            "seconds": None if pace is None else {"before": pace.before, "epoch": pace.epoch, "after": pace.after},
            "memory_mb": self.memory_mb,
            "trials": None if rest is None else rest.trials,
            "search_s": None if rest is None else rest.seconds,
            "notes": list(self.notes),
        }


def rounded(value: float) -> str:
    """A number to two digits: an estimate has no more.

    Example:
        >>> rounded(1234), rounded(56.7), rounded(0.123), rounded(3)
        ('1,200', '57', '0.12', '3')
    """
    return f"{float(f'{value:.2g}'):,.10g}"
