"""What a front does as plain data, for runtimes without look-ups: the steps of `keras_nas.artefact.preprocess`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from keras_nas.artefact.preprocess import MARK, VERSION
from keras_nas.tasks.preprocessing import DECIMALS, PERIODS, Category, Number, Preprocessing
from keras_nas.tasks.signature import Input, Signature

if TYPE_CHECKING:
    from keras_nas.tasks.text import Tokens

PUNCTUATION = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"
"""What Keras' TextVectorization removes."""
BLANK = " \t\n\v\f\r"
"""Where TensorFlow splits a text into words."""

Json = dict[str, Any]


def specification(signature: Signature, columns: Iterable[Json]) -> Json:
    """The whole: a front's columns, and the network's inputs.

    Args:
        signature: of the data.
        columns: results of `table_columns`, `text_column` and `array_column`.
    """
    inputs = {"rows": signature.inputs} if isinstance(signature.inputs, Input) else signature.inputs
    given = {name: {"dtype": one.dtype, "shape": [None, *one.shape]} for name, one in inputs.items()}
    return {MARK: VERSION, "columns": [*columns], "inputs": given}


def table_columns(preprocessing: Preprocessing, numbers: str, categories: str) -> list[Json]:
    """The columns of a table.

    Args:
        preprocessing: of the table.
        numbers: the network's input of numbers.
        categories: that of categories.

    Example:
        >>> from keras_nas.data.schema import Column
        >>> column = Column("job", "job", "category")
        >>> table_columns(Preprocessing((column,), (), (Category("job", ("cook",)),)), "n", "c")[0]["features"]
        ... # doctest: +NORMALIZE_WHITESPACE
        [{'input': 'c', 'at': 0,
          'steps': [{'do': 'look_up', 'vocabulary': ['cook'], 'first': 2, 'unknown': 0, 'missing': 1}]}]
    """
    features: dict[str, list[Json]] = {column.key: [] for column in preprocessing.columns}
    for place, number in enumerate(preprocessing.numbers):
        features[number.column].append(_feature(numbers, place, _number_steps(number)))
    offset = 0
    for place, category in enumerate(preprocessing.categories):
        features[category.column].append(_feature(categories, place, [_look_up(category, offset)]))
        offset += category.codes
    return [
        {"key": column.key, "name": column.name, "kind": column.kind, "features": features[column.key]}
        for column in preprocessing.columns
    ]


def text_column(key: str, name: str, tokens: Mapping[str, Tokens]) -> Json:
    """A column of texts.

    Args:
        key: the model's input.
        name: of the column.
        tokens: the ways in which it is cut, by the network's inputs.
    """
    features = [_feature(given, None, _token_steps(told)) for given, told in tokens.items()]
    return {"key": key, "name": name, "kind": "text", "features": features}


def array_column(name: str, given: Input) -> Json:
    """An array that passes as it is."""
    kind = {"kind": "array", "dtype": given.dtype, "shape": [*given.shape]}
    return {"key": name, "name": name, **kind, "features": [_feature(name, None, [])]}


def beside(columns: Iterable[Json], name: str) -> list[Json]:
    """The columns of one of several inputs, by the names that the inputs of model and network have there.

    Args:
        columns: of the input by itself.
        name: of the input.
    """

    def renamed(feature: Json) -> Json:
        return {**feature, "input": f"{name}.{feature['input']}"}

    return [{**c, "name": c["key"], "features": [renamed(f) for f in c["features"]]} for c in columns]


def _feature(given: str, place: int | None, steps: list[Json]) -> Json:
    return {"input": given, "at": place, "steps": steps}


def _number_steps(number: Number) -> list[Json]:
    """The part of a column, and its map."""
    bent = {"do": "piecewise_linear", "knots": [*number.knots], "heights": [*number.heights], "missing": 0.0}
    if number.part == "value":
        return [bent]
    if number.part == "missing":
        return [{"do": "is_missing"}, bent]
    period, function = number.part.split("_")
    return [{"do": "wave", "function": function, "period_s": PERIODS[period], "decimals": DECIMALS}, bent]


def _look_up(category: Category, offset: int) -> Json:
    known = {"vocabulary": [*category.values], "first": offset + 2}
    return {"do": "look_up", **known, "unknown": offset, "missing": offset + 1}


def _token_steps(tokens: Tokens) -> list[Json]:
    """What `Tokens.layer` does, and an unknown token for none."""
    return [
        {"do": "lower"},
        {"do": "remove", "characters": PUNCTUATION},
        {"do": "split", "at": BLANK if tokens.split == "whitespace" else None},
        {"do": "runs", "of": tokens.run, "joined_by": " "},
        {"do": "look_up_tokens", "vocabulary": [*tokens.vocabulary], "first": 2, "unknown": 1},
        {"do": "fit", "length": tokens.length, "fill": 0, "empty": 1},
    ]
