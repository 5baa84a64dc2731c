"""What every form of data has in common: it is read as batches of NumPy arrays."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from keras_nas.errors import DataError


@dataclass(frozen=True)
class Batch:
    """Some rows of the data.

    Args:
        x: Shape (rows, ...), or such arrays by name.
        y: Labels or targets as given, shape (rows,) or (rows, outputs).
        weight: Sample weights of shape (rows,), or None.
        rows: Their numbers in the data as given, shape (rows,): what is left out leaves a gap.
    """

    x: Any
    y: np.ndarray
    weight: np.ndarray | None
    rows: np.ndarray


class Source(Protocol):
    """Data in one of the accepted forms.

    Attributes:
        name: What the data is called in messages.
        given: The number of rows as given; None when only reading tells.
        dropped: A sentence for each row left out; complete when all batches are read.
    """

    name: str
    dropped: list[str]

    @property
    def given(self) -> int | None: ...

    def identity(self) -> str:
        """A digest of the data, made without reading all of it."""
        ...

    def batches(self) -> Iterator[Batch]:
        """The data, in order, once."""
        ...


def as_array(value: Any, name: str) -> np.ndarray:
    """A NumPy array of a column given as array, list, tensor, or pandas Series or DataFrame."""
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise DataError(f"{name} has masked values; expected every value to be there. Fill or remove them.")
    if _is_texts(value) or _is_lists_of_text(value):
        return _objects(value)
    try:
        array = np.asarray(value.to_numpy() if hasattr(value, "to_numpy") else value)
    except (ValueError, TypeError) as error:
        raise DataError(
            f"{name} holds {described(value)} whose parts differ in length or kind ({error}); expected rows of one "
            "common shape. Resize or pad them first."
        ) from error
    if array.dtype.kind == "V":
        array = array.astype(np.float32)
    return array if array.dtype.isnative else array.astype(array.dtype.newbyteorder("="))


def decoded(values: Iterable[Any], name: str) -> list[Any]:
    """Values as they are, but bytes as the text that they are in UTF-8.

    Raises:
        DataError: They are none.
    """
    try:
        return [value.decode() if isinstance(value, bytes) else value for value in values]
    except UnicodeDecodeError as error:
        raise DataError(f"{name} holds bytes that are no text in UTF-8 ({error}); expected text. Decode it.") from error


def _is_texts(value: Any) -> bool:
    """Whether these are texts, each of which would take the memory of the longest in an array of NumPy's."""
    return isinstance(value, list | tuple) and bool(value) and all(isinstance(item, str) for item in value)


def _is_lists_of_text(value: Any) -> bool:
    """Whether these are lists of names, of several lengths."""
    if not isinstance(value, list | tuple) or not all(
        isinstance(item, list | tuple | set | frozenset) for item in value
    ):
        return False
    return len(set(map(len, value))) > 1 and all(isinstance(text, str) for item in value for text in item)


def _objects(values: Sequence[Any]) -> np.ndarray:
    """An array of objects, shape (rows,), whatever these are."""
    array = np.empty(len(values), object)
    array[:] = list(values)
    return array


def digest(*parts: object) -> str:
    """SHA-256 over arrays (shape, type and content) and plain values, in hexadecimal."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, np.ndarray):
            total.update(f"{part.shape} {part.dtype}".encode())
            plain = part.dtype.kind in "buifc"
            total.update(np.ascontiguousarray(part).tobytes() if plain else repr(part.tolist()).encode())
        else:
            total.update(repr(part).encode())
        total.update(b"\0")
    return total.hexdigest()


def named(columns: Sequence[np.ndarray]) -> dict[str, int]:
    """The lengths of the columns by their names."""
    return {name: len(column) for name, column in zip(("x", "y", "sample_weight"), columns, strict=False)}


def described(value: Any) -> str:
    """What a value is, in words, for a message."""
    if isinstance(value, (tuple, list, dict)):
        return f"a {type(value).__name__} of {len(value)}"
    if hasattr(value, "shape"):
        return f"a single {type(value).__name__} of the shape {tuple(value.shape)}"
    return f"a {type(value).__name__}"
