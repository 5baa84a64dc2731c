"""What the columns of a table are, and how any table of these columns is read: the raw rows of models."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Self

import numpy as np

from keras_nas.data.checks import check_lengths, check_names
from keras_nas.errors import DataError, suggest

Kind = Literal["number", "date", "category", "code", "text"]
MISSING = int(np.iinfo(np.int64).min)
"""What stands for a missing value among whole numbers; a missing date of NumPy's is the same number."""
DATE = re.compile(r"\s*\d{4}-\d{2}-\d{2}")
HALF = re.compile("[\ud800-\udfff]")
"""Half of a character in UTF-16, as cut or wrongly decoded texts have them."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Args:
        name: As the user calls it.
        key: The model's input.
        kind: "number" (booleans too), "date", "category" (text), "code" (a category that is a whole number) or "text"
            (to be read word by word).
    """

    name: str
    key: str
    kind: Kind

    @property
    def dtype(self) -> str:
        """The type of its raw values: missing is "" in a "string", NaN in a "float64", `MISSING` in an "int64"."""
        return {"number": "float64", "category": "string", "text": "string"}.get(self.kind, "int64")


@dataclass(frozen=True)
class Schema:
    """The columns that models take.

    Args:
        columns: In the order of the user's table.

    Example:
        >>> schema = Schema((Column("age", "age", "number"), Column("her job", "her_job", "category")))
        >>> schema.rows({"age": [31, None], "her job": ["cook", None], "unused": [0, 0]})
        {'age': array([31., nan]), 'her_job': array(['cook', ''], dtype=object)}
    """

    columns: tuple[Column, ...]

    def rows(self, table: Any, name: str = "rows") -> dict[str, np.ndarray]:
        """The raw rows of a table, as the models and their exports take them.

        Args:
            table: A pandas DataFrame, or a dict of columns; columns that the schema does not name are ignored.
            name: What the table is called in messages.

        Returns:
            An array of shape (rows,) by the name of each of the model's inputs.

        Raises:
            DataError: A column is missing, or holds what it did not hold when the schema was made.
        """
        import pandas as pd

        if not isinstance(table, pd.DataFrame):  # columns stand side by side as they come, whatever index they have
            columns = {column: pd.Series(values).reset_index(drop=True) for column, values in table.items()}
            check_lengths(name, {str(column): len(values) for column, values in columns.items()})
            table = pd.DataFrame(columns)
        frame, names = table.rename(columns=str), {column.name for column in self.columns}
        check_names(name, (column for column in frame.columns if column in names))
        return {column.key: self._read(frame, column, name) for column in self.columns}

    def _read(self, frame: Any, column: Column, name: str) -> np.ndarray:
        if column.name not in frame.columns:
            near = suggest(column.name, frame.columns)
            raise DataError(
                f"{name}: the column {column.name!r} is missing; expected all of "
                f"{', '.join(repr(c.name) for c in self.columns)}."
                + (f" Is it {near!r}? Rename it then." if near else " Add it, with missing values where not known.")
            )
        read = {"number": numbers, "code": codes, "date": seconds, "category": texts, "text": texts}[column.kind]
        return read(frame[column.name], f"{name}: the column {column.name!r}")

    def as_json(self) -> list[dict[str, str]]:
        """The columns as plain data."""
        return [asdict(column) for column in self.columns]

    @classmethod
    def from_json(cls, columns: Iterable[dict[str, Any]]) -> Self:
        """What `as_json` gave."""
        return cls(tuple(Column(**column) for column in columns))


def numbers(series: Any, name: str) -> np.ndarray:
    """A column of numbers or booleans as float64, NaN where missing.

    Raises:
        DataError: A value is no number, or infinite.
    """
    import pandas as pd

    found = pd.to_numeric(series, errors="coerce") if series.dtype == object or _is_text(series) else series
    try:
        values = np.asarray(found.to_numpy(dtype=np.float64, na_value=np.nan))
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} holds {series.dtype}; expected numbers. Convert it with pandas.to_numeric.") from error
    refuse(series, np.isnan(values) & present(series), f"{name} mixes numbers and other values", "numbers", _NUMERIC)
    refuse(series, np.isinf(values), f"{name} holds infinity", "finite numbers", "Make it missing, or a large number.")
    return values


