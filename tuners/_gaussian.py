"""An exact Gaussian process with one length scale a decision, fitted by its marginal likelihood."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

JITTER = 1e-6


@dataclass(frozen=True, eq=False)
class Kernel:
    """A sum of products over decisions: `sum_c a_c prod_d exp(-w_d |x_d - z_d|^2)`.

    A component covers some of the columns of a row. Over one-hot columns a factor is 1 where both chose the
    same option and `exp(-2 w)` where not, an exponential of the weighted Hamming distance; over a number it is
    a Gaussian.

    Args:
        groups: decision of each column, shape `(columns,)`.
        component: of each decision, shape `(decisions,)`.
        log_weights: `log w`, shape `(decisions,)`.
        log_amplitudes: `log a`, shape `(components,)`.
        log_noise: logarithm of the noise's variance.
    """

    groups: np.ndarray
    component: np.ndarray
    log_weights: np.ndarray
    log_amplitudes: np.ndarray
    log_noise: float

    @classmethod
    def prior(cls, groups: np.ndarray, numeric: np.ndarray, told: np.ndarray) -> Kernel:
        """Where fitting starts and what it is drawn to: random rows correlate little, neighbours much.

        Args:
            groups: decision of each column, shape `(columns,)`.
            numeric: whether a decision is a number, which needs more weight than an option for its ends to
                differ, shape `(decisions,)`.
            told: whether it is a component of the second kind, what is told of an architecture and not decided,
                shape `(decisions,)`.
        """
        component = np.unique(told, return_inverse=True)[1]
        counts = np.bincount(component)
        count = counts[component]
        weights = np.where(told, 1.0 / count, np.where(numeric, 5.0 / np.sqrt(count), 1.25 / count))
        amplitudes = np.full(len(counts), -np.log(len(counts)))
        return cls(groups, component, np.log(weights), amplitudes, float(np.log(0.02)))

    @property
    def noise(self) -> float:
        """Variance of one observation about its mean."""
        return float(np.exp(self.log_noise)) + JITTER

    @property
    def variance(self) -> float:
        """Prior variance of every row."""
        return float(np.exp(self.log_amplitudes).sum())

    def __call__(self, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        """Covariances, shape `(len(left), len(right))`."""
        total = np.zeros((len(left), len(right)))
        for number, amplitude in enumerate(np.exp(self.log_amplitudes)):
            columns = self.component[self.groups] == number
            scale = np.exp(0.5 * self.log_weights[self.groups[columns]])
            total += amplitude * np.exp(-squared_distances(left[:, columns] * scale, right[:, columns] * scale))
        return total

    @property
    def vector(self) -> np.ndarray:
        """All hyperparameters, to be optimised."""
        return np.concatenate([self.log_weights, self.log_amplitudes, [self.log_noise]])

    def at(self, vector: np.ndarray) -> Kernel:
        """This kernel with the hyperparameters of `vector`."""
        cut = len(self.log_weights)
        return replace(self, log_weights=vector[:cut], log_amplitudes=vector[cut:-1], log_noise=float(vector[-1]))

    def fitted(self, rows: np.ndarray, values: np.ndarray) -> Kernel:
        """The most probable kernel given the observations, each hyperparameter lognormal about this one's.

        Args:
            rows: shape `(observations, columns)`.
            values: shape `(observations,)`.
        """
        from scipy.optimize import minimize

        parts = [rows[:, self.groups == group] for group in range(len(self.component))]
        distances = np.stack([squared_distances(part, part) for part in parts])
        centre = self.vector

        def objective(vector: np.ndarray) -> tuple[float, np.ndarray]:
            value, slope = _negative_evidence(self.at(vector), distances, values)
            return value + 0.5 * float(((vector - centre) ** 2).sum()), slope + vector - centre

        bounds = [(low - 4.0, low + 4.0) for low in centre]
        found = minimize(objective, centre, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": 30})
        return self.at(found.x)


def _negative_evidence(kernel: Kernel, distances: np.ndarray, values: np.ndarray) -> tuple[float, np.ndarray]:
    """Minus the log marginal likelihood, and its gradient."""
    from scipy.linalg import cho_factor, cho_solve

    parts = []
    for number, amplitude in enumerate(np.exp(kernel.log_amplitudes)):
        inside = kernel.component == number
        parts.append(amplitude * np.exp(-np.tensordot(np.exp(kernel.log_weights[inside]), distances[inside], 1)))
    factor = cho_factor(np.sum(parts, axis=0) + kernel.noise * np.eye(len(values)), lower=True)
    solved = cho_solve(factor, values)
    slope = 0.5 * (cho_solve(factor, np.eye(len(values))) - np.outer(solved, solved))
    by_part = np.stack(parts) * slope
    by_weight = -np.exp(kernel.log_weights) * (by_part[kernel.component] * distances).sum(axis=(1, 2))
    by_noise = np.exp(kernel.log_noise) * np.trace(slope)
    gradient = np.concatenate([by_weight, by_part.sum(axis=(1, 2)), [by_noise]])
    value = 0.5 * float(values @ solved) + float(np.log(np.diag(factor[0])).sum())
    return value, gradient


def squared_distances(left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Squared Euclidean distances of rows, shape `(len(left), len(right))`."""
    squares = (left**2).sum(axis=1)[:, None] + (right**2).sum(axis=1)[None] - 2.0 * left @ right.T
    return np.asarray(np.maximum(squares, 0.0))


