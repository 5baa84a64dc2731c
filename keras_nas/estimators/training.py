"""The plain estimator: train an architecture and score it on the validation part.

`train` runs in a worker. It builds the model of stock layers, trains a faster copy of it under the recipe that the
architecture carries, brings the weights back, and scores the model of stock layers: the one that is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.architecture import Label
from keras_nas.data import Rows, Split
from keras_nas.engine.failures import failing_as
from keras_nas.engine.job import Report, TrialError
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.custom import check_registered, register
from keras_nas.estimators.schedule import Budget
from keras_nas.estimators.scoring import measure_costs, validation_scores
from keras_nas.tasks import Built

EXPLORE_ROWS = 2_000
"""Validation rows that an exploring trial is scored on; finalists are scored on all."""
MODEL = "model.keras"
"""The file of a trial's model, in the trial's folder."""


def train(
    report: Report,
    *,
    training: Training,
    architecture: Mapping[str, Label] | None,
    number: int,
    fidelity: Mapping[str, float],
    towers: int = 1,
    devices: int = 1,
    custom_objects: Mapping[str, Any] | None = None,
    inherit: Callable[[Built], None] | None = None,
) -> dict[str, Any]:
    """One trial.

    Args:
        report: the search's ear, and the trial's folder.
        training: what all trials share.
        architecture: answers to the space's decisions; None for the user's baseline.
        number: of the trial; keys its randomness.
        fidelity: `epochs` or `seconds`, and a retry's `batch_divisor` and `float32`.
        towers: shares of a batch that are computed side by side on one device.
        devices: over which each batch is spread.
        custom_objects: what the user's script has registered with Keras, by registered name.
        inherit: gives the network its first weights; None for weights drawn by the seed.

    Returns:
        `scores` (prefixed `val_`, and costs), `measurements`, `artefacts` (the weights' file name) and `seconds`.
    """
    import keras

    from keras_nas.estimators.fitting import Lesson, fit

    start = time.monotonic()
    if fidelity.get("float32"):
        training = replace(training, precision="float32")
    keras.utils.set_random_seed((training.seed * 1_000_003 + number) % 2**31)
    rows, split = Rows.load(training.data), Split.load(training.data)
    with failing_as("build_error"):
        register(custom_objects or {})
        built = build(training, architecture)
        check_registered(built.model)
    _check_size(built, training.options.limits)
    if inherit is not None:
        inherit(built)
    ready = time.monotonic()
    budget = Budget(fidelity.get("epochs"), fidelity.get("seconds"))
    divisor = int(fidelity.get("batch_divisor", 1))
    lesson = Lesson(budget, start, lambda: build(training, architecture), towers, devices, divisor)
    measured = fit(report, training, built, architecture, (rows, split), lesson)
    fitted = time.monotonic()
    index = split.validation if "final" in fidelity else _some(split.validation)
    scores = validation_scores(training, built.model, rows, index)
    costs, spoken = measure_costs(built.model, training.options.limits)
    name = _save(built.model, report.folder)
    end = time.monotonic()
    return {
        "scores": {**{f"val_{name}": value for name, value in scores.items()}, **costs},
        "measurements": {**measured, "latency": spoken, "scored_rows": len(index)},
        "artefacts": {"model": name},
        "seconds": {"build": ready - start, "fit": fitted - ready, "score": end - fitted},
    }


def _some(index: np.ndarray) -> np.ndarray:
    """At most `EXPLORE_ROWS` of the rows, evenly spaced."""
    return index[:: max(1, -(-len(index) // EXPLORE_ROWS))]


def _save(model: Any, folder: Path) -> str:
    """The scored model, written under another name first."""
    unfinished = folder / "unfinished.keras"
    model.save(unfinished)
    unfinished.replace(folder / MODEL)
    return MODEL


def build(training: Training, architecture: Mapping[str, Label] | None) -> Built:
    """The Keras model of an architecture, or the user's own model."""
    if architecture is not None:
        return training.task.build(training.space, architecture, training.signature)
    model = training.options.baseline()
    if not model.built:
        model.build((None, *training.signature.input_shape))
    return Built(model, model, model)


def _check_size(built: Built, limits: Mapping[str, float | None]) -> None:
    limit = limits.get("params")
    if limit is not None and built.model.count_params() > limit:
        raise TrialError("too_large", f"{built.model.count_params():,} parameters, at most {limit:,.0f} allowed.")
