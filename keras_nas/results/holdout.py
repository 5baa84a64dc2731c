"""What the rows that nothing has seen say of a model, and how sure that is."""

from __future__ import annotations

import math
import warnings
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.data import Rows, Split
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.scoring import seen_by, task_scores

RESAMPLES = 200


def judged(training: Training, file: Path) -> dict[str, Any]:
    """A model's scores on the hold-out, each with its 95 % interval; nothing of it where there is no hold-out.

    Args:
        training: of the search.
        file: the Keras model.

    Returns:
        `scores` and `intervals`, each by name.
    """
    import keras

    rows, split = Rows.load(training.data), Split.load(training.data)
    if not len(split.holdout):
        return {"scores": {}, "intervals": {}}
    named = [*training.options.scores, *training.task.holdout_scores]
    training = replace(training, options=replace(training.options, scores=[*dict.fromkeys(named)]))
    seen = seen_by(training, keras.models.load_model(file, compile=False), rows, split.holdout)
    return {"scores": seen.scores, "intervals": intervals(training, seen.y, seen.evidence)}


def intervals(training: Training, y: np.ndarray, evidence: np.ndarray) -> dict[str, list[float]]:
    """The 95 % interval of each score of the task: Wilson's of the accuracy, the bootstrap's percentiles of others.

    Resampling the rows knows nothing of mistakes that were not made, so that 100 % correct would seem certain; Wilson's
    interval of a share does. Rows that overlap (windows of a series) are drawn in blocks. The user's own metrics have
    none: they may not bear any sample of rows.

    Args:
        training: names the scores.
        y: stored targets.
        evidence: what scores rest on, of each row.

    Reference:
        Wilson, "Probable inference, the law of succession, and statistical inference", JASA 22, 1927.
        Efron and Tibshirani, "An introduction to the bootstrap", 1993.
        Kuensch, "The jackknife and the bootstrap for general stationary observations", Annals of Statistics 17, 1989.
    """
    rng = np.random.default_rng([training.seed, len(y)])
    together = min(training.signature.dependent, len(y))
    drawn = [_resampled(rng, len(y), together) for _ in range(RESAMPLES)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that a sample happens to lack
        resampled = [found for rows in drawn if (found := task_scores(training, y[rows], evidence[rows]))]
    names = resampled[0] if len(resampled) > RESAMPLES // 2 else {}
    ends = {name: np.nanquantile([scores[name] for scores in resampled], [0.025, 0.975]) for name in names}
    if "accuracy" in ends:
        ends["accuracy"] = np.array(wilson(task_scores(training, y, evidence)["accuracy"], len(y)))
    return {name: [float(low), float(high)] for name, (low, high) in ends.items() if np.isfinite([low, high]).all()}


def _resampled(rng: np.random.Generator, count: int, together: int) -> np.ndarray:
    """Rows drawn with replacement, so many neighbours at a time."""
    first = rng.integers(count - together + 1, size=-(-count // together))
    return np.asarray((first[:, None] + np.arange(together)).ravel()[:count])


def wilson(share: float, count: int, z: float = 1.96) -> tuple[float, float]:
    """The score interval of a proportion (Wilson, 1927).

    Args:
        share: observed.
        count: observations.
        z: quantile of the normal distribution.

    Example:
        >>> [round(end, 3) for end in wilson(1.0, 100)]
        [0.963, 1.0]
    """
    centre = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    return centre - half, centre + half
