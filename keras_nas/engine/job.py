"""What is handed to a worker: a function, its arguments and its limits; and what comes back, as plain JSON.

The function runs in a child process as `function(report, **arguments)` and returns
`{"scores": {...}, "errors": {...}, "measurements": {...}, "artefacts": {...}}`; strategies are told the scores, their
errors and, of the measurements, the `epochs`. Nothing else crosses the pipe, so a trial can be handed to any worker,
recorded in one row and adopted after a crash.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

PARTS = ("scores", "errors", "measurements", "artefacts", "seconds")


class Stop(Exception):  # noqa: N818
    """Raised by `report` when the driver wants the trial to end.

    A trial that is content with what it has catches it and returns a result; one that does not stays pending and goes
    on from its checkpoint when the search is resumed.
    """


class TrialError(Exception):
    """A failure whose kind the trial itself knows.

    Args:
        kind: One of `keras_nas.strategy.FailureKind`, `"too_large"` say.
        message: One line for people.

    Example:
        >>> raise TrialError("too_large", "12.3 million parameters, at most 5 allowed")
        Traceback (most recent call last):
        keras_nas.engine.job.TrialError: 12.3 million parameters, at most 5 allowed
    """

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Report(Protocol):
    """What a job's function is handed first, to speak with the driver."""

    attempt: str
    """Names this attempt; no two attempts share it."""
    folder: Path
    """The trial's own folder: what one attempt leaves there the next one finds. For checkpoints."""

    def __call__(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Sends the metrics of a finished epoch to the driver.

        Args:
            epoch: Counts from 1, over all attempts of the trial.
            metrics: Name to number.

        Raises:
            Stop: When the driver asked the trial to end.
        """

    @property
    def stopping(self) -> bool:
        """Whether the driver asked the trial to end; to be looked at between two reports."""


@dataclass(frozen=True)
class Limits:
    """What one attempt may use.

    Args:
        seconds: Wall-clock time from the moment the worker takes the job; None for no limit.
        memory_mb: Data memory of the worker process (MiB), of which TensorFlow itself takes about 400; None for no
            limit.
    """

    seconds: float | None = None
    memory_mb: float | None = None


@dataclass(frozen=True)
class Job:
    """One piece of work for a worker.

    Args:
        function: Called as `function(report, **arguments)` in the worker; anything cloudpickle can carry, functions of
            a notebook cell or an unguarded script included.
        arguments: Keyword arguments; sent over a pipe for every job, so large data goes by file name.
        limits: What the attempt may use.
    """

    function: Callable[..., Mapping[str, Any]]
    arguments: Mapping[str, Any] = field(default_factory=dict)
    limits: Limits = Limits()


def checked_result(result: Any) -> dict[str, dict[str, Any]]:
    """A function's return value as plain JSON types, or an error that says what is wrong with it.

    Args:
        result: What the function returned.

    Returns:
        A dictionary with all of `PARTS`; numbers of NumPy are plain ones, and non-finite measurements are None.

    Raises:
        TrialError: "error" when the shape is wrong, "not_finite" when a score is NaN or infinite.
    """
    if not isinstance(result, Mapping) or not set(result) <= set(PARTS) or not result.get("scores"):
        came = f"the keys {sorted(map(str, result))}" if isinstance(result, Mapping) else type(result).__name__
        raise TrialError(
            "error",
            f"a trial's function must return a dictionary with a non-empty 'scores' and at "
            f"most {', '.join(PARTS)}; it returned {came}",
        )
    plain = {part: _plain(result.get(part) or {}, part) for part in PARTS}
    for name, value in plain["scores"].items():
        if not isinstance(value, int | float):
            raise TrialError(
                "not_finite" if value is None else "error",
                f"the score {name!r} is {result['scores'][name]!r}, not a finite number",
            )
    return plain


def plain_metrics(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Metrics as JSON types: NumPy scalars become plain numbers, NaN and infinity None."""
    return {str(name): _plain(value, str(name)) for name, value in metrics.items()}


def _plain(value: Any, path: str) -> Any:
    """`value` in JSON types; `path` names it in the error."""
    if isinstance(value, Mapping):
        return {str(key): _plain(entry, f"{path}.{key}") for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(entry, f"{path}[{index}]") for index, entry in enumerate(value)]
    if hasattr(value, "tolist"):
        return _plain(value.tolist(), path)
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Path):
        return str(value)
    raise TrialError(
        "error",
        f"a trial's result holds a {type(value).__name__} at {path}: expected numbers, text, lists and dictionaries",
    )
