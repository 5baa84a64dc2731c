"""How likely an architecture is to keep the constraints, learnt from how much room others left."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_nas.tuners._gaussian import GaussianProcess
from keras_nas.tuners._pool import Merit
from keras_nas.tuners._record import Record
from keras_nas.tuners._refitted import LARGEST, Refitted, refit_at


def chance(models: Sequence[Refitted], record: Record, waiting: np.ndarray) -> Merit:
    """A function from rows to the logarithm of the probability that they keep all constraints.

    Each constraint has a process for the room that it leaves, so that a network just beyond a limit says that its
    neighbours may be within it, and what was refused before training teaches as much as what was trained.

    Args:
        models: one a constraint.
        record: what was observed.
        waiting: rows proposed and not yet observed, shape `(waiting, columns)`.

    Reference:
        Gardner et al., "Bayesian optimization with inequality constraints", ICML 2014; Gelbart et al., "Bayesian
        optimization with unknown constraints", arXiv 1403.5607.
    """
    judges = [_judge(model, record.rows, room, waiting) for model, room in zip(models, record.rooms.T, strict=True)]

    def logarithm(candidates: np.ndarray) -> np.ndarray:
        return np.asarray(sum((judge(candidates) for judge in judges), np.zeros(len(candidates))))

    return logarithm


def _judge(model: Refitted, rows: np.ndarray, room: np.ndarray, waiting: np.ndarray) -> Merit:
    """The logarithm of the probability of one constraint; the same for all while nothing is known of it."""
    from scipy.special import log_ndtr

    known = np.isfinite(room)
    if known.sum() < 2:
        return lambda candidates: np.zeros(len(candidates))
    rows, values = rows[known], _bent(room[known])
    centre, unit = values.mean(), values.std() or 1.0
    values, limit = (values - centre) / unit, -centre / unit
    first = refit_at(len(rows))
    kernel = model.kernel(rows[:first], values[:first])
    process = GaussianProcess(kernel, rows[-LARGEST:], values[-LARGEST:], waiting)

    def logarithm(candidates: np.ndarray) -> np.ndarray:
        mean, deviation = model.predict(process, candidates)
        return np.asarray(log_ndtr((mean - limit) / deviation))

    return logarithm


def _bent(room: np.ndarray) -> np.ndarray:
    """Shares of a limit, logarithmic far from it: ten times too much is not a hundred times as telling as a tenth."""
    return np.asarray(np.sign(room) * np.log1p(np.abs(room)))
