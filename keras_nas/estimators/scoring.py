"""What a trained model is judged by: the task's scores, the user's loss and metrics, and what the model costs."""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.data import Rows, evaluation_batches
from keras_nas.data.trees import leaves, mapped, side_by_side
from keras_nas.engine.job import TrialError
from keras_nas.estimators.assignment import called

if TYPE_CHECKING:
    from keras_nas.estimators.assignment import Training

SCORE_BATCH, SCORE_NUMBERS = 512, 2**21
"""Rows in a batch of predictions at most, and numbers in these rows."""
LATENCY = ("latency_ms", "latency_p95_ms")
COUNTED = ("flops", "memory_mb", "size_mb")
MEASURED = ("params", *COUNTED, *LATENCY)
"""The costs that every training can report."""
ENERGY = "energy_mj"
"""Measured where the machine has counters."""
LATENCY_SECONDS, CHECK_SECONDS = 2.0, 5.0
"""After which no other measurement of a model's latency begins; where a limit is to be kept by all of them."""
MEASURING_SECONDS = 6.0
"""What measuring one takes in all."""
PREDICTED = "predicted, not measured"
"""What is said of a latency that a prediction stands in for."""
REPEATS = 1.03
"""By how much a repeated measurement may be longer than another."""
GROUPS = 20
"""Parts of the rows that a standard error is computed from."""


def validation_scores(
    training: Training, model: Any, rows: Rows, index: np.ndarray
) -> tuple[dict[str, float], dict[str, float]]:
    """The model's scores on some rows, without prefix, and their standard errors.

    Args:
        training: names the scores.
        model: raw rows in, probabilities or numbers out.
        rows: all rows.
        index: those to score on.
    """
    seen = seen_by(training, model, rows, index)
    return seen.scores, standard_errors(training, seen.y, seen.evidence)


@dataclass(frozen=True)
class Seen:
    """What a model's predictions of some rows say.

    Args:
        y: stored targets.
        evidence: what the task's scores rest on, of each row.
        scores: of all rows, the user's own among them.
    """

    y: np.ndarray
    evidence: np.ndarray
    scores: dict[str, float]


def seen_by(training: Training, model: Any, rows: Rows, index: np.ndarray) -> Seen:
    """A model's scores on some rows; predictions are held in memory as a whole only for the user's own metrics.

    Args:
        training: names the scores.
        model: raw rows in, probabilities or numbers out.
        rows: all rows.
        index: those to score on.
    """
    import keras

    task, signature, options = training.task, training.signature, training.options
    y, evidence, kept = np.asarray(rows.y[index]), [], []
    run = forward(task.asked(model, options.scores), rows) if isinstance(model, keras.Model) else model
    for part, outputs in batches_of(run, rows, index):
        evidence.append(task.evidence(y[part], outputs, signature))
        if options.own_metrics or options.loss is not None:
            kept.append(outputs)
    found = np.concatenate(evidence)
    own = own_scores(training, y, np.concatenate(kept)) if kept else {}
    return Seen(y, found, {**task.scores(y, found, signature, options.scores), **own})


def forward(model: Any, rows: Rows) -> Any:
    """A Keras model as a function of batches of such rows, traced once whatever their number; it stands for the model.

    Args:
        model: raw rows in, probabilities or numbers out, or what else a task asks.
        rows: of which one tells what a batch is like.
    """
    import tensorflow as tf

    batch = evaluation_batches(rows, np.arange(1), 1).element_spec[0]
    return tf.function(lambda x: model(x, training=False), [batch], autograph=False)


