"""One search, from checked arguments to the result: data, split, workers, driver, hold-out."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from keras_nas.data import collect, split_rows
from keras_nas.engine.driver import Driver
from keras_nas.engine.files import safe_directory
from keras_nas.engine.inline import Inline
from keras_nas.engine.job import Job
from keras_nas.engine.plan import Plan, retry_lost
from keras_nas.engine.pool import Pool
from keras_nas.engine.process import WorkerSettings
from keras_nas.engine.progress import Progress, State, display_for
from keras_nas.engine.resources import shares, this_machine
from keras_nas.engine.resume import check_same_search, seconds_used
from keras_nas.engine.store import Store
from keras_nas.estimators.fidelity import Budgeting
from keras_nas.estimators.precision import training_precision
from keras_nas.estimators.stages import BASELINE
from keras_nas.estimators.training import Options, Training, train
from keras_nas.ledger import Ledger, Trial
from keras_nas.outcome import conclude, ranked
from keras_nas.preflight import check_feasible, cost_function, screen
from keras_nas.strategy import Failure, Problem

if TYPE_CHECKING:
    from keras_nas.result import SearchResult
    from keras_nas.search import Goal

HELD = 5_000
"""Rows that validation and hold-out take at most by default: more would only make scoring slow."""
SHARE = 0.15
"""Share of the rows that validation and hold-out take by default."""
KEEP = 10
"""Trials whose models are kept."""
CHANGEABLE = ("max_time", "max_trials", "workers", "verbose")
"""Arguments that may differ on resume."""


@dataclass(frozen=True)
class Data:
    """The user's data, as given."""

    rows: Any
    validation: Any = None
    holdout: float | None = None
    sample_weight: Any = None
    groups: Any = None


@dataclass(frozen=True)
class Settings:
    """Limits and the machine's part."""

    max_time: float | None
    max_trials: int | None
    seed: int
    workers: int | Literal["auto"]
    precision: str
    verbose: int


