"""Bayesian optimisation: a Gaussian process over the decisions, and its expected improvement."""

from __future__ import annotations

import numpy as np

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.strategy import Problem
from keras_nas.tuners._gaussian import GaussianProcess, Kernel, Projection, expected_improvement
from keras_nas.tuners._pool import Merit
from keras_nas.tuners._record import Record
from keras_nas.tuners._surrogate import Surrogate

SUBSET = 200
"""Observations from which the hyperparameters are fitted."""
DRAWS = 16
"""Joint draws over which the noisy expected improvement is averaged."""
ACQUISITIONS = ("ei", "nei")


class BayesianOptimization(Surrogate):
    """Propose where a Gaussian process over the decisions expects most improvement.

    Its kernel is an exponential of the weighted Hamming distance of the decisions, times a Gaussian of numbers;
    a decision's weight is fitted by marginal likelihood, so that it finds which decisions matter. A sleeping
    decision is a label of its own. Where the problem describes its architectures, a kernel of the same form over
    what is told of them is added. What is pending is believed to turn out as expected, which keeps parallel
    proposals apart. The acquisition is ranked over all of a small space; over a large one by local search, from
    random draws and from the best so far.

    Args:
        initial: random architectures before the first fit.
        acquisition: "ei", improvement over the best expected value of what was observed, or "nei", improvement
            over draws of that best value, which noise leaves uncertain.

    Example:
        >>> from keras_nas.tuners import make
        >>> make("bayesian", acquisition="nei").acquisition
        'nei'

    Reference:
        Jones et al., "Efficient global optimization of expensive black-box functions", J. Global Optimization
        13, 1998; Letham et al., "Constrained Bayesian optimization with noisy experiments", arXiv 1706.07094;
        Knowles, "ParEGO", IEEE TEC 10(1), 2006, for several objectives.
    """

    def __init__(self, initial: int = 10, acquisition: str = "ei") -> None:
        super().__init__(initial)
        self.acquisition = acquisition

    def begin(self, problem: Problem) -> None:
        """Start with nothing observed."""
        if self.acquisition not in ACQUISITIONS:
            raise InvalidArgument(unknown("acquisition", self.acquisition, ACQUISITIONS))
        super().begin(problem)
        self.prior = Kernel.prior(self.features.groups, self.features.numeric, self.features.told)
        self.projection = Projection(self.pool.rows)
        self._fitted: tuple[bytes, Kernel] = (b"", self.prior)

    def fit(self, record: Record, waiting: np.ndarray, rng: np.random.Generator) -> Merit:
        """The expected improvement under the posterior."""
        process = GaussianProcess(self.kernel(record), record.rows, record.merits, waiting)
        bests = self._bests(process, record.rows, rng)

        def improvement(candidates: np.ndarray) -> np.ndarray:
            listed = candidates is self.pool.rows
            mean, deviation = process.predict(self.projection if listed else candidates)
            return np.asarray(np.logaddexp.reduce([expected_improvement(mean, deviation, best) for best in bests]))

        return improvement

    def kernel(self, record: Record) -> Kernel:
        """The kernel fitted to the first observations, as many as the last refit had; evenly spread if many."""
        first = record.first(refit_at(len(record.observed)))
        chosen = np.unique(np.linspace(0, len(first.rows) - 1, SUBSET).astype(int))
        key = first.rows[chosen].tobytes() + first.merits[chosen].tobytes()
        if key != self._fitted[0]:
            self._fitted = key, self.prior.fitted(first.rows[chosen], first.merits[chosen])
        return self._fitted[1]

    def _bests(self, process: GaussianProcess, rows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What is to be improved on: one value, or draws of it."""
        if self.acquisition == "ei":
            return np.array([process.expected().max()])
        return np.asarray(process.sample(rows, DRAWS, rng).max(axis=1))


def refit_at(count: int) -> int:
    """The count of observations at the last refit; refits are an eighth apart, so that their cost stays small."""
    step = 2
    while (following := max(step + 1, step * 9 // 8)) <= count:
        step = following
    return step
