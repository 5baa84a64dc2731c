"""The trials of a search with shared weights; they run in workers.

The trained supernet lies beside the search's data. Each worker that scores builds and traces it once, and serves all
later networks by setting its gates.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_nas.architecture import Label
from keras_nas.data import Rows, Split, evaluation_batches
from keras_nas.engine.failures import failing_as
from keras_nas.engine.files import SHARED_WEIGHTS
from keras_nas.engine.job import Report
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.custom import register
from keras_nas.estimators.fitting import Lesson, fit
from keras_nas.estimators.fused import FusedBatchNormalization
from keras_nas.estimators.schedule import Budget
from keras_nas.estimators.scoring import COUNTED, ENERGY, LATENCY, SCORE_BATCH, measure_costs, scores_of
from keras_nas.estimators.shared_search import ALONE, SUPERNET
from keras_nas.estimators.training import train
from keras_nas.files import sync
from keras_nas.net import KerasNet
from keras_nas.objectives.cost import CostNet
from keras_nas.strategy import UNTRAINED
from keras_nas.supernet import Calibrator, Fair, Sampling, Supernet, Uniform, supernet, transfer
from keras_nas.tasks import Built

CALIBRATION = (2, 256)
"""Batches, and training rows in each, that batch normalisation is counted on before a network is scored."""


class _Everything:
    """Stands for a space whose features are those of all networks, so that a task can be built around them."""

    def __init__(self, features: Any) -> None:
        self.all = features

    def features(self, architecture: Any, net: Any, x: Any, facts: Any = None) -> Any:
        """Those of all networks."""
        return self.all(net, x)


class Sampler(keras.callbacks.Callback):
    """Selects the network of every training step, by the optimizer's count of steps.

    Args:
        sampling: draws it.
        seed: keys the draws.
    """

    def __init__(self, sampling: Sampling, seed: int) -> None:
        super().__init__()
        self.sampling = sampling
        self.seed = seed

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Set the gates."""
        net: Supernet = self.model.network
        net.select(self.sampling(net.decisions, self.seed, int(self.model.optimizer.iterations.numpy())))


