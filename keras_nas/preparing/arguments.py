"""Arguments of `keras_nas.search` that are wrong whatever the data."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.objectives.latency import TARGETS
from keras_nas.objectives.lookup import from_table

LEAST_SECONDS = 30.0
"""Below this, building, tracing and scoring leave no time to train."""


def check_budget(max_time: float | None, max_trials: int | None) -> None:
    """Refuse a budget in which nothing can be trained.

    Raises:
        InvalidArgument: says what came, what is needed, and what to do.
    """
    if max_time is not None and (isinstance(max_time, bool) or not isinstance(max_time, int | float)):
        raise InvalidArgument(f"max_time={max_time!r}: expected a number of seconds.")
    if max_time is not None and not LEAST_SECONDS <= max_time < math.inf:
        raise InvalidArgument(
            f"max_time={max_time!r} is too short for one trial: building and tracing a model alone take seconds. "
            f"Expected at least {LEAST_SECONDS:.0f} (seconds); give more time, or max_trials instead."
        )
    if max_trials is not None and (isinstance(max_trials, bool) or not isinstance(max_trials, int) or max_trials < 1):
        raise InvalidArgument(f"max_trials={max_trials!r}: expected a whole number of 1 or more.")


def check_seed(seed: Any) -> None:
    """Refuse a seed that NumPy's generators do not take."""
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise InvalidArgument(f"seed={seed!r}: expected a whole number of 0 or more.")


def check_target(target: Any) -> Any:
    """The latency target, once it is known to be one; a table as a function.

    Raises:
        InvalidArgument: for another name; lists the valid ones and suggests the nearest.
    """
    if isinstance(target, Mapping):
        return from_table(target)
    if not callable(target) and target not in TARGETS:
        raise InvalidArgument(f"{unknown('latency_target', target, TARGETS)} Or a function of a Keras model.")
    return target


def listed(argument: str, values: Sequence[Any] | None) -> tuple[Any, ...]:
    """A list argument as a tuple; None is empty.

    Raises:
        InvalidArgument: for what is no list; a single value is the likely mistake.
    """
    if values is None:
        return ()
    if not isinstance(values, list | tuple):
        raise InvalidArgument(f"{argument}={values!r}: expected a list. For a single one write {argument}=[...].")
    return tuple(values)


def divided_callbacks(callbacks: Sequence[Any]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Callbacks of trainings, and those of the search, which are asked whether they can begin.

    Raises:
        InvalidArgument: for an object that is neither.
        MissingDependency: when a callback needs a package that is not installed.
    """
    import keras

    from keras_nas.callbacks import SearchCallback

    for callback in callbacks:
        if not isinstance(callback, keras.callbacks.Callback | SearchCallback):
            raise InvalidArgument(
                f"callbacks: {callback!r} is a {type(callback).__name__}; expected objects of keras.callbacks.Callback "
                "or keras_nas.callbacks.SearchCallback."
            )
    searching = tuple(callback for callback in callbacks if isinstance(callback, SearchCallback))
    for callback in searching:
        callback.check()
    return tuple(callback for callback in callbacks if callback not in searching), searching


def search_directory(directory: str | os.PathLike[str] | None, task: str) -> Path:
    """The search's folder, not made yet.

    Raises:
        InvalidArgument: when the path is empty or climbs out of a folder by "..".
    """
    if directory is None:
        return Path("keras_nas_runs") / f"{task}_{datetime.now():%Y%m%d_%H%M%S_%f}"
    path = Path(directory).expanduser()
    if not str(directory) or ".." in path.parts:
        raise InvalidArgument(
            f"directory={str(directory)!r}: expected the plain path of a folder, without '..'. Name the folder itself."
        )
    return path
