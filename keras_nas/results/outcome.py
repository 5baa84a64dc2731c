"""How a search ended: which trial won, and what the hold-out says of it, once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.data import Split
from keras_nas.engine.files import MODEL, RESULT
from keras_nas.engine.summary import failure_report
from keras_nas.errors import SearchFailed, SearchInterrupted
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.stages import BASELINE
from keras_nas.files import read_json, write_json
from keras_nas.ledger import Trial, is_training
from keras_nas.objectives.constraints import Constraint, total_violation
from keras_nas.objectives.objective import Objective, losses, spaced
from keras_nas.objectives.pareto import knee_point, non_dominated_sort, pareto_front
from keras_nas.preparing.environment import environment
from keras_nas.results.candidate import latency_of, trained
from keras_nas.results.holdout import judged

Scores = Mapping[str, float]
UNFINISHED = (
    "No trial was finished before the search ended: give more time, or call it again with the same directory to go on."
)


INTERRUPTED = (
    "The search was interrupted before any training had ended. What is recorded is kept: keras_nas.resume, given its "
    "directory, goes on."
)


def order(
    objectives: Sequence[Objective], constraints: Sequence[Constraint], scores: Sequence[Scores], final: Sequence[bool]
) -> list[int]:
    """Positions, best first: what meets the constraints, then by the objectives.

    With one objective, what was trained to the end comes before what was only explored. With several, a network that
    was only explored may hold a place on the front that no other has.

    Args:
        objectives: several are weighed by Pareto dominance.
        constraints: what breaks them comes after what does not, the nearest first.
        scores: of each trial.
        final: whether each was trained to the end.
    """
    if not scores:
        return []
    matrix = losses(objectives, scores)
    violations = np.array([total_violation(constraints, s) for s in scores])
    fronts = np.asarray(non_dominated_sort(matrix, violations))
    short = ~np.asarray(final, dtype=bool)
    keys = (matrix[:, 0], short, violations) if len(objectives) == 1 else (short, matrix[:, 0], fronts, violations)
    return [int(position) for position in np.lexsort(keys)]


def ranked(objectives: Sequence[Objective], constraints: Sequence[Constraint], trials: Sequence[Trial]) -> list[Trial]:
    """Finished trials, best first; see `order`."""
    done = [trial for trial in trials if is_training(trial) and trial.outcome is not None and trial.outcome.ok]
    scores = [trial.outcome.scores for trial in done if trial.outcome is not None]
    final = ["final" in trial.proposal.fidelity for trial in done]
    return [done[position] for position in order(objectives, constraints, scores, final)]


def kept(
    objectives: Sequence[Objective], constraints: Sequence[Constraint], trials: Sequence[Trial], count: int
) -> list[Trial]:
    """The trials whose models are kept: the best, all that no other beats in every objective, and the user's own."""
    best = ranked(objectives, constraints, trials)
    front = _front(objectives, constraints, best) if len(objectives) > 1 else []
    unbeaten = [best[place] for place in front]
    return [*best[:count], *unbeaten[count:], *(trial for trial in trials if trial.proposal.note.get(BASELINE))]


def _front(objectives: Sequence[Objective], constraints: Sequence[Constraint], trials: Sequence[Trial]) -> list[int]:
    """The places of the finished trials that no other beats."""
    scores = [trial.outcome.scores for trial in trials if trial.outcome is not None]
    violations = [total_violation(constraints, entry) for entry in scores]
    return list(pareto_front(losses(objectives, scores), violations)) if scores else []


def winner(
    objectives: Sequence[Objective], constraints: Sequence[Constraint], trials: Sequence[Trial], reason: str = "done"
) -> Trial:
    """The best trial; with several objectives the knee of the front. The user's own model never wins.

    Args:
        objectives: several are weighed by Pareto dominance.
        constraints: what breaks them is behind what does not, the nearest first.
        trials: of the search.
        reason: why the search ended.

    Raises:
        SearchFailed: when no trial was finished; the message groups the reasons. Its kind `SearchInterrupted` where
            that is since the user ended the search.
    """
    own = [trial for trial in trials if not trial.proposal.note.get(BASELINE)]
    best = ranked(objectives, constraints, own)
    if not best and reason == "interrupted":
        raise SearchInterrupted(INTERRUPTED)
    if not best:
        report = failure_report(own)
        raise SearchFailed(report or UNFINISHED)
    first = min(_class(constraints, trial) for trial in best)
    peers = [trial for trial in best if _class(constraints, trial) == first]
    matrix = losses(objectives, [trial.outcome.scores for trial in peers if trial.outcome])
    front = pareto_front(matrix)
    if len(objectives) == 1 or len(front) < 3:
        return peers[0]
    return peers[int(front[knee_point(spaced(objectives, matrix)[front])])]


def _class(constraints: Sequence[Constraint], trial: Trial) -> tuple[float, bool]:
    """What stands before all objectives: how far the constraints are broken, and whether training was short."""
    scores = trial.outcome.scores if trial.outcome is not None else {}
    return total_violation(constraints, scores), "final" not in trial.proposal.fidelity


def conclude(training: Training, directory: Path, best: Trial, told: Mapping[str, Any]) -> None:
    """Score the winner on the hold-out, once, measure what was only predicted of it, and write `result.json`.

    Args:
        training: of the search.
        directory: of the search.
        best: the winner.
        told: what else the result is to know, in JSON types.
    """
    file = directory / RESULT
    before = read_json(file) or {}
    if before.get("winner") == best.number:
        holdout = before["holdout"]
    else:
        uses = before.get("holdout", {}).get("uses", 0)
        holdout = {**_holdout(training, directory, best), "uses": uses + 1}
    own = next(candidate for candidate in trained(directory) if candidate.number == best.number)
    measured = latency_of(own, training.options.costing.latency_target) if own.predicted else {}
    known = {"winner": best.number, "measured": measured, "holdout": holdout, "environment": environment()}
    write_json(file, {**told, **known})


def _holdout(training: Training, directory: Path, best: Trial) -> dict[str, Any]:
    """What rows that nothing has seen say of the winner, and of the user's own model beside it."""
    rows = len(Split.load(training.data).holdout)
    found = {"rows": rows, **judged(training, directory / "trials" / str(best.number) / MODEL)}
    own = [trial.file for trial in trained(directory) if trial.baseline and trial.file.exists()]
    return {**found, "baseline": judged(training, own[0])} if own and rows else found
