"""Raw columns in, probabilities or the targets' own units out, by layers that need nothing of ours."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from keras_nas.data import Rows, collect, split_rows, store_inputs
from keras_nas.data.schema import MISSING, Column, Schema, real
from keras_nas.data.trees import mapped, taken
from keras_nas.spaces import get_space
from keras_nas.tasks import Task, get_task
from keras_nas.tasks.front import front
from keras_nas.tasks.preprocessing import Preprocessing, learn

ROWS = 200
RANDOM = np.random.default_rng(0)
DAYS = pd.date_range("2020-01-01", periods=ROWS, freq="31h")
FRAME = pd.DataFrame(
    {
        "age": np.where(RANDOM.random(ROWS) < 0.1, np.nan, RANDOM.normal(40, 9, ROWS)),
        "gain": np.where(RANDOM.random(ROWS) < 0.9, 0, RANDOM.lognormal(8, 1, ROWS)),
        "member": RANDOM.integers(0, 2, ROWS) == 1,
        "her job": RANDOM.choice(["cook", "smith", "nurse", None], ROWS),
        "code": pd.Categorical(RANDOM.choice([-1, 7, 400], ROWS)),
        "when": DAYS,
        "y": RANDOM.integers(0, 3, ROWS),
    }
)


def collected(folder: Path, task: Task, **options: Any) -> Rows:
    target: Any = task.target
    return collect(FRAME, folder / "data", target=target, ranks=task.ranks, column="y", **options)


def start(task: Task) -> Any:
    return get_space("tabular", task.name).start[0]


def parts(learned: Preprocessing) -> list[tuple[str, str]]:
    return [(number.column, number.part) for number in learned.numbers]


def test_only_the_training_part_is_learned_from(tmp_path: Path) -> None:
    rows = collected(tmp_path, get_task("tabular_classification"))
    assert rows.schema is not None
    train = np.arange(50)
    strange: dict[str, Any] = {name: column[:] for name, column in rows.x.items()}
    for name, column in strange.items():
        column = np.array(column)
        column[50:] = "unheard" if column.dtype == object else 2**30
        strange[name] = column
    assert learn(rows.schema, strange, train) == learn(rows.schema, rows.x, train)


def test_numbers_follow_their_knots_and_codes_their_vocabulary(tmp_path: Path) -> None:
    rows = collected(tmp_path, get_task("tabular_classification"))
    split = split_rows(rows)
    assert rows.schema is not None
    learned = learn(rows.schema, rows.x, split.train)
    circles = [("when", f"{period}_{wave}") for period in ("day", "week", "year") for wave in ("sin", "cos")]
    head = [("age", "value"), ("age", "missing"), ("gain", "value"), ("member", "value"), ("when", "value")]
    assert parts(learned) == [*head, *circles]
    outputs = mapped(np.asarray, front(learned)(mapped(tf.constant, taken(rows.x, slice(ROWS)))))
    for place, number in enumerate(learned.numbers[:5]):
        raw = real(np.array(rows.x[number.column]))
        raw = np.isnan(raw).astype(float) if number.part == "missing" else raw
        expected = np.interp(raw, number.knots, number.heights)
        np.testing.assert_allclose(outputs["numbers"][:, place], np.nan_to_num(expected), atol=1e-5)
    assert np.abs(outputs["numbers"]).max() < 4
    job, code = learned.categories
    assert set(job.values) == {"cook", "smith", "nurse"} and set(code.values) == {-1, 7, 400}
    jobs = [1 if value == "" else 2 + job.values.index(value) for value in rows.x["her_job"][:]]
    codes = [job.codes + 2 + code.values.index(value) for value in rows.x["code"]]
    assert outputs["categories"].tolist() == [list(pair) for pair in zip(jobs, codes, strict=True)]
    assert learned.vocabulary == outputs["categories"].max() + 1 == 10


def test_what_was_never_seen_is_known_to_be_unknown() -> None:
    schema = Schema((Column("c", "c", "category"), Column("n", "n", "number"), Column("k", "k", "code")))
    x = {
        "c": np.array(["a", "a", "[UNK]", "[UNK]", "rare"], object),
        "n": np.array([1.0, 2, 3, 4, 5]),
        "k": np.array([5, 5, MISSING, 5, 6]),
    }
    model = front(learn(schema, x, np.arange(5)))
    given = {"c": ["a", "", "new", "rare", "[UNK]"], "n": [-1e300, 9e300, 3, np.nan, 2.5], "k": [5, MISSING, 6, -1, 9]}
    given = {"c": np.array(given["c"], object), "n": np.array(given["n"]), "k": np.array(given["k"])}
    outputs = mapped(np.asarray, model(mapped(tf.constant, given)))
    assert outputs["categories"].tolist() == [[2, 5], [1, 4], [0, 3], [0, 3], [0, 3]]
    low, high, middle, missing, between = outputs["numbers"][:, 0]
    assert low == -high and middle == pytest.approx(0, abs=1e-6) and missing == 0
    assert low < between < middle


def test_a_column_that_is_empty_or_still_in_the_training_part_does_no_harm() -> None:
    schema = Schema((Column("a", "a", "number"), Column("b", "b", "number"), Column("d", "d", "date")))
    x = {"a": np.array([np.nan, np.nan, 1]), "b": np.array([3.0, 3, 4]), "d": np.array([86400, 86400, 0])}
    learned = learn(schema, x, np.arange(2))
    assert parts(learned) == [("a", "value"), ("a", "missing"), ("b", "value"), ("d", "value")]
    assert not np.asarray(front(learned)(mapped(tf.constant, x))["numbers"]).any()


def test_a_number_that_is_mostly_one_value_keeps_half_the_range_for_the_rest() -> None:
    schema = Schema((Column("a", "a", "number"),))
    values = np.concatenate([np.zeros(920), np.arange(1, 81)])
    (number,) = learn(schema, {"a": values}, np.arange(1000)).numbers
    heights = np.interp([0, 1, 40, 80], number.knots, number.heights)
    assert heights[0] < -0.7 and heights[1] < 0.1 and heights[3] > 2
    assert len(number.knots) <= 64


@pytest.mark.parametrize("name", ["tabular_classification", "tabular_regression"])
def test_a_model_is_its_front_and_the_network_on_stored_inputs(name: str, tmp_path: Path) -> None:
    task = get_task(name)
    rows = collected(tmp_path, task)
    split = split_rows(rows)
    signature = task.signature(rows, split)
    store_inputs(rows, task.front(signature))
    stored = Rows.load(rows.directory).inputs
    assert {key: array.shape for key, array in stored.items()} == {"numbers": (ROWS, 11), "categories": (ROWS, 2)}
    built = task.build(get_space("tabular", name), start(task), signature)
    raw = taken(rows.x, slice(9))
    outputs = built.model.predict(raw, verbose=0)
    np.testing.assert_allclose(outputs, built.network.predict(taken(stored, slice(9)), verbose=0), atol=1e-6)
    assert outputs.shape == (9, 3 if task.target == "classification" else 1)
    assert built.model.count_params() == built.network.count_params() == built.raw.count_params()
    assert all(type(layer).__module__.startswith("keras.") for layer in built.model._flatten_layers())
    built.model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras", compile=False, custom_objects={})
    np.testing.assert_array_equal(loaded.predict(raw, verbose=0), outputs)
    assert {layer.name for layer in loaded.layers} > {"preprocessing", "network"}
