"""What a search found, read from its directory: the models, their scores, and how good the winner really is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.data import Rows, Split
from keras_nas.engine.files import read_json
from keras_nas.engine.store import read_only
from keras_nas.errors import InvalidArgument, StoreError
from keras_nas.estimators.stages import BASELINE
from keras_nas.estimators.training import MODEL
from keras_nas.objectives.constraints import Constraint
from keras_nas.objectives.objective import Objective, losses
from keras_nas.objectives.pareto import pareto_front
from keras_nas.outcome import order
from keras_nas.workspace import REFITS, RESULT

if TYPE_CHECKING:
    import pandas as pd

    from keras_nas.estimators.assignment import Training
    from keras_nas.export import Export


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

    @cached_property
    def model(self) -> Any:
        """The very model that was scored, of stock Keras layers; raw rows in, probabilities or numbers out.

        Raises:
            StoreError: when its file was not kept (only the best trials' models are).
        """
        import keras

        if not self.file.exists():
            raise StoreError(f"The model of trial {self.number} was not kept: only those of the best trials are.")
        return keras.models.load_model(self.file, compile=False)

    @classmethod
    def retrained(cls, folder: Path) -> Candidate:
        """The retrained winner that a folder holds."""
        told = read_json(folder / "refit.json")
        if told is None:
            raise StoreError(f"{folder} holds no retrained network, or its refit.json is damaged.")
        return cls(file=folder / MODEL, **{**told, "architecture": Architecture(told["architecture"])})

    @property
    def final(self) -> bool:
        """Whether it was trained to the end, not only explored."""
        return "final" in self.fidelity


class SearchResult:
    """A finished search.

    Args:
        directory: of the search.
        training: what its trainings shared; None for a result that was read from disk.

    Raises:
        StoreError: when the directory holds no finished search.
    """

    def __init__(self, directory: Path, training: Training | None = None) -> None:
        self.directory = Path(directory)
        self.training = training
        told = read_json(self.directory / RESULT)
        if told is None:
            raise StoreError(
                f"{self.directory} holds no finished search: expected the folder of a search that has ended. "
                "Run `keras_nas.search` with that directory to go on with one that was interrupted."
            )
        self.told: dict[str, Any] = told
        self.objectives = tuple(Objective(name, direction) for name, direction in told["objectives"])
        self.constraints = tuple(Constraint(name, limit, bound) for name, limit, bound in told["constraints"])

    @cached_property
    def trials(self) -> list[Candidate]:
        """All trainings that ended with a score, in the order of their proposal."""
        with closing(read_only(self.directory)) as connection:
            rows = connection.execute(
                "SELECT number, architecture, fidelity, scores, measurements, note FROM trials "
                "WHERE state = 'finished' AND source = 'run' ORDER BY number"
            ).fetchall()
        return [self._candidate(*row) for row in rows]

    def _candidate(self, number: int, *columns: str | None) -> Candidate:
        architecture, fidelity, scores, measurements, note = (json.loads(column or "{}") for column in columns)
        file = self.directory / "trials" / str(number) / MODEL
        return Candidate(
            number, Architecture(architecture), scores, fidelity, file, measurements, bool(note.get(BASELINE))
        )

    @cached_property
    def failures(self) -> list[tuple[int, str, str]]:
        """Failed trainings: number, kind, message."""
        with closing(read_only(self.directory)) as connection:
            found = connection.execute(
                "SELECT number, failure_kind, failure_message FROM trials WHERE state = 'failed' AND source = 'run'"
            ).fetchall()
        return [(int(number), str(kind), str(message)) for number, kind, message in found]

    @property
    def winner(self) -> Candidate:
        """The best network."""
        return next(trial for trial in self.trials if trial.number == self.told["winner"])

    @property
    def best_model(self) -> Any:
        """The winner as a Keras model: the very one that was scored."""
        return self.winner.model

    @property
    def baseline(self) -> Candidate | None:
        """The user's own model, trained as long as a finalist."""
        return next((trial for trial in self.trials if trial.baseline), None)

    @property
    def holdout(self) -> Mapping[str, float]:
        """The winner's scores on rows that nothing else has seen."""
        scores: dict[str, float] = self.told["holdout"]["scores"]
        return scores

    def best(self, **limits: float) -> Candidate:
        """The best network within limits: `best(max_latency_ms=10, max_params=1e5, min_val_accuracy=0.9)`.

        Args:
            **limits: `max_<score>` or `min_<score>`; without any, it is the winner.

        Raises:
            InvalidArgument: for a limit of another form or an unknown score, or when no trained network meets them all.
        """
        if not limits:
            return self.winner
        candidates = self._kept()
        for limit, value in limits.items():
            candidates = [candidate for candidate in candidates if self._meets(candidate, limit, value)]
        if not candidates:
            raise InvalidArgument(f"No trained network meets {limits}; the leaderboard shows what there is.")
        return self._ordered(candidates)[0]

    def _kept(self) -> list[Candidate]:
        return [trial for trial in self.trials if trial.file.exists() and not trial.baseline]

    def _meets(self, candidate: Candidate, limit: str, value: float) -> bool:
        bound, _, name = limit.partition("_")
        if bound not in ("max", "min") or name not in candidate.scores:
            raise InvalidArgument(
                f"limit {limit!r}: expected max_<score> or min_<score> with a score of {sorted(candidate.scores)}. "
                "Costs are measured where they are an objective or a constraint of the search."
            )
        return candidate.scores[name] <= value if bound == "max" else candidate.scores[name] >= value

    def _ordered(self, candidates: list[Candidate]) -> list[Candidate]:
        """Best first, the winner before all."""
        scores = [candidate.scores for candidate in candidates]
        final = [candidate.final for candidate in candidates]
        ordered = [candidates[position] for position in order(self.objectives, self.constraints, scores, final)]
        return sorted(ordered, key=lambda candidate: candidate.number != self.told["winner"])

    def pareto_front(self) -> list[Candidate]:
        """The networks that no other beats in every objective, each with its model, by the first objective."""
        kept = self._kept()
        matrix = losses(self.objectives, [candidate.scores for candidate in kept])
        front = [kept[position] for position in pareto_front(matrix)]
        return sorted(front, key=lambda candidate: self.objectives[0].loss(candidate.scores))

    def leaderboard(self) -> pd.DataFrame:
        """All trained networks, best first: scores, epochs that they were trained, and every decision."""
        import pandas as pd

        rows = [
            {
                "trial": c.number,
                "stage": "baseline" if c.baseline else "final" if c.final else "explored",
                **c.scores,
                "epochs": round(c.measurements["epochs"], 1),
                **c.architecture,
            }
            for c in self._ordered(self.trials)
        ]
        return pd.DataFrame(rows)

    @cached_property
    def rows(self) -> Rows:
        """The data of the search."""
        return Rows.load(self.directory / "data")

    @property
    def classes(self) -> tuple[Any, ...]:
        """The user's labels in the order of the model's outputs; empty for regression."""
        return tuple(self.rows.labels.classes)

    def export(self, path: str | Path, format: str = "saved_model", overwrite: bool = False) -> Export:  # noqa: A002
        """Write the winner to a new folder, run it there in a fresh process without keras_nas, and compare.

        Args:
            path: the folder.
            format: "saved_model", "keras" or "litert".
            overwrite: whether an earlier export there is replaced.

        Raises:
            ExportError: when it cannot be written, or gives other outputs than the model in memory.
        """
        from keras_nas.export import export_model

        held = Split.load(self.directory / "data")
        part = held.holdout if len(held.holdout) else held.validation
        manifest = {
            "task": self.told["task"],
            "classes": list(self.classes),
            "metrics": dict(self.winner.scores),
            "holdout": self.told["holdout"],
            "architecture": dict(self.winner.architecture),
        }
        sample = np.asarray(self.rows.x[part[:256]])
        return export_model(self.best_model, path, format=format, rows=sample, manifest=manifest, overwrite=overwrite)

    def refit(self, max_time: float | None = None, epochs: float | None = None, seed: int | None = None) -> Candidate:
        """Train the winner's architecture anew, by its recipe, and score it on the validation part.

        The winner stays what it is: a retrained network is another one, with a score of its own. It never sees the
        hold-out, and lies below `refits` in the search's folder.

        Args:
            max_time: seconds of training; where neither this nor `epochs` is given, as long as the winner's.
            epochs: passes over the training rows.
            seed: of the weights and batches; by default one that no training of this winner had.

        Returns:
            The retrained network, with its `model` and `scores`.

        Raises:
            InvalidArgument: when the search used objects of your own that are not on disk.
            SearchFailed: when the training failed.
        """
        from keras_nas.refit import refit

        return refit(self, {"seconds": max_time, "epochs": epochs}, seed)

    @property
    def refits(self) -> list[Candidate]:
        """The retrained winners, in order."""
        folders = (self.directory / REFITS).glob("*/refit.json")
        numbers = sorted(int(file.parent.name) for file in folders)
        return [Candidate.retrained(self.directory / REFITS / str(number)) for number in numbers]

    def summary(self) -> str:
        """The account of the search, for people."""
        from keras_nas.summary import summarise

        return summarise(self)

    def __repr__(self) -> str:
        return self.summary()


def load(directory: str | Path) -> SearchResult:
    """The result of a search that has ended.

    Args:
        directory: of the search.

    Raises:
        StoreError: when the directory holds no finished search.
    """
    return SearchResult(Path(directory))
