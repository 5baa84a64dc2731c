"""MLflow: a run a search, and below it a run a trial."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from keras_nas.callbacks.watching import SearchCallback, Searching
from keras_nas.ledger import Trial

STATUS = {"interrupted": "KILLED", "error": "FAILED"}
"""Of a search's run, by the reason that it ended; else FINISHED."""


class MLflow(SearchCallback):
    """Records a search with MLflow (`pip install 'keras_nas[mlflow]'`).

    The search is a run named after its folder, with the call's arguments; each trial is a run below it, with its
    decisions as parameters, its epochs' metrics and its scores. Where a search is resumed, what follows is a new run.

    Args:
        experiment: name; made where it does not exist.
        tracking_uri: a server, "sqlite:///runs.db" or a folder; default: MLflow's own, the environment variable
            MLFLOW_TRACKING_URI among it.

    Example:
        >>> MLflow("digits", "sqlite:///runs.db").experiment
        'digits'
    """

    package = "mlflow"

    def __init__(self, experiment: str = "keras_nas", tracking_uri: str | None = None) -> None:
        self.experiment = experiment
        self.tracking_uri = tracking_uri
        self._client: Any = None
        self._experiment_id = ""
        self._search = ""
        self._runs: dict[int, str] = {}
        self._epochs: dict[int, int] = {}

    def on_search_begin(self, search: Searching) -> None:
        """Begin the search's run."""
        import mlflow

        self._client = mlflow.MlflowClient(self.tracking_uri)
        self._runs, self._epochs = {}, {}
        known = self._client.get_experiment_by_name(self.experiment)
        self._experiment_id = known.experiment_id if known else self._client.create_experiment(self.experiment)
        self._search = self._begin(search.name, {"keras_nas.directory": str(search.directory.absolute())})
        self._log(self._search, params=_plain(search.arguments))

    def on_trial_begin(self, trial: Trial) -> None:
        """Begin a trial's run; one that goes on after a failed attempt is the same."""
        if trial.number in self._runs:
            return
        tags = {"mlflow.parentRunId": self._search}
        self._runs[trial.number] = self._begin(f"trial {trial.number}", tags)
        proposal = trial.proposal
        fidelity = {f"fidelity.{name}": value for name, value in proposal.fidelity.items()}
        self._log(self._runs[trial.number], params={**proposal.architecture, **fidelity})

    def on_epoch_end(self, trial: Trial, epoch: int, metrics: Mapping[str, float]) -> None:
        """Add to the curves."""
        self._epochs[trial.number] = epoch
        self._log(self._runs[trial.number], metrics=metrics, step=epoch)

    def on_trial_end(self, trial: Trial) -> None:
        """Record the scores, or why there are none."""
        run, outcome = self._runs.pop(trial.number), trial.outcome
        failure = outcome.failure if outcome is not None else None
        if outcome is not None:
            self._log(run, metrics=outcome.scores, step=self._epochs.get(trial.number, 0))
        if failure is not None:
            self._client.set_tag(run, "keras_nas.failure", f"{failure.kind}: {failure.message}"[:5000])
        self._client.set_terminated(run, "FINISHED" if failure is None else "FAILED")

    def on_search_end(self, reason: str) -> None:
        """End the search's run, and those of trials that were stopped."""
        for run in self._runs.values():
            self._client.set_terminated(run, "KILLED")
        self._client.set_tag(self._search, "keras_nas.reason", reason)
        self._client.set_terminated(self._search, STATUS.get(reason, "FINISHED"))

    def _begin(self, name: str, tags: Mapping[str, str]) -> str:
        """A new run's id."""
        run: str = self._client.create_run(self._experiment_id, run_name=name, tags=dict(tags)).info.run_id
        return run

    def _log(
        self,
        run: str,
        params: Mapping[str, Any] | None = None,
        metrics: Mapping[str, float] | None = None,
        step: int = 0,
    ) -> None:
        from mlflow.entities import Metric, Param

        now = int(1000 * time.time())
        self._client.log_batch(
            run,
            params=[Param(name, str(value)) for name, value in (params or {}).items()],
            metrics=[Metric(name, float(value), now, step) for name, value in (metrics or {}).items()],
        )


def _plain(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments that are a text or a number; the space's decisions are those of the trials."""
    return {name: value for name, value in arguments.items() if isinstance(value, str | int | float)}