class Projection:
    """What the observations say of fixed rows, kept from one posterior to the next.

    Predicting a row takes the solution of a triangular system, and that of one observation more begins with the same
    numbers; so while the kernel stays, only the new ones are computed.

    Args:
        candidates: the rows, shape `(candidates, columns)`.
    """

    def __init__(self, candidates: np.ndarray) -> None:
        self.candidates = candidates
        self.kernel: Kernel | None = None
        self.rows = np.zeros((0, candidates.shape[1]))
        self.solved = np.zeros((0, len(candidates)))

    def extend(self, process: GaussianProcess) -> np.ndarray:
        """`L^-1 k(rows, candidates)` of that posterior, shape `(rows, candidates)`."""
        from scipy.linalg import solve_triangular

        rows, factor = process.rows, process.factor
        shared = min(len(rows), len(self.rows)) if self.kernel is process.kernel else 0
        differ = np.flatnonzero((rows[:shared] != self.rows[:shared]).any(axis=1))
        known = int(differ[0]) if len(differ) else shared
        if known < len(rows):
            old = self.solved[:known]
            fresh = process.kernel(rows[known:], self.candidates) - factor[known:, :known] @ old
            new = solve_triangular(factor[known:, known:], fresh, lower=True, check_finite=False)
            self.solved = np.vstack([old, new])
        self.kernel, self.rows = process.kernel, rows
        return self.solved[: len(rows)]


class GaussianProcess:
    """The posterior given observations, under a kernel.

    Args:
        kernel: with its hyperparameters.
        rows: shape `(observations, columns)`.
        values: shape `(observations,)`.
        waiting: rows proposed and not yet observed, shape `(waiting, columns)`: taken as if they had turned
            out as expected, which leaves the mean as it is and takes their uncertainty away.
    """

    def __init__(self, kernel: Kernel, rows: np.ndarray, values: np.ndarray, waiting: np.ndarray) -> None:
        self.kernel = kernel
        self.rows = np.vstack([rows, waiting])
        covariance = kernel(self.rows, self.rows) + kernel.noise * np.eye(len(self.rows))
        self.factor = np.linalg.cholesky(covariance)
        self.weights = self._believed(rows, values, waiting)

    def _believed(self, rows: np.ndarray, values: np.ndarray, waiting: np.ndarray) -> np.ndarray:
        """The weights of the observations, what is waiting having turned out as they expect."""
        believed = self._solve(values)
        if not len(waiting):
            return believed
        expected = self._solve(self.kernel(rows, waiting)).T @ believed
        return self._solve(np.concatenate([values, expected]))

    def expected(self) -> np.ndarray:
        """Mean of the latent value of each observation, what is waiting included, shape `(rows,)`.

        It is the observation less its noise, `y - noise (K + noise)^-1 y`, and needs no covariance.
        """
        from scipy.linalg import solve_triangular

        solved = solve_triangular(self.factor, self.weights, lower=True, trans="T", check_finite=False)
        return np.asarray(self.factor @ self.weights - self.kernel.noise * solved)

    def left_out(self) -> np.ndarray:
        """Each observation predicted from all others, shape `(rows,)`.

        Reference:
            Rasmussen and Williams, "Gaussian processes for machine learning", 2006, equation 5.12.
        """
        from scipy.linalg import cho_solve

        inverse = cho_solve((self.factor, True), np.eye(len(self.rows)))
        values = self.factor @ self.weights
        return np.asarray(values - inverse @ values / np.diag(inverse))

    def predict(self, candidates: np.ndarray | Projection) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation of the latent value of each row, both of shape `(candidates,)`."""
        projected = self._project(candidates)
        variance = self.kernel.variance - np.einsum("ij,ij->j", projected, projected)
        return np.asarray(self.weights @ projected), np.sqrt(np.maximum(variance, JITTER))

    def sample(self, rows: np.ndarray, draws: int, rng: np.random.Generator) -> np.ndarray:
        """Joint draws of the latent values of `rows`, shape `(draws, len(rows))`."""
        projected = self._project(rows)
        covariance = self.kernel(rows, rows) - projected.T @ projected + 1e-4 * np.eye(len(rows))
        noise = rng.standard_normal((draws, len(rows)))
        return np.asarray(self.weights @ projected + noise @ np.linalg.cholesky(covariance).T)

    def _project(self, candidates: np.ndarray | Projection) -> np.ndarray:
        if isinstance(candidates, Projection):
            return candidates.extend(self)
        return self._solve(self.kernel(self.rows, candidates))

    def _solve(self, values: np.ndarray) -> np.ndarray:
        """`L^-1 values` with as many leading rows of the factor `L` as there are values."""
        from scipy.linalg import solve_triangular

        leading = self.factor[: len(values), : len(values)]
        return np.asarray(solve_triangular(leading, values, lower=True, check_finite=False))


def expected_improvement(mean: np.ndarray, deviation: np.ndarray, best: float) -> np.ndarray:
    """Logarithm of the expected improvement over `best`, which still ranks where the improvement underflows.

    Args:
        mean: shape `(rows,)`.
        deviation: positive, shape `(rows,)`.
        best: the value to improve on.

    Reference:
        Ament et al., "Unexpected improvements to expected improvement", arXiv 2310.20708.
    """
    from scipy.special import erfcx, log_ndtr

    u = (mean - best) / deviation
    near = np.maximum(u, -5.0)
    density = -0.5 * near**2 - 0.5 * np.log(2.0 * np.pi)
    direct = np.log(np.exp(density) + near * np.exp(log_ndtr(near)))
    far = np.minimum(u, -5.0)
    mills = np.sqrt(0.5 * np.pi) * erfcx(-far / np.sqrt(2.0))
    tail = -0.5 * far**2 - 0.5 * np.log(2.0 * np.pi) + np.log1p(np.clip(far * mills, -1.0 + 1e-12, 0.0))
    return np.asarray(np.log(deviation) + np.where(u > -5.0, direct, tail))
