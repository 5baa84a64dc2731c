"""One search, from checked arguments to the result: data, split, workers, driver, hold-out."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_nas.architecture import Architecture
from keras_nas.beginning import recall, remember
from keras_nas.callbacks.watching import Aside, Searching
from keras_nas.data import Rows, Split
from keras_nas.engine.driver import Driver
from keras_nas.engine.gpus import memory_of
from keras_nas.engine.job import Job
from keras_nas.engine.plan import Plan, retry_lost
from keras_nas.engine.progress import Progress, State, display_for
from keras_nas.engine.resume import check_same_search, seconds_used
from keras_nas.engine.store import Store
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.budgeting import Budgeting, Untrained
from keras_nas.estimators.curves import SHARE, Known
from keras_nas.estimators.custom import registered_here
from keras_nas.estimators.forecast import Forecast
from keras_nas.estimators.precision import training_precision
from keras_nas.estimators.ready import innermost
from keras_nas.estimators.resolution import check_resolution
from keras_nas.estimators.scoring import measuring_seconds
from keras_nas.estimators.shared import SHARED, SUPERNET, SharedWeights, shared_trial
from keras_nas.estimators.stages import BASELINE
from keras_nas.estimators.training import train
from keras_nas.estimators.xla import Timing
from keras_nas.estimators.zero_cost.estimator import score_untrained
from keras_nas.ledger import Trial
from keras_nas.outlook import Ahead, Conditions, look_ahead, memory_notes, take_gauge
from keras_nas.preparing.environment import versions
from keras_nas.preparing.foresight import Costs, describer, predictor_for, reader
from keras_nas.preparing.identity import facts, identity
from keras_nas.preparing.preflight import check_feasible, check_latency, cost_function
from keras_nas.preparing.preparation import Data, account, prepare, watched
from keras_nas.preparing.spreading import spread, within
from keras_nas.preparing.workspace import Workspace
from keras_nas.results.candidate import trained
from keras_nas.results.outcome import conclude, kept, winner
from keras_nas.strategy import UNTRAINED, Failure, Problem, Proposal

if TYPE_CHECKING:
    from keras_nas.preparing.goal import Goal
    from keras_nas.results.result import SearchResult

KEEP = 10
"""Trials whose models are kept."""
CHANGEABLE = ("max_time", "max_trials", "workers", "devices_per_trial", "verbose")
"""Arguments that may differ on resume."""


@dataclass(frozen=True)
class Settings:
    """Limits, and where trainings run (`pools.get_engine`); `began` is when the call was made, in monotonic seconds."""

    max_time: float | None
    max_trials: int | None
    seed: int
    engine: Any
    precision: str
    verbose: int
    began: float


class Session:
    """Runs one search.

    Args:
        goal: what is searched for.
        data: what the models learn from.
        settings: limits and the machine's part.
        options: of the training: loss, metrics, class_weight, baseline, callbacks; and callbacks of the search.
        directory: of the search.
        resume: whether an earlier search there is gone on with.
        asked: the call, for the record (`identity.recorded`).
    """

    def __init__(
        self,
        goal: Goal,
        data: Data,
        settings: Settings,
        options: Mapping[str, Any],
        directory: Path,
        resume: bool,
        asked: Mapping[str, Any],
    ) -> None:
        self.goal = goal
        self.data = data
        self.settings = settings
        self.options = options
        self.directory = directory
        self.resume = resume
        self.asked = asked
        self.shares = settings.engine.shares()
        self.part = self.shares[0] if self.shares else settings.engine.whole()
        self.precision = training_precision(settings.precision, gpus=len(self.part.devices))
        self.notes = memory_notes(memory_of([gpu for part in self.shares if not part.node for gpu in part.devices]))

    def run(self) -> SearchResult:
        """The whole search; what bad input left behind is taken away again."""
        from keras_nas.results.result import SearchResult

        self._check_engine()
        with Workspace(self.directory, replace=not self.resume) as workspace, Store(workspace.folder) as store:
            inferred = self._inferred(store)
            arguments = self._arguments()
            call = {"arguments": arguments, "versions": versions(), "asked": self.asked, "inferred": inferred}
            check_same_search(store, arguments, CHANGEABLE)
            with closing(self.settings.engine.pool(self.shares, store.directory)) as pool:
                pool.start()
                training = prepare(
                    self.goal, self.data, self.options, store.directory, self.settings.seed, self.precision
                )
                self._remembered = recall(self.goal, training, store, self.options["history"])
                lines = self._account(training, inferred)
                ahead = self._look_ahead(training, store, pool)
                ledger, forecast = ahead.ledger, ahead.forecast
                workspace.keep()
                seen = {"preflight": ahead.outlook.facts(), "remembered": self._remembered.to_json()}
                prepared = round(time.monotonic() - self.settings.began, 1)
                plan = self._plan({**call, **seen, "prepared_s": prepared})
                job = self._job(training, ahead.timing)
                reason = Driver(ledger, job, pool, store, plan, self._listeners(forecast)).run()
            best = winner(self.goal.objectives, self.goal.constraints, ledger.trials, reason)
            told = {**facts(self.goal, training), "reason": reason, "data": lines, "preflight": plan.call["preflight"]}
            conclude(training, store.directory, best, told)
            remember(self.goal, training, ledger.trials, store.directory, self.options["history"])
            return SearchResult(store.directory, training)

    def _check_engine(self) -> None:
        """The supernet lies beside the search's data, where workers of other machines do not look yet."""
        if isinstance(innermost(self.goal.estimator), SharedWeights) and any(part.node for part in self.shares):
            raise InvalidArgument("estimator='shared_weights' needs workers of this machine: use engine='local'.")

    def _inferred(self, store: Store) -> list[str]:
        """What the data was taken for; a search that is resumed says what it said at first."""
        first = next(store.records("call"), None)
        return [*self.data.told] if first is None else (first.body or {}).get("inferred", [])

    def _account(self, training: Training, inferred: Sequence[str]) -> list[str]:
        """What the user should know of the data, also printed."""
        rows, split = Rows.load(training.data), Split.load(training.data)
        lines = [*inferred, *account(training.task, rows, split, training.options.class_weight), *self._remembered.told]
        if training.space.backbone is not None:
            lines += training.space.backbone.remarks(training.signature)
        if self.settings.verbose:
            print("\n".join(lines))
        return lines

    def _look_ahead(self, training: Training, store: Store, pool: Any) -> Ahead:
        """The search made ready: what cannot go well is refused, and what is to be expected is told."""
        goal, settings = self.goal, self.settings
        if getattr(innermost(goal.estimator), "over", None) == "resolution":
            check_resolution(goal.task, goal.space, training.signature, watched(goal))
        check_latency(goal.constraints, training, cost_function(goal.task, goal.space, training.signature))
        tell = print if settings.verbose else lambda line: None
        predictor = predictor_for(training, settings.max_time, settings.max_trials, tell)
        costs = cost_function(goal.task, goal.space, training.signature, predictor)
        self._expected = costs.instead
        feasible = check_feasible(goal.constraints, goal.space, costs, settings.seed)
        used = seconds_used(store)
        measuring = measuring_seconds(training.options.costing.limits)
        budgeting = Budgeting(
            Bounds(settings.max_time, settings.max_trials, max(1, len(self.shares)), measuring),
            lambda: used + time.monotonic() - settings.began,
            (*self._first(), *(self._warm_start(costs) if goal.strategy.starts_warm else ()), *feasible),
            self.options["baseline"] is not None,
            len(goal.objectives),
            Untrained(
                lambda architecture: costs(architecture)["flops"],
                describer(reader(goal.task, goal.space, training.signature)),
                self._remembered.merits(goal.space),
            ),
        )
        problem = Problem(goal.space.decisions, goal.objectives, goal.constraints, settings.seed, settings.max_trials)
        gauge = take_gauge(pool, store.directory, training.precision)
        conditions = Conditions(gauge, on_cpu=not self.part.devices, resumed=used > 0, notes=self.notes)
        ahead = look_ahead(goal, training, problem, budgeting, costs, conditions)
        if settings.verbose:
            print("\n".join(ahead.outlook.lines()))
        return ahead

    def _first(self) -> tuple[Architecture, ...]:
        """What the user wants tried first, and the best of earlier searches."""
        return tuple(dict.fromkeys((*self.goal.first, *self._remembered.architectures)))

    def _warm_start(self, costs: Costs) -> tuple[Architecture, ...]:
        """For a front some architectures of every cost, the space's known good ones, and their like within limits."""
        goal, seed = self.goal, self.settings.seed
        front = spread(goal.objectives, goal.space, costs, seed)
        return tuple(dict.fromkeys((*front, *goal.space.start, *within(goal.constraints, goal.space, costs, seed))))

    def _plan(self, call: Mapping[str, Any]) -> Plan:
        """How far to go; what was spent since the call counts."""
        seconds = self.settings.max_time
        if seconds is not None:
            seconds -= time.monotonic() - self.settings.began
        return Plan(seconds, self.settings.max_trials, self._retry, self._keep, call)

    def _job(self, training: Training, timing: Timing | None) -> Any:
        def make(trial: Trial, changes: Mapping[str, Any]) -> Job:
            proposal = trial.proposal
            alone = not {"final", SUPERNET}.isdisjoint(proposal.fidelity) or len(self.shares) < 2
            return Job(
                _function(proposal),
                {
                    "training": training,
                    "architecture": None if proposal.note.get(BASELINE) else proposal.architecture,
                    "number": trial.number,
                    "predicted": self._expected(proposal.architecture, "final" in proposal.fidelity),
                    "fidelity": {**proposal.fidelity, **changes},
                    "towers": self.part.cores if alone and not self.part.devices else 1,
                    "devices": max(1, len(self.part.devices)),
                    "timing": timing,
                    "custom_objects": registered_here(),
                    **self._curves(training, proposal),
                },
            )

        return make

    def _curves(self, training: Training, proposal: Proposal) -> dict[str, Known]:
        """Of a training that may be stopped, the curves of others as long, in a score that can be taken on the way.

        Not of the user's own model, which is trained as long as a finalist, nor of a training over several devices.
        """
        objective, own = self.goal.objectives[0], proposal.note.get(BASELINE)
        scored = objective.name.startswith("val_") and objective.name in objective.sources
        alone = len(self.part.devices) < 2 and not own
        if _function(proposal) is not train or SHARE not in proposal.fidelity or not scored or not alone:
            return {}
        known = trained(training.data.parent)
        alike = [one for one in known if one.fidelity == proposal.fidelity and not one.baseline]
        return {"known": Known.of(objective.name, objective.direction, alike)}

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

    def _keep(self, trials: Sequence[Trial]) -> list[int]:
        """The best trials, the front, and the user's own model."""
        return [trial.number for trial in kept(self.goal.objectives, self.goal.constraints, trials, KEEP)]

    def _listeners(self, forecast: Forecast) -> list[Any]:
        objective, settings = self.goal.objectives[0], self.settings
        better = float.__gt__ if objective.direction == "max" else float.__lt__
        state = State(objective.name, better, settings.max_trials, forecast.seconds_left)
        search = Searching(self.directory, self.goal.space, self.goal.objectives, self._arguments())
        watchers = [Aside(callback, search) for callback in self.options["watchers"]]
        return [forecast, Progress(state, display_for(settings.verbose)), *watchers]

    def _arguments(self) -> dict[str, Any]:
        """What decides whether it is the same search, and the limits, which may change."""
        settings = self.settings
        return {
            **identity(self.goal, self.options, settings.seed, self.data.holdout),
            "precision": self.precision,
            "max_time": settings.max_time,
            "max_trials": settings.max_trials,
            "workers": len(self.shares),
            "devices_per_trial": max(1, len(self.part.devices)),
        }


def _function(proposal: Proposal) -> Callable[..., Mapping[str, Any]]:
    """What runs a trial."""
    if SHARED in proposal.fidelity:
        return shared_trial
    return score_untrained if UNTRAINED in proposal.fidelity else train
