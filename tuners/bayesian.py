"""Bayesian optimisation: a Gaussian process over the decisions, and its expected improvement."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.objectives.pareto import pareto_front
from keras_nas.strategy import Problem
from keras_nas.tuners._gaussian import GaussianProcess, Kernel, expected_improvement
from keras_nas.tuners._limits import chance
from keras_nas.tuners._pool import Merit
from keras_nas.tuners._record import Record
from keras_nas.tuners._refitted import LARGEST, Refitted, refit_at
from keras_nas.tuners._surrogate import Surrogate

DRAWS = 16
"""Draws over which an expected improvement without a formula is averaged."""
SMOOTH = 0.05
"""Width of the step from no improvement to some, so that all candidates rank."""
ACQUISITIONS = ("ei", "nei")


class BayesianOptimization(Surrogate):
    """Propose where a Gaussian process over the decisions expects most improvement.

    Its kernel is an exponential of the weighted Hamming distance of the decisions, times a Gaussian of numbers;
    a decision's weight is fitted by marginal likelihood, so that it finds which decisions matter. A sleeping
    decision is a label of its own. Where the problem describes its architectures, a kernel of the same form over
    what is told of them is added. What is pending is believed to turn out as expected, which keeps parallel
    proposals apart. The acquisition is ranked over all of a small space; over a large one by local search, from
    random draws and from the best so far. Several objectives have a process each; a proposal draws how it weighs
    them, in such a way that together the proposals gain hypervolume. Constraints have a process each as well, for the
    room that they leave; an improvement counts by the probability that they are kept.

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
        13, 1998; Letham et al., "Constrained Bayesian optimization with noisy experiments", arXiv 1706.07094; Gardner
        et al., "Bayesian optimization with inequality constraints", ICML 2014; Zhang and Golovin, "Random hypervolume
        scalarizations", arXiv 2006.04655, for several objectives.
    """

    def __init__(self, initial: int = 10, acquisition: str = "ei") -> None:
        super().__init__(initial)
        self.acquisition = acquisition

    def begin(self, problem: Problem) -> None:
        """Start with nothing observed."""
        if self.acquisition not in ACQUISITIONS:
            raise InvalidArgument(unknown("acquisition", self.acquisition, ACQUISITIONS))
        super().begin(problem)
        prior = Kernel.prior(self.features.groups, self.features.numeric, self.features.told)
        self.models = [Refitted(prior, self.pool.rows) for _ in problem.objectives]
        self.limits = [Refitted(prior, self.pool.rows) for _ in problem.constraints]

    def fit(self, record: Record, waiting: np.ndarray, rng: np.random.Generator) -> Merit:
        """The expected improvement under the posterior, times the probability that the constraints are kept."""
        chances = chance(self.limits, record, waiting)
        if not (record.violations <= 0).any():
            return chances
        gains = self.improvement(record.unlimited, waiting, rng)
        return lambda candidates: gains(candidates) + chances(candidates)

    def improvement(self, record: Record, waiting: np.ndarray, rng: np.random.Generator) -> Merit:
        """The logarithm of the expected improvement under the posterior, were there no constraints.

        Args:
            record: what was tried, its merits heeding no constraint.
            waiting: what is proposed and not yet observed, encoded, shape `(waiting, columns)`.
            rng: draws all.
        """
        processes, kept = self.processes(record, waiting), self.kept(record, waiting)
        if len(processes) > 1:
            return self._front_improvement(processes, kept, rng)
        bests = self._bests(processes[0], kept, rng)

        def improvement(candidates: np.ndarray) -> np.ndarray:
            mean, deviation = self.models[0].predict(processes[0], candidates)
            return np.asarray(np.logaddexp.reduce([expected_improvement(mean, deviation, best) for best in bests]))

        return improvement

    def processes(self, record: Record, waiting: np.ndarray) -> list[GaussianProcess]:
        """The posterior of each objective, its kernel fitted to as many observations as the last refit had."""
        first, within = record.first(refit_at(len(record.observed))), record.within(LARGEST)
        return [
            GaussianProcess(model.kernel(first.rows, early), within.rows, merits, waiting)
            for model, early, merits in zip(self.models, first.each, within.each, strict=True)
        ]

    def kept(self, record: Record, waiting: np.ndarray) -> np.ndarray:
        """Which rows of `processes` are there to be improved on: what keeps the constraints, as far as is known."""
        held = record.within(LARGEST).violations <= 0
        return np.append(held, np.full(len(waiting), not self.limits))

    def _front_improvement(
        self, processes: Sequence[GaussianProcess], kept: np.ndarray, rng: np.random.Generator
    ) -> Merit:
        """The expected improvement of the smallest of all merits above the front's worst, each in its own unit.

        Drawn anew for every proposal, the units make the expected gain that of the hypervolume.
        """
        weights = np.abs(rng.standard_normal(len(processes)))
        weights /= np.linalg.norm(weights)
        expected = np.stack([process.expected()[kept] for process in processes])
        front = expected[:, pareto_front(-expected.T)]
        low = front.min(axis=1) - 0.1 * np.maximum(np.ptp(front, axis=1), 1.0)
        best = ((expected - low[:, None]) / weights[:, None]).min(axis=0).max()
        noise = rng.standard_normal((DRAWS, len(processes), 1))

        def improvement(candidates: np.ndarray) -> np.ndarray:
            moments = [m.predict(process, candidates) for m, process in zip(self.models, processes, strict=True)]
            mean, deviation = (np.stack(moment) for moment in zip(*moments, strict=True))
            drawn = (mean + deviation * noise - low[:, None]) / weights[:, None]
            gains = np.logaddexp(0.0, (drawn.min(axis=1) - best) / SMOOTH)
            return np.asarray(np.log(gains.mean(axis=0) + np.finfo(float).tiny))

        return improvement

    def _bests(self, process: GaussianProcess, kept: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """What is to be improved on: one value, or draws of it."""
        if self.acquisition == "ei":
            return np.array([process.expected()[kept].max()])
        return np.asarray(process.sample(process.rows[kept], DRAWS, rng).max(axis=1))
