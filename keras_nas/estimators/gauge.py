"""How fast this machine trains, as it is now: one small network, measured for a second in a worker."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np

from keras_nas.engine.job import Report
from keras_nas.estimators.xla import Timing, measured, timed

SHAPE = (32, 32, 3)
"""Of a row of the measuring network."""
SIZES = (8, 64)
"""Rows of the two batches whose steps tell what a step costs and what a row costs."""
STEPS = 3
"""Steps of each size; the quickest counts."""


@dataclass(frozen=True)
class Gauge:
    """What a worker measured.

    Args:
        start_s: seconds to build the measuring network, to trace its training and to take the first step.
        step_s: seconds of a step beside those of its rows.
        row_s: seconds of a row.
        network: of the measuring network, `layers`, `flops` and `activations` of one row.
        idle_mb: memory of the process before (MiB).
        xla: a step with XLA and without; None where there is no GPU.
    """

    start_s: float
    step_s: float
    row_s: float
    network: Mapping[str, float]
    idle_mb: float
    xla: Timing | None = None

    @classmethod
    def told(cls, scores: Mapping[str, Any]) -> Gauge:
        """What `gauge` returned, after its way through a pipe."""
        xla = scores["xla"]
        return cls(**{**scores, "xla": None if xla is None else Timing(**xla)})


def gauge(report: Report, precision: str) -> dict[str, Any]:
    """Measure, in the process that calls; a job for a worker.

    Args:
        report: the search's ear.
        precision: Keras dtype policy of training.

    Returns:
        `measurements`, which `Gauge.told` reads, and one of them as the score that every job has.
    """
    import tensorflow as tf

    from keras_nas.engine.worker import resident_mb
    from keras_nas.objectives.cost import cost_of_model

    idle = resident_mb()
    began = time.monotonic()
    network = _network()
    make = _stepper(network, precision)
    step = make(False)
    step(SIZES[1])
    start = time.monotonic() - began
    small, large = (min(timed(partial(step, size), time.monotonic) for _ in range(STEPS)) for size in SIZES)
    row = max(1e-9, (large - small) / (SIZES[1] - SIZES[0]))
    found = Gauge(
        start_s=start,
        step_s=max(0.0, small - SIZES[0] * row),
        row_s=row,
        network={
            "layers": len(network.layers),
            "flops": cost_of_model(network).flops,
            "activations": sum(math.prod(layer.output.shape[1:]) for layer in network.layers[1:]),
        },
        idle_mb=idle,
        xla=_xla(make) if tf.config.list_logical_devices("GPU") else None,
    )
    return {"scores": {"start_s": start}, "measurements": asdict(found)}


def _xla(make: Callable[[bool], Callable[[int], float]]) -> Timing:
    """The timing of a step of the larger batch, the network's variables being there."""

    def make_step(xla: bool) -> Callable[[], object]:
        step = make(xla)
        return lambda: step(SIZES[1])

    return measured(make_step, time.monotonic)


def _network() -> Any:
    """A small convolutional network of stock layers."""
    import keras
    from keras import layers

    x = inputs = keras.Input(SHAPE)
    for filters, stride in ((16, 1), (32, 2), (32, 1), (64, 2)):
        x = layers.Conv2D(filters, 3, stride, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    return keras.Model(inputs, layers.Dense(10, "softmax")(layers.GlobalAveragePooling2D()(x)))


def _stepper(network: Any, precision: str) -> Callable[[bool], Callable[[int], float]]:
    """Makes a function that takes one training step on some rows, as trials do, compiled by XLA or not."""
    import keras
    import tensorflow as tf

    from keras_nas.estimators.fused import training_copy
    from keras_nas.estimators.trainer import Trainer

    trainer = Trainer(training_copy(network, precision))
    trainer.compile(keras.optimizers.SGD(0.01, 0.9), "categorical_crossentropy", jit_compile=False)
    x = np.random.default_rng(0).random((SIZES[1], *SHAPE), dtype=np.float32)
    y = np.eye(10, dtype=np.float32)[np.arange(SIZES[1]) % 10]
    specs = [tf.TensorSpec([None, *array.shape[1:]], tf.float32) for array in (x, y)]

    def make(xla: bool) -> Callable[[int], float]:
        step = tf.function(
            lambda x, y: trainer.train_step((x, y))["loss"], input_signature=specs, jit_compile=xla, autograph=False
        )
        return lambda size: float(step(tf.constant(x[:size]), tf.constant(y[:size])))

    return make
