"""The training of a supernet: who sets the gates for each step is all that methods differ in."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras

from keras_nas.architecture import Label
from keras_nas.engine.failures import failing_as
from keras_nas.engine.job import Report
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.custom import register
from keras_nas.estimators.elastic import POLICIES, Distilled, Sized
from keras_nas.estimators.fitting import Lesson, fit
from keras_nas.estimators.gates import LEARNT
from keras_nas.estimators.gates.controlled import Controlled
from keras_nas.estimators.gates.courses import Course, Learnt, Sampled
from keras_nas.estimators.gates.methods import METHODS
from keras_nas.estimators.schedule import Budget
from keras_nas.estimators.shared_judge import Judge
from keras_nas.estimators.shared_net import costs_of, home, write
from keras_nas.supernet import Fair, Uniform
from keras_nas.tasks import Built


def teach(
    report: Report,
    training: Training,
    architecture: Mapping[str, Label],
    fidelity: Mapping[str, float],
    machine: Mapping[str, Any],
) -> dict[str, Any]:
    """Train the supernet; goes on from its checkpoint where there is one.

    Args:
        report: the search's ear, and the trial's folder.
        training: what all trials share.
        architecture: names the recipe, and a network to score at the end.
        fidelity: how long, and who sets the gates: "fair", one of `POLICIES` or of `LEARNT`, or none for uniform draws.
        machine: further arguments of `training.train`.

    Returns:
        What `training.train` does; where gates were learnt the scores hold the probability of every answer, and the
        measurement `gates` tells what became of them epoch by epoch.
    """
    start = time.monotonic()
    keras.utils.set_random_seed(training.seed % 2**31)
    course = course_of(training, report.folder, fidelity)
    with failing_as("build_error"):
        register(machine.get("custom_objects") or {})
        net = course.make()
    ready = time.monotonic()
    built = Built(model=net, network=net, raw=net)
    divisor = int(fidelity.get("batch_divisor", 1))
    lesson = Lesson(Budget.of(fidelity), start, lambda: built, towers=machine.get("towers", 1), batch_divisor=divisor)
    callback, data = course.begin(net, architecture, lesson)
    task: Any = training.task if net.teacher is None else Distilled(training.task)
    own = replace(training, task=task, precision="float32", options=replace(training.options, callbacks=[callback]))
    measured = fit(report, own, built, architecture, data, lesson)
    fitted = time.monotonic()
    judge = Judge(training, net)
    found, told = course.end(judge)
    write(net, home(training))
    costs = costs_of(training, architecture, machine.get("predicted") or {})
    scores = {**judge.scores(architecture), **costs, **found}
    seconds = {"build": ready - start, "fit": fitted - ready, "score": time.monotonic() - fitted}
    return {"scores": scores, "measurements": {**measured, **told}, "seconds": seconds}


def course_of(training: Training, folder: Path, fidelity: Mapping[str, float]) -> Course:
    """Who sets the gates."""
    policy = next((own for own in POLICIES if own in fidelity), None)
    if policy is not None:
        return Sized(training, policy)
    name = next((own for own in LEARNT if own in fidelity), None)
    if name is None:
        return Sampled(training, lambda dimensions: Fair() if "fair" in fidelity else Uniform())
    return Learnt(training, folder, name) if name in METHODS else Controlled(training, folder)
