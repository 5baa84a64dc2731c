"""How a search ended: which trial won, and what the hold-out says of it, once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.engine.files import read_json, write_json
from keras_nas.errors import SearchFailed
from keras_nas.estimators.stages import BASELINE
from keras_nas.estimators.training import Training, validation_scores
from keras_nas.ledger import Ledger, Trial
from keras_nas.objectives.constraints import total_violation
from keras_nas.objectives.pareto import knee_point, non_dominated_sort

if TYPE_CHECKING:
    from keras_nas.engine.store import Store
    from keras_nas.result import SearchResult
    from keras_nas.search import Goal

RESULT = "result.json"


def ranked(goal: Goal, trials: Sequence[Trial]) -> list[Trial]:
    """Finished trials, best first: those that meet the constraints, fully trained ones, then by the objectives."""
    done = [trial for trial in trials if trial.source == "run" and trial.outcome is not None and trial.outcome.ok]
    if not done:
        return []
    scores = [trial.outcome.scores for trial in done if trial.outcome is not None]
    losses = np.array([[objective.loss(s) for objective in goal.objectives] for s in scores])
    violations = np.array([total_violation(goal.constraints, s) for s in scores])
    fronts = np.asarray(non_dominated_sort(losses, violations))
    short = np.array(["final" not in trial.proposal.fidelity for trial in done])
    order = np.lexsort((losses[:, 0], fronts, short, violations > 0))
    return [done[index] for index in order]


def winner(goal: Goal, trials: Sequence[Trial]) -> Trial:
    """The best trial; with several objectives the knee of the front. The user's own model never wins.

    Raises:
        SearchFailed: when no trial was finished.
    """
    best = [trial for trial in ranked(goal, trials) if not trial.proposal.note.get(BASELINE)]
    if not best:
        raise SearchFailed("No trial was finished within the budget: give more time, or smaller networks.")
    if len(goal.objectives) == 1:
        return best[0]
    front = front_of(goal, best)
    losses = np.array([[o.loss(t.outcome.scores) for o in goal.objectives] for t in front if t.outcome])
    return front[int(knee_point(losses))] if len(front) > 2 else front[0]


def front_of(goal: Goal, trials: Sequence[Trial]) -> list[Trial]:
    """The non-dominated ones among finished trials."""
    scores = [trial.outcome.scores for trial in trials if trial.outcome is not None]
    losses = np.array([[objective.loss(s) for objective in goal.objectives] for s in scores])
    violations = np.array([total_violation(goal.constraints, s) for s in scores])
    fronts = np.asarray(non_dominated_sort(losses, violations))
    return [trial for trial, front in zip(trials, fronts, strict=True) if front == 0]


def conclude(goal: Goal, training: Training, ledger: Ledger, store: Store, reason: str) -> SearchResult:
    """Score the winner on the hold-out, once, write `result.json`, and return the result."""
    from keras_nas.result import SearchResult

    best = winner(goal, ledger.trials)
    file = store.directory / RESULT
    before = read_json(file) or {}
    same = before.get("winner") == best.number
    told = {
        "task": goal.task.name,
        "space": goal.space.name,
        "objectives": [[objective.name, objective.direction] for objective in goal.objectives],
        "constraints": [[constraint.name, constraint.limit] for constraint in goal.constraints],
        "winner": best.number,
        "reason": reason,
        "holdout": before["holdout"] if same else _holdout(training, store.directory, best),
        "precision": training.precision,
    }
    write_json(file, told)
    return SearchResult(store.directory)


def _holdout(training: Training, directory: Path, best: Trial) -> dict[str, Any]:
    """The winner's scores on rows that nothing has seen, and how many there are."""
    import keras

    from keras_nas.data import Rows, Split

    rows, split = Rows.load(training.data), Split.load(training.data)
    if not len(split.holdout):
        return {"rows": 0, "scores": {}}
    model = keras.models.load_model(directory / "trials" / str(best.number) / "model.keras", compile=False)
    return {"rows": len(split.holdout), "scores": validation_scores(training, model, rows, split.holdout)}
