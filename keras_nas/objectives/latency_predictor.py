"""The latency of a network that has not been built, from the times of its operations.

A table's times are summed, and the sum is corrected by what whole networks took: in one network operations share
caches, and a runtime melts them together further than was thought. The correction is linear in a few sums and drawn
towards none, so that a few networks suffice for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from keras_nas.objectives.latency_table import LatencyTable, Setting, Timing
from keras_nas.objectives.operations import Operation, operations_of

UNKNOWN_PCT = 30.0
"""The error that is assumed at least as long as too few whole networks were measured to tell."""
FEW, TELLING = 2, 8
"""Whole networks without which nothing is predicted, and those that tell how well."""
USUAL = np.array([2e-3, 3e-8, 4e-7, 1e-8])
"""Milliseconds of an operation at all, of a multiply-add, a moved number and a parameter, on one core of a server."""
DRAWN = 0.01
"""How strongly rates are drawn towards the usual ones: as a hundredth of a measurement would."""
STRENGTHS, STRONG = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0), (0.1, 0.3, 1.0)
"""How strongly the correction is drawn towards none; the one that predicts left-out networks best is taken. The second
are for fewer networks than tell."""


@dataclass(frozen=True)
class Rates:
    """Times of operations that were not measured, from those that were: a sum over their sizes.

    Args:
        kinds: For each kind, milliseconds at all, a multiply-add, a moved number and a parameter.
        all: The same for any other kind.
    """

    kinds: Mapping[str, np.ndarray]
    all: np.ndarray

    @classmethod
    def fitted(cls, timings: Sequence[Timing]) -> Rates:
        """Non-negative rates with the least relative error for each kind, as usual where measurements do not tell."""
        known = [timing for timing in timings if timing.latency_ms is not None]
        of_kind: dict[str, list[Timing]] = {}
        for timing in known:
            of_kind.setdefault(timing.kind, []).append(timing)
        return cls({kind: _rates(entries) for kind, entries in of_kind.items()}, _rates(known))

    def latency_ms(self, timing: Timing) -> float:
        """The measured time, or what the rates say."""
        if timing.latency_ms is not None:
            return timing.latency_ms
        return float(self.kinds.get(timing.kind, self.all) @ _sizes(timing))


@dataclass(frozen=True)
class Correction:
    """Factors of the sums, and how well they predict networks that they were not fitted to.

    Args:
        names: Of the sums.
        factors: Of each, shape `(sums,)`.
        error_pct: Mean absolute error of the networks, each left out in turn.
    """

    names: tuple[str, ...]
    factors: np.ndarray
    error_pct: float


class LatencyPredictor:
    """Predicts latencies from a table.

    It is itself a latency target: `measure_latency(model, target=predictor)` asks it.

    Args:
        table: Of the device; what it does not hold is interpolated from operations of the same kind.

    Example:
        >>> import tempfile
        >>> from keras import layers
        >>> from keras_nas.objectives.cost import CostNet
        >>> net = CostNet()
        >>> operations = operations_of(net(layers.Dense, net.input((8,)), units=4))
        >>> table = LatencyTable("keras", folder=tempfile.mkdtemp())
        >>> _ = table.measure(operations)
        >>> LatencyPredictor(table).latency_ms(operations) >= table.call_ms
        True

    Reference:
        Cai et al., "ProxylessNAS", arXiv 1812.00332, and Wu et al., "FBNet", arXiv 1812.03443, for tables of
        operations; Zhang et al., "nn-Meter", MobiSys 2021, for operations that melt together.
    """

    def __init__(self, table: LatencyTable) -> None:
        self.table = table

    @property
    def __name__(self) -> str:
        """What a measurement names as its target."""
        return f"a table of {self.setting.target} on {self.setting.device}"

    @property
    def setting(self) -> Setting:
        """Where and how the table was measured."""
        return self.table.setting

    @property
    def error_pct(self) -> float:
        """The mean error to be expected, as a percentage of the latency."""
        return self.correction.error_pct

    def latency_ms(self, operations: Sequence[Operation]) -> float:
        """The predicted latency of a network, in milliseconds for one batch.

        Args:
            operations: From `operations_of`.
        """
        for operation in operations:
            self.table.timings.setdefault(operation.key, Timing.of(operation))
        correction = self.correction
        factors = dict(zip(correction.names, correction.factors, strict=True))
        sums = self._sums(Counter(operation.key for operation in operations))
        predicted = sum(factors.get(name, _unchanged(name)) * value for name, value in sums.items())
        return max(float(predicted), self.table.call_ms or 0.0)

    def __call__(self, model: Any) -> float:
        """The predicted latency of a Keras model."""
        from keras_nas.objectives.cost import costed

        return self.latency_ms(operations_of(costed(model)))

    def refit(self) -> None:
        """Take notice of what was added to the table."""
        self.__dict__.pop("rates", None)
        self.__dict__.pop("correction", None)

    @cached_property
    def rates(self) -> Rates:
        """For operations that were not measured."""
        return Rates.fitted(list(self.table.timings.values()))

    @cached_property
    def correction(self) -> Correction:
        """Fitted to the networks of the table."""
        measured = np.array([network.latency_ms for network in self.table.networks])
        sums = [self._sums(network.operations) for network in self.table.networks]
        names = tuple(dict.fromkeys(name for row in sums for name in row))
        rows = np.array([[row.get(name, 0.0) for name in names] for row in sums]).reshape(len(sums), len(names))
        return corrected(names, rows, measured)

    def _sums(self, counted: Mapping[str, int]) -> dict[str, float]:
        """A network in a few numbers: the call, the time of each family of operations, their count, what they read."""
        sums = {"call": self.table.call_ms or 0.0, COUNT: 0.0, MOVED: 0.0, WEIGHTS: 0.0}
        for key, count in counted.items():
            timing = self.table.timings[key]
            family = timing.kind.partition(" + ")[0].partition("(")[0]
            sums[family] = sums.get(family, 0.0) + count * self.rates.latency_ms(timing)
            sums[COUNT] += count
            sums[MOVED] += count * timing.moved
            sums[WEIGHTS] += count * timing.weights
        return sums


COUNT, MOVED, WEIGHTS = "operations", "moved", "weights"
"""Sums that count nothing unless the correction finds that they do: alone, an operation finds its weights cached."""


def corrected(names: tuple[str, ...], rows: np.ndarray, measured: np.ndarray) -> Correction:
    """The factors with the least relative error, drawn towards 1 (and 0 for `COUNT`, `MOVED` and `WEIGHTS`).

    Args:
        names: Of the sums.
        rows: The sums of each network, shape `(networks, sums)`.
        measured: Latency of each, shape `(networks,)`.

    Example:
        >>> rows = np.stack([np.ones(8), np.arange(2.0, 10.0)], axis=1)
        >>> corrected(("call", "Conv2D"), rows, rows @ [1.0, 1.5]).factors.round(1)
        array([1. , 1.5])
    """
    prior = np.array([_unchanged(name) for name in names])
    if len(rows) < 2:
        return Correction(names, prior, UNKNOWN_PCT)
    relative = rows / measured[:, None]
    size = np.sqrt((relative**2).mean(axis=0))
    scale = np.where((prior > 0) | (size == 0), 1.0, size)  # a factor is trusted by the share that its sum has
    columns, wrong = relative / scale, 1.0 - relative @ prior
    telling = len(rows) >= TELLING
    fits = [_ridge(columns, wrong, strength) for strength in (STRENGTHS if telling else STRONG)]
    change, left_out = min(fits, key=lambda fit: float(np.abs(fit[1]).mean()))
    error_pct = 100 * float(np.abs(left_out).mean())
    return Correction(names, prior + change / scale, error_pct if telling else max(error_pct, UNKNOWN_PCT))


def _unchanged(name: str) -> float:
    """The factor of a sum where nothing is corrected."""
    return 0.0 if name in (COUNT, MOVED, WEIGHTS) else 1.0


def _ridge(columns: np.ndarray, wanted: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray]:
    """The coefficients, and the error of each row when it is left out."""
    gram = columns.T @ columns + strength * len(columns) * np.eye(columns.shape[1])
    solved = np.linalg.solve(gram, columns.T)
    coefficients = solved @ wanted
    leverage = np.einsum("ij,ji->i", columns, solved)
    return coefficients, (wanted - columns @ coefficients) / np.maximum(1.0 - leverage, 1e-6)


def _sizes(timing: Timing) -> np.ndarray:
    return np.array([1.0, timing.flops, timing.moved, timing.weights], dtype=float)


def _rates(timings: Sequence[Timing]) -> np.ndarray:
    """Non-negative least squares of the relative error, drawn towards the `USUAL` rates times one factor."""
    from scipy.optimize import nnls

    known = [(timing, timing.latency_ms) for timing in timings if timing.latency_ms]
    if not known:
        return USUAL
    rows = np.stack([_sizes(timing) / latency_ms for timing, latency_ms in known])
    drawn = np.sqrt(DRAWN) * np.eye(len(USUAL))
    usual = USUAL / np.median(rows @ USUAL)
    wanted = np.concatenate([np.ones(len(rows)), drawn @ np.ones(len(USUAL))])
    return np.asarray(nnls(np.concatenate([rows * usual, drawn]), wanted)[0] * usual)
