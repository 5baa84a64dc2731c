"""What the columns of a user's table are, which of them models take, and which are left out or refused."""

import re
from numbers import Number
from typing import Any

import numpy as np

from keras_nas.data.checks import check_names
from keras_nas.data.schema import DATE, Column, Kind, Schema, keys, numbers, present, seconds, shown, texts
from keras_nas.errors import DataError

FEW = 20
"""Values, or rows, that are too few to judge a column by."""
WORDS = 5
"""Words in a value on average from which it is a text rather than a name."""
LOCAL_DATE = re.compile(r"\s*(\d{1,2}([./-])\d{1,2}\2\d{4}|\d{2}([./-])\d{2}\3\d{2})(?![.\d])")
"""Dates whose day and month the reader has to know."""
COMMA = re.compile(r"\s*[+-]?(\d+|\d{1,3}(\.\d{3})+),\d+\s*")
"""Numbers with a decimal comma."""
GROUPED = re.compile(r"\s*[+-]?\d{1,3}(,\d{3})+(\.\d+)?\s*")
"""Numbers whose commas group thousands, or stand for the decimal point."""
IDENTIFIER = re.compile(r"(?i:(^|[_\s.-])id)$|[a-z]I[Dd]$")
"""What columns are called that number the rows."""
MOSTLY = 0.5
"""Share of the values that makes a column of text one of numbers or dates with errors in it."""


def infer(frame: Any, name: str) -> tuple[Schema, list[str]]:
    """The schema of a table, and a sentence for each column that is left out.

    Args:
        frame: A pandas DataFrame without the target.
        name: What the table is called in messages.

    Raises:
        DataError: A column cannot be used as it is, or none can be used at all.

    Example:
        >>> import pandas as pd
        >>> schema, left = infer(pd.DataFrame({"age": [31, 28, 40], "job": ["cook", None, "cook"], "k": 1}), "data")
        >>> [(column.name, column.kind) for column in schema.columns], left
        ([('age', 'number'), ('job', 'category')], ["The column 'k' was left out: it is 1 in every row."])
    """
    names = [str(column) for column in frame.columns]
    check_names(name, names)
    kinds: dict[str, Kind] = {}
    left = []
    for column, key in zip(names, frame.columns, strict=True):
        useless = _useless(frame[key], column)
        if useless:
            left.append(f"The column {column!r} was left out: {useless}.")
            continue
        kinds[column] = _kind(frame[key], f"{name}: the column {column!r}")
    if not kinds:
        raise DataError(f"{name} has no column to learn from: expected one that varies. {' '.join(left)}".strip())
    inputs = zip(kinds, keys(list(kinds)), kinds.values(), strict=True)
    return Schema(tuple(Column(column, key, kind) for column, key, kind in inputs)), left


def _useless(series: Any, name: str) -> str | None:
    """Why a column says nothing, None where it may say something."""
    there = series[present(series)]
    if not len(there):
        return "it is empty"
    try:
        distinct = there.nunique()
    except TypeError:
        return None
    if distinct == 1 and len(there) == len(series):
        return f"it is {shown(there.iloc[0])} in every row"
    if FEW <= distinct == len(there) and (_counted(there, name) or _names(there)):
        return "it has another value in every row, like an id"
    return None


def _counted(there: Any, name: str) -> bool:
    """Whether these are whole numbers that fill their range, as counted ones do, or are called an id."""
    import pandas as pd

    if not pd.api.types.is_integer_dtype(there.dtype):
        return False
    return IDENTIFIER.search(name) is not None or bool(int(there.max()) - int(there.min()) < 2 * len(there))


def _names(there: Any) -> bool:
    """Whether these are words that are neither numbers, dates nor texts."""
    if not _all_text(there):
        return False
    forms = (_like_date, _like_number, LOCAL_DATE.match, COMMA.fullmatch, GROUPED.fullmatch)
    return not any(_share(there, like) > MOSTLY for like in forms) and _words(there) < WORDS


def _kind(series: Any, name: str) -> Kind:
    """What a column is."""
    import pandas as pd

    dtype, there = series.dtype, series[present(series)]
    if isinstance(dtype, pd.CategoricalDtype):
        return _kind_of_categories(series, name)
    if pd.api.types.is_datetime64_any_dtype(dtype):
        return "date"
    if _all_text(there):
        return _kind_of_text(series, there, name)
    if pd.api.types.is_complex_dtype(dtype) or pd.api.types.is_timedelta64_dtype(dtype):
        raise DataError(f"{name} holds {dtype}; expected numbers, text, booleans or dates. Convert it to numbers.")
    if pd.api.types.is_numeric_dtype(dtype):
        numbers(series, name)
        return "number"
    return _kind_of_objects(series, there, name)


