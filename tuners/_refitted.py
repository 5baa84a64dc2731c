"""A Gaussian process from one proposal to the next: refitted at times, and what stays true of a small space kept."""

from __future__ import annotations

import numpy as np

from keras_nas.tuners._gaussian import GaussianProcess, Kernel, Projection

SUBSET = 200
"""Observations from which the hyperparameters are fitted."""
LARGEST = 1_000
"""Observations that a process is conditioned on; the cost of a proposal grows with their square."""


class Refitted:
    """One quantity over the space, whose observations grow.

    Args:
        prior: where fitting starts.
        listed: the rows of all of a small space, shape `(architectures, columns)`; none of a large one.
    """

    def __init__(self, prior: Kernel, listed: np.ndarray) -> None:
        self.prior = prior
        self.listed = listed
        self.projection = Projection(listed)
        self._fitted: tuple[bytes, Kernel] = (b"", prior)

    def kernel(self, rows: np.ndarray, values: np.ndarray) -> Kernel:
        """Fitted to some observations, evenly spread ones if there are many; the same ones are fitted to once.

        Args:
            rows: shape `(observations, columns)`.
            values: shape `(observations,)`.
        """
        chosen = np.unique(np.linspace(0, len(rows) - 1, SUBSET).astype(int))
        rows, values = rows[chosen], values[chosen]
        key = rows.tobytes() + values.tobytes()
        if key != self._fitted[0]:
            self._fitted = key, self.prior.fitted(rows, values)
        return self._fitted[1]

    def predict(self, process: GaussianProcess, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """As `process.predict`, keeping what can be kept for rows that list a whole space."""
        return process.predict(self.projection if rows is self.listed else rows)


def refit_at(count: int) -> int:
    """The count of observations at the last refit; refits are an eighth apart, so that their cost stays small."""
    step = 2
    while (following := max(step + 1, step * 9 // 8)) <= count:
        step = following
    return step
