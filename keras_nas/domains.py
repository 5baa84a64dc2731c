"""The possible answers to a decision: named options, or a number between two bounds."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from keras_nas.architecture import Label
from keras_nas.errors import InvalidArgument


@dataclass(frozen=True)
class Labels:
    """A decision among named options.

    Args:
        values: the labels, distinct, in the order in which the space declares them.
        ordered: whether neighbouring labels are similar (numbers), which encodings and mutations may use.

    Raises:
        InvalidArgument: when two labels are equal; `True` and 1 are, and 3 and 3.0.
    """

    values: tuple[Label, ...]
    ordered: bool = False

    def __post_init__(self) -> None:
        if len(set(self.values)) < len(self.values):
            raise InvalidArgument(
                f"a decision needs distinct labels; got {list(self.values)} (True equals 1, and 3 equals 3.0). "
                "Name each option once, with text where numbers are equal."
            )

    @property
    def size(self) -> float:
        """Number of labels."""
        return len(self.values)

    @property
    def width(self) -> int:
        """Length of `encode`'s vector."""
        return len(self.values)

    @cached_property
    def _index(self) -> dict[Label, int]:
        return {value: index for index, value in enumerate(self.values)}

    def __contains__(self, label: object) -> bool:
        return isinstance(label, str | int | float | bool) and label in self._index

    def own(self, label: Label) -> Label:
        """The label as it was declared: 3 for 3.0, so that one architecture has one key."""
        return self.values[self._index[label]]

    def index(self, label: Label) -> int:
        """Position of `label` among the values."""
        return self._index[label]

    def sample(self, rng: np.random.Generator) -> Label:
        """A label, uniformly."""
        return self.values[int(rng.integers(len(self.values)))]

    def mutate(self, label: Label, rng: np.random.Generator) -> Label:
        """Another label than `label`, uniformly."""
        step = 1 + int(rng.integers(len(self.values) - 1))
        return self.values[(self._index[label] + step) % len(self.values)]

    def labels(self) -> tuple[Label, ...]:
        """All labels."""
        return self.values

    def shown(self) -> str:
        """The labels for people."""
        return str(list(self.values))

    def encode(self, label: Label) -> np.ndarray:
        """One-hot vector of shape `(size,)`."""
        code = np.zeros(self.width)
        code[self._index[label]] = 1.0
        return code


@dataclass(frozen=True)
class Interval:
    """A decision for a number in `[low, high]`, real unless `step` is given.

    Args:
        low: the least value.
        high: the largest value, included.
        step: distance between neighbouring values, or None for a real number.
        log: whether it is spread evenly in the logarithm.
        integer: whether values are `int`.
    """

    low: float
    high: float
    step: float | None = None
    log: bool = False
    integer: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise InvalidArgument(
                f"a range needs low < high, and low > 0 with log=True; got low={self.low}, high={self.high}, "
                f"log={self.log}. Give other bounds."
            )

    @property
    def size(self) -> float:
        """Number of values; infinite for a real number."""
        if self.step is None:
            return math.inf
        return math.floor((self.high - self.low) / self.step + 1e-9) + 1

    @property
    def width(self) -> int:
        """Length of `encode`'s vector."""
        return 1

    def __contains__(self, label: object) -> bool:
        if isinstance(label, bool) or not isinstance(label, int | float):
            return False
        tolerance = 1e-9 * max(1.0, abs(self.high))
        if not self.low - tolerance <= label <= self.high + tolerance:
            return False
        return self.step is None or abs(self._snap(label) - label) <= tolerance

    def own(self, label: Label) -> Label:
        """The value nearest to the label, of the interval's own type."""
        return self._snap(float(label))

    def _snap(self, value: float) -> float | int:
        if self.step is not None:
            steps = min(round((value - self.low) / self.step), int(self.size) - 1)
            value = self.low + max(steps, 0) * self.step
        value = min(max(value, self.low), self.high)
        return round(value) if self.integer else float(value)

    def unit(self, label: Label) -> float:
        """The label's place in [0, 1]."""
        place, low, high = (self._scale(v) for v in (float(label), self.low, self.high))
        return (place - low) / (high - low)

    def at(self, unit: float) -> float | int:
        """The label nearest to a place in [0, 1]."""
        low, high = self._scale(self.low), self._scale(self.high)
        value = low + unit * (high - low)
        return self._snap(math.exp(value) if self.log else value)

    def _scale(self, value: float) -> float:
        return math.log(value) if self.log else value

    def sample(self, rng: np.random.Generator) -> Label:
        """A value, uniformly (in the logarithm when `log`)."""
        if math.isinf(self.size) or self.log:
            return self.at(float(rng.random()))
        return self._snap(self.low + int(rng.integers(int(self.size))) * float(self.step or 0))

    def mutate(self, label: Label, rng: np.random.Generator) -> Label:
        """Another value, most often a near one (a normal step of a fifth of the range)."""
        for _ in range(16):
            unit = self.unit(label) + 0.2 * float(rng.standard_normal())
            other = self.at(min(max(unit, 0.0), 1.0))
            if other != label:
                return other
        return self.at(0.0) if self.at(0.0) != label else self.at(1.0)

    def labels(self) -> tuple[Label, ...]:
        """All values; refused for a real number."""
        if self.step is None:
            raise InvalidArgument("a real-valued range cannot be enumerated; give it a step or use random search.")
        return tuple(self._snap(self.low + i * self.step) for i in range(int(self.size)))

    def shown(self) -> str:
        """The bounds for people."""
        spread = f" in steps of {self.step}" if self.step else ", logarithmic" if self.log else ""
        return f"{self.low} to {self.high}{spread}"

    def encode(self, label: Label) -> np.ndarray:
        """The place in [0, 1], shape `(1,)`."""
        return np.array([self.unit(label)])


Domain = Labels | Interval
