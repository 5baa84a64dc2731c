"""Any strategy as a `keras_tuner.Oracle`: the one file that knows Keras Tuner's oracle.

    tuner = keras_tuner.Tuner(StrategyOracle("evolution", "val_accuracy", max_trials=50, seed=0), build)

Keras Tuner keeps its trials; what the strategy knows is a ledger, fed from here and restored from its log. Where Keras
Tuner's own behaviour loses work or deceives, it is mended here; `docs/keras_tuner.md` lists each place.
"""

from __future__ import annotations

import json
import logging
import math
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

import keras_tuner

from keras_nas.errors import InvalidArgument, ResumeError
from keras_nas.objectives.constraints import constraints_from
from keras_nas.objectives.derived import completed
from keras_nas.oracle.growing import GrowingLedger
from keras_nas.oracle.hyperparameters import ActiveHyperParameters
from keras_nas.oracle.record import check_inside, write_json
from keras_nas.oracle.scopes import ScopeDiscovery
from keras_nas.oracle.scoring import ending, failures_in_a_row, objectives_of, ranked, scores_of
from keras_nas.strategy import WAIT, Problem, Signal, Strategy
from keras_nas.tuners import make

IDLE_SECONDS = 0.05
"""How long a tuner that must wait for another one's trial is held, so that it does not spin."""
_log = logging.getLogger(__name__)


