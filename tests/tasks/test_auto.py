"""search("auto", ...): each kind of data finds its task, and what may be two things is refused with both."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_nas.errors import DataError, InvalidArgument
from keras_nas.tasks import TASKS, Task, get_task, settled
from tests.small import digit_images

RANDOM = np.random.default_rng(0)
ROWS = 60
CLASSES = ["cat", "dog", "owl"] * (ROWS // 3)
FRAME = pd.DataFrame({"age": RANDOM.normal(40, 9, ROWS), "job": ["cook", "smith"] * (ROWS // 2), "class": CLASSES})
HOURS = FRAME[["age"]].assign(price=1.5 * FRAME["age"]).set_index(pd.date_range("2024", periods=ROWS, freq="h"))
SIGNED = RANDOM.normal(size=(ROWS, 8, 8))


def taken_for(data: Any, target: Any = None) -> str:
    return settled("auto", data, target).task.name


@pytest.mark.parametrize(
    ("data", "target", "name"),
    [
        (digit_images(200), None, "image_classification"),
        ((digit_images(200)[0].astype(float), digit_images(200)[1]), None, "image_classification"),
        ((digit_images(200)[0] / 16, RANDOM.random(200)), None, "image_regression"),
        ((RANDOM.normal(size=(ROWS, 9, 30, 3)), CLASSES), None, "image_classification"),
        ((RANDOM.random((ROWS, 8, 8)), RANDOM.integers(0, 2, (ROWS, 8, 8))), None, "image_segmentation"),
        ((RANDOM.random((ROWS, 8, 8)), RANDOM.integers(0, 2, (ROWS, 3))), None, "image_multilabel_classification"),
        ((RANDOM.random((3, 8, 8)), [("cat",), (), ("cat", "dog")]), None, "image_multilabel_classification"),
        ((RANDOM.normal(size=(ROWS, 50, 3)), CLASSES), None, "timeseries_classification"),
        ((RANDOM.normal(size=(ROWS, 50, 6)), CLASSES), None, "timeseries_classification"),
        ((RANDOM.normal(size=(ROWS, 5)), CLASSES), None, "tabular_classification"),
        ((FRAME[["age", "job"]], CLASSES), None, "tabular_classification"),
        ((FRAME[["age", "job"]].to_dict("list"), CLASSES), None, "tabular_classification"),
        (FRAME, "class", "tabular_classification"),
        (FRAME, "age", "tabular_regression"),
        (HOURS, None, "timeseries_forecasting"),
        (HOURS[["age"]], "age", "timeseries_forecasting"),
        (HOURS.reset_index(names="time")[["time", "price"]], "price", "timeseries_forecasting"),
        (HOURS.sample(frac=1, random_state=0), "age", "tabular_regression"),
        (HOURS.assign(kind=CLASSES), "kind", "tabular_classification"),
    ],
)
def test_data_finds_its_task(data: Any, target: Any, name: str) -> None:
    assert taken_for(data, target) == name


def test_files_find_their_task(tmp_path: Path) -> None:
    FRAME.to_csv(tmp_path / "people.csv", index=False)
    assert taken_for(tmp_path / "people.csv", "class") == "tabular_classification"
    for name in ("cat", "dog"):
        (tmp_path / "photos" / name).mkdir(parents=True)
        Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "photos" / name / "1.png")
    assert taken_for(tmp_path / "photos") == "image_classification"
    for name in ("good", "bad"):
        (tmp_path / "reviews" / name).mkdir(parents=True)
        (tmp_path / "reviews" / name / "1.txt").write_text("a film")
    assert taken_for(tmp_path / "reviews") == "text_classification"
    named = pd.DataFrame({"file": ["a.png", "b.png"] * 9, "class": ["cat", "dog"] * 9, "mask": ["a.png", "b.png"] * 9})
    assert taken_for(named[["file", "class"]], "class") == "image_classification"
    assert taken_for(named[["file", "mask"]], "mask") == "image_segmentation"
    for name in ("images", "masks"):
        (tmp_path / "scenes" / name).mkdir(parents=True)
    assert taken_for(tmp_path / "scenes") == "image_segmentation"
    assert taken_for((tmp_path / "scenes" / "images", tmp_path / "scenes" / "masks")) == "image_segmentation"


def test_streams_find_their_task() -> None:
    import tensorflow as tf

    x, y = digit_images(200)
    whole = tf.data.Dataset.from_tensor_slices((x, y))
    assert taken_for(whole) == taken_for(whole.batch(64)) == "image_classification"
    assert taken_for([(x[:50], y[:50]), (x[50:], y[50:])]) == "image_classification"


def test_it_is_said_why_and_how_to_say_otherwise() -> None:
    first, second = settled("auto", digit_images(200)).told
    assert first == (
        "The task is taken to be image_classification, since x (200, 8, 8) looks like images and the targets are "
        "classes (10 different whole numbers, each in 20 rows on average)."
    )
    assert "image_regression" in second
    assert second.startswith("If another is meant, name it, ")


@pytest.mark.parametrize(
    ("data", "target", "one", "other"),
    [
        ((SIGNED, CLASSES), None, "image_classification", "timeseries_classification"),
        ((digit_images(200)[0], np.arange(200) % 50), None, "image_regression", None),
        ((digit_images(500)[0], np.arange(500) % 50), None, "image_classification", "image_regression"),
        ((digit_images(200)[0], np.arange(200) % 5 * 1.0), None, "image_classification", "image_regression"),
        (HOURS, "age", "tabular_regression", "timeseries_forecasting"),
    ],
)
def test_what_may_be_two_things_is_refused_with_both(data: Any, target: Any, one: str, other: str | None) -> None:
    if other is None:
        assert taken_for(data, target) == one
        return
    with pytest.raises(InvalidArgument, match=f"can be for '{one}', since .*; or '{other}', since .* Name the task"):
        settled("auto", data, target)


def test_what_no_task_takes_is_refused() -> None:
    with pytest.raises(InvalidArgument, match=r"the data is a table \('age', 'job', 'class'\).*Pass target="):
        settled("auto", FRAME)
    with pytest.raises(InvalidArgument, match="but the targets are dates, which none of these predicts"):
        settled("auto", (digit_images(2)[0], np.array(["2024", "2025"], "datetime64[Y]")))
    with pytest.raises(InvalidArgument, match=r"no task takes such rows \(array \(9,\)\)"):
        settled("auto", (np.arange(9.0), np.arange(9) % 2))
    with pytest.raises(InvalidArgument, match="cannot look at .generator, steps."):
        settled("auto", (iter([]), 3))
    with pytest.raises(DataError, match="what is to be predicted is missing"):
        settled("auto", SIGNED)
    with pytest.raises(InvalidArgument, match="Unknown task 'automatic': .* Did you mean 'auto'"):
        settled("automatic", SIGNED)


def test_a_task_that_is_named_is_not_asked() -> None:
    found = settled("image_regression", None)
    assert (found.task.name, found.told) == ("image_regression", ())
    task = get_task("tabular_regression")
    assert settled(task, None).task is task


@pytest.mark.parametrize("name", TASKS)
def test_every_task_says_what_it_takes(name: str) -> None:
    ways = (TASKS[name].takes, TASKS[name].suits)
    assert any(way.__func__ is not own.__func__ for way, own in zip(ways, (Task.takes, Task.suits), strict=True))
