"""A supernet of two choices, the training of which takes seconds, and a table of made-up latencies for it."""

from pathlib import Path
from typing import Any

from keras import layers

from keras_nas.architecture import Architecture
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.gates.price import cost_of
from keras_nas.estimators.shared_net import read
from keras_nas.estimators.shared_trial import run
from keras_nas.objectives.latency_table import LatencyTable, Timing
from keras_nas.objectives.operations import operations_of
from keras_nas.space import Channels, Choice, Op, Series
from keras_nas.spaces import Space
from keras_nas.strategy import UNTRAINED
from tests.small import RECIPE, Ear, tiny_training

TEACH = {UNTRAINED: 1.0, "shared": 1.0, "supernet": 1.0}
OPTIONS = {"skip": Series(), "narrow": convolution(Channels(), 1), "wide": convolution(Channels(), 3)}
"""A wider kernel takes longer and learns more."""


def small_training(folder: Path, **options: Any) -> Training:
    """Two choices of three convolutions, and one whether to hand on anything at all."""
    choices = [Choice(name, OPTIONS) for name in ("first", "second")]
    dead = Choice("dead", {"cut": Op(layers.Rescaling, scale=0.0), "kept": convolution(Channels(), 3)})
    network = Series(convolution(8, 3, stride=2), *choices, dead, pooled_head(pooling="flatten"))
    return tiny_training(folder, space=Space("small", network, {**RECIPE, "batch_size": 32}), **options)


def taught(training: Training, folder: Path, method: str, ear: Ear | None = None, **length: float) -> dict[str, Any]:
    """What the supernet's training says."""
    network = training.space.network_decisions.walk(lambda decision: decision.domain.labels()[0])
    fidelity = {**TEACH, method: 1.0, **length}
    return run(ear or Ear(folder), training=training, architecture=network, number=0, fidelity=fidelity, towers=1)


def made_up_table(training: Training, folder: Path) -> None:
    """Latencies of all operations of the space, by their multiply-adds."""
    table = LatencyTable("keras", folder=folder)
    table.call_ms = 0.1
    for network in training.space.enumerate():
        for operation in operations_of(read(training, Architecture(network))):
            table.timings[operation.key] = Timing.of(operation, 0.01 + 1e-5 * operation.flops)
    table.save()


def limits_of(training: Training) -> list[float]:
    """Three limits on the latency, the strictest last, by a table that is there."""
    latency = cost_of(training, "latency_ms")
    assert latency is not None
    known = [latency(Architecture(network)) for network in training.space.enumerate()]
    return [min(known) + share * (max(known) - min(known)) for share in (0.75, 0.5, 0.25)]