class Session:
    """Runs one search.

    Args:
        goal: what is searched for.
        data: what the models learn from.
        settings: limits and the machine's part.
        options: of the training: loss, metrics, class_weight, baseline, callbacks.
        directory: of the search.
        resume: whether an earlier search there is gone on with.
    """

    def __init__(
        self,
        goal: Goal,
        data: Data,
        settings: Settings,
        options: Mapping[str, Any],
        directory: Path,
        resume: bool,
    ) -> None:
        self.goal = goal
        self.data = data
        self.settings = settings
        self.options = options
        self.directory = directory
        self.resume = resume
        self.began = time.monotonic()
        self.shares = shares(settings.workers)
        self.precision = training_precision(settings.precision)

    def run(self) -> SearchResult:
        """The whole search; a directory that was made for bad input is taken away again."""
        with self._folder() as folder, Store(folder) as store:
            check_same_search(store, self._arguments(), CHANGEABLE)
            with closing(self._pool(folder)) as pool:
                pool.start()
                training = self._training(folder)
                ledger = self._ledger(training, store)
                plan = Plan(self.settings.max_time, self.settings.max_trials, self._retry, self._keep, self._call())
                reason = Driver(ledger, self._job(training), pool, store, plan, self._listeners()).run()
            return conclude(self.goal, training, ledger, store, reason)

    @contextmanager
    def _folder(self) -> Iterator[Path]:
        new = not self.directory.exists()
        folder = safe_directory(self.directory, overwrite=not self.resume)
        try:
            yield folder
        except Exception:
            if new and not (folder / "trials").exists():
                shutil.rmtree(folder)
            raise

    def _training(self, folder: Path) -> Training:
        """Data written and split once, and all that workers need to know."""
        task, data = self.goal.task, self.data
        rows = collect(
            data.rows,
            folder / "data",
            target="classification" if task.target == "classification" else "regression",
            ranks=task.ranks,
            validation_data=data.validation,
            sample_weight=data.sample_weight,
            groups=data.groups,
        )
        share = min(SHARE, HELD / len(rows))
        split = split_rows(rows, share, share if data.holdout is None else data.holdout, self.settings.seed)
        split.save(folder / "data")
        scores = [name.removeprefix("val_") for name in self._watched() if name.startswith("val_")]
        named = {metric for metric in self.options["metrics"] if isinstance(metric, str)}
        options = Options([score for score in scores if score not in named], limits=self._limits(), **self.options)
        signature = task.signature(rows, split)
        return Training(task, self.goal.space, signature, folder / "data", self.settings.seed, self.precision, options)

    def _watched(self) -> list[str]:
        """All scores that objectives and constraints speak of."""
        return [watched.name for watched in (*self.goal.objectives, *self.goal.constraints)]

    def _limits(self) -> dict[str, float | None]:
        limits: dict[str, float | None] = {name: None for name in self._watched() if not name.startswith("val_")}
        return {**limits, **{c.name: c.limit for c in self.goal.constraints if c.name in limits}}

    def _ledger(self, training: Training, store: Store) -> Ledger:
        """The strategy under its estimator, with infeasible proposals screened out."""
        goal, settings = self.goal, self.settings
        costs = cost_function(goal.task, goal.space, training.signature)
        check_feasible(goal.constraints, goal.space, costs, settings.seed)
        used = seconds_used(store)
        start = self.began
        budgeting = Budgeting(
            settings.max_time,
            settings.max_trials,
            max(1, len(self.shares)),
            lambda: used + time.monotonic() - start,
            goal.space.start,
            self.options["baseline"] is not None,
        )
        problem = Problem(goal.space.decisions, goal.objectives, goal.constraints, settings.seed, settings.max_trials)
        strategy = goal.estimator.around(goal.strategy, budgeting)
        return Ledger(strategy, problem, screen(goal.constraints, costs))

    def _pool(self, folder: Path) -> Any:
        """Worker processes, or the calling process.

        A worker runs operations side by side, one thread each: a small network's step fills the cores only that way.
        """
        if not self.shares:
            return Inline()
        threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": str(this_machine().cores)}
        settings = WorkerSettings(
            preload=("keras", "keras_nas.estimators.fitting"),
            environment={} if self.shares[0].devices else threads,
        )
        return Pool(self.shares, folder, settings)

    def _job(self, training: Training) -> Any:
        def make(trial: Trial, changes: Mapping[str, Any]) -> Job:
            proposal = trial.proposal
            alone = "final" in proposal.fidelity or len(self.shares) < 2
            return Job(
                train,
                {
                    "training": training,
                    "architecture": None if proposal.note.get(BASELINE) else proposal.architecture,
                    "number": trial.number,
                    "fidelity": {**proposal.fidelity, **changes},
                    "towers": this_machine().cores if alone else 1,
                },
            )

        return make

    def _retry(
        self, trial: Trial, failure: Failure, changes: Mapping[str, Any], failed: int
    ) -> Mapping[str, Any] | None:
        """Once more with a smaller batch when memory ran out, in float32 when numbers overflowed."""
        if failed > 1:
            return None
        if failure.kind == "out_of_memory":
            return {**changes, "batch_divisor": 4}
        if failure.kind == "not_finite" and self.precision != "float32":
            return {**changes, "float32": 1.0}
        return retry_lost(trial, failure, changes, failed)

    def _keep(self, trials: Any) -> list[int]:
        return [trial.number for trial in ranked(self.goal, trials)[:KEEP]]

    def _listeners(self) -> list[Any]:
        objective, settings = self.goal.objectives[0], self.settings
        better = float.__gt__ if objective.direction == "max" else float.__lt__
        state = State(objective.name, better, settings.max_trials, settings.max_time, max(1, len(self.shares)))
        return [Progress(state, display_for(settings.verbose))]

    def _arguments(self) -> dict[str, Any]:
        """What decides whether it is the same search."""
        goal, settings = self.goal, self.settings
        return {
            "task": goal.task.name,
            "space": goal.space.name,
            "decisions": len(goal.space.decisions),
            "strategy": type(goal.strategy).__name__,
            "estimator": repr(goal.estimator),
            "objectives": [[o.name, o.direction] for o in goal.objectives],
            "constraints": [[c.name, c.limit] for c in goal.constraints],
            "holdout": self.data.holdout,
            "seed": settings.seed,
            "precision": self.precision,
            "max_time": settings.max_time,
            "max_trials": settings.max_trials,
            "workers": len(self.shares),
        }

    def _call(self) -> dict[str, Any]:
        from importlib.metadata import version

        packages = ("keras", "tensorflow", "numpy", "keras-tuner")
        return {"arguments": self._arguments(), "versions": {name: version(name) for name in packages}}
