"""Several inputs and targets: each is read, prepared, learned and scored as it would be alone."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keras_nas.data import Rows, collect, split_rows, store_inputs
from keras_nas.data.joint import ArraySchema, view
from keras_nas.data.trees import side_by_side
from keras_nas.errors import DataError, InvalidArgument
from keras_nas.estimators.scoring import batches_of
from keras_nas.objectives.cost import CostNet
from keras_nas.preparing.foresight import reader
from keras_nas.tasks import Several, settled
from keras_nas.tasks.several import SeveralSignature
from tests.small import digit_images

ROWS = 200
PIXELS, DIGITS = digit_images(ROWS)
TABLE = pd.DataFrame(PIXELS[:, 1:6, 4].astype(float)).add_prefix("p")
TABLE["shade"] = np.where(PIXELS[:, 5, 0] + PIXELS[:, 2, 4] > 9, "dark", "light")
INK = PIXELS.sum(axis=(1, 2)) / 7
X: dict[str, Any] = {"image": PIXELS, "table": TABLE}
Y: dict[str, Any] = {"ink": INK, "digit": DIGITS}


def task_of(data: Any, target: Any = None, **options: Any) -> Several:
    task = settled(Several(**options), data, target).task
    assert isinstance(task, Several)
    return task


def collected(folder: Path, data: Any, task: Several, **options: Any) -> Rows:
    return collect(task.given(data), folder / "data", target="several", ranks=task.ranks, **options)


class Case:
    """Rows, split and signature of the digits."""

    def __init__(self, folder: Path) -> None:
        self.task = task_of((X, Y), weights={"ink": 0.5})
        self.rows = collected(folder, (X, Y), self.task)
        self.split = split_rows(self.rows)
        signature = self.task.signature(self.rows, self.split)
        assert isinstance(signature, SeveralSignature)
        self.signature = signature
        store_inputs(self.rows, self.task.front(signature))
        self.space = self.task.default_space


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return Case(tmp_path_factory.mktemp("several"))


def test_kinds_are_told_from_the_data() -> None:
    found = settled("auto", (X, Y))
    assert isinstance(found.task, Several)
    assert found.task.inputs == {"image": "image", "table": "tabular"}
    assert found.task.targets == {"digit": "classification", "ink": "regression"}
    told = "\n".join(found.told)
    assert "taken to be several, since x is 2 inputs by name and the targets are 2 targets by name" in told
    assert "The input 'image' is taken for image, since x (200, 8, 8) looks like images." in told
    assert "The target 'ink' is taken for regression, since the targets are quantities" in told


def test_one_input_or_one_target_will_do() -> None:
    assert task_of((X, DIGITS)).targets == {"target": "classification"}
    assert task_of((PIXELS, Y)).inputs == {"rows": "image"}
    both = task_of(TABLE.assign(**Y), ["digit", "ink"])
    assert (both.inputs, list(both.targets)) == ({"table": "tabular"}, ["digit", "ink"])
    single = task_of(({"image": PIXELS, "age": INK, "shade": TABLE["shade"]}, DIGITS))
    assert single.inputs == {"image": "image", "columns": "tabular"}


def test_columns_that_came_one_by_one_are_used_so(tmp_path: Path) -> None:
    data = ({"image": PIXELS, "age": INK, "shade": list(TABLE["shade"])}, DIGITS)
    rows = collected(tmp_path, data, task_of(data))
    given = rows.joint.rows({name: x[:3] for name, x in data[0].items()})
    assert set(given) == set(rows.x) == {"image", "columns_age", "columns_shade"}
    np.testing.assert_array_equal(given["columns_shade"], TABLE["shade"][:3])


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (
            ({"a": PIXELS - 4.5, "b": PIXELS}, DIGITS),
            {},
            "'a' may be image, .*; or timeseries, .*inputs={'a': 'im",
        ),
        (
            ({"a": PIXELS, "b": np.zeros((ROWS, 1, 1, 2, 2, 2))}, DIGITS),
            {},
            "'b' looks like none of .*image, ",
        ),
        ((X, {"digit": DIGITS * 1.0}), {}, "'digit' may be classification, since .*targets={'digit': 'classification'"),
        ((X, Y), {"inputs": {"image": "picture"}}, "inputs: Unknown kind 'picture': expected one of .*'image'"),
        ((X, Y), {"inputs": {"photo": "image"}}, "inputs: Unknown .*'photo': expected one of 'image', 'table'"),
        ((X, Y), {"weights": {"ink": 0}}, "weights: 'ink' is 0; expected a finite number above 0"),
        ((X, Y), {"weights": {"ink": np.inf}}, "weights: 'ink' is inf; expected a finite number above 0"),
        ((X, Y), {"weights": {"inc": 2}}, "weights: Unknown .*'inc': expected one of 'digit', 'ink'.*mean 'ink'"),
    ],
)
def test_what_is_unclear_is_refused_with_what_to_write(data: Any, options: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        task_of(data, **options)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (({"image": PIXELS, "table": TABLE[:50]}, Y), r"the input 'table' has 50 rows"),
        ((X, {"digit": DIGITS, "ink": INK[:9]}), r"the target 'ink' has 9 rows"),
        (({"image": PIXELS, "my table": TABLE}, Y), "'my table' cannot name .* call it 'my_table' say"),
        (({"image": PIXELS / np.nan, "table": TABLE}, Y), "the input 'image': x holds NaN or infinity"),
        ((X, {"digit": DIGITS, "ink": np.ones(ROWS) / 3}), "the target 'ink': y is 0.333333 in every row"),
        (TABLE, r"expected \(x, y\), each a dict by name or one thing, or a table with target="),
        (({"image": [f"{row}.png" for row in range(ROWS)], "table": TABLE}, Y), "the input 'image': x holds text; exp"),
        (({}, Y), "data has no inputs, an empty dict"),
        ((X, {}), "data has no targets, an empty dict"),
        ((None, Y), "data: the input 'rows' is None; expected a column, an array of rows or a table"),
    ],
)
@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
def test_bad_data_names_the_input_or_the_target(data: Any, words: str, tmp_path: Path) -> None:
    kinds: dict[str, Any] = {"inputs": {"image": "image", "table": "tabular"}}
    kinds["targets"] = {"digit": "classification", "ink": "regression"}
    with pytest.raises(DataError, match=words):
        collected(tmp_path, data, task_of(data, **kinds) if "my table" not in str(words) else task_of(data))


def test_rows_are_stored_side_by_side_and_seen_apart(case: Case) -> None:
    assert set(case.rows.x) == {"image", *(f"table_{name}" for name in TABLE.columns)}
    assert case.rows.y.shape == (ROWS, 2)
    digit, ink = view(case.rows, "image", "digit"), view(case.rows, "table", "ink")
    np.testing.assert_array_equal(digit.y, DIGITS)
    np.testing.assert_allclose(ink.y[:, 0], INK, rtol=1e-6)
    assert (digit.x.shape, digit.labels.classes, digit.schema) == (PIXELS.shape, tuple(range(10)), None)
    assert [column.name for column in ink.schema.columns] == list(TABLE.columns)
    assert Rows.load(case.rows.directory).joint == case.rows.joint


def test_every_class_is_trained_on_and_parts_are_divided_by_rows(case: Case) -> None:
    split = case.split
    assert sorted(np.concatenate([split.train, split.validation, split.holdout])) == list(range(ROWS))
    assert set(DIGITS[split.train]) == set(range(10))


def test_further_data_are_numbered_as_the_first(case: Case, tmp_path: Path) -> None:
    some = np.arange(40)[DIGITS[:40] > 2]
    more = ({"table": TABLE.iloc[some], "image": PIXELS[some]}, {"digit": DIGITS[some], "ink": INK[some]})
    first = case.task.given((X, Y))
    rows = collected(tmp_path, (X, Y), case.task, validation_data=case.task.given(more, None, first))
    assert rows.given_validation == len(some)
    np.testing.assert_array_equal(rows.y[ROWS:], rows.y[some])
    np.testing.assert_array_equal(rows.x["table_shade"][ROWS:], rows.x["table_shade"][some])
    assert split_rows(rows).validation.tolist() == list(range(ROWS, len(rows)))


def test_models_take_raw_inputs_by_name_and_give_each_target_in_its_units(case: Case) -> None:
    built = case.task.build(case.space, case.space.start[0], case.signature)
    _, outputs = next(batches_of(built.model, case.rows, np.arange(8)))
    given = built.model.predict(case.rows.joint.rows({name: x[:8] for name, x in X.items()}), verbose=0)
    assert {name: array.shape for name, array in given.items()} == {"digit": (8, 10), "ink": (8, 1)}
    np.testing.assert_allclose(side_by_side(given), outputs, atol=1e-4)
    np.testing.assert_allclose(given["digit"].sum(axis=1), 1, atol=1e-5)
    raw = built.raw.predict({name: np.asarray(x[:8]) for name, x in case.rows.inputs.items()}, verbose=0)
    end = case.signature.ends["ink"]
    np.testing.assert_allclose(given["ink"], raw["ink"] * end.output_std[0] + end.output_mean[0], rtol=1e-3)


@pytest.mark.parametrize("join", ["side_by_side", "gated_sum", "attending"])
def test_costs_are_those_of_the_built_model(case: Case, join: str) -> None:
    known = {**case.space.start[0], "join": join, f"join/{join}/width": 32}
    architecture = case.space.network_decisions.walk(lambda d: known.get(d.path, d.domain.labels()[0]))
    network = case.task.build(case.space, architecture, case.signature).network
    counted = CostNet().cost(reader(case.task, case.space, case.signature)(architecture))
    assert counted.params == network.count_params()


def test_the_score_is_the_weighted_loss_and_each_target_has_its_own(case: Case) -> None:
    y = np.asarray(case.rows.y[:50])
    ink, end = y[:, [1]], case.signature.ends["ink"]
    perfect = side_by_side({"digit": np.eye(10)[y[:, 0].astype(int)], "ink": ink + end.output_std[0]})
    scores = case.task.scores(y, perfect, case.signature, ["digit_auc"])
    assert scores["loss"] == pytest.approx(0.5)
    assert (scores["digit_accuracy"], scores["digit_auc"]) == (1.0, 1.0)
    assert scores["ink_rmse"] == pytest.approx(end.output_std[0])
    assert {"loss", "digit_accuracy", "ink_rmse"} <= set(case.task.score_names)


def test_a_target_s_name_may_begin_as_another_s(tmp_path: Path) -> None:
    data = (X, {"digit": DIGITS, "digit_ink": INK})
    task = task_of(data)
    rows = collected(tmp_path, data, task)
    signature = task.signature(rows, split_rows(rows))
    assert isinstance(signature, SeveralSignature)
    y, outputs = task.made_up(signature)
    assert {"digit_auc", "digit_ink_mae"} <= set(task.scores(y, outputs, signature, ["digit_auc", "digit_ink_mae"]))


def test_the_loss_that_is_learned_is_the_loss_that_is_scored(case: Case) -> None:
    import tensorflow as tf

    y, truth = np.asarray(case.rows.y[:50]), case.task.encode(tf.constant(case.rows.y[:50]), case.signature)
    stored, outputs = case.task.made_up(case.signature)
    assert stored.shape == (len(outputs), 2)
    guesses = {name: outputs[:40][np.arange(50) % 40][:, part] for name, part in (("digit", slice(10)), ("ink", [10]))}
    end = case.signature.ends["ink"]
    standard = {"digit": np.log(guesses["digit"]), "ink": (guesses["ink"] - end.output_mean) / end.output_std}
    losses = case.task.loss()
    learned = float(np.mean(losses["digit"](truth["digit"], standard["digit"])))
    learned += float(np.mean(losses["ink"](truth["ink"], standard["ink"])))
    assert case.task.scores(y, side_by_side(guesses), case.signature)["loss"] == pytest.approx(learned, rel=1e-4)


def test_the_account_tells_of_the_targets_and_of_columns_that_tell_one(case: Case) -> None:
    table = TABLE.assign(answer=INK * 3)
    data = ({"image": PIXELS, "table": table}, Y)
    told = "\n".join(case.task.remarks(case.rows, case.split))
    assert "Target 'digit': 10 classes," in told
    assert "Target 'ink': quantities; its loss has the weight 0.5." in told
    assert "tells the target" not in told
    rows = collected(case.rows.directory.parent / "leaking", data, case.task)
    assert "the column 'answer' tells the target, their correlation is 1.000" in "\n".join(
        case.task.remarks(rows, split_rows(rows))
    )


def test_rows_of_use_are_checked_by_the_names_of_the_inputs(case: Case) -> None:
    schema = case.rows.joint
    assert schema is not None
    with pytest.raises(DataError, match="the input 'image' is missing; expected 'image', 'table'"):
        schema.rows({"table": TABLE})
    with pytest.raises(DataError, match="the input 'image': x holds NaN or infinity, first in row 1"):
        ArraySchema("image", (2,), "float32").rows(np.array([[1.0, 2.0], [np.nan, 3.0]]), "rows: the input 'image'")
    with pytest.raises(DataError, match=r"the input 'image' holds rows of uint8 \(4, 8\); expected uint8 \(8, 8\)"):
        schema.rows({"table": TABLE, "image": PIXELS[:, :4]})
    with pytest.raises(DataError, match="the input 'table': the column 'shade' is missing"):
        schema.rows({"table": TABLE.drop(columns="shade"), "image": PIXELS})


def test_texts_and_features_need_no_column_names(tmp_path: Path) -> None:
    texts = [f"{shade} is the shade of number {number}" for number, shade in enumerate(TABLE["shade"])]
    data = ({"words": texts, "features": TABLE[["p0", "p1"]].to_numpy()}, DIGITS)
    task = task_of(data)
    assert task.inputs == {"words": "text", "features": "tabular"}
    rows = collected(tmp_path, data, task)
    assert set(rows.x) == {"words", "features_x0", "features_x1"}
    given = rows.joint.rows({name: x[:2] for name, x in data[0].items()})
    assert given["words"].tolist() == texts[:2]
    signature = task.signature(rows, split_rows(rows))
    outputs = task.front(signature)({name: np.asarray(x) for name, x in given.items()})
    assert set(outputs) == set(signature.inputs)


def test_spaces_are_named_for_each_input(case: Case) -> None:
    task = task_of((X, Y), spaces={"image": "resnet"})
    assert any("image/" in d.path for d in task.default_space.decisions)
    assert str(task.default_space) != str(case.space)
    assert not task.is_told_by_data
    with pytest.raises(InvalidArgument, match="several inputs have a space each"):
        task.space("resnet")


def test_columns_that_come_one_by_one_stand_as_they_come_whatever_index_they_have(tmp_path: Path) -> None:
    shuffled = pd.Series(INK, index=np.random.default_rng(0).permutation(ROWS))
    data = ({"image": PIXELS, "ink": shuffled, "shade": TABLE["shade"].to_numpy()}, DIGITS)
    rows = collected(tmp_path, data, task_of(data))
    for x in (rows.x, rows.joint.rows(data[0])):
        (key,) = (key for key in x if "ink" in key)
        np.testing.assert_allclose(np.asarray(x[key], float), INK, rtol=1e-6)


def test_sample_weights_are_one_a_row(tmp_path: Path) -> None:
    data = (X, DIGITS, pd.Series(np.ones(ROWS - 1)))
    with pytest.raises(DataError, match=f"sample_weight has {ROWS - 1} rows; expected the same number in each"):
        collected(tmp_path, data, task_of(data))


def test_columns_of_other_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="age has 3 rows, ink has 200 rows; expected the same number"):
        task_of(({"image": PIXELS, "age": [1, 2, 3], "ink": INK}, DIGITS))