def codes(series: Any, name: str) -> np.ndarray:
    """A column of whole numbers as int64, `MISSING` where missing.

    Raises:
        DataError: A value is no whole number.
    """
    if series.dtype == np.int64:
        return np.asarray(series.to_numpy())
    values = numbers(series, name)
    there = np.nan_to_num(values)
    refuse(series, there != np.floor(there), f"{name} holds fractions", "whole numbers", "Round them.")
    return np.where(np.isnan(values), MISSING, there.astype(np.int64))


def real(values: np.ndarray) -> np.ndarray:
    """Raw numbers, codes or dates as float64, NaN where missing."""
    return np.where(values == MISSING, np.nan, values) if values.dtype == np.int64 else values


def seconds(series: Any, name: str, unit: str = "s") -> np.ndarray:
    """A column of dates as int64 seconds since 1970 (UTC), `MISSING` where missing; numbers are such seconds already.

    Args:
        series: Dates, text that begins like one, or numbers.
        name: What it is called in messages.
        unit: Of the result where dates were given: "s", or "us" for microseconds.

    Raises:
        DataError: A date cannot be read.
    """
    import pandas as pd

    if pd.api.types.is_numeric_dtype(series.dtype):
        return codes(series, name)
    stamps = pd.to_datetime(series, errors="coerce", utc=True, format="ISO8601" if _is_text(series) else None)
    wrong = np.asarray(stamps.isna()) & present(series)
    refuse(series, wrong, f"{name} holds dates that do not parse", "dates like 2024-02-29 or 2024-02-29T12:30", _DATES)
    return np.asarray(stamps.dt.tz_localize(None).to_numpy(f"datetime64[{unit}]").astype(np.int64))


def texts(series: Any, name: str) -> np.ndarray:
    """A column of text as objects, "" where missing.

    Raises:
        DataError: A value is no text.
    """
    values = series.astype(object).to_numpy()
    there = present(series)
    strange = there & np.array([not isinstance(value, str) for value in values], bool)
    refuse(series, strange, f"{name} holds values that are no text", "text", "Convert the column with astype(str).")
    halves = there & np.array([not isinstance(value, str) or HALF.search(value) is not None for value in values], bool)
    refuse(series, halves, f"{name} holds halves of characters", "text that UTF-8 can hold", _HALVES)
    return np.where(there, values, "")


_NUMERIC = (
    "Convert the column with pandas.to_numeric(..., errors='coerce'), or make all of it categories with "
    "astype(str).astype('category')."
)
_HALVES = "Repair it with value.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')."
_DATES = "Correct or remove these values, or parse the column yourself with pandas.to_datetime."


def refuse(series: Any, wrong: np.ndarray, what: str, expected: str, advice: str) -> None:
    """Raise a DataError that shows the first wrong value, where there is one."""
    if not wrong.any():
        return
    row = int(wrong.argmax())
    first = f"{shown(series.iloc[row])} first, in row {row:,} ({wrong.sum():,} in all)"
    raise DataError(f"{what}, {first}; expected {expected}. {advice}")


def shown(value: Any) -> str:
    """A value as Python writes it, without NumPy's type."""
    return repr(value.item() if isinstance(value, np.generic) else value)


def present(series: Any) -> np.ndarray:
    """Which values are not missing, shape (rows,)."""
    return np.asarray(series.notna(), bool)


def _is_text(series: Any) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_string_dtype(series.dtype)) or series.dtype == object


def keys(names: Sequence[str]) -> list[str]:
    """Names for the inputs of a model: those of the columns, as far as a serving signature can hold them.

    Example:
        >>> keys(["age", "hours per week", "_x", "größe", "gr__e"])
        ['age', 'hours_per_week', 'x_x', 'gr__e', 'gr__e_2']
    """
    given: list[str] = []
    for name in names:
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name)
        plain = plain if plain[:1].isalnum() else f"x{plain}"
        taken = {key.lower() for key in given}
        tries = (plain if number == 1 else f"{plain}_{number}" for number in range(1, len(names) + 2))
        given.append(next(key for key in tries if key.lower() not in taken))
    return given
