"""Which kind of failure an exception, or the death of a worker, is."""

from __future__ import annotations

import signal
import traceback as tracebacks
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType

from keras_nas.engine.job import Stop, TrialError

MEMORY_WORDS = (
    "oom when allocating",
    "resource_exhausted",
    "resource exhausted",
    "bad_alloc",
    "out of memory",
    "failed to allocate",
    "cannot allocate memory",
)
NOT_FINITE_WORDS = ("tensor had nan values", "tensor had inf values", "tensor had nan and inf values")
TRACEBACK_LIMIT = 16_000
"""Characters kept of a traceback; TensorFlow's can fill megabytes."""
TAIL_LINES = 12
"""Lines of a worker's log that are quoted when it dies."""


def kind_of(error: BaseException) -> str:
    """The failure kind of an exception that a trial raised.

    TensorFlow's exceptions are told by name and text, so that this works without importing it.

    Args:
        error: What was raised.

    Returns:
        One of `keras_nas.strategy.FailureKind`, or "stopped" for `Stop`.

    Example:
        >>> kind_of(MemoryError())
        'out_of_memory'
    """
    names = {base.__name__ for base in type(error).__mro__}
    text = str(error).lower()
    if isinstance(error, Stop):
        return "stopped"
    if isinstance(error, TrialError):
        return error.kind
    if names & {"MemoryError", "ResourceExhaustedError"} or any(words in text for words in MEMORY_WORDS):
        return "out_of_memory"
    if isinstance(error, FloatingPointError) or any(words in text for words in NOT_FINITE_WORDS):
        return "not_finite"
    return "error"


@contextmanager
def failing_as(kind: str) -> Iterator[None]:
    """Gives whatever is raised inside the failure kind `kind`, unless it says its own kind.

    Args:
        kind: One of `keras_nas.strategy.FailureKind`.

    Raises:
        TrialError: For an exception raised inside, which stays as its cause with the first traceback.

    Example:
        >>> with failing_as("build_error"):
        ...     int("three")
        Traceback (most recent call last):
        keras_nas.engine.job.TrialError: ValueError: invalid literal for int() with base 10: 'three'
    """
    try:
        yield
    except (Stop, TrialError):
        raise
    except Exception as error:
        found = kind_of(error)
        raise TrialError(kind if found == "error" else found, f"{type(error).__name__}: {error}") from error


def describe(error: BaseException) -> dict[str, str]:
    """The failure that an exception is: `{"kind", "message", "traceback"}`.

    Args:
        error: What was raised in the worker; the frames of the engine itself are left out.
    """
    message = str(error) if isinstance(error, TrialError) else f"{type(error).__name__}: {error}"
    error.__traceback__ = _own_frames_removed(error)
    text = "".join(tracebacks.format_exception(error))
    if len(text) > TRACEBACK_LIMIT:
        text = f"{text[: TRACEBACK_LIMIT // 2]}\n ... \n{text[-TRACEBACK_LIMIT // 2 :]}"
    return {"kind": kind_of(error), "message": message.strip()[:2000], "traceback": text}


def _own_frames_removed(error: BaseException) -> TracebackType | None:
    """The traceback from the first frame that is not the worker's."""
    trace = error.__traceback__
    here = str(Path(__file__).parent)
    while trace is not None and trace.tb_next is not None and trace.tb_frame.f_code.co_filename.startswith(here):
        trace = trace.tb_next
    return trace


def describe_death(code: int | None, log: Path, oom_kills: int) -> dict[str, str]:
    """The failure that the unexpected end of a worker process is.

    Args:
        code: Exit code; minus the signal's number when a signal ended it.
        log: The worker's log file, whose last lines are quoted.
        oom_kills: How many processes the kernel killed for lack of memory while the attempt ran.
    """
    tail = log_tail(log)
    by_signal = code is not None and code < 0
    name = signal.Signals(-code).name if by_signal and code is not None else f"exit code {code}"
    short_of_memory = any(words in tail.lower() for words in MEMORY_WORDS) or (name == "SIGKILL" and oom_kills > 0)
    kind = "out_of_memory" if short_of_memory else "killed"
    what = "the kernel ended the worker for lack of memory" if kind == "out_of_memory" else "the worker died"
    return {"kind": kind, "message": f"{what} ({name})", "traceback": tail}


def log_tail(log: Path) -> str:
    """The last lines of a worker's log, or "" when it has none."""
    if not log.exists():
        return ""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 8192))
        lines = file.read().decode("utf-8", "replace").splitlines()
    return "\n".join(lines[-TAIL_LINES:])


def oom_kill_count() -> int:
    """How many processes the kernel has killed for lack of memory since boot; 0 where it does not say."""
    counters = Path("/proc/vmstat")
    if not counters.exists():
        return 0
    for line in counters.read_text().splitlines():
        if line.startswith("oom_kill "):
            return int(line.split()[1])
    return 0
