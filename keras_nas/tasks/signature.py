"""What a model of the user's data takes and gives: shapes, dtypes, and the statistics that live inside the model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split

SAMPLE = 10_000
"""Training rows that input statistics are computed from."""


@dataclass(frozen=True)
class Signature:
    """The interface between data and models.

    Args:
        input_shape: one row as the user gives it, no batch axis: `(height, width)` or `(height, width, channels)`.
        input_dtype: the user's dtype, "uint8" for raw pixels.
        outputs: number of classes, or of regression targets.
        input_mean: per channel, over the training rows.
        input_std: per channel; never 0.
        output_mean: per regression target; empty for classification.
        output_std: per regression target; empty for classification.
    """

    input_shape: tuple[int, ...]
    input_dtype: str
    outputs: int
    input_mean: tuple[float, ...]
    input_std: tuple[float, ...]
    output_mean: tuple[float, ...] = ()
    output_std: tuple[float, ...] = ()


def image_signature(rows: Rows, split: Split) -> Signature:
    """The signature of image rows; statistics are of the training part alone.

    Args:
        rows: images `(n, height, width[, channels])`.
        split: which of them train.
    """
    shape = tuple(int(size) for size in rows.x.shape[1:])
    mean, std = _moments(_sampled(rows.x, split.train), axes=(0, 1, 2))
    outputs, output_mean, output_std = len(rows.labels.classes), np.empty(0), np.empty(0)
    if rows.target == "regression":
        targets = np.asarray(rows.y[split.train], dtype=np.float64)
        outputs = targets.shape[1]
        output_mean, output_std = _moments(targets, axes=(0,))
    return Signature(
        shape,
        str(rows.x.dtype),
        outputs,
        *(tuple(float(v) for v in values) for values in (mean, std, output_mean, output_std)),
    )


def _sampled(x: Any, train: np.ndarray) -> np.ndarray:
    """At most `SAMPLE` training rows, evenly spaced, with a channel axis."""
    chosen = np.asarray(x[train[:: max(1, len(train) // SAMPLE)]], dtype=np.float64)
    return chosen if chosen.ndim == 4 else chosen[..., None]


def _moments(values: np.ndarray, axes: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    std = values.std(axis=axes)
    return np.atleast_1d(values.mean(axis=axes)), np.atleast_1d(np.where(std > 0, std, 1.0))
