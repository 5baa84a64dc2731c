"""What the costs of the networks that are likely now add to the loss: limits with a gradient.

Each cost is a sum over decisions of what their options add, fitted to sampled architectures, so that its expectation
under the probabilities has a gradient. No network is built, and none has to be computed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache, partial
from typing import Any

import numpy as np
import tensorflow as tf

from keras_nas.architecture import Architecture
from keras_nas.encoding import Encoder
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.scoring import COUNTED
from keras_nas.estimators.shared_net import read
from keras_nas.objectives.cost import CostNet, CostTensor
from keras_nas.objectives.latency import TARGETS
from keras_nas.objectives.latency_predictor import LatencyPredictor
from keras_nas.objectives.latency_table import LatencyTable
from keras_nas.objectives.operations import operations_of
from keras_nas.objectives.option_latency import OptionLatencies, option_latencies
from keras_nas.supernet.relaxations import Chances

LIMIT = 5.0
"""What the logarithm of a limited cost adds to the loss beyond the limit; below it, it adds nothing."""
TRADE = 0.1
"""The same of a cost that is to be small without a limit: a tenth less of it is worth 0.01 of the loss."""
SAMPLES = 200
"""Architectures that the sums are fitted to."""

CostOf = Callable[[Architecture], float]


class Price:
    """A part of the loss that depends on the logits alone.

    Args:
        encoder: where each decision's logits stand.
        costs: as sums over decisions, by name.
        limits: of these costs; None for one that is to be small.
        chances: how probable the logits make each option.

    Reference:
        Wu et al., "FBNet", arXiv 1812.03443, section 3.2; Cai, Zhu and Han, "ProxylessNAS", arXiv 1812.00332, section
        3.3.
    """

    def __init__(
        self,
        encoder: Encoder,
        costs: Mapping[str, OptionLatencies],
        limits: Mapping[str, float | None],
        chances: Chances = tf.nn.softmax,
    ) -> None:
        self.encoder = encoder
        self.costs = costs
        self.limits = limits
        self.chances = chances
        spec = tf.TensorSpec((encoder.width,), tf.float32)
        self._traced = tf.function(self._terms, input_signature=[spec], autograph=False)

    def slope(self, logits: np.ndarray) -> np.ndarray:
        """The gradient at the logits, shape `(width,)`."""
        if not self.costs:
            return np.zeros_like(logits)
        return np.asarray(self._traced(np.float32(logits))[1], dtype=float)

    def expected(self, logits: np.ndarray) -> dict[str, float]:
        """Each cost as it is to be expected of a network drawn by the probabilities."""
        if not self.costs:
            return {}
        return {name: float(value) for name, value in self._traced(np.float32(logits))[0].items()}

    def _terms(self, logits: Any) -> tuple[dict[str, Any], Any]:
        """The expected costs, and the gradient of what they add to the loss."""
        with tf.GradientTape() as tape:
            tape.watch(logits)
            columns = {d.path: self.encoder.columns(d.path) for d in self.encoder.decisions}
            chances = {path: tf.unstack(self.chances(logits[span])) for path, span in columns.items()}
            expected = {name: cost.expected(chances) for name, cost in self.costs.items()}
            price = tf.add_n([_price(value, self.limits[name]) for name, value in expected.items()])
        return expected, tape.gradient(price, logits)


def _price(expected: Any, limit: float | None) -> Any:
    """What an expected cost adds to the loss."""
    value = tf.maximum(expected, 1e-9)
    return TRADE * tf.math.log(value) if limit is None else LIMIT * tf.nn.relu(tf.math.log(value / limit))


def price_of(training: Training, encoder: Encoder, chances: Chances = tf.nn.softmax) -> Price:
    """The price of a search's costs: those that are counted, and the latency where there is a table of it.

    Args:
        training: names the costs, their limits, and where latency is measured.
        encoder: of the networks' decisions.
        chances: how probable logits make each option.
    """
    limits = training.options.costing.limits
    once = cache(partial(read, training))  # the same networks are counted for each cost
    known = {name: cost_of(training, name, once) for name in ("params", *COUNTED, "latency_ms") if name in limits}
    sums = {
        name: option_latencies(encoder.decisions, cost, SAMPLES) for name, cost in known.items() if cost is not None
    }
    return Price(encoder, sums, limits, chances)


def cost_of(
    training: Training, name: str, counted: Callable[[Architecture], CostTensor] | None = None
) -> CostOf | None:
    """A function from an architecture to a cost, without building it; None where no table tells its latency.

    Args:
        training: of the search.
        name: of the cost.
        counted: a network's outputs as they are counted; `read` by default.
    """
    outputs = counted or partial(read, training)
    if name != "latency_ms":
        return lambda architecture: float(CostNet().cost(outputs(architecture)).scores()[name])
    target = training.options.costing.latency_target
    if target not in TARGETS:
        return None
    predictor = LatencyPredictor(LatencyTable(target))
    if not predictor.table.timings:
        return None
    return lambda architecture: predictor.latency_ms(operations_of(outputs(architecture)))