class StrategyOracle(keras_tuner.Oracle):
    """Searches any Keras Tuner space, for one objective or a Pareto front, with any strategy of keras_nas.

    Works under the stock `keras_tuner.Tuner`, under its subclasses, and as the chief of a distributed search.

    Args:
        strategy: a name, one of `keras_nas.tuners.STRATEGIES`, or a `Strategy`.
        objective: a name, an `Objective` of keras_nas or Keras Tuner, or a list of them. Of several, trials are
            ranked by Pareto dominance, and the first is Keras Tuner's score, which picks the best epoch. None: the
            single number that `run_trial` or `HyperModel.fit` returns is minimised.
        max_trials: how many trials at most; None for no limit.
        seed: keys all proposals, 0 or more; None draws one.
        constraints: limits on reported metrics, `{"latency_ms": 5.0}`.
        **options: Keras Tuner's `hyperparameters`, `tune_new_entries`, `allow_new_entries`, `max_retries_per_trial`
            and `max_consecutive_failed_trials`.

    Raises:
        InvalidArgument: an unknown strategy, or an objective whose direction is not known.

    Example:
        >>> oracle = StrategyOracle("random", objective="val_f1_score", max_trials=20, seed=0)
        >>> oracle.objective.direction
        'max'
    """

    _retry_queue: list[str]

    def __init__(
        self,
        strategy: str | Strategy = "auto",
        objective: Any = None,
        max_trials: int | None = 10,
        seed: int | None = None,
        constraints: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> None:
        self.objectives = objectives_of(objective)
        self.constraints = constraints_from(constraints)
        first = self.objectives[0]
        primary = None if objective is None else keras_tuner.Objective(first.name, first.direction)
        super().__init__(primary, max_trials, seed=seed, **options)
        self.seed: int = self.seed if seed is None else seed
        self.strategy = make(strategy)
        self._feed = GrowingLedger(self.strategy, self._problem)
        self._scopes = ScopeDiscovery()
        self._distributed = "KERASTUNER_ORACLE_IP" in os.environ
        self._halted = self._busy = self._unsaved = False

    def _problem(self, decisions: Any) -> Problem:
        return Problem(decisions, self.objectives, self.constraints, self.seed, self.max_trials)

    def populate_space(self, trial_id: str) -> dict[str, Any]:
        """Ask the strategy. Exhausted is STOPPED; IDLE is only said while another trial is running."""
        answer = None if self._halted else self._feed.ask(trial_id, self.hyperparameters)
        if answer is WAIT and self.ongoing_trials:
            return {"status": "IDLE", "values": None}
        if answer is None or isinstance(answer, Signal):
            return {"status": "STOPPED", "values": None}
        return {"status": "RUNNING", "values": answer}

    def create_trial(self, tuner_id: str) -> Any:
        """The next trial to run; its status tells when there is none yet (IDLE) or none any more (STOPPED)."""
        trial = self._locked(super().create_trial, tuner_id)
        if trial.status == "IDLE":
            time.sleep(IDLE_SECONDS)
        return trial

    def update_trial(self, trial_id: str, metrics: Mapping[str, float], step: int = 0) -> Any:
        """Record metrics of a running trial, the objectives under their own directions."""
        return self._locked(self._update, trial_id, metrics, step)

    def end_trial(self, trial: Any, status: str = "COMPLETED") -> None:
        """Score a trial that has ended and let the strategy observe it, or queue it for another try.

        Args:
            trial: Keras Tuner's, with its status; or an id, and the status as `status`.
            status: see `trial`.

        Raises:
            RuntimeError: `max_consecutive_failed_trials` trials in a row have failed. Everything is saved by then
                and the search may be continued. A chief does not raise but ends the search.
        """
        trouble = self._locked(self._end, trial, status)
        if trouble and not self._distributed:
            raise RuntimeError(trouble)
        if trouble:
            _log.error("The search ends. %s", trouble)
            self._halted = True

    def _update(self, trial_id: str, metrics: Mapping[str, float], step: int) -> Any:
        known = self.trials[trial_id].metrics
        for objective in self.objectives:
            if not known.exists(objective.name):
                known.register(objective.name, direction=objective.direction)
        return super().update_trial(trial_id, completed(self.objectives, metrics), step=step)

    def _end(self, trial: Any, status: str) -> str | None:
        """All that `end_trial` does under the lock; returns why the search should not go on, if so."""
        if isinstance(trial, str):
            trial = self.trials[trial]
            trial.status = status
        self._refuse_new_entries(trial)
        super().end_trial(trial)
        ended = self.trials[trial.trial_id]
        self._observe(ended)
        self.save()
        return self._too_many_failures(ended)

    def _observe(self, ended: Any) -> None:
        values, outcome = ending(ended, self.objectives[0].name)
        if outcome is not None:
            self._feed.observe(ended.trial_id, self.hyperparameters, values, outcome)

    def _locked(self, call: Callable[..., Any], *args: Any) -> Any:
        """Call under Keras Tuner's lock, which an exception inside would leave held for ever."""
        result, error = self._attempt(call, args)
        if error is not None:
            raise error
        return result

    @keras_tuner.synchronized  # type: ignore[untyped-decorator]
    def _attempt(self, call: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, BaseException | None]:
        self._busy = True
        try:
            return call(*args), None
        except BaseException as error:
            return None, error
        finally:
            self._busy = False
            if self._unsaved:
                self.save()

    def get_space(self) -> Any:
        """A copy of the space; while a tuner looks for conditional scopes, with values that open many at once."""
        return self._scopes.opened(ActiveHyperParameters.of(self.hyperparameters))

    def update_space(self, hyperparameters: Any) -> None:
        """Add what is new to the space."""
        super().update_space(hyperparameters)
        if not self.start_order:
            self._scopes.note(hyperparameters)

    def _refuse_new_entries(self, trial: Any) -> None:
        """Without `allow_new_entries` a trial that asked for some fails; the search goes on."""
        try:
            self.update_space(trial.hyperparameters)
        except RuntimeError as error:
            known = ActiveHyperParameters.of(self.hyperparameters)
            names = {entry.name for entry in known.space}
            known.values = {name: value for name, value in trial.hyperparameters.values.items() if name in names}
            trial.hyperparameters, trial.status, trial.message = known, "FAILED", str(error)

    def _record_values(self, trial: Any) -> None:
        if not isinstance(trial.hyperparameters, ActiveHyperParameters):
            trial.hyperparameters = ActiveHyperParameters.of(trial.hyperparameters)
        super()._record_values(trial)

    def score_trial(self, trial: Any) -> None:
        """Score by the first objective; with an objective that is not finite the trial is invalid."""
        super().score_trial(trial)
        finite = all(math.isfinite(value) for value in self._vector(trial).values())
        trial.score = float(trial.score) if finite else math.nan

    def _vector(self, trial: Any) -> dict[str, float]:
        known = scores_of(trial, self.objectives[0].name)
        return {objective.name: known.get(objective.name, math.nan) for objective in self.objectives}

    def _check_objective_found(self, metrics: Mapping[str, float]) -> None:
        missing = [objective.name for objective in self.objectives if objective.name not in metrics]
        if missing:
            raise InvalidArgument(
                f"Objective value missing: the trial reported {sorted(metrics)}, without {missing}. Add the metric, or "
                "choose another objective."
            )

    def _retry(self, trial: Any) -> bool:
        """Queue a trial for another try, without its metrics: a second value would be averaged with the first."""
        if trial.status == "INVALID" and trial.score is not None:
            trial.message = f"The objective {self._vector(trial)} is not finite."
            trial.score = None
        if again := bool(super()._retry(trial)):
            trial.metrics = type(trial.metrics)()
        return again

    def _check_consecutive_failures(self) -> None:
        """Left to `end_trial`, which counts once all is saved."""

    def _too_many_failures(self, ended: Any) -> str | None:
        """The message when this failure fills a streak of `max_consecutive_failed_trials`."""
        limit = self.max_consecutive_failed_trials
        streak = failures_in_a_row(self.trials[trial_id].status for trial_id in reversed(self.end_order))
        if ended.status != "FAILED" or not limit or streak % limit:
            return None
        return f"Number of consecutive failures exceeded the limit of {limit}.\n{ended.message or ''}"

    def get_best_trials(self, num_trials: int = 1) -> list[Any]:
        """The best completed trials, never padded with others: what meets the constraints first, then by front."""
        return [trial for _, trial in self._ranked()][:num_trials]

    def get_pareto_front(self) -> list[Any]:
        """The completed trials that no other betters in all objectives; with one objective, the best."""
        return [trial for front, trial in self._ranked() if front == 0]

    def _ranked(self) -> list[tuple[int, Any]]:
        done = [trial for trial in self.trials.values() if trial.status == "COMPLETED" and trial.score is not None]
        return ranked(done, self.objectives, self.constraints)

    def get_state(self) -> dict[str, Any]:
        """Keras Tuner's state and the ledger's log, in JSON types."""
        return {**super().get_state(), "search": self._search(), "ledger": self._feed.to_json(self.trials)}

    def set_state(self, state: Mapping[str, Any]) -> None:
        """Take up an earlier state; the strategy observes its log again."""
        if state["search"] != self._search():
            raise ResumeError(
                f"The directory holds the search {state['search']}, not {self._search()}. Choose another "
                "`project_name`, or pass `overwrite=True` to start afresh."
            )
        super().set_state(state)
        self.trials: dict[str, Any] = {trial_id: self.trials[trial_id] for trial_id in self.start_order}
        told = {trial_id: ending(trial, self.objectives[0].name) for trial_id, trial in self.trials.items()}
        self._feed.from_json(state["ledger"], self.hyperparameters, told)

    def _search(self) -> dict[str, Any]:
        objectives = [[objective.name, objective.direction] for objective in self.objectives]
        return {"strategy": type(self.strategy).__name__, "objectives": objectives}

    def reload(self) -> None:
        """Read the directory. A trial that had ended is not run again, one that was running is, from the start."""
        try:
            super().reload()
        except json.JSONDecodeError as error:
            raise ResumeError(
                f"A file of the search cannot be read ({error}). Restore it, or pass `overwrite=True` to start afresh."
            ) from error
        waiting = [self.trials[trial_id] for trial_id in self.start_order if trial_id in self._retry_queue]
        ended = [trial for trial in waiting if trial.status in ("COMPLETED", "FAILED")]
        self._retry_queue = [trial.trial_id for trial in reversed(waiting) if trial not in ended]
        self.end_order += [trial.trial_id for trial in ended if trial.trial_id not in self.end_order]
        for trial in ended:
            self._observe(trial)
        for trial_id in self._retry_queue:
            self.trials[trial_id].metrics = type(self.trials[trial_id].metrics)()

    def save(self) -> None:
        """Write the state, whole or not at all; while a call is under way, once it has ended."""
        self._unsaved = self._busy
        if not self._busy:
            write_json(self._get_oracle_fname(), self.get_state())

    def _save_trial(self, trial: Any) -> None:
        under_way = trial.status == "RUNNING" and trial.metrics.metrics
        path = os.path.join(self._get_trial_dir(trial.trial_id), "trial.json")
        write_json(path, trial.get_state(), durable=not under_way)

    def _set_project_dir(self, directory: Any, project_name: str) -> None:
        check_inside(directory, project_name)
        super()._set_project_dir(directory, project_name)
