"""What each option of a decision adds to a latency, so that the expected latency has a gradient.

A gradient strategy holds probabilities of options instead of one architecture. Where the latency is a sum over
decisions, its expectation is the sum of each option's share weighed by its probability: linear in every decision's
probabilities, and so differentiable in any library.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.encoding import Encoder
from keras_nas.errors import InvalidArgument
from keras_nas.operators import sample


@dataclass(frozen=True)
class OptionLatencies:
    """The latency of a space's networks as a sum over decisions.

    Args:
        decisions: The space.
        base_ms: What every network takes.
        shares_ms: For each decision what its options add, in the order of its labels; one number for an interval, that
            of its upper end over its lower one.
        error_pct: Mean absolute error of the sum, as a percentage of the latency, for networks it was not fitted to.

    Example:
        >>> from keras_nas.decisions import Decision
        >>> decisions = Decisions((Decision("op", Labels(("conv", "pool"))), Decision("width", Labels((8, 16)))))
        >>> table = {"conv": 3.0, "pool": 1.0, 8: 0.0, 16: 2.0}
        >>> latencies = option_latencies(decisions, lambda a: 1.0 + sum(table[label] for label in a.values()))
        >>> round(latencies.of({"op": "pool", "width": 16}), 6)
        4.0
        >>> round(latencies.expected({"op": [0.5, 0.5], "width": [0.25, 0.75]}), 6)
        4.5

    Reference:
        Cai et al., "ProxylessNAS", arXiv 1812.00332, section 3.3; Wu et al., "FBNet", arXiv 1812.03443.
    """

    decisions: Decisions
    base_ms: float
    shares_ms: Mapping[str, np.ndarray]
    error_pct: float = field(compare=False)

    def of(self, architecture: Mapping[str, Label]) -> float:
        """The latency of one architecture."""
        row = Encoder(self.decisions).transform([architecture])[0]
        return self.base_ms + float(row @ np.concatenate(list(self.shares_ms.values())))

    def option(self, path: str, label: Label) -> float:
        """What one option of a decision adds, in milliseconds; it is the differences between options that count.

        What all options of a dependent decision have in common may be counted with it or with what it depends on.

        Raises:
            InvalidArgument: There is no such decision.
        """
        if path not in self.shares_ms:
            raise InvalidArgument(f"There is no decision {path!r}: expected one of {', '.join(self.shares_ms)}.")
        domain = next(decision.domain for decision in self.decisions if decision.path == path)
        shares = self.shares_ms[path]
        return float(shares[domain.index(label)] if isinstance(domain, Labels) else shares[0] * domain.unit(label))

    def expected(self, probabilities: Mapping[str, Any]) -> Any:
        """The expected latency when every decision is drawn on its own, in milliseconds.

        Only sums and products of the given numbers are taken: tensors of any library give a tensor with a gradient.

        Args:
            probabilities: For each decision those of its options, in the order of its labels; for an interval a list
                of one number, its expected place in [0, 1].
        """
        total: Any = self.base_ms
        for decision in self.decisions:
            shares, given = self.shares_ms[decision.path], probabilities[decision.path]
            own: Any = sum(float(share) * given[number] for number, share in enumerate(shares))
            for path, labels in self._conditions(decision).items():
                own = own * sum(probabilities[path][number] for number in labels)
            total = total + own
        return total

    def _conditions(self, decision: Decision) -> dict[str, list[int]]:
        """Which options of which decisions make one live, through all that these depend on."""
        by_path = {other.path: other for other in self.decisions}
        found: dict[str, list[int]] = {}
        for path, labels in decision.when:
            found |= self._conditions(by_path[path])
            domain = by_path[path].domain
            found[path] = [number for number, label in enumerate(domain.labels()) if label in labels]
        return found


def option_latencies(
    decisions: Decisions, latency_ms: Callable[[Architecture], float], samples: int = 400, seed: int = 0
) -> OptionLatencies:
    """Fit what each option adds, to the latencies of sampled architectures.

    Where operations stand side by side the sum is exact; where one decision scales another's operations (a width) it is
    the best sum there is, and its error says how good that is.

    Args:
        decisions: The space.
        latency_ms: A prediction, from `LatencyPredictor`, or a measurement, in milliseconds.
        samples: Architectures that are drawn.
        seed: Of the draws.
    """
    drawn = [sample(decisions, np.random.default_rng([seed, number])) for number in range(samples)]
    times = np.array([latency_ms(architecture) for architecture in drawn])
    encoder = Encoder(decisions)
    rows = np.column_stack([np.ones(samples), encoder.transform(drawn)])
    fitted = np.arange(samples) % 5 > 0
    error = 100 * float(np.abs(rows @ _solved(rows[fitted], times[fitted]) / times - 1)[~fitted].mean())
    base, shares = np.split(_solved(rows, times), [1])
    by_path = {decision.path: shares[encoder.columns(decision.path)] for decision in decisions}
    return OptionLatencies(decisions, float(base[0]), by_path, error)


def _solved(rows: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Least squares; of equally good shares the smallest."""
    return np.asarray(np.linalg.lstsq(rows, times, rcond=1e-9)[0])
