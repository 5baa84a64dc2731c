"""The trials of a search with shared weights; they run in workers.

The trained supernet lies beside the search's data. Each worker that scores builds and traces it once, and serves all
later networks by setting its gates.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from keras_nas.architecture import Label
from keras_nas.engine.failures import failing_as
from keras_nas.engine.job import Report
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.custom import register
from keras_nas.estimators.gates import FORMS
from keras_nas.estimators.shared_judge import Judge
from keras_nas.estimators.shared_net import costs_of, home, make_supernet
from keras_nas.estimators.shared_search import ALONE, SUPERNET
from keras_nas.estimators.shared_teaching import teach
from keras_nas.estimators.training import train
from keras_nas.strategy import UNTRAINED
from keras_nas.supernet import transfer


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
        return teach(report, training, architecture, fidelity, machine)
    start = time.monotonic()
    with failing_as("build_error"):
        register(machine.get("custom_objects") or {})
        judge = _judge(training, machine.get("towers", 1), fidelity)
    ready = time.monotonic()
    if UNTRAINED in fidelity:
        scores = {**judge.scores(architecture), **costs_of(training, architecture, machine.get("predicted") or {})}
        return {"scores": scores, "seconds": {"build": ready - start, "score": time.monotonic() - ready}}
    job = {"training": training, "architecture": architecture, "number": number, "fidelity": fidelity, **machine}
    if ALONE in fidelity:
        shared = judge.scores(architecture)
        result = train(report, **job)
        return {**result, "measurements": {**result["measurements"], "shared": shared}}
    judge.select(architecture)
    return train(report, **job, inherit=lambda built: transfer(judge.net, architecture, built.raw))


_OPEN: dict[tuple[str, int], Judge] = {}
"""The judge of this process: tracing a supernet takes longer than scoring a hundred networks."""


def _judge(training: Training, towers: int, fidelity: Mapping[str, float] = {}) -> Judge:
    """The judge of the search's supernet, made once in a process: what was traced first serves."""
    key = str(home(training)), home(training).stat().st_mtime_ns
    if key not in _OPEN:
        form = {name: value for mark in fidelity.keys() & FORMS for name, value in FORMS[mark].items()}
        net = make_supernet(training, **form)
        net.load_weights(home(training))
        _OPEN.clear()
        _OPEN[key] = Judge(training, net, towers)
    return _OPEN[key]
