"""The times of a series: found in a table, and refused unless they are steps of equal length, one after the other."""

import re
from typing import Any, Literal

import numpy as np

from keras_nas.data.schema import MISSING
from keras_nas.errors import DataError, unknown

Unit = Literal["s", "us"]
"""Of times as whole numbers."""
DATE = re.compile(r"\s*\d{4}-\d{2}")


def times_of(frame: Any, column: str | None, name: str) -> tuple[Any, str | None]:
    """The times of a series and the name of their column: the one that is named, the index, or the first of dates.

    Args:
        frame: A DataFrame.
        column: The name of the column, or None.
        name: What the data is called in messages.

    Returns:
        A pandas Series, or None where there are no times; and the column's name, None where it is none.

    Raises:
        DataError: There is no such column.
    """
    import pandas as pd

    if column is not None:
        if column not in frame.columns:
            raise DataError(f"{name}: {unknown('time', column, frame.columns)}")
        return frame[column], column
    index = frame.index.to_timestamp() if isinstance(frame.index, pd.PeriodIndex) else frame.index
    if isinstance(index, pd.DatetimeIndex) or _is_dates(index.to_series()):
        return index.to_series(), None
    found = next((column for column in frame.columns if _is_dates(frame[column])), None)
    return (None, None) if found is None else (frame[found], found)


def _is_dates(series: Any) -> bool:
    """Whether a column holds dates, in their own type or as text that begins like one."""
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(series.dtype):
        return True
    first = series.iloc[0] if len(series) else None
    return isinstance(first, str) and DATE.match(first) is not None


def check_times(times: np.ndarray, name: str, unit: Unit = "s") -> None:
    """Refuse times that are missing, do not ascend, or leave gaps; months, quarters and business days are steps too.

    Args:
        times: Since 1970, shape (steps,).
        name: What the data is called in messages.
        unit: Of the times: "s" for seconds, "us" for microseconds.

    Raises:
        DataError: Names the first step that is wrong.
    """
    import pandas as pd

    stamps = pd.DatetimeIndex(times.astype(f"datetime64[{unit}]"))
    if (times == MISSING).any():
        raise DataError(
            f"{name}: the time is missing at step {int((times == MISSING).argmax()):,}; expected one at each. Remove "
            "these rows, or fill in their times."
        )
    steps = np.diff(times)
    if (steps <= 0).any():
        first = int((steps <= 0).argmax()) + 1
        raise DataError(
            f"{name}: the time index is not in order, {stamps[first]} at step {first:,} comes after "
            f"{stamps[first - 1]}; expected every time to be later than the one before. Sort by time with "
            "sort_values or sort_index, and remove duplicates."
        )
    if _even(steps) or _calendar(stamps.to_numpy()):
        return
    sizes, counts = np.unique(steps, return_counts=True)
    usual = sizes[counts.argmax()]
    first, wrong = int((steps != usual).argmax()), int((steps != usual).sum())
    raise DataError(
        f"{name}: the time index has gaps, {stamps[first + 1]} comes right after {stamps[first]} where steps of "
        f"{pd.Timedelta(int(usual), unit)} are usual ({wrong:,} in all); expected steps of equal length. Make them so "
        "with asfreq(...) or resample(...), and fill the gaps with interpolate()."
    )


def _even(steps: np.ndarray) -> bool:
    """Whether all are the same."""
    return bool((steps == steps[:1]).all())


def _calendar(stamps: np.ndarray) -> bool:
    """Whether times are so many months apart, from their beginning or to their end, or one business day."""
    days, months = stamps.astype("datetime64[D]"), stamps.astype("datetime64[M]")
    placed = _even(stamps - months) or _even(months + 1 - stamps)
    weekdays = np.is_busday(days).all() and (np.busday_count(days[:-1], days[1:]) == 1).all()
    return bool(placed and _even(np.diff(months))) or bool(weekdays and _even(stamps - days))
