"""Typed exceptions: every error of keras_nas derives from `KerasNASError`.

Each message says what came, what was expected and what to do. The classes that report a wrong
argument are also `ValueError`s, so that callers may catch them without importing keras_nas.
"""

import difflib
from collections.abc import Iterable


class KerasNASError(Exception):
    """Base class of all errors raised by keras_nas."""


class InvalidArgument(KerasNASError, ValueError):
    """An argument has a wrong value, or two arguments contradict each other."""


class SpaceError(InvalidArgument):
    """A search space or an architecture is malformed; the message names the path."""


class DataError(KerasNASError, ValueError):
    """The data cannot be used as given."""


class InfeasibleError(KerasNASError, ValueError):
    """No architecture of the space can meet the constraints."""


class SearchFailed(KerasNASError, RuntimeError):
    """A search ended without a single usable trial."""


class SearchInterrupted(SearchFailed):
    """Ctrl-C ended a search before any training had; what is recorded is kept, and `keras_nas.resume` goes on."""


class WorkerError(KerasNASError, RuntimeError):
    """A worker process could not be started or reached."""


class StoreError(KerasNASError, RuntimeError):
    """The search's directory or file cannot be written, read or trusted."""


class ResumeError(StoreError):
    """The directory holds a different search than the one asked for."""


class ExportError(KerasNASError, RuntimeError):
    """An exported model could not be written or does not agree with the one in memory."""


class MissingDependency(KerasNASError, ImportError):
    """An optional package is needed for what was asked; the message says how to install it."""


def suggest(name: object, valid: Iterable[object]) -> str | None:
    """The entry of `valid` that is nearest to `name`, to be offered in an error message.

    Args:
        name: What the caller wrote; upper and lower case are not told apart.
        valid: The names that would have been accepted.

    Returns:
        The nearest valid name, or None when none is similar.

    Example:
        >>> suggest("evolutoin", ["random", "evolution"])
        'evolution'
    """
    originals = {str(entry).lower(): str(entry) for entry in valid}
    near = difflib.get_close_matches(str(name).lower(), originals, n=1, cutoff=0.5)
    return originals[near[0]] if near else None


def unknown(kind: str, name: object, valid: Iterable[object]) -> str:
    """The message for a name that is not known: what came, the valid ones, the nearest.

    Args:
        kind: What is being named, a singular noun: "strategy", "space", "objective".
        name: What the caller wrote.
        valid: The names that would have been accepted; listed in the order given.

    Returns:
        One sentence or two, to be raised as `InvalidArgument(unknown(...))`.

    Example:
        >>> unknown("strategy", "evolutoin", ["random", "evolution"])
        "Unknown strategy 'evolutoin': expected one of 'random', 'evolution'. Did you mean 'evolution'?"
    """
    names = list(valid)
    if not names:
        return f"Unknown {kind} {name!r}: none is available."
    listed = ", ".join(repr(entry) for entry in names)
    nearest = suggest(name, names)
    hint = f" Did you mean {nearest!r}?" if nearest is not None else ""
    return f"Unknown {kind} {name!r}: expected one of {listed}.{hint}"
