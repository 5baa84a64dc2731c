"""What a model of the user's data takes and gives: shapes, dtypes, and the statistics that live inside the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split

SAMPLE = 10_000
"""Training rows that input statistics are computed from."""


@dataclass(frozen=True)
class Input:
    """One array that a network takes.

    Args:
        shape: of one row, no batch axis: `(height, width)` or `(height, width, channels)` for images,
            `(steps, channels)` for series.
        dtype: "uint8" for raw pixels.
    """

    shape: tuple[int, ...]
    dtype: str


@dataclass(frozen=True)
class Signature:
    """The interface between data and networks.

    Args:
        inputs: what the network takes, as it is stored for training: one `Input`, or several by name.
        outputs: number of classes, or of regression targets.
        output_mean: per regression target; empty for classification.
        output_std: per regression target; empty for classification.
    """

    inputs: Input | Mapping[str, Input]
    outputs: int
    output_mean: tuple[float, ...] = ()
    output_std: tuple[float, ...] = ()

    @property
    def facts(self) -> Mapping[str, Any]:
        """What a space's nodes may ask for with `Given`."""
        return {"outputs": self.outputs}

    @property
    def output_shape(self) -> tuple[int, ...]:
        """What a model gives for one row."""
        return (self.outputs,)

    def columns(self, values: np.ndarray) -> Mapping[str, np.ndarray]:
        """A matrix of all outputs as those of each of several targets; of one target as "" alone."""
        return {"": values}

    @property
    def dependent(self) -> int:
        """How many rows in order tell the same, more or less: 1, but for windows that overlap."""
        return 1

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Of the only input."""
        return self._only.shape

    @property
    def input_dtype(self) -> str:
        """Of the only input."""
        return self._only.dtype

    @property
    def _only(self) -> Input:
        if isinstance(self.inputs, Input):
            return self.inputs
        raise TypeError(f"the network has several inputs, {', '.join(self.inputs)}")


@dataclass(frozen=True)
class ScaledSignature(Signature):
    """That of arrays of numbers which the network standardises.

    Args:
        input_mean: per channel, over the training rows.
        input_std: per channel; never 0.
    """

    input_mean: tuple[float, ...] = ()
    input_std: tuple[float, ...] = ()

    @property
    def facts(self) -> Mapping[str, Any]:
        """Also how the inputs were scaled, for what was made for raw ones."""
        return {**super().facts, "input_mean": self.input_mean, "input_std": self.input_std}


def scaled_signature(rows: Rows, split: Split, bare: int) -> ScaledSignature:
    """The signature of arrays; statistics are of the training part alone.

    Args:
        rows: images `(n, height, width[, channels])`, or series `(n, steps[, channels])`.
        split: which of them train.
        bare: axes of arrays without channels, the row axis included.
    """
    shape = tuple(int(size) for size in rows.x.shape[1:])
    sampled = _sampled(rows.x, split.train)
    mean, std = moments(sampled[..., None] if sampled.ndim == bare else sampled)
    return ScaledSignature(Input(shape, str(rows.x.dtype)), *target_facts(rows, split), as_floats(mean), as_floats(std))


def target_facts(rows: Rows, split: Split) -> tuple[int, tuple[float, ...], tuple[float, ...]]:
    """Number of outputs, and for a regression mean and standard deviation of each target in the training part."""
    if rows.labels.classes:
        return len(rows.labels.classes), (), ()
    targets = np.asarray(rows.y[split.train], dtype=np.float64)
    mean, std = moments(targets)
    return targets.shape[1], as_floats(mean), as_floats(std)


def as_floats(values: np.ndarray) -> tuple[float, ...]:
    """Plain numbers."""
    return tuple(float(value) for value in values)


def _sampled(x: Any, train: np.ndarray) -> np.ndarray:
    """At most `SAMPLE` training rows, evenly spaced."""
    return np.asarray(x[train[:: max(1, len(train) // SAMPLE)]], dtype=np.float64)


def moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of each entry of the last axis; 1 where nothing varies."""
    axes = tuple(range(values.ndim - 1))
    std = values.std(axis=axes)
    return values.mean(axis=axes), np.where(std > 0, std, 1.0)
