"""The default: a Gaussian process and trees, each believed as far as it is right about what it has not seen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from keras_nas.strategy import Problem
from keras_nas.tuners._forest import Forest, grow
from keras_nas.tuners._gaussian import GaussianProcess, Kernel, expected_improvement
from keras_nas.tuners._pool import Merit
from keras_nas.tuners._record import Record
from keras_nas.tuners._refitted import LARGEST, refit_at
from keras_nas.tuners.bayesian import BayesianOptimization

SHARES = (0.0, 0.2, 0.4, 0.6)
"""How much of a prediction may be the trees'."""
MEMBERS = 40
"""Trees."""


@dataclass(frozen=True, eq=False)
class Blend:
    """What is kept from one refit to the next.

    Args:
        key: of the observations that it was fitted to.
        forest: the trees.
        share: of the trees in a prediction.
        listed: their mean and deviation for all of a small space, both of shape `(architectures,)`.
    """

    key: bytes
    forest: Forest
    share: float
    listed: tuple[np.ndarray, np.ndarray]


class Auto(BayesianOptimization):
    """Bayesian optimisation on two models, blended as their errors say.

    A Gaussian process learns quickest where the decisions act smoothly and nearly on their own; trees where a few of
    them in company decide all. Which it is shows on what was observed: the process predicts each observation from all
    others, each tree those that its bootstrap left out, and the share of the trees is the one with which the blend
    errs least about the better half. The expected improvement of the blend is maximised. With several objectives, each
    proposal weighs them anew, and the process is alone.

    Args:
        initial: architectures spread over the space before the first fit.

    Example:
        >>> from keras_nas.tuners import make
        >>> make("auto").initial
        10

    Reference:
        Jones et al., "Efficient global optimization of expensive black-box functions", J. Global Optimization 13, 1998;
        Wolpert, "Stacked generalization", Neural Networks 5, 1992.
    """

    def __init__(self, initial: int = 10) -> None:
        super().__init__(initial)

    def begin(self, problem: Problem) -> None:
        """Start with nothing observed."""
        super().begin(problem)
        self._blend: Blend | None = None

    def improvement(self, record: Record, waiting: np.ndarray, rng: np.random.Generator) -> Merit:
        """The expected improvement under the blended posterior."""
        if len(self.problem.objectives) > 1:
            return super().improvement(record, waiting, rng)
        process = self.processes(record, waiting)[0]
        blend = self.blend(record, process.kernel)
        seen, _ = blend.forest.predict(process.rows) if blend.share else (0.0, 0.0)
        believed = (1.0 - blend.share) * process.expected() + blend.share * seen
        best = float(believed[self.kept(record, waiting)].max())

        def improvement(candidates: np.ndarray) -> np.ndarray:
            mean, deviation = self.models[0].predict(process, candidates)
            if blend.share:
                listed = candidates is self.pool.rows
                trees = blend.listed if listed else blend.forest.predict(candidates)
                mean, deviation = blended(blend.share, (mean, deviation), trees)
            return expected_improvement(mean, deviation, best)

        return improvement

    def blend(self, record: Record, kernel: Kernel) -> Blend:
        """The trees and their share, fitted to the observations of the last refit."""
        first = record.first(refit_at(len(record.observed))).within(LARGEST)
        key = first.rows.tobytes() + first.merits.tobytes()
        if self._blend is None or self._blend.key != key:
            rng = np.random.default_rng([self.problem.seed, len(first.rows)])
            forest = grow(first.rows, first.merits, MEMBERS, rng)
            empty = first.rows[:0]
            left_out = GaussianProcess(kernel, first.rows, first.merits, empty).left_out()
            share = share_of(first.merits, left_out, forest.left_out)
            listed = forest.predict(self.pool.rows) if share and len(self.pool.rows) else (empty, empty)
            self._blend = Blend(key, forest, share, listed)
        return self._blend


def blended(
    share: float, first: tuple[np.ndarray, np.ndarray], second: tuple[np.ndarray, np.ndarray]
) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation of two predictors of the same, the second having that share."""
    (mean, deviation), (other, spread) = first, second
    return (
        (1.0 - share) * mean + share * other,
        np.sqrt((1.0 - share) * deviation**2 + share * spread**2 + 1e-8),
    )


def share_of(merits: np.ndarray, first: np.ndarray, second: np.ndarray) -> float:
    """The share of the second predictor with which both together err least about the better half.

    Args:
        merits: the truth, shape `(observations,)`.
        first: each observation predicted without it, shape `(observations,)`.
        second: likewise; not a number where that was not possible.

    Example:
        >>> share_of(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.1, 2.0]), np.array([2.0, 0.0, 1.0]))
        0.0
    """
    judged = np.isfinite(second) & (merits >= np.median(merits))
    if not judged.any():
        return 0.0
    errors = [
        float(np.mean(((1.0 - share) * first[judged] + share * second[judged] - merits[judged]) ** 2))
        for share in SHARES
    ]
    return SHARES[int(np.argmin(errors))]
