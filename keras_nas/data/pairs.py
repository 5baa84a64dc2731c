"""Pairs of texts: one to read and one to write, cut into tokens that give the text again when they are joined."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from keras_nas.data.batch import decoded
from keras_nas.data.schema import keys, texts
from keras_nas.data.tables import Table
from keras_nas.data.texts import check_texts, open_texts
from keras_nas.errors import DataError

PAIRS = {1: "pairs of texts (rows,)"}
"""Ranks of texts that texts belong to, one each a row."""
EDGE = "\n"
"""The token behind a text's last one, and before the first that is written."""
LONGEST = 256
"""Tokens that are kept of a text to write, the edge among them."""
MARKS = "".join(mark for mark in map(chr, range(0x10000)) if unicodedata.category(mark) in ("Mn", "Mc"))
"""What is written on or around a letter, vowels of Hindi say: part of a word, though no letter."""
TOKEN = re.compile(rf" ?[\w{MARKS}]+| ?[^\w{MARKS} ]")


def open_pairs(data: Any, target: str | Sequence[str] | None, name: str, first: Table | None = None) -> Table:
    """Read pairs of texts in any form that `open_texts` takes.

    While a network learns to write a text it is told the words before each one. So the tokens to write are an input
    too, which the schema does not name: texts that are only to be read come without.

    Args:
        data: A DataFrame or a path of a table with one column of texts beside the target; or (sources, targets).
        target: The name of the column of texts to write; None where these are given.
        name: What the data is called in messages.
        first: The data that this data has to be like.

    Returns:
        A table with the tokens, shape (rows, tokens), as y and as the last column of x; "" behind the edge.

    Raises:
        DataError: see `open_texts`; or a text to write is missing, empty or none, or all are the same.

    Example:
        >>> table = open_pairs((["A man.", "Two men"], ["Ein Mann.", "Zwei Männer"]), None, "data")
        >>> list(table.x), [column.key for column in table.schema.columns]
        (['text', 'target'], ['text'])
        >>> table.y.tolist()
        [[' Ein', ' Mann', '.', '\\n'], [' Zwei', ' Männer', '\\n', '']]
    """
    import pandas as pd

    if isinstance(data, tuple | list) and len(data) in (2, 3) and isinstance(data[1], list | tuple):
        data = (data[0], pd.Series(list(data[1]), dtype=object), *data[2:])
    table = open_texts(data, target, name, None if first is None else first.schema)
    written = _written(table.y, f"{name}: the target" + (f" {target!r}" if isinstance(target, str) else ""))
    width = None if first is None else first.y.shape[1]
    tokens = _matrix([split_text(text) for text in written], width)
    told = keys([*table.x, "target"])[-1] if first is None else list(first.x)[-1]
    return replace(table, x={**table.x, told: tokens}, y=tokens)


def split_text(text: str) -> list[str]:
    """The words and marks of a text, each with the space before it: joined, they are the text.

    Example:
        >>> split_text("L'homme  rit.")
        [' L', "'", 'homme', ' rit', '.']
        >>> split_text("हिन्दी में")
        [' हिन्दी', ' में']
    """
    return TOKEN.findall(" " + " ".join(text.split()))


def _written(y: np.ndarray, name: str) -> list[str]:
    """The texts to write, or what is wrong with them."""
    import pandas as pd

    column = y[:, 0] if y.ndim == 2 and y.shape[1] == 1 else y
    if column.ndim != 1:
        raise DataError(f"{name} has the shape {y.shape}; expected one text a row. Name one column, or give one list.")
    series = pd.Series(decoded(column, name), dtype=object)
    check_texts(series, name)
    found: list[str] = texts(series, name).tolist()
    if len(found) > 1 and len(set(found)) == 1:
        raise DataError(f"{name} is {found[0]!r} in every row; expected different texts. Check the column.")
    return found


def _matrix(rows: Sequence[list[str]], width: int | None) -> np.ndarray:
    """Tokens and an edge side by side, "" behind it; of texts that are too long the beginning."""
    width = width or min(LONGEST, 1 + max(map(len, rows), default=0))
    matrix = np.full((len(rows), width), "", object)
    for row, tokens in zip(matrix, rows, strict=True):
        kept = [*tokens, EDGE][:width]
        row[: len(kept)] = kept
    return matrix
