"""What a table's front learns of the training part: plain data, which can be written as JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from keras_nas.data.schema import MISSING, Column, Schema, real
from keras_nas.data.trees import TextArray

KNOTS = 64
"""Knots of a number's map at most."""
VOCABULARY = 10_000
"""Values of a category that are told apart at most."""
RARE = 2
"""Rows of the training part that a value needs to be told apart."""
DAY = 86_400.0
PERIODS = {"day": DAY, "week": 7 * DAY, "year": 365.2425 * DAY}
"""Seconds after which a part of a date comes again."""
DECIMALS = 6
"""Of a part of a date: what is left of one weekday in different years is the same number."""

Part = Literal["value", "missing", "day_sin", "day_cos", "week_sin", "week_cos", "year_sin", "year_cos"]


@dataclass(frozen=True)
class Number:
    """One of the network's numbers: a part of a column, through a piecewise linear map.

    Args:
        column: the key of the raw column.
        part: the value itself, 1 where it is missing and 0 elsewhere, or a date's place on a circle.
        knots: ascending; below the first and above the last the map is flat.
        heights: the map at the knots; a missing value gives 0.
    """

    column: str
    part: Part
    knots: tuple[float, ...]
    heights: tuple[float, ...]


@dataclass(frozen=True)
class Category:
    """One of the network's categories: code 0 is unknown, 1 missing, 2 the first of the values.

    Args:
        column: the key of the raw column.
        values: text or whole numbers, those that are told apart.
    """

    column: str
    values: tuple[Any, ...]

    @property
    def codes(self) -> int:
        """How many codes there are."""
        return len(self.values) + 2


@dataclass(frozen=True)
class Preprocessing:
    """From raw columns to the network's inputs `numbers` (rows, k) and `categories` (rows, c).

    Args:
        columns: what the raw columns are.
        numbers: the network's numbers, in order.
        categories: the network's categories, in order; the codes of each follow those of the one before.
    """

    columns: tuple[Column, ...]
    numbers: tuple[Number, ...]
    categories: tuple[Category, ...]

    @property
    def vocabulary(self) -> int:
        """How many codes all categories have together."""
        return sum(category.codes for category in self.categories)


def learn(schema: Schema, x: Mapping[str, Any], train: np.ndarray) -> Preprocessing:
    """What the training part says of each column.

    Args:
        schema: the columns.
        x: raw rows by column, `Rows.x`.
        train: numbers of the training rows; nothing else is looked at.

    Example:
        >>> schema = Schema((Column("age", "age", "number"), Column("job", "job", "category")))
        >>> x = {"age": np.array([30.0, np.nan, 50, 99]), "job": np.array(["cook", "cook", "smith", "cook"], object)}
        >>> learned = learn(schema, x, np.arange(3))
        >>> [(number.part, number.knots) for number in learned.numbers], learned.categories[0].values
        ([('value', (30.0, 50.0)), ('missing', (0.0, 1.0))], ('cook',))
    """
    numbers: list[Number] = []
    categories: list[Category] = []
    for column in schema.columns:
        if column.kind in ("category", "code"):
            categories.append(Category(column.key, _values(column, x[column.key], train)))
        else:
            numbers += _numbers(column, real(np.asarray(x[column.key][train])))
    return Preprocessing(schema.columns, tuple(numbers), tuple(categories))


def part_of(part: Part, values: Any, ops: Any = np) -> Any:
    """A part of raw values; `ops` is NumPy or `keras.ops`."""
    if part == "value":
        return values
    if part == "missing":
        return ops.where(ops.isnan(values), 1.0, 0.0)
    period, wave = part.split("_")
    return ops.round(getattr(ops, wave)(values * (2 * math.pi / PERIODS[period])), DECIMALS)


def _numbers(column: Column, values: np.ndarray) -> list[Number]:
    """The value always; whether it is missing where some are; a date's circles where they vary."""
    waves: list[Part] = ["day_sin", "day_cos", "week_sin", "week_cos", "year_sin", "year_cos"]
    parts: list[Part] = ["value"]
    if column.kind == "date":
        parts += [wave for wave in waves if _varies(part_of(wave, values))]
    if np.isnan(values).any():
        parts.append("missing")
    return [Number(column.key, part, *_map(part_of(part, values))) for part in parts]


def _varies(values: np.ndarray) -> bool:
    there = values[~np.isnan(values)]
    return bool(len(there) and np.ptp(there) > 0)


def _map(values: np.ndarray) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Knots and heights: normal scores of the mean of the rank among rows and the rank among distinct values."""
    from scipy.special import ndtri

    ordered = np.sort(values[~np.isnan(values)])
    distinct = np.unique(ordered)
    if len(distinct) < 2:
        return (float(distinct[0]) if len(distinct) else 0.0,), (0.0,)
    levels = np.linspace(0, 1, KNOTS // 2)
    spread = [np.quantile(each, levels, method="inverted_cdf") for each in (ordered, distinct)]
    knots = distinct if len(distinct) <= KNOTS else np.unique(np.concatenate(spread))
    heights = ndtri((_rank(ordered, knots) + _rank(distinct, knots)) / 2)
    return tuple(knots.tolist()), tuple(heights.tolist())


def _rank(ordered: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Share of the ordered numbers below each value, equal ones counted half; never 0 or 1."""
    below, upto = np.searchsorted(ordered, values, "left"), np.searchsorted(ordered, values, "right")
    return (below + upto) / (2 * len(ordered))


def _values(column: Column, array: Any, train: np.ndarray) -> tuple[Any, ...]:
    """The values of a category that are told apart, the most frequent first."""
    if isinstance(array, TextArray):
        counts = np.bincount(array.codes[train], minlength=len(array.values))
        values = array.values
    else:
        values, counts = np.unique(np.asarray(array[train]), return_counts=True)
    order = np.argsort(-counts, kind="stable")
    reserved = ("", UNKNOWN) if column.kind == "category" else (MISSING,)
    chosen = [values[number] for number in order if counts[number] >= RARE and values[number] not in reserved]
    return tuple(value if isinstance(value, str) else int(value) for value in chosen[:VOCABULARY])


UNKNOWN = "[UNK]"
"""Keras' name for what a vocabulary does not have."""
