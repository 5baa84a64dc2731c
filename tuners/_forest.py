"""Extremely randomised trees, how far they disagree, and what they say of what they have not seen."""

from __future__ import annotations

import numpy as np


class Forest:
    """Trees, each fitted to a bootstrap of the observations.

    Args:
        rows: shape `(observations, columns)`.
        values: shape `(observations,)`.
        members: trees.
        rng: draws all.

    Attributes:
        left_out: each observation predicted by the trees whose bootstrap left it out, not a number where none did;
            shape `(observations,)`.
    """

    def __init__(self, rows: np.ndarray, values: np.ndarray, members: int, rng: np.random.Generator) -> None:
        from sklearn.ensemble import ExtraTreesRegressor

        seed = int(rng.integers(2**31))
        self.trees = ExtraTreesRegressor(members, max_features=0.4, bootstrap=True, random_state=seed)
        self.trees.fit(rows, values)
        predictions = self._predictions(rows)
        for prediction, drawn in zip(predictions, self.trees.estimators_samples_, strict=True):
            prediction[drawn] = np.nan
        counts = np.isfinite(predictions).sum(axis=0)
        sums = np.nansum(predictions, axis=0)
        self.left_out = np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)

    def predict(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the trees' predictions, both of shape `(len(rows),)`."""
        predictions = self._predictions(rows)
        return predictions.mean(axis=0), predictions.std(axis=0)

    def _predictions(self, rows: np.ndarray) -> np.ndarray:
        single = rows.astype(np.float32)
        return np.stack([tree.predict(single, check_input=False) for tree in self.trees.estimators_])
