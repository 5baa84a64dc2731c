"""`keras_nas.search`: from data to the best Keras model that the budget allows."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal

from keras_nas.estimators.budgeting import Estimator
from keras_nas.history import history as history_in
from keras_nas.loading import load_tensorflow
from keras_nas.objectives.objective import Objective
from keras_nas.preparing.arguments import (
    check_budget,
    check_seed,
    check_target,
    divided_callbacks,
    listed,
    search_directory,
)
from keras_nas.preparing.goal import Goal, goal_of
from keras_nas.results.result import SearchResult
from keras_nas.spaces import Space
from keras_nas.strategy import Strategy
from keras_nas.tasks import AUTO, Task, settled

DEFAULT_SECONDS = 600.0
"""Budget where the user names none."""


def search(
    task: str | Task,
    data: Any,
    *,
    space: str | Space | None = None,
    backbone: Any = None,
    method: str | None = None,
    strategy: str | Strategy | None = None,
    estimator: str | Estimator | None = None,
    objectives: str | Objective | Sequence[str | Objective] | None = None,
    constraints: Mapping[str, float] | None = None,
    latency_target: str | Callable[[Any], Any] | Mapping[str, float] = "keras",
    max_time: float | None = None,
    max_trials: int | None = None,
    target: str | Sequence[str] | None = None,
    validation_data: Any = None,
    holdout: float | None = None,
    sample_weight: Any = None,
    groups: Any = None,
    loss: Any = None,
    metrics: Sequence[Any] | Mapping[str, Sequence[Any]] | None = None,
    class_weight: Literal["balanced"] | Mapping[str, Literal["balanced"]] | None = None,
    baseline: bool = False,
    baseline_model: Any = None,
    warm_start: Any = None,
    history: bool | str | os.PathLike[str] = True,
    seed: int = 0,
    directory: str | os.PathLike[str] | None = None,
    resume: bool = True,
    workers: int | Literal["auto"] = "auto",
    devices_per_trial: int = 1,
    engine: str = "local",
    precision: str = "auto",
    callbacks: Sequence[Any] | None = None,
    verbose: int = 1,
) -> SearchResult:
    """Find the best Keras model for `data` within the time, size and latency that are named.

    Args:
        task: "auto", which is told from the data, and said with its reason; "image_classification", "image_regression",
            "image_multilabel_classification", "image_segmentation", "volume_classification", "volume_regression",
            "tabular_classification", "tabular_regression", "text_classification", "text_regression",
            "sequence_to_sequence", "timeseries_classification", "timeseries_forecasting", "several"; or a `Task`
            (`TimeseriesForecasting(horizon=96)`).
        data: `(x, y)` arrays, a `tf.data.Dataset`, a `keras.utils.PyDataset`, batches with a length, or the path of a
            folder with one folder of images a class. For masks: `(x, masks)` arrays, or two folders. For files of
            images also a DataFrame of paths, with `target`. For a table: a pandas DataFrame or the path of a CSV or
            Parquet file, both with `target`, or `(X, y)`. For texts: such a table, two lists, or a folder with one
            folder of .txt files a class. For a series: such a table, or an array `(steps, series)`. Several inputs and
            targets: dicts of these. Raw: the model scales and encodes what it takes.
        space: name of a ready space (`keras_nas.spaces()`), or a `Space`; the task's default.
        backbone: a trained Keras model from an image to a map of features, which all networks begin with, such as
            `keras.applications.MobileNetV2(include_top=False)`; or a `Backbone`, which says how its pixels are
            preprocessed, and whether it is frozen or fine-tuned, which is searched by default.
        method: a published method by name (`keras_nas.methods()`): sets space, strategy and estimator where these are
            not given.
        strategy: what to try next, by name or as an object; default "auto".
        estimator: how much work a trial is given, by name or as an object; default: the task's, short trainings, then
            long ones of the best ("finalists").
        objectives: what to optimise, by name or as `Objective`; several are weighed by Pareto dominance. Default: the
            task's ("val_accuracy").
        constraints: limits, `{"latency_ms": 5, "params": 1e6}`.
        latency_target: where `latency_ms` is measured: "keras" (a compiled call on this device), a format such as
            "litert" (in a process of its own), a function of a Keras model that returns milliseconds, or a table of
            what each operation takes on the device (`keras_nas.objectives.lookup.from_table`).
        max_time: wall-clock budget of the whole call, in seconds; default 600 where `max_trials` is not given.
        max_trials: how many trainings at most.
        target: of a table, the name of the column to predict, or several for a regression; of a series those to
            forecast, all by default.
        validation_data: rows to score candidates on, in the form of `data`; default: a seeded, stratified part;
            of a series the steps before those held out.
        holdout: share of the rows by which nothing is chosen: the winner is scored on them, once, at the end; default
            0.15 and at most 5,000 rows, 0 for none.
        sample_weight: weight of each row in training, `(rows,)`.
        groups: rows of one group (patient, user) stay on one side of the split, `(rows,)`.
        loss: a Keras loss, its name, or a function, of one-hot targets and probabilities (or of numbers), instead of
            the task's; its value is the score "val_loss" then.
        metrics: further Keras metrics, their names, or functions of the same arguments, computed on the validation
            part; a metric called "lift" is the score "val_lift", which `Objective("val_lift", "max")` optimises.
        class_weight: "balanced" weighs classes by their rarity; so does the objective "val_balanced_accuracy". Of
            several targets this, `loss` and `metrics` are dicts by target: `loss={"price": "mae"}`.
        baseline: whether random search is run too, after this search, with the same rows and budget: the call takes
            twice the time. It stands beside the winner in the account, and is `result.random_search`.
        baseline_model: a Keras model of your own, trained from new weights, or a function that makes one, trained from
            those it has: as long as a finalist, and shown beside the winner. It takes rows as you gave them and ends in
            probabilities (or numbers).
        warm_start: what to try first: the result of another search, an architecture, answers to some decisions of the
            space, or a list of these.
        history: whether the best architectures of earlier searches on similar data are tried first too, and this search
            is remembered for later ones (`keras_nas.history()`); or the folder to do so in.
        seed: keys all randomness.
        directory: where the search is kept; default: a new folder below `keras_nas_runs`.
        resume: whether to go on with the search that `directory` holds; otherwise that one is deleted, once data and
            arguments have proved to be sound.
        workers: trainings at the same time in processes of their own, "auto", or 0 for the calling process.
        devices_per_trial: GPUs that each training is spread over, every batch in equal shares.
        engine: "local" for processes of this machine, or "ray" for those of a Ray cluster (`pip install
            'keras_nas[ray]'`), to which this process is connected or connects: see docs/cluster.md.
        precision: "auto", "float32", "mixed_float16" or "mixed_bfloat16" for training; models are float32.
        callbacks: Keras callbacks for every training (each has copies of its own; logs hold the loss, and
            `self.model.network` is the network in training), and callbacks of the search: `TensorBoard`, `MLflow`,
            `WeightsAndBiases` or any `SearchCallback` of `keras_nas.callbacks`.
        verbose: 0 for silence.

    Returns:
        The result: `best_model`, `best(**limits)`, `leaderboard()`, `summary()`, `export(path)` and more.

    Raises:
        InvalidArgument: an argument is unknown or contradicts another.
        DataError: the data cannot be used as given.
        InfeasibleError: no architecture can meet the constraints.
        SearchFailed: every trial failed; the message groups the reasons.
        StoreError: the directory cannot be used; ResumeError: it holds another search.

    Example:
        >>> result = keras_nas.search("image_classification", (x, y), max_time=600)  # doctest: +SKIP
        >>> result.export("model")  # doctest: +SKIP
        >>> search("image_clasification", None)
        Traceback (most recent call last):
        keras_nas.errors.InvalidArgument: Unknown task 'image_clasification': expected one of ...
    """
    began, given = time.monotonic(), dict(locals())
    seconds = _seconds(max_time, max_trials)
    load_tensorflow()
    options, found = _options(given), settled(task, data, target)
    goal = _goal(found.task, given)
    from keras_nas.preparing.identity import recorded
    from keras_nas.preparing.pools import get_engine
    from keras_nas.preparing.preparation import Data
    from keras_nas.session import Session, Settings
    from keras_nas.yardstick import search_at_random

    session = Session(
        goal,
        Data(data, validation_data, holdout, sample_weight, groups, target, found.told),
        Settings(seconds, max_trials, seed, get_engine(engine, workers, devices_per_trial), precision, verbose, began),
        options,
        search_directory(directory, goal.task.name),
        resume,
        recorded({**given, "task": found.task.name} if task == AUTO else given),
    )
    result = session.run()
    if baseline:
        search_at_random(session, result)
    return result


def _seconds(max_time: float | None, max_trials: int | None) -> float | None:
    """The budget in seconds, once it is known to be one; None where trials alone are limited."""
    check_budget(max_time, max_trials)
    return DEFAULT_SECONDS if max_time is None and max_trials is None else max_time


def _goal(task: Task, given: Mapping[str, Any]) -> Goal:
    """What is searched for, and what is tried first."""
    from keras_nas.beginning import points
    from keras_nas.yardstick import check_comparable

    how = given["strategy"], given["estimator"]
    what = given["objectives"], given["constraints"], given["backbone"]
    goal = goal_of(task, given["space"], given["method"], how, *what)
    if given["baseline"]:
        check_comparable(goal.strategy)
    return replace(goal, first=points(given["warm_start"], goal.space, given["seed"]))


def _metrics(given: Any) -> Any:
    """Metrics as a tuple; those of several targets by name."""
    if isinstance(given, Mapping):
        return {target: listed(f"metrics[{target!r}]", own) for target, own in given.items()}
    return listed("metrics", given)


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    """What is said of the trainings, of all arguments; checked as far as can be without data."""
    check_seed(given["seed"])
    in_training, of_search = divided_callbacks(listed("callbacks", given["callbacks"]))
    return {
        "loss": given["loss"],
        "metrics": _metrics(given["metrics"]),
        "class_weight": given["class_weight"],
        "latency_target": check_target(given["latency_target"]),
        "baseline": given["baseline_model"],
        "callbacks": in_training,
        "watchers": of_search,
        "history": history_in(given["history"]),
    }
