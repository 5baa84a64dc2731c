"""Tables: a pandas DataFrame with its target, a CSV or Parquet file, or (X, y)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.data.batch import Batch, as_array, described, digest, named
from keras_nas.data.checks import check_lengths, check_names, check_not_empty
from keras_nas.data.inference import infer
from keras_nas.data.schema import Schema, present
from keras_nas.errors import DataError, MissingDependency, unknown

TABLES = "a pandas DataFrame or the path of a CSV or Parquet file, both with target=, or (X, y)"
SAMPLED_ROWS = 256  # rows that enter a fingerprint


@dataclass
class Table:
    """A table as raw rows by column.

    Args:
        name: What the data is called in messages.
        x: An array of shape (rows,) by column.
        y: Labels or targets, shape (rows,) or (rows, outputs).
        weight: Sample weights of shape (rows,), or None.
        schema: What the columns are.
        dropped: A sentence for each column that was left out.
    """

    name: str
    x: dict[str, np.ndarray]
    y: np.ndarray
    weight: np.ndarray | None
    schema: Schema
    dropped: list[str] = field(default_factory=list)

    @property
    def given(self) -> int:
        """The number of rows."""
        return len(self.y)

    def identity(self) -> str:
        """A digest of the columns, all targets and weights, and 256 rows spread over all."""
        sampled = np.linspace(0, self.given - 1, min(self.given, SAMPLED_ROWS)).astype(int)
        columns = [column[sampled] for column in self.x.values()]
        return digest("table", self.given, self.schema.as_json(), self.y, self.weight, *columns)

    def batches(self) -> Iterator[Batch]:
        """The whole table at once, as it is in memory anyhow."""
        yield Batch(self.x, self.y, self.weight, np.arange(self.given))


def open_table(data: Any, target: str | Sequence[str] | None, name: str, schema: Schema | None = None) -> Table:
    """Read a table in any accepted form.

    Args:
        data: A DataFrame, a path, or (X, y) or (X, y, sample_weight) with X a DataFrame, a dict of columns or an array
            of shape (rows, features).
        target: The name of the column to predict, or several for a regression; None for (X, y).
        name: What the data is called in messages.
        schema: What the columns must be; inferred where None.

    Raises:
        DataError: The form is none of these, or a column cannot be used.
    """
    frame, y, weight = parts(data, target, name)
    check_lengths(name, named([frame, y, *([] if weight is None else [weight])]))
    check_not_empty(name, len(frame))
    left: list[str] = []
    if schema is None:
        schema, left = infer(frame, name)
    return Table(name, schema.rows(frame, name), y, weight, schema, left)


def parts(data: Any, target: str | Sequence[str] | None, name: str) -> tuple[Any, np.ndarray, np.ndarray | None]:
    """Frame without target, targets and weights; arguments and errors as of `open_table`."""
    import pandas as pd

    if isinstance(data, str | Path):
        data = read_file(Path(data).expanduser(), name)
    if isinstance(data, pd.DataFrame):
        return *_whole(data, target, name), None
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise DataError(f"{name} is {described(data)}; expected {TABLES}.")
    if target is not None:
        raise DataError(f"{name}: target={target!r} came with (X, y), where y is the target; expected one of the two.")
    x, y, *weight = data
    return framed(x, name), as_array(y, f"{name}: y"), as_array(weight[0], name) if weight else None


def read_file(path: Path, name: str) -> Any:
    """The table in a CSV or Parquet file, told by the ending of its name.

    Whoever looks at a file before it is stored is given the table that is in memory: a file is read once, unless it
    changes. `forget_file` lets go of it.

    Raises:
        DataError: The file is none of these, or cannot be read.
        MissingDependency: The package that reads it is not installed.
    """
    endings = {ending.lower() for ending in path.suffixes}
    if not path.is_file() or not endings & {".csv", ".tsv", ".parquet", ".pq"}:
        raise DataError(f"{name}: {path} is no CSV or Parquet file; expected one that exists. Check the path.")
    try:
        state = path.stat()
        return _parsed(path, frozenset(endings), state.st_mtime_ns, state.st_size)
    except ImportError as error:
        raise MissingDependency(
            f"{path} needs pyarrow to be read: pip install pyarrow, or convert it to CSV."
        ) from error
    except (ValueError, OSError) as error:
        raise DataError(f"{name}: {path} cannot be read as a table ({error}). Open it with pandas first.") from error


@lru_cache(maxsize=1)
def _parsed(path: Path, endings: frozenset[str], changed_ns: int, size: int) -> Any:
    """The table in a file as it is."""
    import pandas as pd

    if endings & {".parquet", ".pq"}:
        return pd.read_parquet(path)
    return pd.read_csv(path, sep="\t" if ".tsv" in endings else ",", low_memory=False, skipinitialspace=True)


forget_file = _parsed.cache_clear
"""Free the memory of the table that was read last."""


def divided(frame: Any, target: str | Sequence[str], name: str) -> tuple[Any, Any]:
    """A DataFrame without the columns to predict, and these: a Series for one name, a DataFrame for several.

    Args:
        frame: The whole table.
        target: The name of a column, or several; 1 and "1" name the same.
        name: What the table is called in messages.

    Raises:
        DataError: There is no such column, or two columns have one name.

    Example:
        >>> import pandas as pd
        >>> x, y = divided(pd.DataFrame({"age": [31, 28], "job": ["cook", "smith"]}), "job", "data")
        >>> list(x), y.tolist()
        (['age'], ['cook', 'smith'])
    """
    check_names(name, frame.columns)
    columns = {str(column): column for column in frame.columns}
    several = np.iterable(target) and not isinstance(target, str)
    wanted = [str(column) for column in (target if several else [target])]
    for column in wanted:
        if column not in columns:
            raise DataError(f"{name}: {unknown('target', column, columns)}")
    found = [columns[column] for column in wanted]
    return frame.drop(columns=found), frame[found if several else found[0]]


def _whole(frame: Any, target: str | Sequence[str] | None, name: str) -> tuple[Any, np.ndarray]:
    """The columns to learn from, and the targets, none of them missing."""
    import pandas as pd

    if target is None:
        raise DataError(
            f"{name} is a table of the columns {_listed(frame)}; expected to be told which of them is to be predicted. "
            "Pass target='its name', or give (X, y)."
        )
    x, y = divided(frame, target, name)
    for column, values in pd.DataFrame(y).items():
        missing = ~present(values)
        if missing.any():
            raise DataError(
                f"{name}: the target {column!r} is missing in {missing.sum():,} rows, first in row "
                f"{int(missing.argmax()):,}; expected one in each. Remove these rows with dropna(subset=[{column!r}])."
            )
    return x, as_array(y, f"{name}: the target {target!r}")


def framed(x: Any, name: str) -> Any:
    """A DataFrame of columns that came without one; those of an array are called x0, x1, ..."""
    import pandas as pd

    if isinstance(x, pd.DataFrame):
        check_names(name, x.columns)
        return x
    if isinstance(x, Mapping):
        columns = {column: as_array(values, f"{name}: the column {column!r}") for column, values in x.items()}
        check_lengths(name, {column: len(values) for column, values in columns.items()})
        return pd.DataFrame(columns)
    array = as_array(x, name)
    if array.ndim != 2:
        raise DataError(
            f"{name}: X has the shape {array.shape}; expected (rows, features), a DataFrame or a dict of columns. "
            "Reshape it, or choose the task that fits this data."
        )
    return pd.DataFrame(array, columns=[f"x{number}" for number in range(array.shape[1])]).infer_objects()


def _listed(frame: Any) -> str:
    names = [repr(str(column)) for column in frame.columns]
    return ", ".join(names[:10]) + (f" and {len(names) - 10:,} more" if len(names) > 10 else "")
