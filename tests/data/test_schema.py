"""What columns are, how tables of them are read, and what is said of those that cannot be."""

import datetime
import warnings
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keras_nas.data.inference import infer
from keras_nas.data.schema import MISSING, Column, Schema, keys
from keras_nas.errors import DataError

ROWS = 40
WORDS = ["red", "green", "blue", "white"] * 10
DAYS = pd.date_range("2024-02-27", periods=ROWS, freq="7h")

KINDS: dict[str, tuple[Any, str, Any]] = {
    "integers": (np.arange(ROWS) % 7, "number", 2.0),
    "nullable": (pd.array([*range(5), None] * 6 + [1, 2, 3, 4], dtype="Int64"), "number", 2.0),
    "floats": (np.linspace(0, 1, ROWS), "number", 0.05128),
    "booleans": (np.arange(ROWS) % 2 == 0, "number", 1.0),
    "maybe": ([True, None, False, True] * 10, "number", 0.0),
    "mixed_numbers": ([1, 2.5, None, np.int8(4)] * 10, "number", np.nan),
    "numbers_as_text": (["1", "2.5", None, "4e2"] * 10, "number", np.nan),
    "text": (WORDS, "category", "blue"),
    "text_or_nothing": (["a", None, "b", float("nan")] * 10, "category", "b"),
    "pandas_text": (pd.array(WORDS, dtype="string"), "category", "blue"),
    "category": (pd.Categorical(WORDS), "category", "blue"),
    "codes": (pd.Categorical([3, 1, None, 3] * 10), "code", MISSING),
    "dates": (DAYS, "date", 1709042400),
    "zoned": (DAYS.tz_localize("Asia/Tokyo"), "date", 1709010000),
    "days": ([datetime.date(2024, 2, 28 + n % 2) for n in range(ROWS)], "date", 1709078400),
    "iso": (DAYS.strftime("%Y-%m-%dT%H:%M").tolist(), "date", 1709042400),
    "codes_with_bars": ([f"{number}_{number}" for number in range(4)] * 10, "category", "2_2"),
    "other_digits": (["１", "２", "３", "４"] * 10, "category", "３"),
    "rarely_numbers": (["12", "13", "3+"] * 13 + ["12"], "category", "3+"),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_column_is_recognised_and_read(name: str) -> None:
    values, kind, third = KINDS[name]
    schema, left = infer(pd.DataFrame({name: values}), "data")
    assert not left
    assert schema.columns == (Column(name, name, kind),)
    read = schema.rows({name: values})[name]
    assert read.shape == (ROWS,)
    assert read.dtype == {"category": object, "number": np.float64}.get(kind, np.int64)
    if isinstance(third, str):
        assert read[2] == third and all(isinstance(value, str) for value in read)
    else:
        np.testing.assert_allclose(read[2], third, atol=1e-3)


def test_what_tells_nothing_is_left_out_and_named() -> None:
    frame = pd.DataFrame(
        {
            "empty": [None] * ROWS,
            "one": 7,
            "id": np.arange(ROWS)[::-1] + 1000,
            "code": [f"P{number:03}" for number in range(ROWS)],
            "income": np.arange(ROWS) * 997,
            "x": np.linspace(0, 1, ROWS),
        }
    )
    schema, left = infer(frame, "data")
    assert [column.name for column in schema.columns] == ["income", "x"]
    assert left == [
        "The column 'empty' was left out: it is empty.",
        "The column 'one' was left out: it is 7 in every row.",
        "The column 'id' was left out: it has another value in every row, like an id.",
        "The column 'code' was left out: it has another value in every row, like an id.",
    ]


REFUSED: dict[str, tuple[Any, str]] = {
    "numbers_and_text": ([1, "x"] * 20, "column 'c' mixes numbers and other values, 'x' first, in row 1 .20 in all."),
    "almost_numbers": ([*map(str, range(39)), "unknown"], "'unknown' first, in row 39 .1 in all.; expected numbers"),
    "no_such_day": (["2024-02-29", "2023-02-29"] * 20, "dates that do not parse, '2023-02-29' first, in row 1 .20"),
    "half_dates": (["2024-02-28", "2024-02-29", "soon"] * 13 + ["soon"], "do not parse, 'soon' first, in row 2"),
    "texts": (
        [f"a long letter about the number {n} thing" for n in range(ROWS)],
        "holds texts, 40 different ones of 8",
    ),
    "infinity": ([1.0, np.inf] * 20, "holds infinity, inf first, in row 1"),
    "grouped": (
        [f"{1_000_000 + number:,}" for number in range(ROWS)],
        "numbers with commas, '1,000,000'.*thousands=','",
    ),
    "grouped_or_decimal": (
        ["1,000", "2,500"] * 20,
        "may group thousands or stand for the decimal point; .*decimal=','",
    ),
    "arrays": ([np.zeros(2), np.ones(2)] * 20, r"holds objects \(ndarray\); expected numbers, text, booleans or dates"),
    "lists": ([[1], [2]] * 20, r"holds objects \(list\); expected numbers, text, booleans or dates"),
    "complex": (np.arange(ROWS) * 1j, "holds complex128; expected numbers, text"),
    "spans": (pd.to_timedelta(np.arange(ROWS), unit="s"), "holds timedelta64.*Convert it to numbers"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_column_that_cannot_be_used_is_refused(name: str) -> None:
    values, text = REFUSED[name]
    with pytest.raises(DataError, match=text):
        infer(pd.DataFrame({"c": values, "x": range(ROWS)}), "data")


def test_the_advice_on_a_column_of_numbers_and_other_values_works() -> None:
    codes = pd.Series([f"V{n}" if n % 5 == 0 else str(1.5 * n) for n in range(ROWS)] * 2, name="c")
    for column in (codes, codes.where(codes.str[0] == "V", 7)):
        schema, _ = infer(pd.DataFrame(column.astype(str).astype("category")), "data")
        assert schema.columns[0].kind == "category"
    with pytest.raises(DataError, match=r"'V0' first, in row 0 .16 in all.*astype\(str\).astype\('category'\)"):
        infer(pd.DataFrame(codes), "data")


def test_halves_of_characters_are_refused_and_can_be_repaired() -> None:
    texts = ["plain", None, "cut \ud83d", "torn \ud83d\ude00"]
    schema = Schema((Column("c", "c", "text"),))
    with pytest.raises(
        DataError, match=r"holds halves of characters, 'cut \\ud83d' first, in row 2 .2 in all."
    ) as caught:
        schema.rows({"c": texts})
    assert "value.encode('utf-16', 'surrogatepass').decode('utf-16', 'replace')" in str(caught.value)
    repaired = [text and text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") for text in texts]
    assert schema.rows({"c": repaired})["c"].tolist() == ["plain", "", "cut \ufffd", "torn 😀"]


def test_columns_of_one_name_are_refused_where_they_are_read() -> None:
    twice = pd.DataFrame([[3, 4, "cook", "2024-01-01"]], columns=["age", "age", "job", "when"])
    with pytest.raises(DataError, match="rows: two columns are called 'age'; expected different names"):
        SCHEMA.rows(twice)
    assert SCHEMA.rows(
        twice.set_axis(["x", "age", "job", "when"], axis=1).join(twice[["age", "age"]].add_prefix("my "))
    )


def test_a_table_without_columns_to_learn_from() -> None:
    with pytest.raises(DataError, match="no column to learn from.*'one' was left out: it is 1 in every row"):
        infer(pd.DataFrame({"one": [1] * 9}), "data")
    with pytest.raises(DataError, match="two columns are called 'a'"):
        infer(pd.DataFrame([[1, 2]], columns=["a", "a"]), "data")


SCHEMA = Schema((Column("age", "age", "number"), Column("job", "job", "category"), Column("when", "when", "date")))
ROW = {"age": [3], "job": ["cook"], "when": ["2024-01-01"]}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"age": None}, "rows: the column 'age' is missing; expected all of 'age', 'job', 'when'. Add it"),
        ({"age": None, "Age": [1]}, "the column 'age' is missing.*Is it 'Age'. Rename it"),
        ({"age": ["old"]}, "the column 'age' mixes numbers and other values, 'old' first, in row 0"),
        ({"job": [3]}, "the column 'job' holds values that are no text, 3 first, in row 0"),
        ({"when": ["yesterday"]}, "the column 'when' holds dates that do not parse, 'yesterday'"),
    ],
    ids=["missing", "renamed", "text", "number", "date"],
)
def test_rows_of_a_prediction_are_checked(change: dict[str, Any], text: str) -> None:
    given = {name: values for name, values in {**ROW, **change}.items() if values is not None}
    with warnings.catch_warnings(), pytest.raises(DataError, match=text):
        SCHEMA.rows(given)


def test_raw_rows_and_plain_data_are_read_again() -> None:
    raw = SCHEMA.rows({**ROW, "unused": ["x"]})
    again = Schema.from_json(SCHEMA.as_json()).rows(raw)
    assert list(raw) == ["age", "job", "when"]
    assert all(raw[key].tolist() == again[key].tolist() for key in raw)


def test_inputs_are_named_as_a_signature_can_name_them() -> None:
    assert keys(["a-b", "a_b", "A_B", "", "3 d", "_"]) == ["a_b", "a_b_2", "A_B_3", "x", "3_d", "x_"]
