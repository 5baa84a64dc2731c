"""Raw rows to the inputs of the network in this folder, as `preprocessing.json` says; plain Python and NumPy.

    from preprocess import load

    prepare = load(".")  # the folder of preprocessing.json
    inputs = prepare({"age": [39, None], "job": ["cook", ""]})  # an array for each input of the network

A column is read as its kind says. Then it passes the steps of each of its features, in order; what comes out is one
column of an input, or a whole input. None, NaN, NaT and "" are missing values.
"""

import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

MARK, VERSION = "keras_nas_preprocessing", 1
MISSING = -(2**63)
"""A missing whole number or date, where there is no None."""

Step = Callable[[Any], Any]


def load(folder: str | Path) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A function of raw rows, columns by name or key, that returns the network's inputs by name.

    Raises:
        ValueError: The specification is of another version.
    """
    told = json.loads((Path(folder) / "preprocessing.json").read_text(encoding="utf-8"))
    if told.get(MARK) != VERSION:
        raise ValueError(f"preprocessing.json says {MARK}: {told.get(MARK)}; this program reads {VERSION}.")
    features = [
        (column, feature["input"], feature["at"], [_step(**step) for step in feature["steps"]])
        for column in told["columns"]
        for feature in column["features"]
    ]

    def prepare(rows: Mapping[str, Any]) -> dict[str, Any]:
        raw = _columns(rows, told["columns"])
        made: dict[str, dict[Any, Any]] = {name: {} for name in told["inputs"]}
        for column, name, at, steps in features:
            values = raw[column["key"]]
            for step in steps:
                values = step(values)
            made[name][at] = values
        return {name: _joined(made[name], given["dtype"]) for name, given in told["inputs"].items()}

    return prepare


def _joined(parts: Mapping[Any, Any], dtype: str) -> Any:
    """An input: its only part, or the columns of a matrix, by their places."""
    whole = parts[None] if None in parts else np.stack([parts[at] for at in sorted(parts)], axis=1)
    return np.asarray(whole, dtype)


def _columns(rows: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """All columns as their kinds, by key; the rows have all by name, or all by key: one's name may be another's key."""
    by = next((by for by in ("name", "key") if all(column[by] in rows for column in columns)), "name")
    missing = [column["name"] for column in columns if column[by] not in rows]
    if missing:
        raise ValueError(f"the column {missing[0]!r} is missing; the rows have {', '.join(map(str, rows))}")
    found = {column["key"]: _read(column, rows[column[by]]) for column in columns}
    if len({len(values) for values in found.values()}) > 1:
        lengths = ", ".join(f"{column['name']!r} has {len(found[column['key']])} rows" for column in columns)
        raise ValueError(f"{lengths}; expected the same number in each")
    return found


def _read(column: Mapping[str, Any], values: Any) -> Any:
    """A column as its kind: arrays, float64 with NaN for missing, or a list."""
    kind = column["kind"]
    if kind == "array":
        return _array(column, np.asarray(values))
    if isinstance(values, str | bytes):
        raise ValueError(f"column {column['name']!r} is {values!r}; expected a list, one value a row")
    read, expected = KINDS[kind]
    found = []
    for row, value in enumerate(values):
        try:
            found.append(read(value))
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"column {column['name']!r}, row {row}: {value!r}; expected {expected}") from error
    return np.array(found, np.float64) if kind in ("number", "date") else found


def _array(column: Mapping[str, Any], values: Any) -> Any:
    """Rows of numbers in the type and shape that they had in training."""
    if list(values.shape[1:]) != column["shape"]:
        raise ValueError(f"{column['name']!r} holds rows {values.shape[1:]}; expected {column['shape']}")
    with np.errstate(invalid="ignore"):
        array = values.astype(column["dtype"])
    if array.dtype.kind in "iu" and (array != values).any():
        raise ValueError(f"{column['name']!r} holds numbers that {array.dtype} does not; expected those of training")
    return array


def _is_missing(value: Any) -> bool:
    return not value if isinstance(value, str) else str(value) in ("None", "nan", "NaT", "<NA>", str(MISSING))


def _number(value: Any) -> float:
    number = math.nan if _is_missing(value) else float(value)
    if math.isinf(number):
        raise ValueError("infinite")
    return number


def _seconds(value: Any) -> float:
    """Of a date: whole seconds since 1970 (UTC)."""
    if _is_missing(value):
        return math.nan
    if isinstance(value, int | float | np.integer | np.floating):
        return float(_integer(value))
    date = datetime.fromisoformat(re.sub(r"(?<=[ T])(\d):", r"0\1:", str(value).strip()))
    return float(math.floor((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp()))


def _whole(value: Any) -> int | None:
    return None if _is_missing(value) else _integer(value)


def _integer(value: Any) -> int:
    value = float(value) if isinstance(value, str) and "." in value else value
    number = int(value)
    if not isinstance(value, str) and number != value:
        raise ValueError("a fraction")
    return number


def _text(value: Any) -> str:
    if not isinstance(value, str) and not _is_missing(value):
        raise TypeError("no text")
    return str(value) if isinstance(value, str) else ""


KINDS: dict[str, tuple[Callable[[Any], Any], str]] = {
    "number": (_number, "a finite number"),
    "date": (_seconds, "a date like 2024-02-29 or 2024-02-29T12:30, or whole seconds since 1970 (UTC)"),
    "code": (_whole, "a whole number"),
    "category": (_text, "text"),
    "text": (_text, "text"),
}


def _step(do: str, **arguments: Any) -> Step:
    return STEPS[do](**arguments)


def piecewise_linear(knots: Sequence[float], heights: Sequence[float], missing: float) -> Step:
    """Numbers through a map that is linear between its knots and flat outside them."""
    return lambda values: np.where(np.isnan(values), missing, np.interp(values, knots, heights))


def is_missing() -> Step:
    """1 where a number is missing, 0 elsewhere."""
    return lambda values: np.isnan(values).astype(np.float64)


def wave(function: str, period_s: float, decimals: int) -> Step:
    """Sine or cosine ("sin", "cos") of seconds on a circle of so many of them, rounded half to even."""
    return lambda values: np.round(getattr(np, function)(values * (2 * math.pi / period_s)), decimals)


def look_up(vocabulary: Sequence[Any], first: int, unknown: int, missing: int) -> Step:
    """Text or whole numbers to their places in a vocabulary, counted from `first`."""
    table = {"": missing, None: missing} | {value: first + place for place, value in enumerate(vocabulary)}
    return lambda values: [table.get(value, unknown) for value in values]


def lower() -> Step:
    """The letters A to Z in lower case; all others stay."""
    small = {letter: letter + 32 for letter in range(ord("A"), ord("Z") + 1)}
    return lambda texts: [text.translate(small) for text in texts]


def remove(characters: str) -> Step:
    """Texts without some characters."""
    none = dict.fromkeys(map(ord, characters))
    return lambda texts: [text.translate(none) for text in texts]


def split(at: str | None) -> Step:
    """Texts to tokens: what stands between the characters of `at`; every character where that is None."""
    if at is None:
        return lambda texts: [list(text) for text in texts]
    blank = dict.fromkeys(map(ord, at), "\n")
    return lambda texts: [[word for word in text.translate(blank).split("\n") if word] for text in texts]


def runs(of: int, joined_by: str) -> Step:
    """Tokens to all runs of so many of them; none where there are fewer."""
    return lambda texts: [
        [joined_by.join(tokens[start : start + of]) for start in range(len(tokens) - of + 1)] for tokens in texts
    ]


def look_up_tokens(vocabulary: Sequence[str], first: int, unknown: int) -> Step:
    """Tokens to their places in a vocabulary, counted from `first`."""
    table = {token: first + place for place, token in enumerate(vocabulary)}
    return lambda texts: [[table.get(token, unknown) for token in tokens] for tokens in texts]


def fit(length: int, fill: int, empty: int) -> Step:
    """Lists to one length: longer ones are cut, shorter ones filled; one without anything begins with `empty`."""
    return lambda texts: [((list(numbers) or [empty]) + [fill] * length)[:length] for numbers in texts]


STEPS: dict[str, Callable[..., Step]] = {
    step.__name__: step
    for step in (piecewise_linear, is_missing, wave, look_up, lower, remove, split, runs, look_up_tokens, fit)
}
