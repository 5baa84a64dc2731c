"""The plain estimator: train an architecture and score it on the validation part.

`train` runs in a worker. It builds the model of stock layers, trains a faster copy of it under the recipe that the
architecture carries, brings the weights back, and scores the model of stock layers: the one that is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from keras_nas.architecture import Label
from keras_nas.data import Rows, Split
from keras_nas.data.split import evenly
from keras_nas.engine.failures import failing_as
from keras_nas.engine.files import MODEL, PARENT
from keras_nas.engine.job import Report, TrialError
from keras_nas.estimators.assignment import Options, Training
from keras_nas.estimators.curves import FORETOLD, STOPPED, Known
from keras_nas.estimators.custom import check_registered, register
from keras_nas.estimators.heirs import begin_as
from keras_nas.estimators.ladder import ALL_ROWS, PIXELS
from keras_nas.estimators.resolution import pooled, shrunk
from keras_nas.estimators.schedule import Budget
from keras_nas.estimators.scoring import check_latency, forward, measure_costs, validation_scores
from keras_nas.estimators.seeds import SEED
from keras_nas.estimators.xla import Timing
from keras_nas.objectives.derived import completed
from keras_nas.objectives.objective import SoftTarget
from keras_nas.tasks import Built

EXPLORE_ROWS, LOOK_ROWS = 2_000, 1_000
"""Validation rows that an exploring trial is scored on, at its end and on its way; finalists are scored on all."""


def train(
    report: Report,
    *,
    training: Training,
    architecture: Mapping[str, Label] | None,
    number: int,
    fidelity: Mapping[str, float],
    towers: int = 1,
    devices: int = 1,
    timing: Timing | None = None,
    custom_objects: Mapping[str, Any] | None = None,
    inherit: Callable[[Built], None] | None = None,
    predicted: Mapping[str, float] | None = None,
    known: Known | None = None,
) -> dict[str, Any]:
    """One trial.

    Args:
        report: the search's ear, and the trial's folder.
        training: what all trials share.
        architecture: answers to the space's decisions; None for the user's baseline.
        number: of the trial; keys its randomness.
        fidelity: what `Budget.of` reads of it, and a retry's `batch_divisor` and `float32`.
        towers: shares of a batch that are computed side by side on one device.
        devices: over which each batch is spread.
        timing: of a step with XLA and without.
        custom_objects: what the user's script has registered with Keras, by registered name.
        inherit: gives the network its first weights; None for weights drawn by the seed.
        predicted: costs that were predicted; they stand in for measurements where the training is short.
        known: the curves of others of this length, by which it may be stopped.

    Returns:
        `scores` (prefixed `val_`, and costs), their `errors`, `measurements`, `artefacts` (the file) and `seconds`.
    """
    import keras

    from keras_nas.estimators.fitting import Lesson, fit
    from keras_nas.estimators.looks import Watching

    start = time.monotonic()
    training = _adapted(training, fidelity)
    keras.utils.set_random_seed((training.seed * 1_000_003 + number) % 2**31)
    rows, split = Rows.load(training.data), _split(training.data, fidelity)
    built = _begun(training, architecture, custom_objects or {}, "final" in fidelity)
    taken = _inherited(built, report.folder / PARENT, inherit)
    ready = time.monotonic()
    budget, divisor = Budget.of(fidelity), int(fidelity.get("batch_divisor", 1))
    lesson = Lesson(budget, start, lambda: build(training, architecture), towers, devices, divisor, timing)
    watching = Watching.of(known, fidelity, _now(training, built.model, rows, split))
    measured = fit(report, training, built, architecture, (rows, _seen(split, budget)), lesson, watching)
    fitted = time.monotonic()
    scores, errors, told = _judged(training, built.model, (rows, split), "final" in fidelity, predicted or {})
    name, end = _save(built.model, report.folder), time.monotonic()
    return {
        "scores": scores | _expected(measured),
        "errors": errors,
        "measurements": {**measured, **taken, **told},
        "artefacts": {"model": name},
        "seconds": {"build": ready - start, "fit": fitted - ready, "score": end - fitted},
    }


def _adapted(training: Training, fidelity: Mapping[str, float]) -> Training:
    """What trials share, but for what this one does otherwise: precision, seed, and the resolution of images."""
    training = replace(training, seed=training.seed + int(fidelity.get(SEED, 0)))
    if fidelity.get("float32"):
        training = replace(training, precision="float32")
    if PIXELS in fidelity:
        side = pooled(fidelity[PIXELS], training.signature.input_shape)
        training = replace(training, space=shrunk(training.space, side))
    return training


def _split(data: Path, fidelity: Mapping[str, float]) -> Split:
    """Which rows are trained on, and which judge."""
    split = Split.load(data)
    return split.merged() if ALL_ROWS in fidelity else split


def _begun(
    training: Training, architecture: Mapping[str, Label] | None, custom_objects: Mapping[str, Any], final: bool
) -> Built:
    """The network with new weights, once it is known to be worth a training; the user's own keeps no limits."""
    with failing_as("build_error"):
        register(custom_objects)
        built = build(training, architecture)
        check_registered(built.model)
    if architecture is not None:
        _check_costs(built.model, training.options, final)
    return built


