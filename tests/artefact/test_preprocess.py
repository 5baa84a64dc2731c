"""The program that stands beside a network: what it takes, what it refuses, and each of its steps by itself."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keras_nas.artefact.preprocess import MARK, MISSING, VERSION, load

BENT = {"do": "piecewise_linear", "knots": [0.0, 2.0], "heights": [-1.0, 1.0], "missing": 0.5}
NOON = datetime(2024, 2, 29, 12, tzinfo=UTC)


def prepared(folder: Path, rows: Any, kind: str, *steps: dict[str, Any], dtype: str = "float64") -> Any:
    """What becomes of a column named "the x" that makes a whole input."""
    column = {"key": "the_x", "name": "the x", "kind": kind, "dtype": "uint8", "shape": [2]}
    column |= {"features": [{"input": "made", "at": None, "steps": steps}]}
    told = {MARK: VERSION, "columns": [column], "inputs": {"made": {"dtype": dtype, "shape": [None]}}}
    (folder / "preprocessing.json").write_text(json.dumps(told))
    return load(folder)(rows)["made"].tolist()


def test_numbers_come_as_numbers_or_as_a_file_has_them(tmp_path: Path) -> None:
    given = [-9, 0.5, " 1 ", True, "", None, np.nan, pd.NA]
    assert prepared(tmp_path, {"the x": given}, "number", BENT) == [-1, -0.5, 0, 0, 0.5, 0.5, 0.5, 0.5]
    assert prepared(tmp_path, {"the_x": given[4:]}, "number", {"do": "is_missing"}) == [1, 1, 1, 1]
    frame = pd.DataFrame({"the x": [1.0, None], "other": ["a", "b"]})
    assert prepared(tmp_path, frame, "number", BENT) == [0, 0.5]


def test_dates_are_seconds_whatever_form_they_have(tmp_path: Path) -> None:
    forms = ["2024-02-29 12:00", "2024-02-29T13:00+01:00", NOON, pd.Timestamp(NOON), NOON.timestamp()]
    forms += [np.datetime64("2024-02-29T12"), NOON.replace(tzinfo=None)]
    assert set(prepared(tmp_path, {"the x": forms}, "date")) == {NOON.timestamp()}
    assert prepared(tmp_path, {"the x": ["1970-01-01 1:00", "1970-01-02T2:00:00"]}, "date") == [3600, 93_600]
    assert prepared(tmp_path, {"the x": [date(1970, 1, 2), "1969-12-31T23:59:59.5"]}, "date") == [86_400, -1]
    nothing = [None, "", pd.NaT, np.datetime64("NaT"), MISSING]
    assert np.isnan(prepared(tmp_path, {"the x": nothing}, "date")).all()
    noon = {"do": "wave", "function": "cos", "period_s": 86_400.0, "decimals": 6}
    assert prepared(tmp_path, {"the x": [NOON, "1970-01-01T06:00"]}, "date", noon) == [-1, 0]


def test_categories_are_text_or_whole_numbers(tmp_path: Path) -> None:
    known: dict[str, Any] = {"do": "look_up", "first": 7, "unknown": 5, "missing": 6}
    jobs = known | {"vocabulary": ["cook", "None"]}
    given = {"the x": ["cook", "Cook", "", None, np.nan, "None"]}
    assert prepared(tmp_path, given, "category", jobs, dtype="int32") == [7, 5, 6, 6, 6, 8]
    codes = known | {"vocabulary": [-1, 400]}
    given = {"the x": [-1, "400", "400.0", 400.0, np.int64(3), None, MISSING, np.nan]}
    assert prepared(tmp_path, given, "code", codes, dtype="int32") == [7, 8, 8, 8, 5, 6, 6, 6]


def test_texts_become_numbers_of_one_length(tmp_path: Path) -> None:
    split = {"do": "split", "at": " \n"}
    known = {"do": "look_up_tokens", "vocabulary": ["go", "od", "GO"], "first": 2, "unknown": 1}
    fit = {"do": "fit", "length": 3, "fill": 0, "empty": 1}
    steps = ({"do": "lower"}, {"do": "remove", "characters": "!-"}, split, known, fit)
    given = {"the x": ["G-o,\n od!  GO", "od go ÄÖ go", " !", None]}
    assert prepared(tmp_path, given, "text", *steps) == [[1, 3, 2], [3, 2, 1], [1, 0, 0], [1, 0, 0]]
    runs = ({"do": "split", "at": None}, {"do": "runs", "of": 2, "joined_by": ""}, known, fit)
    assert prepared(tmp_path, {"the x": ["good", "g"]}, "text", *runs) == [[2, 1, 3], [1, 0, 0]]


def test_arrays_pass_in_their_shape(tmp_path: Path) -> None:
    assert prepared(tmp_path, {"the x": [[1, 2], [3, 4]]}, "array", dtype="uint8") == [[1, 2], [3, 4]]
    with pytest.raises(ValueError, match=r"'the x' holds rows \(3,\); expected \[2\]"):
        prepared(tmp_path, {"the x": [[1, 2, 3]]}, "array")
    for strange in (0.5, 256, -1, np.nan):
        with pytest.raises(ValueError, match="'the x' holds numbers that uint8 does not; expected those of training"):
            prepared(tmp_path, {"the x": [[0, strange]]}, "array")


def test_columns_come_by_their_names_or_by_their_keys(tmp_path: Path) -> None:
    columns = [
        {"key": key, "name": name, "kind": "number", "features": [{"input": "made", "at": at, "steps": []}]}
        for at, (key, name) in enumerate([("a_b", "a b"), ("a_b_2", "a_b")])
    ]
    told = {MARK: VERSION, "columns": columns, "inputs": {"made": {"dtype": "float32", "shape": [None, 2]}}}
    (tmp_path / "preprocessing.json").write_text(json.dumps(told))
    prepare = load(tmp_path)
    assert prepare({"a b": [1], "a_b": [2]})["made"].tolist() == [[1, 2]]
    assert prepare({"a_b": [1], "a_b_2": [2]})["made"].tolist() == [[1, 2]]
    with pytest.raises(ValueError, match="the column 'a b' is missing; the rows have a_b"):
        prepare({"a_b": [2]})
    with pytest.raises(ValueError, match="'a b' has 2 rows, 'a_b' has 1 rows; expected the same number in each"):
        prepare({"a b": [1, 2], "a_b": [2]})


def test_one_text_is_no_column_of_letters(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="column 'the x' is 'a film'; expected a list, one value a row"):
        prepared(tmp_path, {"the x": "a film"}, "text")


@pytest.mark.parametrize(
    ("kind", "value", "expected"),
    [
        ("number", "many", "'many'; expected a finite number"),
        ("number", np.inf, "inf; expected a finite number"),
        ("date", "29.02.2024", "'29.02.2024'; expected a date like 2024-02-29"),
        ("code", 0.5, "0.5; expected a whole number"),
        ("code", "0.5", "'0.5'; expected a whole number"),
        ("category", 3, "3; expected text"),
        ("text", b"bytes", "b'bytes'; expected text"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, kind: str, value: Any, expected: str) -> None:
    with pytest.raises(ValueError) as caught:
        prepared(tmp_path, {"the x": [None, value]}, kind)
    assert f"column 'the x', row 1: {expected}" in str(caught.value)


def test_a_column_that_is_not_there_and_a_later_version_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"the column 'the x' is missing; the rows have y, z"):
        prepared(tmp_path, {"y": [1], "z": [2]}, "number", BENT)
    (tmp_path / "preprocessing.json").write_text(json.dumps({MARK: 2}))
    with pytest.raises(ValueError, match=r"keras_nas_preprocessing: 2; this program reads 1"):
        load(tmp_path)
