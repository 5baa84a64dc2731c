"""What a strategy is told of a Keras Tuner trial, and how trials are ranked.

Keras Tuner scores a trial by one number; here all metrics of its best step count, so that several objectives are
compared by Pareto dominance and constraints come first.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Any

import numpy as np

from keras_nas.errors import InvalidArgument
from keras_nas.objectives.constraints import Constraint, total_violation
from keras_nas.objectives.objective import Objective, SoftTarget, direction_of, losses, objectives_from
from keras_nas.objectives.pareto import crowding_distance, non_dominated_sort
from keras_nas.strategy import Failure, FailureKind, Outcome

_KINDS: tuple[tuple[str, FailureKind], ...] = (
    ("ResourceExhaustedError", "out_of_memory"),
    ("MemoryError", "out_of_memory"),
    ("Oversized model", "too_large"),
    ("is not finite", "not_finite"),
    ("FailedTrialError", "infeasible"),
)


def objectives_of(objective: Any) -> tuple[Objective, ...]:
    """The objectives with their directions; None stands for Keras Tuner's single returned number."""
    if objective is None:
        return (Objective("default_objective", "min"),)
    for name in objective if isinstance(objective, list | tuple) else [objective]:
        if isinstance(name, str) and direction_of(name) is None and SoftTarget.named(name) is None:
            known = "keras_nas.objectives.known_objectives()"
            raise InvalidArgument(
                f'Could not infer optimization direction ("min" or "max") for {name!r}. Say it: '
                f"Objective({name!r}, 'max'), or use one of {known}."
            )
    return objectives_from(objective)


def scores_of(trial: Any, primary: str) -> dict[str, float]:
    """The finite metrics of a completed trial at its best step, under the primary objective its score.

    Args:
        trial: Keras Tuner's.
        primary: name of the objective that `trial.score` is a value of.
    """
    found = {name: _at_step(history, trial.best_step) for name, history in trial.metrics.metrics.items()}
    found[primary] = trial.score
    return {name: float(value) for name, value in found.items() if value is not None and math.isfinite(value)}


def _at_step(history: Any, step: int | None) -> float | None:
    """A metric's value at `step`, or the last that was reported."""
    at = [observation.mean() for observation in history.get_history() if observation.step == step]
    value: float | None = at[0] if at else history.get_last_value()
    return value


def ending(trial: Any, primary: str) -> tuple[dict[str, Any], Outcome | None]:
    """The values by name that a Keras Tuner trial ran with, and how it ended; None while it has not ended."""
    running = trial.status in ("RUNNING", "INVALID")
    return trial.hyperparameters.values, None if running else _outcome(trial, primary)


def _outcome(trial: Any, primary: str) -> Outcome:
    if trial.status == "COMPLETED":
        return Outcome(scores_of(trial, primary))
    told = (trial.message or "The trial failed without a message.").strip()
    kind: FailureKind = next((kind for sign, kind in _KINDS if sign in told), "error")
    return Outcome(failure=Failure(kind, told.splitlines()[-1], told if "\n" in told else ""))


def ranked(
    trials: Iterable[Any], objectives: Sequence[Objective], constraints: Sequence[Constraint] = ()
) -> list[tuple[int, Any]]:
    """Completed trials from best to worst, each with its front: 0 where none is better in all respects.

    What meets the constraints comes before what does not; within a front of several objectives those that are most
    alone come first.

    Args:
        trials: Keras Tuner's, scored.
        objectives: the first is the one that `trial.score` is a value of.
        constraints: possibly none.

    Reference:
        Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEC 6(2), 2002.
    """
    done = list(trials)
    if not done:
        return []
    rows = [scores_of(trial, objectives[0].name) for trial in done]
    matrix = losses(objectives, rows)
    excess = np.array([total_violation(constraints, scores) for scores in rows])
    if len(objectives) == 1:
        order = np.lexsort((matrix[:, 0], excess))
        return [(place, done[index]) for place, index in enumerate(order)]
    fronts = non_dominated_sort(matrix, excess)
    alone = np.zeros(len(done))
    for front in np.unique(fronts):
        alone[fronts == front] = crowding_distance(matrix[fronts == front])
    return [(int(fronts[index]), done[index]) for index in np.lexsort((-alone, fronts))]


def failures_in_a_row(statuses: Iterable[str]) -> int:
    """How many failed trials stand at the front of `statuses`, the latest first."""
    return sum(1 for _ in takewhile(lambda status: status == "FAILED", statuses))
