"""Weights & Biases: a run a trial, in one group a search."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from keras_nas.callbacks.watching import SearchCallback, Searching
from keras_nas.ledger import Trial

Mode = Literal["online", "offline", "disabled"]


class WeightsAndBiases(SearchCallback):
    """Records a search with Weights & Biases (`pip install 'keras_nas[wandb]'`).

    Each trial is a run with its decisions as configuration, its epochs' metrics, and its scores in the summary; the
    runs of a search are one group, named after its folder. Files are written to `logs` below that folder.

    Args:
        project: name.
        entity: user or team; default: the account's.
        mode: "online", "offline" (files that `wandb sync` uploads later) or "disabled"; default: the environment
            variable WANDB_MODE, else online.

    Example:
        >>> WeightsAndBiases("digits", mode="offline").mode
        'offline'
    """

    package = "wandb"

    def __init__(self, project: str = "keras_nas", entity: str | None = None, mode: Mode | None = None) -> None:
        self.project = project
        self.entity = entity
        self.mode = mode
        self._search: Searching | None = None
        self._runs: dict[int, Any] = {}

    def on_search_begin(self, search: Searching) -> None:
        """Keep what the runs are told."""
        self._search = search
        self._runs = {}

    def on_trial_begin(self, trial: Trial) -> None:
        """Begin a run; one that goes on after a failed attempt is the same."""
        import wandb

        search = self._search
        if search is None or trial.number in self._runs:
            return
        logs = search.directory / "logs"
        logs.mkdir(exist_ok=True)
        self._runs[trial.number] = wandb.init(
            project=self.project,
            entity=self.entity,
            group=search.name,
            name=f"{search.name} trial {trial.number}",
            config={**trial.proposal.architecture, "fidelity": dict(trial.proposal.fidelity)},
            dir=str(logs),
            mode=self.mode,
            reinit="create_new",  # several trials run at the same time
            settings=wandb.Settings(silent=True, console="off"),
        )

    def on_epoch_end(self, trial: Trial, epoch: int, metrics: Mapping[str, float]) -> None:
        """Add to the curves."""
        self._runs[trial.number].log(dict(metrics), step=epoch)

    def on_trial_end(self, trial: Trial) -> None:
        """Put the scores, or why there are none, into the summary."""
        run, outcome = self._runs.pop(trial.number), trial.outcome
        failure = outcome.failure if outcome is not None else None
        if outcome is not None:
            run.summary.update(dict(outcome.scores))
        if failure is not None:
            run.summary.update({"failure": f"{failure.kind}: {failure.message}"})
        run.finish(exit_code=0 if failure is None else 1)

    def on_search_end(self, reason: str) -> None:
        """End the runs of trials that were stopped."""
        for run in self._runs.values():
            run.finish(exit_code=1)