def _kind_of_categories(series: Any, name: str) -> Kind:
    """Of a pandas Categorical: text, whole numbers, or else numbers."""
    import pandas as pd

    values = series.cat.categories
    if pd.api.types.is_integer_dtype(values.dtype) or pd.api.types.is_bool_dtype(values.dtype):
        return "code"
    if pd.api.types.is_numeric_dtype(values.dtype):
        return "number"
    texts(series, name)
    return "category"


def _kind_of_text(series: Any, there: Any, name: str) -> Kind:
    """Numbers or dates that were read as text, names, or text that no table takes."""
    distinct = there.drop_duplicates()
    if _share(distinct, _like_date) > MOSTLY:
        seconds(series, name)
        return "date"
    plain = _share(distinct, _like_number)
    if plain == 1.0 or (plain > MOSTLY and len(distinct) > FEW):
        numbers(series, name)
        return "number"
    _refuse_local(distinct, name)
    if _is_prose(distinct, len(there)):
        raise DataError(
            f"{name} holds texts, {len(distinct):,} different ones of {_words(distinct):.0f} words on average; "
            "expected numbers, dates or categories. Leave it out, or make it an input of its own, with the task "
            "'several' and ({'table': the other columns, 'text': this one}, y)."
        )
    return "category"


def _refuse_local(distinct: Any, name: str) -> None:
    """Refuse dates and numbers that are written as they are in some countries: read wrongly they mislead."""
    if _share(distinct, LOCAL_DATE.match) > MOSTLY:
        raise DataError(
            f"{name} holds dates that do not parse, {distinct.iloc[0]!r} for example, whose day and month may stand in "
            "either order; expected dates like 2024-02-29. Parse it with pandas.to_datetime(..., dayfirst=True), or "
            "dayfirst=False."
        )
    if _share(distinct, GROUPED.fullmatch) > MOSTLY:
        raise DataError(
            f"{name} holds numbers with commas, {distinct.iloc[0]!r} for example, which may group thousands or stand "
            "for the decimal point; expected a point alone. Read the file with pandas.read_csv(..., thousands=','), or "
            "decimal=','."
        )
    if _share(distinct, COMMA.fullmatch) > MOSTLY:
        raise DataError(
            f"{name} holds numbers with a decimal comma, {distinct.iloc[0]!r} for example; expected a point. Read the "
            "file with pandas.read_csv(..., decimal=',')."
        )


def is_free_text(series: Any) -> bool:
    """Whether a column holds texts: neither numbers or dates as text, nor names of which there are few."""
    there = series[present(series)]
    if not len(there) or not _all_text(there):
        return False
    distinct = there.drop_duplicates()
    if not _is_prose(distinct, len(there)):
        return False
    return max(_share(distinct, _like_date), _share(distinct, _like_number)) <= MOSTLY


def _is_prose(distinct: Any, rows: int) -> bool:
    """Whether these different values of so many rows are texts."""
    return _words(distinct) >= WORDS and len(distinct) > max(FEW, rows / 2)


def _kind_of_objects(series: Any, there: Any, name: str) -> Kind:
    """Python objects: numbers, booleans or dates, and nothing else between them."""
    import datetime

    types = {type(value) for value in there}
    if all(issubclass(kind, (datetime.date, np.datetime64)) for kind in types):
        seconds(series, name)
        return "date"
    if any(issubclass(kind, str) for kind in types) or all(issubclass(kind, (Number, np.bool_)) for kind in types):
        numbers(series, name)
        return "number"
    found = ", ".join(sorted(kind.__name__ for kind in types))
    raise DataError(f"{name} holds objects ({found}); expected numbers, text, booleans or dates. Convert it first.")


def _all_text(there: Any) -> bool:
    return all(isinstance(value, str) for value in there)


def _share(values: Any, like: Any) -> float:
    """Part of the values that are like something."""
    return float(sum(bool(like(value)) for value in values) / max(1, len(values)))


def _like_date(value: str) -> bool:
    return DATE.match(value) is not None


def _like_number(value: str) -> bool:
    """Whether pandas reads a number, for which 1_000 is none."""
    try:
        float(value)
    except ValueError:
        return False
    return value.isascii() and "_" not in value


def _words(values: Any) -> float:
    return float(sum(len(value.split()) for value in values) / max(1, len(values)))
