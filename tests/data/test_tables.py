"""Tables in every form that is taken, and what is said of those that are not."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keras_nas.data import Rows, Split, collect, split_rows
from keras_nas.data.findings import leaks, twins
from keras_nas.data.tables import forget_file, read_file
from keras_nas.data.trees import TextArray
from keras_nas.errors import DataError, InvalidArgument, ResumeError
from keras_nas.tasks import settled

ROWS = 120
RANDOM = np.random.default_rng(0)
FRAME = pd.DataFrame(
    {
        "age": RANDOM.normal(40, 9, ROWS),
        "her job": RANDOM.choice(["cook", "smith", "nurse"], ROWS),
        "paid": RANDOM.integers(0, 2, ROWS) == 1,
        "class": RANDOM.choice(["yes", "no"], ROWS),
    }
)
X, Y = FRAME.drop(columns="class"), FRAME["class"]


def table(folder: Path, data: Any, **options: Any) -> Rows:
    return collect(data, folder / "data", ranks=(1,), **options)


def csv(folder: Path) -> Path:
    FRAME.to_csv(folder / "table.csv.gz", index=False)
    return folder / "table.csv.gz"


FORMS: dict[str, Any] = {
    "frame": lambda folder: (FRAME, {"column": "class"}),
    "csv": lambda folder: (csv(folder), {"column": "class"}),
    "x_y": lambda folder: ((X, Y), {}),
    "columns": lambda folder: (({name: X[name].to_numpy() for name in X}, Y.to_list()), {}),
    "weighted": lambda folder: ((X, Y, np.ones(ROWS)), {}),
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_tables(form: str, tmp_path: Path) -> None:
    data, options = FORMS[form](tmp_path)
    rows = table(tmp_path, data, **options)
    assert list(rows.x) == ["age", "her_job", "paid"]
    assert isinstance(rows.x["her_job"], TextArray)
    np.testing.assert_allclose(rows.x["age"], FRAME["age"])
    assert rows.x["her_job"][:].tolist() == FRAME["her job"].tolist()
    assert [rows.labels.classes[code] for code in rows.y] == FRAME["class"].tolist()
    assert [column.name for column in rows.schema.columns if rows.schema] == ["age", "her job", "paid"]
    assert len(rows) == rows.size == ROWS
    assert rows.inputs is rows.x


def test_a_file_is_read_once_unless_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file, read = csv(tmp_path), []
    monkeypatch.setattr(
        pd, "read_csv", lambda *args, read_csv=pd.read_csv, **how: read.append(1) or read_csv(*args, **how)
    )
    forget_file()
    task = settled("several", file, ["age", "class"]).task
    assert len(settled("auto", file, "class").told) == 2 and len(read) == 1
    collect(task.given(file, ["age", "class"]), tmp_path / "data", target="several", ranks=task.ranks)
    assert len(read) == 1
    FRAME.head(60).to_csv(file, index=False)
    assert len(read_file(file, "data")) == len(read_file(file, "data")) == 60 and len(read) == 2
    forget_file()


def test_an_array_has_numbered_columns(tmp_path: Path) -> None:
    x = np.column_stack([np.linspace(0, 1, 50), np.arange(50) ** 2])
    rows = table(tmp_path, (x, x[:, 0] * 3), target="regression")
    assert list(rows.x) == ["x0", "x1"]
    assert rows.y.shape == (50, 1)


def test_several_targets(tmp_path: Path) -> None:
    rows = table(tmp_path, FRAME.assign(b=FRAME["age"] * 2), column=["age", "b"], target="regression")
    assert rows.y.shape == (ROWS, 2)
    assert "age" not in rows.x


def test_validation_data_is_read_as_the_data_is(tmp_path: Path) -> None:
    other = FRAME.head(30).assign(extra=1, **{"her job": "a job that is new"})
    rows = table(tmp_path, FRAME, column="class", validation_data=other)
    assert rows.given_validation == 30
    assert rows.x["her_job"][ROWS:].tolist() == ["a job that is new"] * 30
    with pytest.raises(DataError, match="validation_data: the column 'age' is missing"):
        collect(FRAME, tmp_path / "b", ranks=(1,), column="class", validation_data=other.drop(columns="age"))


def test_the_same_table_is_known_again(tmp_path: Path) -> None:
    rows = table(tmp_path, FRAME, column="class")
    assert table(tmp_path, FRAME, column="class").fingerprint == rows.fingerprint
    with pytest.raises(ResumeError, match="holds other data.*120 rows of the columns age, her_job, paid"):
        table(tmp_path, FRAME.assign(age=1.5 * FRAME["age"]), column="class")


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "no_target": (FRAME, {}, "columns 'age', 'her job', 'paid', 'class'; expected to be told.*target='its name'"),
    "unknown": (FRAME, {"column": "clas"}, "Unknown target 'clas': expected one of.*Did you mean 'class'"),
    "missing": (FRAME.replace("no", None), {"column": "class"}, "target 'class' is missing in .* rows, first in row"),
    "constant": (FRAME.assign(**{"class": "yes"}), {"column": "class"}, "every row has the same label, 'yes'"),
    "still": (FRAME.assign(y=1.5), {"column": "y", "target": "regression"}, "y is 1.5 in every row"),
    "twice": ((X, Y), {"column": "class"}, "target='class' came with .X, y."),
    "lengths": ((X, Y[:9]), {}, "x has 120 rows, y has 9 rows"),
    "no_rows": (FRAME.head(0), {"column": "class"}, "data is empty"),
    "one_axis": ((np.zeros(9), np.zeros(9)), {}, r"X has the shape \(9,\); expected \(rows, features\)"),
    "no_file": ("no/such.csv", {"column": "class"}, "no/such.csv is no CSV or Parquet file"),
    "names": (
        FRAME,
        {"column": "class", "target": "regression"},
        "y .* holds text; expected numbers.*pandas.to_numeric",
    ),
    "local_dates": (
        FRAME.assign(when=[f"{1 + day % 28:02}.{1 + day % 12:02}.2024" for day in range(len(FRAME))]),
        {"column": "class"},
        "the column 'when' holds dates that do not parse, '01.01.2024' for example, .*dayfirst=True",
    ),
    "commas": (
        FRAME.assign(size=[f"{1 + row},{row % 10}" for row in range(len(FRAME))]),
        {"column": "class"},
        "the column 'size' holds numbers with a decimal comma, '1,0' for example; .*decimal=','",
    ),
    "a_number": (7, {}, "data is a int; expected a pandas DataFrame or the path"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_used_is_refused(name: str, tmp_path: Path) -> None:
    data, options, text = REFUSED[name]
    with pytest.raises(DataError, match=text):
        table(tmp_path, data, **options)
    assert not list(tmp_path.iterdir())


def test_only_tables_have_a_column_to_predict(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="target='y' names a column, which only tables and series have"):
        collect((np.zeros((9, 4, 4)), np.arange(9) % 2), tmp_path / "data", column="y")


@pytest.mark.parametrize("name", ["id", "customer_id", "user ID", "orderId"])
def test_numbers_of_a_column_that_is_called_an_id_are_left_out(name: str, tmp_path: Path) -> None:
    numbers = np.random.default_rng(0).choice(10**9, len(FRAME), replace=False)
    rows = table(tmp_path, FRAME.assign(**{name: numbers, "valid": numbers[::-1]}), column="class")
    assert rows.dropped == (f"The column {name!r} was left out: it has another value in every row, like an id.",)
    assert "valid" in rows.x


def found(folder: Path, frame: pd.DataFrame, target: str = "classification") -> tuple[Rows, Split]:
    rows = collect(frame, folder / f"{len(list(folder.iterdir()))}", ranks=(1,), column="class", target=target)  # type: ignore[arg-type]
    return rows, split_rows(rows)


def test_a_column_that_tells_the_target_is_reported_with_its_correlation(tmp_path: Path) -> None:
    assert leaks(*found(tmp_path, FRAME)) == []
    coded = FRAME.assign(result=FRAME["class"].map({"yes": "passed", "no": "failed"}))
    bent = FRAME.assign(score=np.where(Y == "yes", RANDOM.normal(0, 1, ROWS) ** 2 + 5, -1.0))
    for frame, name in ((coded, "result"), (bent, "score")):
        (sentence,) = leaks(*found(tmp_path, frame))
        assert sentence.startswith(f"Warning: the column '{name}' tells the target, their correlation is 1.000")
    price = FRAME.assign(**{"class": FRAME["age"] * 2 + RANDOM.normal(0, 0.5, ROWS), "gap": np.nan})
    price.loc[:50, "gap"] = RANDOM.normal(size=51)
    (sentence,) = leaks(*found(tmp_path, price, "regression"))
    assert sentence.startswith("Warning: the column 'age' tells the target, their correlation is 0.99")


def test_rows_on_both_sides_are_counted(tmp_path: Path) -> None:
    assert twins(*found(tmp_path, FRAME)) == []
    rows, split = found(tmp_path, pd.concat([FRAME, FRAME], ignore_index=True))
    (sentence,) = twins(rows, split)
    outside = {*split.validation, *split.holdout}
    count = sum((number + ROWS) % (2 * ROWS) in set(split.train) for number in outside)
    assert sentence.startswith(f"Warning: {count} of {len(outside)} rows that are not trained on equal one that is")
