"""The supernet of a search, where its weights lie, and what its networks cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras

from keras_nas.architecture import Label
from keras_nas.engine.files import SHARED_WEIGHTS
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.fused import FusedBatchNormalization
from keras_nas.estimators.scoring import COUNTED, ENERGY, LATENCY, measure_costs
from keras_nas.files import sync
from keras_nas.objectives.cost import CostNet, CostTensor
from keras_nas.supernet import Gate, Supernet, supernet


class _Everything:
    """Stands for a space whose features are those of all networks, so that a task can be built around them."""

    def __init__(self, features: Any) -> None:
        self.all = features

    def features(self, architecture: Any, net: Any, x: Any, facts: Any = None) -> Any:
        """Those of all networks."""
        return self.all(net, x)


def make_supernet(training: Training, gate: Gate | None = None, **form: Any) -> Supernet:
    """The supernet of a search, as its task stands around it; a single path by default, of fixed sizes.

    Args:
        training: of the search.
        gate: of the supernet.
        **form: further arguments of `supernet`, see `FORMS`.
    """
    task, signature = training.task, training.signature
    finished = training.options.loss is not None

    def body(features: Any, net: Any, x: Any) -> Any:
        space: Any = _Everything(features)
        return task.assemble(space, {}, signature, net, x)[finished]

    space, shape = training.space, signature.input_shape
    return supernet(space, shape, gate, body=body, swap=fused, dtype="float32", **form)


def fused(layer: Any, shape: tuple[int | None, ...], config: Mapping[str, Any]) -> Any:
    """TensorFlow's kernel where it computes just this layer."""
    plain = set(config) <= {"momentum", "epsilon", "name", "dtype"}
    return FusedBatchNormalization if layer is keras.layers.BatchNormalization and len(shape) == 3 and plain else layer


def home(training: Training) -> Path:
    """Where the supernet's weights lie."""
    return training.data.parent / SHARED_WEIGHTS


def write(net: Supernet, file: Path) -> None:
    """Keep the weights for all workers; the file is whole or absent."""
    unfinished = file.with_name(f"unfinished.{SHARED_WEIGHTS}")
    net.save_weights(unfinished)
    sync(unfinished)
    unfinished.replace(file)


def costs_of(training: Training, architecture: Mapping[str, Label], predicted: Mapping[str, float]) -> dict[str, float]:
    """The costs that the search asks for, and the parameters; a network is built only for what has to be measured."""
    costing, task, signature = training.options.costing, training.task, training.signature
    limits = costing.limits
    if (set(limits) & {*LATENCY, ENERGY}) - predicted.keys():
        model = task.build(training.space, architecture, signature).model
        return measure_costs(model, limits, costing.latency_target, predicted)[0]
    scores = CostNet().cost(read(training, architecture)).scores()
    counted = {name: float(scores[name]) for name in ("params", *(name for name in COUNTED if name in limits))}
    return {**counted, **predicted}


def read(training: Training, architecture: Mapping[str, Label]) -> CostTensor:
    """A network's outputs as they are counted; nothing is built."""
    return training.task.counted(training.space, architecture, training.signature)
