"""Extremely randomised trees, how far they disagree, and what they say of what they have not seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Forest:
    """Trees, each fitted to a bootstrap of the observations.

    Args:
        trees: scikit-learn's forest, fitted.
        left_out: each observation predicted by the trees whose bootstrap left it out, not a number where none did;
            shape `(observations,)`.
    """

    trees: Any
    left_out: np.ndarray

    def predict(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the trees' predictions, both of shape `(len(rows),)`."""
        predictions = _predictions(self.trees, rows)
        return predictions.mean(axis=0), predictions.std(axis=0)


def grow(rows: np.ndarray, values: np.ndarray, members: int, rng: np.random.Generator) -> Forest:
    """A forest of the observations.

    Args:
        rows: shape `(observations, columns)`.
        values: shape `(observations,)`.
        members: trees.
        rng: draws all.
    """
    from sklearn.ensemble import ExtraTreesRegressor

    seed = int(rng.integers(2**31))
    trees = ExtraTreesRegressor(members, max_features=0.4, bootstrap=True, random_state=seed).fit(rows, values)
    predictions = _predictions(trees, rows)
    for prediction, drawn in zip(predictions, trees.estimators_samples_, strict=True):
        prediction[drawn] = np.nan
    counts = np.isfinite(predictions).sum(axis=0)
    sums = np.nansum(predictions, axis=0)
    return Forest(trees, np.where(counts > 0, sums / np.maximum(counts, 1), np.nan))


def _predictions(trees: Any, rows: np.ndarray) -> np.ndarray:
    single = rows.astype(np.float32)
    return np.stack([tree.predict(single, check_input=False) for tree in trees.estimators_])
