"""What simple forecasts are worth: the season of a series, the errors of the naive ones and of linear regression."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from keras_nas.data.split import evenly

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split
    from keras_nas.tasks.signature import ScaledSignature

LEARNT, JUDGED = 20_000, 3_000
"""Windows times series that the regression learns from at most, and windows that all are judged by."""
AT_ONCE = 256
RIDGE = 1e-4
"""Penalty on the regression's weights, by the mean square of its inputs."""
SURE, ALIKE = 3.0, 0.75
"""Standard errors of an autocorrelation that a season needs, and the share of the largest one."""


def season_of(series: np.ndarray, most: int) -> int:
    """After how many steps some series repeat themselves: the first lag at which their changes are about most alike.

    Args:
        series: `(steps, series)`.
        most: longest season.

    Returns:
        At least 2, or 1 where no lag stands out.

    Example:
        >>> season_of(np.sin(np.arange(200) * 2 * np.pi / 12)[:, None], 48)
        12
    """
    changes = np.diff(series, axis=0)
    changes = changes - changes.mean(axis=0)
    count, most = len(changes), min(most, len(changes) // 2)
    power = np.abs(np.fft.rfft(changes, 2 * count, axis=0)) ** 2
    products = np.fft.irfft(power, axis=0)[: most + 1]
    alike = (products / np.where(products[0] > 0, products[0], 1.0)).mean(axis=1)
    lags = np.arange(2, most)
    peaks = lags[(alike[lags] >= alike[lags - 1]) & (alike[lags] >= alike[lags + 1])]
    best = alike[peaks].max(initial=0.0)
    if best < SURE / np.sqrt(count):
        return 1
    return int(peaks[alike[peaks] >= ALIKE * best][0])


def yardsticks(rows: Rows, split: Split, signature: ScaledSignature) -> dict[str, float]:
    """Mean squared errors of simple forecasts on the validation part, in standard deviations of the training part.

    Args:
        rows: windows of a series.
        split: its parts.
        signature: of the windows.

    Returns:
        By name: the last value ("naive"), the last season again ("seasonal naive"), and linear regression of each
        series on its own window, one for all series ("linear").
    """
    horizon, std = signature.output_shape[0], np.array(signature.output_std)
    season = min(int(signature.facts["season"]), signature.input_shape[0])
    index = evenly(split.validation, JUDGED)
    past, future = _pairs(rows, index, std)
    again = past[:, -season:][:, np.arange(horizon) % season]
    guesses = {"naive": past[:, -1:], "seasonal naive": again, "linear": _linear(rows, split.train, past, std)}
    return {name: float(np.square(guess - future).mean()) for name, guess in guesses.items()}


def _pairs(rows: Rows, index: np.ndarray, std: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Windows of the series to forecast and what follows, in standard deviations."""
    return rows.x[index][..., : len(std)] / std, rows.y[index] / std


def _linear(rows: Rows, train: np.ndarray, past: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Least squares on differences from the last value."""
    chosen = evenly(train, max(1, LEARNT // len(std)))
    steps, horizon = past.shape[1], rows.y.shape[1]
    square, product = np.zeros((steps, steps)), np.zeros((steps, horizon))
    for at in range(0, len(chosen), AT_ONCE):
        x, y = _pairs(rows, chosen[at : at + AT_ONCE], std)
        inputs, outputs = (np.moveaxis(part - x[:, -1:], 1, 2).reshape(-1, part.shape[1]) for part in (x, y))
        square, product = square + inputs.T @ inputs, product + inputs.T @ outputs
    square += np.eye(steps) * (RIDGE * np.trace(square) / steps + 1e-12)
    last = past[:, -1:]
    found: np.ndarray = np.einsum("nlc,lh->nhc", past - last, np.linalg.solve(square, product), optimize=True) + last
    return found
