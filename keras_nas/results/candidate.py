"""What a search's directory says of its trainings: those that ended with a score, and those that failed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from keras_nas.architecture import Architecture
from keras_nas.engine.files import MODEL, REFITS
from keras_nas.engine.store import read_only
from keras_nas.errors import StoreError
from keras_nas.estimators.curves import STOPPED
from keras_nas.estimators.ladder import ALL_ROWS
from keras_nas.estimators.scoring import LATENCY, PREDICTED, measure_costs
from keras_nas.estimators.shared_search import SUPERNET
from keras_nas.estimators.stages import BASELINE
from keras_nas.files import read_json
from keras_nas.loading import load_tensorflow
from keras_nas.strategy import UNTRAINED

REFIT = "refit.json"
"""What a retrained winner's folder says of it."""


@dataclass(frozen=True)
class Candidate:
    """One trained network.

    Args:
        number: of the trial.
        architecture: answers to the space's decisions; empty for the user's baseline.
        scores: on the validation part (`val_...`), and costs.
        fidelity: how it was trained.
        file: its Keras model.
        measurements: what else was noted.
        baseline: whether it is the user's own model.
    """

    number: int
    architecture: Architecture
    scores: Mapping[str, float]
    fidelity: Mapping[str, float]
    file: Path
    measurements: Mapping[str, Any] = field(default_factory=dict)
    baseline: bool = False

    def __repr__(self) -> str:
        foretold = LATENCY if self.predicted else ()
        told = {name: f"{name} {value:,.4g}" for name, value in self.scores.items()}
        scores = ", ".join(f"{words} predicted" if name in foretold else words for name, words in told.items())
        if self.specialised:
            return f"<out of the supernet, {self.measurements['weights']}: {scores}>"
        stage = "your own model" if self.baseline else "trained to the end" if self.final else "explored"
        return f"<trial {self.number}, {stage}: {scores}>"

    @cached_property
    def model(self) -> Any:
        """The very model that was scored, of stock Keras layers; raw rows in, probabilities or numbers out.

        Raises:
            StoreError: when its file was not kept (only the best trials' models are).
        """
        if not self.file.exists():
            raise StoreError(f"The model of trial {self.number} was not kept: only those of the best trials are.")
        load_tensorflow()
        import keras

        return keras.models.load_model(self.file, compile=False)

    def updated(self, told: Mapping[str, Mapping[str, Any]]) -> Candidate:
        """The same network with further `scores` and `measurements`; itself where there are none."""
        if not told:
            return self
        scores, measurements = {**self.scores, **told["scores"]}, {**self.measurements, **told["measurements"]}
        return replace(self, scores=scores, measurements=measurements)

    @property
    def retraining(self) -> str:
        """Of a retrained winner what it learnt from, in words that follow on "retrained"."""
        return " on all rows" if ALL_ROWS in self.fidelity else ""

    @property
    def final(self) -> bool:
        """Whether it was trained to the end, not only explored nor stopped on the way."""
        return "final" in self.fidelity and STOPPED not in self.measurements

    @property
    def predicted(self) -> bool:
        """Whether its latency is what was predicted of it."""
        return bool(self.measurements.get("latency") == PREDICTED)

    @property
    def specialised(self) -> bool:
        """Whether it was taken out of a supernet for the limits that were asked for."""
        return "specialised" in self.fidelity


def latency_of(candidate: Candidate, target: Any) -> dict[str, dict[str, Any]]:
    """What a network takes here whose latency was only predicted, since its training was short; see `updated`.

    Args:
        candidate: with a model that was kept.
        target: where latency is measured.
    """
    costs, spoken = measure_costs(candidate.model, dict.fromkeys(LATENCY), target)
    return {"scores": {name: costs[name] for name in LATENCY}, "measurements": {"latency": spoken}}


def retrained(directory: Path) -> list[Candidate]:
    """The winners of a search that were trained again, in order."""
    folders = sorted((file.parent for file in (directory / REFITS).glob(f"*/{REFIT}")), key=lambda f: int(f.name))
    return [_retrained(folder) for folder in folders]


def _retrained(folder: Path) -> Candidate:
    told = read_json(folder / REFIT)
    if told is None:
        raise StoreError(f"{folder} holds no retrained network, or its {REFIT} is damaged.")
    return Candidate(file=folder / MODEL, **{**told, "architecture": Architecture(told["architecture"])})


def trained(directory: Path) -> list[Candidate]:
    """All trainings of a search that ended with a score, in the order of their proposal; scored ones are none."""
    return [candidate for candidate in finished(directory) if UNTRAINED not in candidate.fidelity]


def scored(directory: Path) -> list[Candidate]:
    """The networks of a search that were scored without a training of their own, in the order of their proposal."""
    found = [candidate for candidate in finished(directory) if UNTRAINED in candidate.fidelity]
    return [candidate for candidate in found if SUPERNET not in candidate.fidelity]


def finished(directory: Path) -> list[Candidate]:
    """All trials of a search that ended with a score, in the order of their proposal."""
    with closing(read_only(directory)) as connection:
        rows = connection.execute(
            "SELECT number, architecture, fidelity, scores, measurements, note FROM trials "
            "WHERE state = 'finished' AND source = 'run' ORDER BY number"
        ).fetchall()
    return [_candidate(directory, *row) for row in rows]


def _candidate(directory: Path, number: int, *columns: str | None) -> Candidate:
    architecture, fidelity, scores, measurements, note = (json.loads(column or "{}") for column in columns)
    file = directory / "trials" / str(number) / MODEL
    return Candidate(number, Architecture(architecture), scores, fidelity, file, measurements, bool(note.get(BASELINE)))


def refused(directory: Path) -> list[tuple[int, str]]:
    """Proposals that were refused before any training, since a constraint cannot be met: number, message."""
    with closing(read_only(directory)) as connection:
        found = connection.execute(
            "SELECT number, failure_message FROM trials WHERE failure_kind = 'infeasible' AND source != 'run'"
        ).fetchall()
    return [(int(number), str(message)) for number, message in found]


def failed(directory: Path) -> list[tuple[int, str, str]]:
    """Failed trainings of a search: number, kind, message."""
    with closing(read_only(directory)) as connection:
        found = connection.execute(
            "SELECT number, failure_kind, failure_message FROM trials WHERE state = 'failed' AND source = 'run'"
        ).fetchall()
    return [(int(number), str(kind), str(message)) for number, kind, message in found]
