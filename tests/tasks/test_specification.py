"""What a front does, said as plain data: the program that reads it gives what the front gives, whatever comes."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_nas.artefact.preprocess import load
from keras_nas.data import collect, split_rows, store_inputs
from keras_nas.data.rows import Rows
from keras_nas.data.schema import MISSING, Column, Schema
from keras_nas.data.trees import mapped
from keras_nas.tasks import get_task, settled
from keras_nas.tasks.front import front
from keras_nas.tasks.preprocessing import learn
from keras_nas.tasks.signature import Input
from keras_nas.tasks.tabular import TableSignature, TabularClassification
from keras_nas.tasks.text import TextClassification, TextSignature, Tokens

Prepare = Callable[[Any], Any]
COLUMNS = tuple(Column(f"the {kind}", kind, kind) for kind in ("number", "date", "category", "code"))  # type: ignore[arg-type]
WORDS = ["good", "film", "größe", "42"]


def read(told: Any, folder: Path) -> Prepare:
    """The program, as it stands beside a network."""
    (folder / "preprocessing.json").write_text(json.dumps(told, allow_nan=False), encoding="utf-8")
    return load(folder)


def traced(model: Any) -> Any:
    """A front as one graph, for any number of rows."""
    specs = {name: tf.TensorSpec([None], tensor.dtype) for name, tensor in model.input.items()}
    return tf.function(model, input_signature=[specs], autograph=False)


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Prepare]:
    """The front of a table with a column of each kind, and the program."""
    random, rows = np.random.default_rng(0), 300
    x = {
        "number": np.where(random.random(rows) < 0.1, np.nan, random.lognormal(3, 2, rows)),
        "date": np.where(random.random(rows) < 0.1, MISSING, 1_700_000_000 + 3_600 * random.integers(0, 9_000, rows)),
        "category": random.choice(["cook", "smith", "", "größe"], rows).astype(object),
        "code": random.choice([-1, 7, 400, MISSING], rows),
    }
    learned = learn(Schema(COLUMNS), x, np.arange(rows))
    inputs = {"numbers": Input((len(learned.numbers),), "float32"), "categories": Input((2,), "int32")}
    told = TabularClassification().specification(TableSignature(inputs, 2, preprocessing=learned))
    return traced(front(learned)), read(told, tmp_path_factory.mktemp("table"))


ROW = st.fixed_dictionaries(
    {
        "number": st.none() | st.floats(allow_infinity=False),
        "date": st.none() | st.integers(-5_000_000_000, 20_000_000_000),
        "category": st.none() | st.sampled_from(["cook", "größe", "", "[UNK]"]) | st.text(),
        "code": st.none() | st.sampled_from([-1, 400, MISSING + 1]) | st.integers(-(2**63), 2**63 - 1),
    }
)


@settings(max_examples=60)
@given(rows=st.lists(ROW, min_size=1, max_size=6))
def test_any_row_of_a_table(table: tuple[Any, Prepare], rows: list[dict[str, Any]]) -> None:
    model, prepare = table
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    raw = {
        "number": tf.constant([np.nan if value is None else value for value in columns["number"]], tf.float64),
        "category": tf.constant([value or "" for value in columns["category"]]),
        **{
            name: tf.constant([MISSING if value is None else value for value in columns[name]], tf.int64)
            for name in ("date", "code")
        },
    }
    expected, found = model(raw), prepare({f"the {name}": values for name, values in columns.items()})
    np.testing.assert_allclose(found["numbers"], expected["numbers"], rtol=0, atol=1e-6)
    np.testing.assert_array_equal(found["categories"], expected["categories"])
    assert mapped(lambda array: array.dtype, found) == {"numbers": np.float32, "categories": np.int32}


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Prepare]:
    """The front of texts, and the program."""
    tokens = {
        "words": Tokens("whitespace", 1, 9, 9, 5, tuple(WORDS)),
        "pieces": Tokens("character", 4, 9, 9, 7, ("g o o d", "f i l m", "o d   f", "r ö ß e")),
    }
    inputs = {name: Input((told.length,), "int32") for name, told in tokens.items()}
    signature, task = TextSignature(inputs, 2, tokens=tokens), TextClassification()
    return traced(task.front(signature)), read(task.specification(signature), tmp_path_factory.mktemp("texts"))


CHARACTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(" \t\n\v\f\r\x1c\x85\xa0\u2028!\"'\\]^-_ÄßİſK")
TEXT = st.lists(st.sampled_from([*WORDS, "GOOD", "Größe"]) | st.text(CHARACTERS), max_size=6).map(" ".join)


@settings(max_examples=100)
@given(given=st.lists(TEXT | st.text(CHARACTERS), min_size=1, max_size=6))
def test_any_text(texts: tuple[Any, Prepare], given: list[str]) -> None:
    model, prepare = texts
    expected, found = model({"text": tf.constant(given)}), prepare({"text": given})
    for name in ("words", "pieces"):
        np.testing.assert_array_equal(found[name], expected[name])


def test_several_inputs_lie_side_by_side(tmp_path: Path) -> None:
    random, count = np.random.default_rng(0), 60
    facts = pd.DataFrame({"rooms": random.integers(1, 9, count) / 2, "town": random.choice(["Ulm", "Bonn"], count)})
    notes = [f"A {random.choice(['fine', 'dull'])} house, {number} of all" for number in range(count)]
    x = {"photo": random.integers(0, 256, (count, 6, 6), np.uint8), "facts": facts, "note": notes}
    data = (x, random.integers(0, 2, count))
    task = settled("several", data).task
    rows = collect(task.given(data), tmp_path / "data", target="several", ranks=task.ranks)
    signature = task.signature(rows, split_rows(rows))
    told = task.specification(signature)
    store_inputs(rows, task.front(signature), told)
    stored = Rows.load(rows.directory)
    assert stored.preprocessing == told
    assert rows.joint is not None
    found = read(told, tmp_path)(rows.joint.rows(x))
    assert set(found) == {"photo", "facts.numbers", "facts.categories", "note.words", "note.pieces"}
    for name, array in found.items():
        np.testing.assert_allclose(array, stored.inputs[name][:], rtol=0, atol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "file", "target"),
    [("tabular_classification", "tab_adult", "income"), ("text_classification", "text_sst2", "label")],
)
def test_every_row_of_real_data(
    name: str, file: str, target: str, reference_data: Callable[[str], Path], tmp_path: Path
) -> None:
    task, frame = get_task(name), pd.read_csv(reference_data(f"sets/{file}.csv.gz")).drop(columns="split")
    rows = collect(frame, tmp_path / "data", target="classification", ranks=task.ranks, column=target)
    signature = task.signature(rows, split_rows(rows))
    told = task.specification(signature)
    store_inputs(rows, task.front(signature), told)
    prepare, stored = read(told, tmp_path), Rows.load(rows.directory)
    found = prepare({name: column[:] for name, column in rows.x.items()})
    for key, array in found.items():
        np.testing.assert_allclose(array, stored.inputs[key][:], rtol=0, atol=1e-6)
