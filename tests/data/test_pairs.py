"""Pairs of texts in every form, their tokens, and what is refused with its reason."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_nas.data import Rows, collect, split_rows
from keras_nas.data.pairs import EDGE, LONGEST, PAIRS, open_pairs, split_text
from keras_nas.errors import DataError
from tests.pairs import pairs

SOURCES, TARGETS = pairs(40)
FRAME = pd.DataFrame({"en": SOURCES, "the German": TARGETS})


@given(st.text(max_size=40))
def test_the_tokens_of_a_text_give_it_again(text: str) -> None:
    tokens = split_text(text)
    assert "".join(tokens).strip() == " ".join(text.split())
    assert EDGE not in tokens and "" not in tokens


@pytest.mark.parametrize(
    ("data", "target", "names"),
    [
        ((SOURCES, TARGETS), None, ["text", "target"]),
        ((np.array(SOURCES), np.array(TARGETS)), None, ["text", "target"]),
        ((pd.Series(SOURCES, name="target"), [text.encode() for text in TARGETS]), None, ["target", "target_2"]),
        (({"en": SOURCES}, np.array(TARGETS)[:, None]), None, ["en", "target"]),
        (FRAME, "the German", ["en", "target"]),
    ],
    ids=["lists", "arrays", "column_and_bytes", "dict", "table"],
)
def test_pairs_come_in_many_forms(data: Any, target: str | None, names: list[str]) -> None:
    table = open_pairs(data, target, "data")
    assert list(table.x) == names and [column.key for column in table.schema.columns] == names[:1]
    assert table.x[names[0]].tolist() == SOURCES
    assert ["".join(row).strip() for row in table.y] == TARGETS
    assert table.x[names[1]].tolist() == table.y.tolist()


def test_they_are_stored_and_divided_by_length(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "pairs.csv", index=False)
    more = (SOURCES[:4], [*TARGETS[:3], " ".join(TARGETS)])
    rows = collect(
        tmp_path / "pairs.csv",
        tmp_path / "data",
        target="texts",
        ranks=PAIRS,
        column="the German",
        validation_data=None,
    )
    assert rows.target == "texts" and rows.y.shape == (40, 10)
    assert rows.y[:1].tolist() == [open_pairs(FRAME, "the German", "data").y[0].tolist()]
    split = split_rows(rows)
    mean = [(rows.y[part] != "").sum(axis=1).mean() for part in (split.train, split.holdout)]
    assert abs(mean[0] - mean[1]) < 1.5 and len(split.holdout) == 6
    both = collect((SOURCES, TARGETS), tmp_path / "both", target="texts", ranks=PAIRS, validation_data=more)
    assert both.y.shape == (44, 10) and both.given_validation == 4
    assert "".join(both.y[43]).strip() == " ".join(TARGETS)[: len("".join(both.y[43])) - 1]
    assert Rows.load(tmp_path / "both").x["target"][43].tolist() == both.y[43].tolist()


def test_of_long_texts_the_beginning_is_kept() -> None:
    table = open_pairs((["a", "b"], ["word " * 300, "word"]), None, "data")
    assert table.y.shape == (2, LONGEST) and table.y[0, -1] == " word" and table.y[1, 1] == EDGE


def changed(row: int, value: Any) -> list[Any]:
    return [value if number == row else text for number, text in enumerate(TARGETS)]


@pytest.mark.parametrize(
    ("data", "target", "words"),
    [
        ((SOURCES, changed(7, 3.5)), None, "the target holds values that are no text, 3.5 first, in row 7 (1 in all)"),
        ((SOURCES, list(range(40))), None, "the target holds values that are no text, 0 first, in row 0 (40 in all)"),
        ((SOURCES, changed(3, ["a", "b"])), None, "no text, ['a', 'b'] first, in row 3"),
        ((SOURCES, changed(5, "  ")), None, "the target has texts of no length, '  ' first, in row 5 (1 in all)"),
        ((SOURCES, changed(5, None)), None, "the target lacks texts, None first, in row 5"),
        ((SOURCES, TARGETS[1:]), None, "x has 40 rows, y has 39 rows; expected the same number"),
        ((changed(2, 7), TARGETS), None, "holds values that are no text, 7 first, in row 2"),
        ((SOURCES, np.array([TARGETS, TARGETS]).T), None, "the target has the shape (40, 2); expected one text a row"),
        ((SOURCES, ["the same"] * 40), None, "the target is 'the same' in every row; expected different texts"),
        (FRAME, "German", "Unknown target 'German'"),
        (FRAME, None, "expected to be told which of them is to be predicted"),
        (FRAME.assign(fr=SOURCES), "en", "beside the target, of which none holds sentences; expected one that does"),
        (FRAME.assign(**{"the German": None}), "the German", "the target 'the German' is missing in 40 rows"),
        (SOURCES, None, "data is a list of 40"),
    ],
)
def test_what_cannot_be_used_is_told(data: Any, target: str | None, words: str) -> None:
    with pytest.raises(DataError) as raised:
        open_pairs(data, target, "data")
    assert words in str(raised.value)
