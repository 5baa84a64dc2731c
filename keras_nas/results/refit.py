"""Retraining a winner: the same architecture and recipe, other weights or a longer training."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_nas.data import Split
from keras_nas.engine.files import MODEL, REFITS
from keras_nas.engine.job import Job
from keras_nas.engine.once import run_once
from keras_nas.engine.resources import shares, whole
from keras_nas.errors import InvalidArgument, SearchFailed
from keras_nas.estimators.assignment import Costing, Options, Training
from keras_nas.estimators.ladder import ALL_ROWS
from keras_nas.estimators.training import train
from keras_nas.files import write_json
from keras_nas.preparing.pools import worker_settings
from keras_nas.results.candidate import REFIT, Candidate
from keras_nas.results.holdout import judged
from keras_nas.tasks import get_task

if TYPE_CHECKING:
    from keras_nas.results.result import SearchResult


def refit(result: SearchResult, lengths: Mapping[str, float | None], seed: int | None, all_rows: bool) -> Candidate:
    """Train the winner's architecture anew, in a process of its own.

    Args:
        result: of the search.
        lengths: `seconds` and `epochs`, each a number or None.
        seed: of weights and batches, or None.
        all_rows: whether the validation rows are trained on too.
    """
    given = {name: float(value) for name, value in lengths.items() if value is not None}
    for name, value in given.items():
        if not value > 0:
            raise InvalidArgument(f"refit: {name}={value!r}; expected a number above 0.")
    winner = result.winner
    training = result.training or rebuilt(result)
    number = 1 + max((candidate.number for candidate in result.refits), default=0)
    fidelity = {"final": 1.0, **given} if given else dict(winner.fidelity)
    fidelity |= {ALL_ROWS: 1.0} if all_rows else {}
    folder = result.directory / REFITS / str(number)
    seed = training.seed + number if seed is None else seed
    part = whole()
    arguments = {
        "training": replace(training, seed=seed),
        "architecture": winner.architecture,
        "number": winner.number,
        "fidelity": fidelity,
        "towers": 1 if part.devices else part.cores,
    }
    told = _run(Job(train, arguments), folder, f"refit-{number}")
    measured = {**told["measurements"], "seed": seed}
    measured |= {"holdout": judged(training, folder / MODEL)} if all_rows else {}
    kept = {"number": number, "architecture": dict(winner.architecture), "fidelity": fidelity, "scores": told["scores"]}
    write_json(folder / REFIT, {**kept, "measurements": measured})
    return result.refits[-1]


def rebuilt(result: SearchResult) -> Training:
    """What the trainings of a search shared, from what is on disk.

    Raises:
        InvalidArgument: when the search used objects of the user's own.
    """
    told = result.told
    if told["own"]:
        raise InvalidArgument(
            f"This search used your own {', '.join(told['own'])}, which a folder cannot hold. Call keras_nas.search "
            f"again with the same arguments and directory={str(result.directory)!r}: it trains nothing that is "
            "finished, and the result that it returns can be refitted."
        )
    rows = result.rows
    task, _ = get_task(told["task"]).settled(rows)
    return Training(
        task,
        task.space(told["space"]),
        task.signature(rows, Split.load(rows.directory)),
        rows.directory,
        told["seed"],
        told["precision"],
        Options(**told["options"], costing=Costing(**told["costing"])),
    )


def _run(job: Job, folder: Path, attempt: str) -> Mapping[str, Any]:
    """One job in a worker process; what it returned."""
    ended = run_once(job, attempt, folder, worker_settings(shares(1)))
    if ended.result is None:
        failure = ended.failure or {}
        raise SearchFailed(f"The winner could not be retrained, {failure.get('kind')}: {failure.get('message')}")
    return ended.result