def _inherited(built: Built, parent: Path, inherit: Callable[[Built], None] | None) -> dict[str, float]:
    """Gives the network its first weights, where they are not to be new; tells what share came from a parent."""
    if inherit is not None:
        inherit(built)
    if not parent.exists():
        return {}
    taken = begin_as(built.model, parent)
    return {"inherited": taken}


def _now(training: Training, model: Any, rows: Rows, split: Split) -> Callable[[], dict[str, float]]:
    """A function that scores a model while it is in training; what it traces at first serves all later looks."""
    run = cache(lambda: forward(training.task.asked(model, training.options.scores), rows))

    def look() -> dict[str, float]:
        found, _ = validation_scores(training, run(), rows, evenly(split.validation, LOOK_ROWS))
        return {f"val_{name}": value for name, value in found.items()}

    return look


def _expected(measured: Mapping[str, Any]) -> dict[str, float]:
    """Of a training that was stopped, the end that was foretold, as a score of its own."""
    return {FORETOLD: measured[FORETOLD][-1]["mean"]} if STOPPED in measured else {}


def _seen(split: Split, budget: Budget) -> Split:
    """The rows that this training sees, evenly spaced: of shares that are one in so many, exactly that."""
    return replace(split, train=split.train[:: max(1, round(1.0 / budget.rows))])


def _judged(
    training: Training, model: Any, data: tuple[Rows, Split], final: bool, predicted: Mapping[str, float]
) -> tuple[dict[str, float], dict[str, float], dict[str, Any]]:
    """All scores of a trained model, also those that follow from others, their errors, and what they rest on.

    Where no rows are left to judge by there are costs alone.
    """
    (rows, split), options = data, training.options
    index = split.validation if final else evenly(split.validation, EXPLORE_ROWS)
    found = validation_scores(training, model, rows, index) if len(index) else ({}, {})
    scores, errors = ({f"val_{name}": value for name, value in values.items()} for values in found)
    costs, spoken = measure_costs(
        model, options.costing.limits, options.costing.latency_target, {} if final else predicted
    )
    derived = [objective for objective in map(SoftTarget.named, options.costing.derived) if objective is not None]
    told = {"latency": spoken, "predicted": dict(predicted), "scored_rows": len(index)}
    return completed(derived, {**scores, **costs}), errors, told


def _save(model: Any, folder: Path) -> str:
    """The scored model, written under another name first; that of a parent is needed no more."""
    unfinished = folder / "unfinished.keras"
    model.save(unfinished)
    unfinished.replace(folder / MODEL)
    (folder / PARENT).unlink(missing_ok=True)
    return MODEL


def build(training: Training, architecture: Mapping[str, Label] | None) -> Built:
    """The Keras model of an architecture, or the user's own model."""
    if architecture is not None:
        return training.task.build(training.space, architecture, training.signature)
    model = training.options.baseline()
    if not model.built:
        model.build((None, *training.signature.input_shape))
    return Built(model, model, model)


def _check_costs(model: Any, options: Options, final: bool) -> None:
    """Refuse a network that is too large, or for a whole training too slow: both are known before it is trained."""
    limit = options.costing.limits.get("params")
    if limit is not None and model.count_params() > limit:
        raise TrialError("too_large", f"{model.count_params():,} parameters, at most {limit:,.0f} allowed.")
    if final:
        check_latency(model, options.costing.limits, options.costing.latency_target)
