"""Scores of predictions, by scikit-learn: what a trial is judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from keras_nas.errors import InvalidArgument, unknown

CLASSIFICATION = ("accuracy", "loss", "balanced_accuracy", "f1_score", "auc", "top_5_accuracy")
REGRESSION = ("mse", "loss", "rmse", "mae", "r2_score")
FORECASTING = ("mse", "loss", "rmse", "mae")


def classification_scores(y: np.ndarray, probabilities: np.ndarray, names: Sequence[str] = ()) -> dict[str, float]:
    """Accuracy and log loss always, the others when named.

    Args:
        y: class numbers `(n,)`.
        probabilities: `(n, classes)`, rows sum to 1.
        names: of `CLASSIFICATION`.

    Raises:
        InvalidArgument: for a name that is no such score.
    """
    from sklearn import metrics

    guess = probabilities.argmax(axis=1)
    classes = np.arange(probabilities.shape[1])
    clipped = np.clip(probabilities[np.arange(len(y)), y].astype(np.float64), 1e-15, 1.0)
    table: dict[str, Callable[[], float]] = {
        "accuracy": lambda: float((guess == y).mean()),
        "loss": lambda: float(-np.log(clipped).mean()),
        "balanced_accuracy": lambda: float(metrics.recall_score(y, guess, average="macro", zero_division=0)),
        "f1_score": lambda: float(metrics.f1_score(y, guess, average="macro", zero_division=0)),
        "auc": lambda: _auc(y, probabilities, classes),
        "top_5_accuracy": lambda: float((np.argsort(-probabilities, axis=1)[:, :5] == y[:, None]).any(axis=1).mean()),
    }
    return {name: table[name]() for name in ("accuracy", "loss", *_known(names, CLASSIFICATION))}


def regression_scores(y: np.ndarray, predictions: np.ndarray, names: Sequence[str] = ()) -> dict[str, float]:
    """All of `REGRESSION`, in the targets' units, averaged over targets.

    Args:
        y: `(n, targets)`.
        predictions: `(n, targets)`.
        names: only checked.
    """
    from sklearn import metrics

    _known(names, REGRESSION)
    error = np.asarray(predictions, dtype=np.float64) - y
    mse = float((error**2).mean())
    return {
        "mse": mse,
        "loss": mse,
        "rmse": float(np.sqrt(mse)),
        "mae": float(np.abs(error).mean()),
        "r2_score": float(metrics.r2_score(y, predictions)),
    }


def forecasting_scores(
    y: np.ndarray, forecasts: np.ndarray, std: Sequence[float], names: Sequence[str] = ()
) -> dict[str, float]:
    """All of `FORECASTING`, averaged over windows, steps and series.

    Args:
        y: `(n, horizon, series)`.
        forecasts: `(n, horizon, series)`.
        std: of each series, the unit of its errors.
        names: only checked.
    """
    _known(names, FORECASTING)
    error = (forecasts - y) / np.asarray(std, dtype=np.float32)
    mse = float(np.square(error).mean(dtype=np.float64))
    return {"mse": mse, "loss": mse, "rmse": float(np.sqrt(mse)), "mae": float(np.abs(error).mean(dtype=np.float64))}


def _known(names: Sequence[str], valid: Sequence[str]) -> list[str]:
    for name in names:
        if name not in valid:
            raise InvalidArgument(unknown("score", name, valid))
    return list(names)


def _auc(y: np.ndarray, probabilities: np.ndarray, classes: np.ndarray) -> float:
    """Area under the ROC curve; with more than two classes the mean of one against the rest."""
    from sklearn.metrics import roc_auc_score

    if len(classes) == 2:
        return float(roc_auc_score(y, probabilities[:, 1]))
    return float(np.mean([roc_auc_score(y == k, probabilities[:, k]) for k in classes if 0 < (y == k).mean() < 1]))
