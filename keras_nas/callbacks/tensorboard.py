"""TensorBoard: a run a trial, with its decisions and scores in the HParams dashboard."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from keras_nas.callbacks.watching import SearchCallback, Searching
from keras_nas.domains import Domain, Interval
from keras_nas.ledger import Trial

FOLDER = "logs/tensorboard"
"""Below the search's folder, where no other is named."""


class TensorBoard(SearchCallback):
    """Writes what `tensorboard --logdir` shows: curves of every trial, and decisions beside scores under HParams.

    Each trial is a run "trial_0007": its decisions are hyperparameters, its epochs' metrics and final scores are
    scalars, a failed one is marked so. Files are written as the search goes on, by the process that called it.

    Args:
        directory: for `--logdir`; default `logs/tensorboard` below the search's folder.

    Example:
        >>> TensorBoard("runs").directory
        'runs'
    """

    def __init__(self, directory: str | os.PathLike[str] | None = None) -> None:
        self.directory = directory
        self._root = Path()
        self._writers: dict[int, Any] = {}
        self._epochs: dict[int, int] = {}

    def on_search_begin(self, search: Searching) -> None:
        """Say what is decided and what counts."""
        self._root = Path(self.directory) if self.directory is not None else search.directory / FOLDER
        self._writers, self._epochs = {}, {}
        writer = _writer(self._root)
        _write(writer, [_experiment(search)])
        writer.close()

    def on_trial_begin(self, trial: Trial) -> None:
        """Begin a run; one that goes on after a failed attempt is the same."""
        from tensorboard.plugins.hparams.api import hparams_pb

        if trial.number in self._writers:
            return
        name = f"trial_{trial.number:04d}"
        self._writers[trial.number] = _writer(self._root / name)
        _write(self._writers[trial.number], [hparams_pb(dict(trial.proposal.architecture), trial_id=name)])

    def on_epoch_end(self, trial: Trial, epoch: int, metrics: Mapping[str, float]) -> None:
        """Add to the curves."""
        self._epochs[trial.number] = epoch
        _write(self._writers[trial.number], [_scalars(metrics)], epoch)

    def on_trial_end(self, trial: Trial) -> None:
        """Write the scores, at the last epoch, and how the trial ended."""
        from tensorboard.plugins.hparams.api_pb2 import Status
        from tensorboard.plugins.hparams.summary import session_end_pb

        writer = self._writers.pop(trial.number)
        scores = trial.outcome.scores if trial.outcome is not None else {}
        status = "STATUS_SUCCESS" if scores else "STATUS_FAILURE"
        _write(writer, [_scalars(scores), session_end_pb(Status.Value(status))], self._epochs.get(trial.number, 0))
        writer.close()

    def on_search_end(self, reason: str) -> None:
        """Close what is open."""
        for writer in self._writers.values():
            writer.close()


def _writer(folder: Path) -> Any:
    """Appends to a new file of events; in plain Python, so that TensorFlow takes no GPU here."""
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    return EventFileWriter(str(folder))


def _write(writer: Any, summaries: Iterable[Any], step: int = 0) -> None:
    """Write summaries to disk, whichever of the two copies of the message type they are of."""
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary

    for summary in summaries:
        same = Summary.FromString(summary.SerializeToString())
        writer.add_event(Event(wall_time=time.time(), step=step, summary=same))
    writer.flush()


def _scalars(values: Mapping[str, float]) -> Any:
    from tensorboard.compat.proto.summary_pb2 import Summary

    return Summary(value=[Summary.Value(tag=name, simple_value=value) for name, value in values.items()])


def _experiment(search: Searching) -> Any:
    """The decisions with their domains, and the objectives: columns of the dashboard."""
    from tensorboard.plugins.hparams import api

    return api.hparams_config_pb(
        hparams=[api.HParam(decision.path, _domain(decision.domain)) for decision in search.space.decisions],
        metrics=[api.Metric(name) for objective in search.objectives for name in objective.sources],
    )


def _domain(domain: Domain) -> Any:
    """A domain as TensorBoard has it, by which it filters; None for labels of several types."""
    from tensorboard.plugins.hparams import api

    if isinstance(domain, Interval):
        return api.RealInterval(float(domain.low), float(domain.high))
    labels = domain.labels()
    return api.Discrete(list(labels)) if len({type(label) for label in labels}) == 1 else None