class Judge:
    """Scores networks of a trained supernet on the validation part, by its gates alone.

    Args:
        training: what all trials share.
        net: the supernet.
        towers: shares of a batch that are computed side by side.
    """

    def __init__(self, training: Training, net: Supernet, towers: int = 1) -> None:
        rows, split = Rows.load(training.data), Split.load(training.data)
        self.training = training
        self.net = net
        self.towers = towers
        self.calibrate = Calibrator(net)
        self.y = np.asarray(rows.y[split.validation])
        self.batches = _images(rows, split.validation, SCORE_BATCH)
        self.seen = _calibration(rows, split.train)
        spec = tf.TensorSpec((None, *self.batches[0].shape[1:]), self.batches[0].dtype)
        self.predict = tf.function(self._predict, input_signature=[spec], autograph=False)

    def _predict(self, x: Any) -> Any:
        size = tf.shape(x)[0]
        ends = [size * tower // self.towers for tower in range(self.towers + 1)]
        shares = [self.net(x[a:b], training=False) for a, b in itertools.pairwise(ends)]
        y = tf.concat(shares, axis=0)
        finished = self.training.options.loss is not None
        return y if finished else self.training.task.finish(KerasNet(), y, self.training.signature)

    def select(self, architecture: Mapping[str, Label]) -> None:
        """Set the gates, and count batch normalisation anew."""
        self.net.select(architecture)
        self.calibrate(self.seen)

    def scores(self, architecture: Mapping[str, Label]) -> dict[str, float]:
        """The network's scores under shared weights, prefixed `val_`."""
        self.select(architecture)
        predictions = np.concatenate([np.asarray(self.predict(batch)) for batch in self.batches])
        scores = scores_of(self.training, self.y, predictions)
        return {f"val_{name}": value for name, value in scores.items()}


def run(
    report: Report,
    *,
    training: Training,
    architecture: Mapping[str, Label],
    number: int,
    fidelity: Mapping[str, float],
    **machine: Any,
) -> dict[str, Any]:
    """One trial: the supernet's training, a score, a network trained alone and scored, or a finalist.

    Args:
        report: the search's ear, and the trial's folder.
        training: what all trials share.
        architecture: answers to the network's decisions, and to the recipe's where it is trained.
        number: of the trial.
        fidelity: says which of these, and how long.
        **machine: further arguments of `training.train`.

    Returns:
        What `training.train` does; a network trained alone has the measurement `shared`, its scores under shared
        weights.
    """
    if SUPERNET in fidelity:
        return _teach(report, training, architecture, fidelity, machine)
    start = time.monotonic()
    with failing_as("build_error"):
        register(machine.get("custom_objects") or {})
        judge = _judge(training, machine.get("towers", 1))
    ready = time.monotonic()
    if UNTRAINED in fidelity:
        scores = {**judge.scores(architecture), **_costs(training, architecture, machine.get("predicted") or {})}
        return {"scores": scores, "seconds": {"build": ready - start, "score": time.monotonic() - ready}}
    job = {"training": training, "architecture": architecture, "number": number, "fidelity": fidelity, **machine}
    if ALONE in fidelity:
        shared = judge.scores(architecture)
        result = train(report, **job)
        return {**result, "measurements": {**result["measurements"], "shared": shared}}
    judge.select(architecture)
    return train(report, **job, inherit=lambda built: transfer(judge.net, architecture, built.raw))


def make_supernet(training: Training) -> Supernet:
    """The supernet of a search, as its task stands around it."""
    task, signature = training.task, training.signature
    finished = training.options.loss is not None

    def body(features: Any, net: Any, x: Any) -> Any:
        space: Any = _Everything(features)
        return task.assemble(space, {}, signature, net, x)[finished]

    return supernet(training.space, signature.input_shape, body=body, swap=fused, dtype="float32")


def fused(layer: Any, shape: tuple[int | None, ...], config: Mapping[str, Any]) -> Any:
    """TensorFlow's kernel where it computes just this layer."""
    plain = set(config) <= {"momentum", "epsilon", "name", "dtype"}
    return FusedBatchNormalization if layer is keras.layers.BatchNormalization and len(shape) == 3 and plain else layer


def _teach(
    report: Report,
    training: Training,
    architecture: Mapping[str, Label],
    fidelity: Mapping[str, float],
    machine: Mapping[str, Any],
) -> dict[str, Any]:
    """Train the supernet; goes on from its checkpoint where there is one."""
    start = time.monotonic()
    keras.utils.set_random_seed(training.seed % 2**31)
    with failing_as("build_error"):
        register(machine.get("custom_objects") or {})
        net = make_supernet(training)
    ready = time.monotonic()
    sampler = Sampler(Fair() if "fair" in fidelity else Uniform(), training.seed)
    own = replace(training, precision="float32", options=replace(training.options, callbacks=[sampler]))
    built = Built(model=net, network=net, raw=net)
    data = Rows.load(training.data), Split.load(training.data)
    divisor = int(fidelity.get("batch_divisor", 1))
    lesson = Lesson(
        Budget(fidelity.get("epochs"), fidelity.get("seconds")),
        start,
        lambda: built,
        towers=machine.get("towers", 1),
        batch_divisor=divisor,
    )
    measured = fit(report, own, built, architecture, data, lesson)
    fitted = time.monotonic()
    _write(net, home(training))
    costs = _costs(training, architecture, machine.get("predicted") or {})
    scores = {**Judge(training, net).scores(architecture), **costs}
    seconds = {"build": ready - start, "fit": fitted - ready, "score": time.monotonic() - fitted}
    return {"scores": scores, "measurements": measured, "seconds": seconds}


def home(training: Training) -> Path:
    """Where the supernet's weights lie."""
    return training.data.parent / SHARED_WEIGHTS


def _write(net: Supernet, file: Path) -> None:
    unfinished = file.with_name(f"unfinished.{SHARED_WEIGHTS}")
    net.save_weights(unfinished)
    sync(unfinished)
    unfinished.replace(file)


_OPEN: dict[tuple[str, int], Judge] = {}
"""The judge of this process: tracing a supernet takes longer than scoring a hundred networks."""


def _judge(training: Training, towers: int) -> Judge:
    """The judge of the search's supernet, made once in a process: what was traced first serves."""
    key = str(home(training)), home(training).stat().st_mtime_ns
    if key not in _OPEN:
        net = make_supernet(training)
        net.load_weights(home(training))
        _OPEN.clear()
        _OPEN[key] = Judge(training, net, towers)
    return _OPEN[key]


def _images(rows: Rows, index: np.ndarray, size: int) -> list[Any]:
    """Batches of inputs, held in memory."""
    return [batch[0] for batch in evaluation_batches(rows, np.sort(index), size)]


def _calibration(rows: Rows, index: np.ndarray) -> list[Any]:
    """Equal batches of evenly spaced rows, as large and as many as there are rows for."""
    count, size = CALIBRATION
    size = min(size, len(index))
    wanted = size * min(count, len(index) // size)
    return _images(rows, index[:: len(index) // wanted][:wanted], size)


def _costs(training: Training, architecture: Mapping[str, Label], predicted: Mapping[str, float]) -> dict[str, float]:
    """The costs that the search asks for, and the parameters; a network is built only for what has to be measured."""
    costing, task, signature = training.options.costing, training.task, training.signature
    limits = costing.limits
    if (set(limits) & {*LATENCY, ENERGY}) - predicted.keys():
        model = task.build(training.space, architecture, signature).model
        return measure_costs(model, limits, costing.latency_target, predicted)[0]
    net = CostNet()
    _, end = task.assemble(training.space, architecture, signature, net, net.input(signature.input_shape))
    scores = net.cost(end).scores()
    counted = {name: float(scores[name]) for name in ("params", *(name for name in COUNTED if name in limits))}
    return {**counted, **predicted}
