"""Trees of arrays: one array, or several by name. Written once by rows, and opened memory-mapped.

Whatever takes rows takes them by `mapped`, so that one array is no case of its own.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np

from keras_nas.data.files import ArrayWriter
from keras_nas.data.windows import Windows
from keras_nas.files import write_atomically

NAMES = "names.json"
TEXT = "OUT"
"""Kinds of NumPy's types that hold text."""


@dataclass(frozen=True)
class TextArray:
    """An array of text, stored as the numbers of its distinct values; an index gives the values as an object array.

    Args:
        codes: int32 of shape (rows,), or (rows, tokens).
        values: Distinct values, objects of type str.

    Example:
        >>> TextArray(np.array([1, 0, 1]), np.array(["no", "yes"], object))[1:].tolist()
        ['no', 'yes']
    """

    codes: np.ndarray
    values: np.ndarray

    def __len__(self) -> int:
        return len(self.codes)

    def __getitem__(self, index: Any) -> np.ndarray:
        taken: np.ndarray = self.values[self.codes[index]]
        return taken

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the codes."""
        return self.codes.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Of what an index gives: objects."""
        return self.values.dtype


def mapped(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """`function` of every array of a tree, and of the arrays at the same place of the others.

    Args:
        function: Of one array of each tree.
        tree: One array (or any other single thing), or several in a dict.
        *others: Trees of the same form.

    Example:
        >>> mapped(len, {"a": [1, 2], "b": [3]}), mapped(len, "one")
        ({'a': 2, 'b': 1}, 3)
    """
    if not isinstance(tree, Mapping):
        return function(tree, *others)
    return {name: function(leaf, *(other[name] for other in others)) for name, leaf in tree.items()}


def side_by_side(tree: Any) -> np.ndarray:
    """The arrays of a tree as one, along the last axis and in the order of their names.

    Example:
        >>> side_by_side({"b": np.ones((2, 1)), "a": np.zeros((2, 2))}).tolist()
        [[0.0, 0.0, 1.0], [0.0, 0.0, 1.0]]
    """
    if not isinstance(tree, Mapping):
        return np.asarray(tree)
    return np.concatenate([np.asarray(tree[name]) for name in sorted(tree)], axis=-1)


def leaves(tree: Any) -> list[Any]:
    """The arrays of a tree."""
    return list(tree.values()) if isinstance(tree, Mapping) else [tree]


def taken(tree: Any, index: Any) -> Any:
    """Some rows of a tree in memory; `index` is a slice, or an array of row numbers."""
    return mapped(lambda array: np.asarray(array[index]), tree)


def row_bytes(tree: Any) -> int:
    """What one row takes in memory, a value of text as much as a pointer."""
    return sum(int(leaf[:1].nbytes) for leaf in leaves(tree))


def held_bytes(tree: Any, rows: int) -> int:
    """What some rows take in memory; the series of windows counts once, however many overlap in it."""
    series = [leaf.series.nbytes for leaf in leaves(tree) if isinstance(leaf, Windows)]
    return sum(series) if series else rows * row_bytes(tree)


def described(tree: Any) -> str:
    """What the rows of a tree are, in words.

    Example:
        >>> described(np.zeros((9, 4, 4), np.uint8)), described({"age": np.zeros(9)})
        ('rows of (4, 4) uint8', 'rows of the columns age')
    """
    if isinstance(tree, Mapping):
        more = f" and {len(tree) - 10:,} more" if len(tree) > 10 else ""
        return f"rows of the columns {', '.join(list(tree)[:10])}{more}"
    return f"rows of {tree.shape[1:]} {tree.dtype}"


class TextWriter:
    """A text array that grows by rows; it takes the place of an `ArrayWriter`.

    Args:
        path: Of the .npy file of codes; the values stand beside it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.numbers: dict[str, int] = {}
        self.codes = ArrayWriter(path)

    def append(self, rows: np.ndarray) -> None:
        """Write text of shape (rows,) or (rows, tokens) behind what is already there."""
        import pandas as pd

        codes, values = pd.factorize(rows.astype(object).ravel(), sort=True)
        known = [self.numbers.setdefault(str(value), len(self.numbers)) for value in values]
        self.codes.append(np.array(known, np.int32)[codes].reshape(rows.shape))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.codes.__exit__(kind, error, trace)
        write_atomically(_values(self.path), json.dumps(list(self.numbers)).encode())


@dataclass
class TreeWriter:
    """A tree that grows by rows; the first ones fix its form.

    Args:
        folder: That of the files.
        name: One array becomes the file `<name>.npy`, several a folder of that name.

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> with TreeWriter(folder, "x") as writer:
        ...     writer.append({"age": np.array([31.0]), "job": np.array(["cook"])})
        ...     writer.append({"age": np.array([28.0]), "job": np.array(["smith"])})
        >>> taken(open_tree(folder, "x"), slice(2))
        {'age': array([31., 28.]), 'job': array(['cook', 'smith'], dtype=object)}
    """

    folder: Path
    name: str
    writers: Any = field(default=None, init=False)

    def append(self, rows: Any) -> None:
        """Write rows, a tree of arrays of equal length."""
        if self.writers is None:
            self.writers = mapped(_writer, rows, self._paths(rows))
        mapped(lambda writer, array: writer.append(array), self.writers, rows)

    def _paths(self, rows: Any) -> Any:
        """Numbered files: columns may have any name."""
        if not isinstance(rows, Mapping):
            return self.folder / f"{self.name}.npy"
        folder = self.folder / self.name
        folder.mkdir()
        write_atomically(folder / NAMES, json.dumps(list(rows)).encode())
        return {name: folder / f"{number}.npy" for number, name in enumerate(rows)}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for writer in leaves(self.writers) if self.writers is not None else []:
            writer.__exit__(kind, error, trace)


def open_tree(folder: Path, name: str) -> Any:
    """What a `TreeWriter` has written, memory-mapped."""
    if not (folder / name / NAMES).exists():
        return _opened(folder / f"{name}.npy")
    names = json.loads((folder / name / NAMES).read_text(encoding="utf-8"))
    return {column: _opened(folder / name / f"{number}.npy") for number, column in enumerate(names)}


def _writer(rows: np.ndarray, path: Path) -> ArrayWriter | TextWriter:
    return TextWriter(path) if rows.dtype.kind in TEXT else ArrayWriter(path)


def _opened(path: Path) -> np.ndarray | TextArray:
    array: np.ndarray = np.load(path, mmap_mode="r", allow_pickle=False)
    if not _values(path).exists():
        return array
    return TextArray(array, np.array(json.loads(_values(path).read_text(encoding="utf-8")), object))


def _values(path: Path) -> Path:
    """The file of a text array's distinct values."""
    return path.with_suffix(".json")
