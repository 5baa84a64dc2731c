"""How far architectures have come on the rungs, and what their scores say of one another across rungs."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from keras_nas.estimators.stages import refused
from keras_nas.strategy import Outcome, Proposal


@dataclass
class Climb:
    """How far one architecture has come.

    Args:
        bracket: that it climbs in.
        outcomes: by rung.
        proposals: by rung.
    """

    bracket: int
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    proposals: dict[int, Proposal] = field(default_factory=dict)

    @property
    def top(self) -> int:
        """The highest rung that it was trained for, well or not."""
        return max(self.outcomes)

    @property
    def last(self) -> Proposal:
        """What was trained for that rung."""
        return self.proposals[self.top]

    @property
    def number(self) -> int | None:
        """The trial of that rung."""
        return self.last.number

    @property
    def outcome(self) -> Outcome:
        """How it did there."""
        return self.outcomes[self.top]

    def on(self, bracket: int, rung: int) -> bool:
        """Whether it is among those compared on a rung of a bracket; what was refused untrained is not."""
        outcome = self.outcomes.get(rung)
        return self.bracket == bracket and outcome is not None and not refused(outcome)


def gains(climbs: Collection[Climb]) -> list[dict[str, float]]:
    """What training on to the next rung adds to each score: the median over all that were trained both ways.

    Args:
        climbs: of all architectures.

    Returns:
        For each rung but the highest that was reached, differences by the name of the score; none for a score that
        nobody has twice.
    """
    pairs: list[dict[str, list[float]]] = [{} for _ in range(max((climb.top for climb in climbs), default=0))]
    for climb in climbs:
        for rung, found in enumerate(pairs):
            _add(found, climb.outcomes.get(rung), climb.outcomes.get(rung + 1))
    return [{name: float(np.median(values)) for name, values in found.items()} for found in pairs]


def _add(found: dict[str, list[float]], short: Outcome | None, longer: Outcome | None) -> None:
    """Note the differences between two trainings, where both went well."""
    if short is None or longer is None or not short.ok or not longer.ok:
        return
    for name in short.scores.keys() & longer.scores.keys():
        gain = longer.scores[name] - short.scores[name]
        if np.isfinite(gain):
            found.setdefault(name, []).append(gain)


def levelled(climb: Climb, gained: Sequence[Mapping[str, float]]) -> Outcome:
    """How an architecture would have done on the highest rung, as far as is known: its last scores and the gains.

    So a strategy that compares architectures is told numbers that can be compared. An outcome without scores stays.

    Args:
        climb: of the architecture.
        gained: from `gains`.
    """
    outcome = climb.outcome
    if not outcome.ok:
        return outcome
    missing = gained[climb.top :]
    return Outcome({name: value + sum(g.get(name, 0.0) for g in missing) for name, value in outcome.scores.items()})
