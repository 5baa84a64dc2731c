"""Scores of predictions, by scikit-learn: what a trial is judged by."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from keras_nas.errors import InvalidArgument, unknown

CLASSIFICATION = ("accuracy", "loss", "balanced_accuracy", "f1_score", "auc", "top_5_accuracy")
REGRESSION = ("mse", "loss", "rmse", "mae", "r2_score")
FORECASTING = ("mse", "loss", "rmse", "mae")
MULTILABEL = ("auc", "f1_score", "loss", "average_precision", "micro_f1", "exact_match")
SEGMENTATION = ("mean_iou", "dice", "pixel_accuracy", "loss")


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


def multilabel_scores(y: np.ndarray, probabilities: np.ndarray, names: Sequence[str] = ()) -> dict[str, float]:
    """All of `MULTILABEL`; a class is taken to be there from a probability of 0.5 on.

    Args:
        y: 0 and 1, `(n, classes)`.
        probabilities: `(n, classes)`.
        names: only checked.
    """
    from sklearn import metrics

    _known(names, MULTILABEL)
    guess = probabilities >= 0.5
    likely = np.clip(np.where(y > 0, probabilities, 1 - probabilities.astype(np.float64)), 1e-15, 1.0)
    told = [k for k in range(y.shape[1]) if 0 < y[:, k].mean() < 1]
    columns = [(y[:, k], probabilities[:, k]) for k in told]
    return {
        "auc": float(np.mean([metrics.roc_auc_score(*pair) for pair in columns])),
        "f1_score": float(metrics.f1_score(y, guess, average="macro", zero_division=0)),
        "loss": float(-np.log(likely).mean()),
        "average_precision": float(np.mean([metrics.average_precision_score(*pair) for pair in columns])),
        "micro_f1": float(metrics.f1_score(y, guess, average="micro", zero_division=0)),
        "exact_match": float((guess == y).all(axis=1).mean()),
    }


def pixel_counts(y: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    """Of each row the pixels of each class that are found, said and true, and the log loss of all its pixels.

    Args:
        y: class numbers `(n, height, width)`.
        probabilities: `(n, height, width, classes)`.

    Returns:
        `(n, 3 * classes + 1)`, which add up over rows.

    Example:
        >>> pixel_counts(np.array([[[0, 1]]]), np.array([[[[1.0, 0.0], [1.0, 0.0]]]]))[0, :6].tolist()
        [1.0, 0.0, 2.0, 0.0, 1.0, 1.0]
    """
    classes = probabilities.shape[-1]
    flat, likely = y.reshape(len(y), -1), probabilities.reshape(len(y), -1, classes)
    own = np.take_along_axis(likely, flat[..., None].astype(np.int64), axis=-1)[..., 0]
    said = likely.argmax(axis=-1)

    def counted(values: np.ndarray, where: np.ndarray) -> list[np.ndarray]:
        return [np.bincount(row[kept], minlength=classes) for row, kept in zip(values, where, strict=True)]

    everywhere = np.ones_like(said, bool)
    parts = [counted(said, said == flat), counted(said, everywhere), counted(flat, everywhere)]
    entropy = -np.log(np.clip(own.astype(np.float64), 1e-15, 1.0)).sum(axis=1)
    return np.concatenate([*map(np.array, parts), entropy[:, None]], axis=1).astype(np.float64)


def segmentation_scores(counts: np.ndarray, classes: int, names: Sequence[str] = ()) -> dict[str, float]:
    """All of `SEGMENTATION`, of the pixels of all rows together.

    The mean intersection over union is that of all classes that are there or said to be, the Dice coefficient the mean
    of the same but the first, which is the background.

    Args:
        counts: what `pixel_counts` gives, `(n, 3 * classes + 1)`.
        classes: how many there are.
        names: only checked.

    Reference:
        Everingham et al., "The Pascal Visual Object Classes Challenge", IJCV 111, 2015; Dice, Ecology 26, 1945.
    """
    _known(names, SEGMENTATION)
    *_, entropy = totals = counts.sum(axis=0)
    found, said, true = totals[:-1].reshape(3, classes)
    both = said + true
    return {
        "mean_iou": _mean_share(found, both - found),
        "dice": _mean_share(2 * found[1:], both[1:]),
        "pixel_accuracy": float(found.sum() / true.sum()),
        "loss": float(entropy / true.sum()),
    }


def _mean_share(parts: np.ndarray, wholes: np.ndarray) -> float:
    """The mean of the shares of what is there at all; 1 where nothing is."""
    there = wholes > 0
    return float((parts[there] / wholes[there]).mean()) if there.any() else 1.0


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
