"""The fit of one trial: data, recipe, devices, towers, schedule, checkpoints."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_nas.architecture import Label
from keras_nas.data import Feed, Rows, Split, class_weights, training_batches
from keras_nas.data.trees import leaves
from keras_nas.engine.job import Report, TrialError
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.fine_tuning import thawed
from keras_nas.estimators.fused import training_copy
from keras_nas.estimators.looks import Looks, Watching
from keras_nas.estimators.recipe import BASELINE, complete, make_augment, make_optimizer, make_transform
from keras_nas.estimators.replicas import strategy_over
from keras_nas.estimators.schedule import Budget, Schedule, one_cycle
from keras_nas.estimators.trainer import Trainer
from keras_nas.estimators.watch import Checkpoint, Watch, last_checkpoint
from keras_nas.estimators.xla import Timing
from keras_nas.supernet import AwakeOptimizer, Supernet
from keras_nas.tasks import Built, Signature, Task

TOWER_ROWS = {"vector": 16, "array": 8, "map": 4}
"""Rows of a batch that a tower has at least, so that there is enough to normalise by: fewer where a row has places."""
FOREVER = 1_000_000
"""Epochs where the budget is in seconds."""


@dataclass(frozen=True)
class Lesson:
    """How one network is to be trained.

    Args:
        budget: how long.
        start: monotonic seconds at which the trial began.
        again: builds the network once more.
        towers: shares of a batch that are computed side by side on one device.
        devices: over which each batch is spread.
        batch_divisor: by how much smaller than the recipe's the batch is.
        timing: of a step with XLA and without; None for without.
    """

    budget: Budget
    start: float
    again: Callable[[], Built]
    towers: int = 1
    devices: int = 1
    batch_divisor: int = 1
    timing: Timing | None = None


def fit(
    report: Report,
    training: Training,
    built: Built,
    architecture: Mapping[str, Label] | None,
    data: tuple[Rows, Split],
    lesson: Lesson,
    watching: Watching | None = None,
) -> dict[str, Any]:
    """Train `built` in place; goes on from the trial's checkpoint where there is one.

    Returns:
        Measurements: `epochs`, `images_per_s`, the recipe's `settings`, `precision`, whether `xla` compiled it, and
        where it was scored on its way what was seen (`Looks.told`).
    """
    settings = settled(training, architecture, data[1], lesson)
    state = last_checkpoint(report.folder, training.precision)
    finished = training.options.loss is not None or architecture is None
    feed = feed_of(training, data, settings, state["epoch"] if state else 0, (finished, architecture is None))
    spent = (time.monotonic() - lesson.start) + (state["seconds"] if state else 0.0)
    rate = settings["learning_rate"]
    before = state["inherited"] if state else 0.0
    budget, steps = lesson.budget.after(before), feed.steps / lesson.budget.share
    done = state["epochs"] if state else 0.0
    schedule = Schedule(budget, lambda progress: one_cycle(progress, rate), steps, spent, done)
    watch = Watch(report, Checkpoint(report.folder, training.precision, schedule, inherited=before))
    with strategy_over(lesson.devices).scope():
        network = _network(training, built, finished, lesson)
        trainer = _trainer(training, network, settings, finished, lesson.towers)
        trainer.schedule, trainer.jit_compile = schedule, compiled(lesson, schedule)
        if state:
            trainer.optimizer.build(trainer.trainable_variables)
            trainer.load_weights(state["weights"])
        began = time.monotonic()
        stock = built.network if finished else built.raw
        looks = (
            [] if watching is None else [Looks(watching, schedule, lambda: stock.set_weights(network.get_weights()))]
        )
        _run(trainer, feed, schedule, [schedule, *copy.deepcopy(list(training.options.callbacks)), watch, *looks])
    weights = network.get_weights()
    if not all(np.isfinite(weight).all() for weight in weights):
        raise TrialError("not_finite", "weights are no numbers after training; a lower learning rate may help.")
    stock.set_weights(weights)
    batches = schedule.batches - schedule.begun
    return {
        "epochs": schedule.epochs,
        "images_per_s": batches * settings["batch_size"] / max(1e-9, time.monotonic() - began),
        "settings": settings,
        "precision": training.precision,
        "xla": trainer.jit_compile,
        **{name: value for look in looks for name, value in look.told().items()},
    }


def settled(
    training: Training, architecture: Mapping[str, Label] | None, split: Split, lesson: Lesson
) -> dict[str, Any]:
    """The recipe's settings, with the batch that the rows and the devices allow."""
    settings = complete(training.space.settings(architecture) if architecture is not None else BASELINE)
    batch = min(settings["batch_size"] // lesson.batch_divisor, len(split.train) // settings["steps"])
    settings["batch_size"] = lesson.devices * max(1, batch // lesson.devices)
    return settings


def compiled(lesson: Lesson, schedule: Schedule) -> bool:
    """Whether XLA compiles the step: on one device, where the timing says that it pays for what is to be trained."""
    timing, budget = lesson.timing, schedule.budget
    if timing is None or lesson.devices > 1:
        return False
    left = [] if budget.seconds is None else [budget.seconds - schedule.seconds]
    left += [] if budget.epochs is None else [(budget.epochs * schedule.steps - schedule.batches) * timing.plain_s]
    return timing.pays(min(left, default=0.0))


def _network(training: Training, built: Built, finished: bool, lesson: Lesson) -> Any:
    """What is trained: the faster copy; a network that cannot be copied itself, or its like on several devices."""
    stock = built.network if finished else built.raw
    network = training_copy(stock, training.precision)
    if network is stock and lesson.devices > 1:
        again = lesson.again()
        network = again.network if finished else again.raw
        network.set_weights(stock.get_weights())
    return network


def _run(trainer: Trainer, feed: Feed, schedule: Schedule, callbacks: list[Any]) -> None:
    """Train until the budget is spent; not at all where it is, or where there is nothing to be learnt."""
    if schedule.progress >= 1.0 or not trainer.trainable_weights:
        return
    budget = schedule.budget
    trainer.fit(
        **feed.fit_arguments(),
        epochs=FOREVER if budget.epochs is None else feed.epoch + int(np.ceil(budget.epochs / budget.share)),
        callbacks=callbacks,
        verbose=0,
    )


def feed_of(
    training: Training, data: tuple[Rows, Split], settings: dict[str, Any], epoch: int, kind: tuple[bool, bool]
) -> Feed:
    """The training batches under the recipe; `kind` says whether targets are finished, and whether rows are raw."""
    (rows, split), (finished, raw) = data, kind
    task, signature = training.task, training.signature
    weight = None
    if training.options.class_weight == "balanced":
        weight = class_weights(rows.y[split.train], signature.outputs)
    smoothing = settings["label_smoothing"] if task.target == "classification" else 0.0
    return training_batches(
        rows,
        split.train,
        settings["batch_size"],
        seed=training.seed,
        epoch=epoch,
        class_weight=weight,
        augment=_augment(task, signature, settings["augmentation"]),
        transform=make_transform(lambda y: task.encode(y, signature, finished), smoothing, settings["mixup"]),
        drop_remainder=True,
        raw=raw,
    )


def _augment(task: Task, signature: Signature, augmentation: str) -> Any:
    """What is done to a batch of images, and to their masks alike; shifts by a fourteenth of the height."""
    if augmentation == "none":
        return None
    if isinstance(signature.inputs, Mapping):
        several = {name: _moving(augmentation, signature.inputs[name].shape) for name in task.pictures}
        return lambda x, y, key: ({**x, **{name: move(x[name], key) for name, move in several.items()}}, y)
    moved = _moving(augmentation, signature.input_shape)
    masked = task.target == "segmentation"
    return lambda x, y, key: (moved(x, key), moved(y, key) if masked else y)


def _moving(augmentation: str, shape: Sequence[int]) -> Any:
    """A function of a batch of images of a shape, and a key."""
    return make_augment(augmentation, max(1, shape[0] // 14))


def _trainer(training: Training, network: Any, settings: dict[str, Any], finished: bool, towers: int) -> Trainer:
    """The trainer with its optimizer and loss; with a loss or a model of the user's own it learns finished outputs."""
    slow = thawed(network) if settings["fine_tuning"] else []
    towers = filled(towers, settings["batch_size"], training.signature)
    trainer = Trainer(network, towers, slow, settings["fine_tuning"])
    optimizer = make_optimizer(settings)
    if isinstance(network, Supernet):
        optimizer = AwakeOptimizer(lambda: make_optimizer(settings), network)
    if training.precision == "mixed_float16":
        optimizer = keras.optimizers.LossScaleOptimizer(optimizer)
    trainer.compile(optimizer=optimizer, loss=training.options.loss or training.task.loss(finished), jit_compile=False)
    return trainer


def filled(towers: int, batch_size: int, signature: Signature) -> int:
    """As many towers as have rows enough to normalise by; beside the rows there are the places of inputs and answers.

    Args:
        towers: as many as there may be.
        batch_size: rows of all of them together.
        signature: of the data.

    Example:
        >>> from keras_nas.tasks.signature import Input
        >>> images = Signature(Input((28, 28), "uint8"), outputs=10)
        >>> filled(2, 16, images), filled(2, 16, Signature(Input((5,), "float32"), outputs=1))
        (2, 1)
    """
    kind = "array" if all(len(one.shape) > 1 for one in leaves(signature.inputs)) else "vector"
    return max(1, min(towers, batch_size // TOWER_ROWS["map" if len(signature.output_shape) > 1 else kind]))
