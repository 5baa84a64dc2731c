"""What became of the gates while they were learnt: kept beside the checkpoints, so that a resume knows it."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.architecture import Label
from keras_nas.decisions import Decisions
from keras_nas.engine.store import read_only
from keras_nas.estimators.gates.derived import Chances, most_probable
from keras_nas.estimators.gates.diary import Diary

COLLAPSED = 0.5
"""Share of the decisions that can skip of which more than this do: then DARTS has lost what it was to find."""
WINDOW = 5
"""Epochs of which eigenvalues are averaged, and between the means that are compared."""
SHARPER = 0.75
"""Share that the mean eigenvalue was of the present one: below it the loss has become sharp at the gates."""
DIGITS = 5


@dataclass
class Story:
    """One entry an epoch.

    Args:
        folder: of the trial.
        decisions: of the networks.
        skips: the answers that hand on what comes in.
    """

    folder: Path
    decisions: Decisions
    skips: Collection[tuple[str, Label]]
    entries: list[dict[str, Any]] = field(default_factory=list, init=False)

    @property
    def diary(self) -> Diary:
        """Where the entries are kept."""
        return Diary(self.folder, "gates")

    def begin(self, step: int) -> None:
        """What an earlier attempt had told until the step at which this one goes on."""
        self.entries = self.diary.taken_up(step)

    def tell(
        self, step: int, chances: Chances, expected: Mapping[str, float], eigenvalue: float | None = None
    ) -> dict[str, Any]:
        """Add an entry, and keep it.

        Args:
            step: steps of training so far.
            chances: the probabilities of all answers.
            expected: costs.
            eigenvalue: the largest of the loss' Hessian at the gates, where that is watched.
        """
        skips, able = self._counted(chances)
        entry = {
            "step": step,
            "entropy": round(_entropy(chances), DIGITS),
            "skips": skips,
            "collapsed": skips > COLLAPSED * able,
            "eigenvalue": eigenvalue,
            "sharper": self._sharper(eigenvalue),
            "expected": dict(expected),
            "chances": {path: np.round(own, DIGITS).tolist() for path, own in chances.items()},
        }
        self.entries.append(entry)
        self.diary.add(step, [entry])
        return entry

    def chosen(self, watched: bool) -> dict[str, np.ndarray] | None:
        """The last probabilities, before a collapse where that is watched for; None where nothing was told.

        Where the loss has become sharp that is as many epochs before as it took.
        """
        sharper = bool(self.entries) and self.entries[-1].get("sharper", False)
        known = self.entries[:-WINDOW] if watched and sharper else self.entries
        good = [entry for entry in known if not (watched and entry["collapsed"])] or self.entries[:1]
        return {path: np.array(own) for path, own in good[-1]["chances"].items()} if good else None

    def _sharper(self, now: float | None) -> bool:
        """Whether the mean eigenvalue was much less some epochs ago, and no later one as small: single ones are noisy.

        Reference:
            Zela et al., "Understanding and Robustifying Differentiable Architecture Search", arXiv 1909.09656, section
            4.3.
        """
        told = [*(entry.get("eigenvalue") for entry in self.entries), now][-2 * WINDOW :]
        known = [value for value in told if value is not None]
        if len(known) < 2 * WINDOW:
            return False
        before, after = float(np.mean(known[:WINDOW])), known[WINDOW:]
        return min(after) > max(before, 0.0) and before < SHARPER * float(np.mean(after))

    def _counted(self, chances: Chances) -> tuple[int, int]:
        """Decisions of the most probable network that skip, no other answer being as probable, and those that could."""
        network, able = most_probable(self.decisions, chances), {path for path, _ in self.skips}
        skipping = [path for path, label in network.items() if (path, label) in self.skips]
        return sum(_decided(chances[path]) for path in skipping), sum(path in able for path in network)


def _decided(chances: np.ndarray) -> bool:
    """Whether one option is likelier than each other."""
    return bool((chances == chances.max()).sum() == 1)


def _entropy(chances: Chances) -> float:
    """The mean over decisions, 1 where all options are equally probable."""
    shares = [-float(p @ np.log(np.maximum(p, 1e-12))) / np.log(len(p)) for p in chances.values() if len(p) > 1]
    return float(np.mean(shares)) if shares else 0.0


def told_of(directory: Path) -> dict[str, Any] | None:
    """What a search's supernet told of its gates: `method`, and where gradients set them `epochs`; None of others.

    Args:
        directory: of the search.
    """
    with closing(read_only(directory)) as connection:
        rows = connection.execute("SELECT measurements FROM trials WHERE state = 'finished'").fetchall()
    found = [json.loads(row[0] or "{}").get("gates") for row in rows]
    return next((gates for gates in found if gates), None)


def gate_lines(gates: Mapping[str, Any] | None) -> list[str]:
    """What the summary says of gates.

    Args:
        gates: from `told_of`.

    Example:
        >>> gate_lines({"method": "enas", "losses": [0.9, 0.7]})
        ['Gates learnt by enas: the loss of its networks went from 0.900 to 0.700.']
    """
    if not gates or not gates.get("epochs", gates.get("losses")):
        return []
    if "losses" in gates:
        first, last = gates["losses"][0], gates["losses"][-1]
        return [f"Gates learnt by {gates['method']}: the loss of its networks went from {first:.3f} to {last:.3f}."]
    last = gates["epochs"][-1]
    costs = "".join(f", {name} {value:,.3g} expected" for name, value in last["expected"].items())
    line = f"Gates learnt by {gates['method']} in {len(gates['epochs'])} epochs: entropy {last['entropy']:.2f}{costs}."
    warnings = _warnings(last) if gates.get("watched", True) else ()
    return [line, *(f"Warning: {warning} Try method='fbnet'." for warning in warnings)]


def _warnings(last: Mapping[str, Any]) -> Iterator[str]:
    """What is known of gates that go wrong where that is watched, from what was told of them in the end."""
    if last["collapsed"]:
        yield (
            f"at the end {last['skips']} of the likeliest answers skip, the collapse that DARTS is known for; what was "
            "likeliest before it is taken."
        )
    if last.get("sharper"):
        yield (
            f"the loss became sharp at the gates (largest eigenvalue of its Hessian {last['eigenvalue']:.3g}), after "
            f"which what DARTS finds gets worse; what was likeliest {WINDOW} epochs before is taken."
        )
