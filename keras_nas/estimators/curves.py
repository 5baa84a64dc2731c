"""How a training will end, foretold from its first scores by how trainings of the same length went on from there.

What a curve gains from here to the end is learnt from the curves that have ended: a ridge regression on the last score
and the last rise, whose error on what it has not seen says how far to believe it. That is possible after the first
score, where no parametric curve can be fitted yet, and knows what the learning rate's schedule does to the end.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_nas.objectives.objective import Direction

MARKS = (0.2, 0.4, 0.6, 0.8)
"""Shares of a training after which it is scored."""
FEWEST = 6
"""Curves that have ended from which anything is foretold."""
SHARE, RISK = "watched_share", "watched_risk"
"""In the fidelity of a training that may be stopped: the share of the best that it has to be among, and the
probability of being so with which it is given up."""
CURVE, FORETOLD, STOPPED = "curve", "foretold", "stopped"
"""Among the measurements of such a training: its scores at the marks, what was foretold at each, and the mark at which
it was stopped. `FORETOLD` is also a score of one that was stopped: the end that was expected of it."""


@dataclass(frozen=True)
class Forecast:
    """How a training will end.

    Args:
        mark: share of it that was over.
        last: its score there.
        mean: the expected score at the end.
        most: the score that the end exceeds with the risk that was allowed for.
    """

    mark: float
    last: float
    mean: float
    most: float


@dataclass(frozen=True)
class Known:
    """The curves of trainings of one length.

    Args:
        score: the name of what was scored.
        direction: "max" or "min".
        curves: of those that went on to the end, `(trainings, len(MARKS))`, NaN where one was not scored.
        ends: their scores at the end, `(trainings,)`.
        stopped: how many others were stopped.

    Example:
        >>> rng = np.random.default_rng(0)
        >>> ends = rng.uniform(0.5, 0.9, 20)
        >>> curves = ends[:, None] * np.array([0.5, 0.6, 0.7, 0.9])
        >>> known = Known("val_accuracy", "max", curves, ends)
        >>> forecast = known.forecast([0.35, 0.42], risk=0.05)
        >>> round(forecast.mean, 1), known.hopeless(forecast, share=0.01)
        (0.7, True)
    """

    score: str
    direction: Direction | None
    curves: np.ndarray
    ends: np.ndarray
    stopped: int = 0

    @classmethod
    def of(cls, score: str, direction: Direction | None, trainings: Sequence[Any]) -> Known:
        """The curves among some trainings.

        Args:
            score: the name of what is scored.
            direction: "max" or "min".
            trainings: objects with `scores` and `measurements`; those without a curve of that score do not count.
        """
        found = [one for one in trainings if score in one.scores and CURVE in one.measurements]
        ended = [one for one in found if STOPPED not in one.measurements]
        curves = [[np.nan if value is None else value for value in one.measurements[CURVE]] for one in ended]
        return cls(
            score,
            direction,
            np.array(curves, dtype=float).reshape(len(ended), len(MARKS)),
            np.array([one.scores[score] for one in ended], dtype=float),
            len(found) - len(ended),
        )

    @property
    def _sign(self) -> float:
        """What makes the larger the better."""
        return 1.0 if self.direction == "max" else -1.0

    def forecast(self, scores: Sequence[float], risk: float) -> Forecast | None:
        """What is foretold of a training; None where too little is known.

        Args:
            scores: of the training at the marks that it has passed, in order; NaN where it was not scored.
            risk: probability that the end is better than `Forecast.most`.
        """
        from scipy.stats import t

        place, sign = len(scores) - 1, self._sign
        seen = slice(max(0, place - 1), place + 1)
        whole = np.isfinite(self.curves[:, seen]).all(axis=1) & np.isfinite(self.ends)
        own = np.asarray(scores, dtype=float)[seen]
        if whole.sum() < FEWEST or not np.isfinite(own).all():
            return None
        mean, deviation = foretell(sign * self.curves[whole, seen], sign * self.ends[whole], sign * own)
        most = mean + float(t.ppf(1 - risk, whole.sum() - 1)) * deviation
        return Forecast(MARKS[place], float(own[-1]), sign * mean, sign * most)

    def hopeless(self, forecast: Forecast, share: float) -> bool:
        """Whether a training will hardly be among the best.

        Args:
            forecast: of it.
            share: how many are the best, of all trainings.
        """
        sign = self._sign
        ordered = np.sort(-sign * self.ends)
        places = max(1, int(np.ceil(share * (len(ordered) + self.stopped))))
        return bool(sign * forecast.most < -ordered[min(places, len(ordered)) - 1])


def foretell(curves: np.ndarray, ends: np.ndarray, own: np.ndarray) -> tuple[float, float]:
    """The expected end of a curve, and the standard deviation of that.

    Args:
        curves: the last one or two scores of others at the same places, `(curves, scores)`; larger is better.
        ends: of these, `(curves,)`.
        own: the same scores of the curve.

    Example:
        >>> curves = np.array([[0.3], [0.4], [0.5], [0.6], [0.7]])
        >>> mean, deviation = foretell(curves, curves[:, 0] + 0.2, np.array([0.5]))
        >>> round(mean, 6), deviation < 1e-6
        (0.7, True)

    Reference:
        Baker et al., "Accelerating neural architecture search using performance prediction", arXiv 1705.10823, which
        found regressions on such features to beat mixtures of parametric curves (Domhan et al., IJCAI 2015).
    """
    told, gains = _features(curves), ends - curves[:, -1]
    centre, scale = told.mean(axis=0), told.std(axis=0)
    scale = np.where(scale > 0, scale, 1.0)
    rows, row = (told - centre) / scale, (_features(own[None])[0] - centre) / scale
    inverse = np.linalg.inv(rows.T @ rows + np.eye(rows.shape[1]))
    weights = inverse @ rows.T @ (gains - gains.mean())
    leverage = 1 / len(rows) + np.einsum("ij,jk,ik->i", rows, inverse, rows)
    left_out = (gains - gains.mean() - rows @ weights) / (1 - np.minimum(leverage, 0.99))
    deviation = np.sqrt(np.mean(left_out**2) * (1 + row @ inverse @ row))
    return float(own[-1] + gains.mean() + row @ weights), float(deviation)


def _features(curves: np.ndarray) -> np.ndarray:
    """The last score, and how it rose where there is one before it."""
    return np.column_stack([curves[:, -1], *np.diff(curves, axis=1).T])


def account_lines(trainings: Sequence[Any], score: str) -> list[str]:
    """What stopping was worth, and how often it will have been wrong.

    Every training that went on was foretold too. How many of their ends were better than was thought possible is how
    many of those that were stopped would have been.

    Args:
        trainings: of a search, with `scores` and `measurements`.
        score: the name of what was foretold.

    Returns:
        One line; none where nothing was foretold.
    """
    watched = [one for one in trainings if FORETOLD in one.measurements]
    stopped = [one for one in watched if STOPPED in one.measurements]
    pairs = [
        (forecast, one.scores[score]) for one in watched if one not in stopped for forecast in _told(one.measurements)
    ]
    if not watched:
        return []
    marks = [one.measurements[STOPPED] for one in stopped]
    after = f", after {100 * np.mean(marks):.0f} % of their length on average" if stopped else ""
    line = f"Learning curves: {len(stopped)} of {len(watched)} trainings that were foretold were stopped{after}"
    if not pairs:
        return [f"{line}."]
    wrong = sum(end > told.most if told.most >= told.mean else end < told.most for told, end in pairs)
    error = np.mean([abs(end - told.mean) for told, end in pairs])
    last = np.mean([abs(end - told.last) for told, end in pairs])
    return [
        f"{line}; of {len(pairs)} forecasts of the others {wrong} ({100 * wrong / len(pairs):.0f} %) ended better than "
        "was thought possible, as those that were stopped would have, and the end was "
        f"{error:.4f} off on average, where the score at the time was {last:.4f} off."
    ]


def _told(measurements: Mapping[str, Any]) -> list[Forecast]:
    return [Forecast(**forecast) for forecast in measurements[FORETOLD]]
