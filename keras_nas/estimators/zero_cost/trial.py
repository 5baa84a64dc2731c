"""The trial that scores one architecture without training it; runs in a worker."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from keras_nas.architecture import Label
from keras_nas.data import Rows, Split, evaluation_batches
from keras_nas.engine.failures import failing_as
from keras_nas.engine.job import Report
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.custom import register
from keras_nas.estimators.zero_cost import SCORES, get_score
from keras_nas.estimators.zero_cost.costs import cost_of
from keras_nas.estimators.zero_cost.network import Batch, Network
from keras_nas.estimators.zero_cost.weights import Weights
from keras_nas.net import KerasNet
from keras_nas.strategy import UNTRAINED

MOST = sys.float_info.max
"""An infinite score is the worst or the best there is, and yet has to be a number."""


def score(
    report: Report,
    *,
    training: Training,
    architecture: Mapping[str, Label],
    fidelity: Mapping[str, float],
    custom_objects: Mapping[str, Any] | None = None,
    **machine: Any,
) -> dict[str, Any]:
    """One trial.

    Args:
        report: the search's ear, which has nothing to hear.
        training: what all trials share.
        architecture: answers to the network's decisions.
        fidelity: `untrained` with the number of rows, and the names of scores.
        custom_objects: what the user's script has registered with Keras, by registered name.
        **machine: what trainings are told of the machine.

    Returns:
        `scores`, costs included, and `seconds`.
    """
    start = time.monotonic()
    with failing_as("build_error"):
        register(custom_objects or {})
        network, batch = initialised(training, architecture), sampled(training, int(fidelity[UNTRAINED]))
        costs = cost_of(network, batch).scores()
    ready = time.monotonic()
    asked = [name for name in SCORES if name in fidelity]
    scores = {name: costs[name] if name in costs else get_score(name)(network, batch) for name in asked}
    return {
        "scores": {**costs, **{name: float(np.clip(value, -MOST, MOST)) for name, value in scores.items()}},
        "seconds": {"build": ready - start, "score": time.monotonic() - ready},
    }


def initialised(training: Training, architecture: Mapping[str, Label]) -> Network:
    """The network of an architecture, up to what the loss sees, behind the input's scaling."""
    task, space, signature = training.task, training.space, training.signature

    def body(net: Any, x: Any) -> Any:
        return task.outputs(net.at("output"), space.features(architecture, net, x, signature.facts), signature)

    return Network(body, _weights(training.seed))


@cache
def _weights(seed: int) -> Weights:
    """Shared by all trials of a process."""
    return Weights(seed)


def sampled(training: Training, count: int) -> Batch:
    """Some rows of the training part, the same for all trials of a search.

    Args:
        training: knows the data.
        count: rows, as many as there are at most.
    """
    rows, train = Rows.load(training.data), Split.load(training.data).train
    rng = np.random.default_rng([training.seed, count])
    index = np.sort(rng.choice(train, min(count, len(train)), replace=False))
    x, y = next(iter(evaluation_batches(rows, index, len(index))))[:2]
    task, signature = training.task, training.signature
    return Batch(task.prepare(KerasNet(), x, signature), task.encode(y, signature), task.loss())