def batches_of(run: Any, rows: Rows, index: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """What a function of batches gives for some rows, a batch at a time, each with its place among the rows."""
    numbers = sum(math.prod(leaf.shape[1:]) for leaf in leaves(rows.x))
    size = max(1, min(SCORE_BATCH, SCORE_NUMBERS // max(1, numbers)))
    batches = evaluation_batches(rows, index, size)
    for number, (x, *_) in enumerate(batches):
        yield slice(number * size, (number + 1) * size), side_by_side(run(x))


def predicted(model: Any, rows: Rows, index: np.ndarray) -> np.ndarray:
    """The model's outputs for some rows, `(rows, outputs)`."""
    return np.concatenate([outputs for _, outputs in batches_of(forward(model, rows), rows, index)])


def scores_of(training: Training, y: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    """The task's scores, then the user's own."""
    evidence = training.task.evidence(y, predictions, training.signature)
    scores = training.task.scores(y, evidence, training.signature, training.options.scores)
    return {**scores, **own_scores(training, y, predictions)}


def own_scores(training: Training, y: np.ndarray, predictions: np.ndarray) -> dict[str, float]:
    """The scores of the user's own metrics; a loss of theirs is the score `loss`."""
    options = training.options
    truth = targets(training, y)
    scores: dict[str, float] = {}
    for target, metric in options.own_metrics:
        name, value = metric_score(metric, *of_target(training, target, truth, predictions))
        scores[called(target, name)] = value
    return scores if options.loss is None else {**scores, "loss": loss_value(options.loss, truth, predictions)}


def task_scores(training: Training, y: np.ndarray, evidence: np.ndarray) -> dict[str, float]:
    """The task's scores alone; none where some rows do not allow it, a class being absent, say."""
    try:
        return training.task.scores(y, evidence, training.signature, training.options.scores)
    except ValueError:
        return {}


def standard_errors(training: Training, y: np.ndarray, evidence: np.ndarray) -> dict[str, float]:
    """What other rows of the same kind would change in the task's scores, by the jackknife: without one part each.

    Rows that overlap (windows of a series) are left out side by side. The user's own loss and metrics have none: they
    may not bear any sample of rows.

    Args:
        training: names the scores.
        y: stored targets.
        evidence: what scores rest on, of each row.

    Reference:
        Efron and Stein, "The jackknife estimate of variance", Annals of Statistics 9, 1981.
    """
    rows = np.arange(len(y))
    if training.signature.dependent == 1:
        rows = np.random.default_rng([training.seed, len(y)]).permutation(rows)
    parts = np.array_split(rows, min(GROUPS, len(y)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of classes that a part's absence takes away
        without = [task_scores(training, np.delete(y, part, 0), np.delete(evidence, part, 0)) for part in parts]
    if len(parts) < 2 or not all(without):
        return {}
    times = len(parts) - 1
    errors = {name: math.sqrt(times) * float(np.std([scores[name] for scores in without])) for name in without[0]}
    theirs = set() if training.options.loss is None else {"loss"}
    return {name: error for name, error in errors.items() if math.isfinite(error) and name not in theirs}


def targets(training: Training, y: np.ndarray) -> Any:
    """Targets as losses and metrics see them: one-hot classes `(n, classes)`, or the numbers `(n, targets)`.

    Several targets are so by name.
    """
    return mapped(np.asarray, training.task.encode(y, training.signature, finished=True))


def of_target(training: Training, target: str, truth: Any, predictions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One of several targets, and what a model says of it; the only one is ""."""
    if not target:
        return truth, predictions
    return truth[target], training.signature.columns(predictions)[target]


def metric_score(metric: Any, truth: np.ndarray, predictions: np.ndarray) -> tuple[str, float]:
    """Name and value of one metric: a Keras metric, its name, or a function of targets and predictions."""
    import keras

    meter = keras.metrics.get(metric) if isinstance(metric, str) else metric
    if isinstance(meter, keras.metrics.Metric):
        meter.reset_state()
        meter.update_state(truth, predictions)
        counted = r"_\d+$" if isinstance(metric, str) else r"$^"  # Keras numbers what has its name from Keras
        return re.sub(counted, "", meter.name), float(np.mean(meter.result()))
    name = metric if isinstance(metric, str) else getattr(metric, "__name__", type(metric).__name__)
    return name, float(np.mean(meter(truth, predictions)))


def loss_value(loss: Any, truth: np.ndarray, predictions: np.ndarray) -> float:
    """The mean of a Keras loss, of its name, or of a function of targets and predictions."""
    import keras

    return float(np.mean(keras.losses.get(loss)(truth, predictions)))


def measure_costs(
    model: Any,
    limits: Mapping[str, float | None],
    target: Any = "keras",
    predicted: Mapping[str, float] | None = None,
) -> tuple[dict[str, float], str | None]:
    """The costs named in `limits` (and the parameters always), and the latency's measurement in words.

    Args:
        model: a Keras model.
        limits: the costs that are asked for.
        target: where latency is measured.
        predicted: what stands in for a measurement.
    """
    costs: dict[str, float] = {"params": float(model.count_params())}
    spoken = None
    wanted = set(limits) & set(LATENCY)
    if predicted and wanted <= predicted.keys():
        costs.update(predicted)
        spoken = PREDICTED
    elif wanted:
        from keras_nas.objectives.in_turn import measured_in_turn, typical

        measurement = typical(measured_in_turn([model], target, seconds=LATENCY_SECONDS)[0])
        costs.update(measurement.scores())
        spoken = str(measurement)
    if ENERGY in limits:
        costs[ENERGY] = _energy(model, target)
    if set(limits) & set(COUNTED):
        from keras_nas.objectives.cost import cost_of_model

        costs.update({name: float(value) for name, value in cost_of_model(model).scores().items()})
    return costs, spoken


def measuring_seconds(limits: Collection[str]) -> float:
    """About how long `measure_costs` takes of a network: a latency is measured in processes of their own."""
    return MEASURING_SECONDS * bool(set(limits) & set(LATENCY)) + LATENCY_SECONDS * (ENERGY in limits)


def _energy(model: Any, target: Any) -> float:
    """Millijoules of an inference; a search asks for it only where there are counters."""
    from keras_nas.objectives.energy import measure_energy
    from keras_nas.objectives.running import running

    with running(model, target) as run:
        energy = measure_energy(run, seconds=LATENCY_SECONDS)
    return float("nan") if energy.energy_mj is None else energy.energy_mj


def check_latency(model: Any, limits: Mapping[str, float | None], target: Any) -> None:
    """Refuse to train for long what is too slow already: a latency does not change with the weights.

    Every measurement has to keep the limit, for whoever measures again sees another state of the machine; a limit on
    `latency_p95_ms` the middle one.

    Raises:
        TrialError: names the measurement and the limit.
    """
    asked = {name: limit for name in LATENCY if (limit := limits.get(name)) is not None}
    if not asked:
        return
    from keras_nas.objectives.in_turn import measured_in_turn, typical

    rounds = measured_in_turn([model], target, seconds=CHECK_SECONDS)[0]
    middle = typical(rounds)
    found = {"latency_ms": max(one.latency_ms for one in rounds), "latency_p95_ms": middle.latency_p95_ms}
    for name, limit in asked.items():
        if found[name] > limit / REPEATS:
            raise TrialError(
                "too_slow",
                f"{middle}, {name} {found[name]:.3g} in {len(rounds)} measurements; the limit is {limit:g} ms, and "
                f"repeated measurements differ by {REPEATS - 1:.0%}.",
            )
