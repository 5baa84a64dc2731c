"""Texts in every form, and what is refused with its reason."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keras_nas.data.glance import glance
from keras_nas.data.schema import Column, Schema
from keras_nas.data.texts import open_texts
from keras_nas.errors import DataError

TEXTS = [f"a {'good' if number % 2 else 'bad'} film, number {number}!" for number in range(40)]
Y = [number % 2 for number in range(40)]
FRAME = pd.DataFrame({"my review": TEXTS, "liked": Y})


@pytest.mark.parametrize(
    ("data", "target", "key"),
    [
        ((TEXTS, Y), None, "text"),
        ((np.array(TEXTS), Y), None, "text"),
        ((np.array(TEXTS)[:, None], Y), None, "text"),
        ((np.array(TEXTS).astype(bytes), Y), None, "text"),
        ((pd.Series(TEXTS, name="review"), Y), None, "review"),
        (({"review": TEXTS}, Y), None, "review"),
        (FRAME, "liked", "my_review"),
        (FRAME.assign(number=range(40)), "liked", "my_review"),
    ],
    ids=["list", "array", "column", "bytes", "series", "dict", "table", "table_of_more"],
)
def test_texts_come_in_many_forms(data: Any, target: str | None, key: str) -> None:
    table = open_texts(data, target, "data")
    assert {name: column.tolist() for name, column in table.x.items()} == {key: TEXTS}
    assert table.y.tolist() == Y
    assert [column.kind for column in table.schema.columns] == ["text"]
    left = ["The column 'number' was left out: the text is 'my review'."]
    assert table.dropped == (left if key == "my_review" and "number" in data else [])


def test_files_are_read(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "reviews.csv", index=False)
    assert open_texts(tmp_path / "reviews.csv", "liked", "data").x["my_review"].tolist() == TEXTS
    for text, liked in zip(TEXTS[:4], Y, strict=False):
        folder = tmp_path / "reviews" / ("good" if liked else "bad") / "more"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{len(list(folder.iterdir()))}.txt").write_text(text)
    table = open_texts(str(tmp_path / "reviews"), None, "data")
    assert table.x["text"].tolist() == [TEXTS[0], TEXTS[2], TEXTS[1], TEXTS[3]]
    assert table.y.tolist() == ["bad", "bad", "good", "good"]


def test_further_data_is_read_by_the_first() -> None:
    first = open_texts(FRAME, "liked", "data")
    again = open_texts(FRAME.assign(other="words"), "liked", "validation_data", first.schema)
    assert again.x["my_review"].tolist() == TEXTS
    rows = first.schema.rows(pd.DataFrame({"my review": ["fine", "", None]}))
    assert rows["my_review"].tolist() == ["fine", "", ""]
    assert Schema.from_json(first.schema.as_json()) == Schema((Column("my review", "my_review", "text"),))
    with pytest.raises(DataError, match="validation_data: the column 'my review' is missing"):
        open_texts(FRAME.rename(columns={"my review": "text"}), "liked", "validation_data", first.schema)


def changed(row: int, value: Any) -> list[Any]:
    return [value if number == row else text for number, text in enumerate(TEXTS)]


@pytest.mark.parametrize(
    ("data", "target", "words"),
    [
        (([1, 2] * 20, Y), None, "holds values that are no text, 1 first, in row 0 (40 in all); expected text"),
        ((changed(7, 3.5), Y), None, "no text, 3.5 first, in row 7 (1 in all)"),
        ((changed(7, None), Y), None, "lacks texts, None first, in row 7 (1 in all); expected a word or more"),
        ((changed(9, float("nan")), Y), None, "lacks texts, nan first, in row 9"),
        ((changed(5, " \n"), Y), None, r"has texts of no length, ' \n' first, in row 5 (1 in all)"),
        ((["", ""] * 20, Y), None, "has texts of no length, '' first, in row 0 (40 in all); expected a word or more"),
        ((np.array([TEXTS, TEXTS]).T, Y), None, "x has the shape (40, 2); expected texts, one a row"),
        ((TEXTS[1:], Y), None, "x has 39 rows, y has 40 rows; expected the same number"),
        (FRAME.assign(other=TEXTS), "liked", "of which 'my review' and 'other' holds sentences; expected one"),
        (FRAME.assign(**{"my review": "yes", "n": 1}), "liked", "of which none holds sentences"),
        (FRAME, "liekd", "Unknown target 'liekd'"),
        ((pd.DataFrame([["a", "b"]] * 6, columns=["x", "x"]), Y[:6]), None, "data: two columns are called 'x'"),
        (FRAME, None, "expected to be told which of them is to be predicted"),
        ("absent.csv", "liked", "absent.csv is no CSV or Parquet file"),
        (TEXTS, None, "data is a list of 40; expected (texts, y), a DataFrame or the path"),
    ],
)
def test_what_cannot_be_used_is_told(data: Any, target: str | None, words: str) -> None:
    with pytest.raises(DataError) as raised:
        open_texts(data, target, "data")
    assert words in str(raised.value)


def test_a_folder_without_texts_is_told(tmp_path: Path) -> None:
    (tmp_path / "good").mkdir()
    with pytest.raises(DataError, match=r"holds no \.txt file in a folder of its own class"):
        open_texts(tmp_path, None, "data")
    (tmp_path / "good" / "1.txt").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(DataError, match="is no text in UTF-8"):
        open_texts(tmp_path, None, "data")


def test_hidden_folders_and_files_are_no_classes_and_no_texts(tmp_path: Path) -> None:
    for name in ("bad", "good", ".ipynb_checkpoints"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "0.txt").write_text(f"a {name} film", encoding="utf-8")
    (tmp_path / "bad" / ".DS_Store").write_bytes(b"\0")
    assert glance(tmp_path).form == "text"
    assert open_texts(tmp_path, None, "data").y.tolist() == ["bad", "good"]
