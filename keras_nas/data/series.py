"""A series to forecast: a table or an array of equal steps in time, checked and read as numbers."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from keras_nas.data.arrays import Arrays
from keras_nas.data.batch import as_array, described, digest
from keras_nas.data.schema import numbers, seconds
from keras_nas.data.tables import divided, read_file
from keras_nas.data.times import Unit, check_times, times_of
from keras_nas.data.windows import Framing, Windows
from keras_nas.errors import DataError, unknown

FORMS = "a pandas DataFrame, an array of shape (steps, series), or the path of a CSV or Parquet file"


@dataclass(frozen=True)
class SeriesSchema:
    """The columns of a series, and the windows that models take.

    Args:
        columns: Names, those to forecast first.
        targets: How many are to be forecast; the others are known up to the present only.
        framing: How long windows are.

    Example:
        >>> import pandas as pd
        >>> schema = SeriesSchema(("sold", "price"), 1, Framing(horizon=1, lookback=2))
        >>> schema.rows(pd.DataFrame({"price": [1, 2, 3], "sold": [7, 8, 9]})).tolist()
        [[[7.0, 1.0], [8.0, 2.0]], [[8.0, 2.0], [9.0, 3.0]]]
    """

    columns: tuple[str, ...]
    targets: int
    framing: Framing

    def rows(self, table: Any, name: str = "rows") -> np.ndarray:
        """All windows of a series, as the models and their exports take them; the last one forecasts what comes next.

        Args:
            table: A series in any accepted form, at least as many steps long as a window.
            name: What it is called in messages.

        Returns:
            float32 array of shape (windows, lookback, columns).

        Raises:
            DataError: A column is missing or cannot be used, or there are too few steps.
        """
        values = self.read(table, name)
        self.check_length(name, len(values), self.framing.lookback)
        return Windows(values, np.arange(len(values) - self.framing.lookback + 1), self.framing.lookback)[:]

    def read(self, table: Any, name: str) -> np.ndarray:
        """The numbers of a series, float32 of shape (steps, columns)."""
        return self.chosen(steps_of(table, self.framing.time, name)[0], name)

    def chosen(self, frame: Any, name: str) -> np.ndarray:
        """The same of a DataFrame without times."""
        for column in self.columns:
            if column not in frame.columns:
                raise DataError(f"{name}: {unknown('column', column, frame.columns)}")
        return np.stack([_numbers(frame[column], name) for column in self.columns], axis=1).astype(np.float32)

    def check_length(self, name: str, steps: int, least: int) -> None:
        """Refuse a series that is too short."""
        if steps < least:
            framing = self.framing
            raise DataError(
                f"{name} has {steps:,} steps; expected at least {least:,}: a window sees {framing.lookback} and "
                f"forecasts {framing.horizon}. Give a longer series, or a smaller lookback= or horizon=."
            )

    def as_json(self) -> dict[str, Any]:
        """The schema as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        """What `as_json` gave."""
        return cls(tuple(told["columns"]), told["targets"], Framing(**told["framing"]))


@dataclass
class Steps(Arrays):
    """The steps of a series as rows of numbers: x are all columns, y those to forecast.

    Args:
        schema: What the columns are.
    """

    schema: SeriesSchema = field(kw_only=True)

    def identity(self) -> str:
        """A digest of all numbers and of the framing."""
        return digest("series", self.x, self.schema.as_json())


def open_series(
    data: Any, target: str | Sequence[str] | None, name: str, framing: Framing, schema: SeriesSchema | None = None
) -> Steps:
    """Read a series in any accepted form.

    Args:
        data: A DataFrame, a path, or an array of shape (steps,) or (steps, series).
        target: The names of the columns to forecast; None for all.
        name: What the data is called in messages.
        framing: How long windows are.
        schema: What the columns must be; told by the data where None.

    Raises:
        DataError: The form is none of these, times are no steps of equal length, or a column cannot be used.
    """
    frame, time = steps_of(data, (schema.framing if schema else framing).time, name)
    schema = schema or _schema(frame, target, name, replace(framing, time=time))
    values = schema.chosen(frame, name)
    schema.check_length(name, len(values), framing.span)
    return Steps(name, values, values[:, : schema.targets], schema=schema)


def _schema(frame: Any, target: str | Sequence[str] | None, name: str, framing: Framing) -> SeriesSchema:
    import pandas as pd

    others, wanted = divided(frame, [*frame.columns] if target is None else target, name)
    columns = [*pd.DataFrame(wanted).columns]
    return SeriesSchema((*columns, *others.columns), len(columns), framing)


def steps_of(data: Any, time: str | None, name: str) -> tuple[Any, str | None]:
    """The columns of a series as a DataFrame, its times checked and taken away, and the name of their column."""
    from pandas.api.types import is_numeric_dtype

    frame = _frame(data, name)
    times, column = times_of(frame, time, name)
    if times is not None:
        unit: Unit = "s" if is_numeric_dtype(times.dtype) else "us"
        check_times(seconds(times, f"{name}: the time index", unit), name, unit)
    frame = frame if column is None else frame.drop(columns=column)
    if not len(frame.columns):
        raise DataError(f"{name} has no column beside the times; expected one or several series. Add them.")
    return frame.reset_index(drop=True), column


def _frame(data: Any, name: str) -> Any:
    """The data as a DataFrame; series of an array are called x0, x1, ..."""
    import pandas as pd

    if isinstance(data, str | Path):
        data = read_file(Path(data).expanduser(), name)
    if isinstance(data, pd.Series):
        data = data.to_frame(data.name if data.name is not None else "x0")
    if isinstance(data, pd.DataFrame):
        return data.rename(columns=str)
    if isinstance(data, tuple | dict) or not hasattr(data, "__len__"):
        raise DataError(f"{name} is {described(data)}; expected {FORMS}.")
    array = as_array(data, name)
    if array.ndim not in (1, 2) or 0 in array.shape:
        raise DataError(f"{name} has the shape {array.shape}; expected (steps,) or (steps, series), {FORMS}.")
    array = array.reshape(len(array), -1)
    return pd.DataFrame(array, columns=[f"x{number}" for number in range(array.shape[1])])


def _numbers(series: Any, name: str) -> np.ndarray:
    """One column, a number at every step."""
    values = numbers(series, f"{name}: the column {series.name!r}")
    missing = np.isnan(values)
    if missing.any():
        raise DataError(
            f"{name}: the column {series.name!r} has no number at {missing.sum():,} steps, first at step "
            f"{int(missing.argmax()):,}; expected one at each. Fill the gaps, with frame.interpolate() for example."
        )
    return values
