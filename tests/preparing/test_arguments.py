"""Arguments that are wrong whatever the data."""

from pathlib import Path
from typing import Any

import keras
import pytest

from keras_nas.callbacks import SearchCallback
from keras_nas.errors import InvalidArgument
from keras_nas.preparing.arguments import (
    check_budget,
    check_seed,
    check_target,
    divided_callbacks,
    listed,
    search_directory,
)


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ((5, None), r"max_time=5 is too short for one trial.*Expected at least 30 \(seconds\); give more time"),
        ((-1, None), "max_time=-1 is too short"),
        ((float("nan"), None), "max_time=nan"),
        ((float("inf"), None), "max_time=inf"),
        (("600", None), "max_time='600': expected a number of seconds"),
        ((True, None), "max_time=True: expected a number of seconds"),
        ((None, 0), "max_trials=0: expected a whole number of 1 or more"),
        ((None, 2.0), "max_trials=2.0: expected a whole number"),
    ],
)
def test_budgets(budget: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        check_budget(*budget)


def test_sound_budgets() -> None:
    check_budget(None, None)
    check_budget(30, 1)
    check_budget(600.5, None)


@pytest.mark.parametrize("seed", [-1, 1.0, None, "0", True])
def test_seeds(seed: Any) -> None:
    with pytest.raises(InvalidArgument, match="expected a whole number of 0 or more"):
        check_seed(seed)


def test_lists() -> None:
    assert listed("metrics", None) == ()
    assert listed("metrics", ["auc"]) == ("auc",)
    with pytest.raises(InvalidArgument, match=r"expected a list. For a single one write metrics=\[...\]"):
        listed("metrics", "auc")


def test_callbacks() -> None:
    with pytest.raises(InvalidArgument, match="'early' is a str; expected objects of keras.callbacks.Callback"):
        divided_callbacks(["early"])
    early, watching = keras.callbacks.EarlyStopping(), SearchCallback()
    assert divided_callbacks([watching, early]) == ((early,), (watching,))


def test_directories() -> None:
    assert search_directory("runs/a", "t") == Path("runs/a")
    assert search_directory(None, "image_regression").parts[0] == "keras_nas_runs"
    assert search_directory("~/x", "t").is_absolute()
    for path in ("../x", "runs/../../x", ""):
        with pytest.raises(InvalidArgument, match="expected the plain path of a folder, without '..'"):
            search_directory(path, "t")


def test_latency_targets() -> None:
    assert check_target("litert") == "litert"
    assert check_target(len) is len
    assert check_target({"an operation": 0.5}).__name__ == "table_of_latencies"
    with pytest.raises(InvalidArgument, match="Unknown latency_target 'tflite': expected one of .* Or a function of"):
        check_target("tflite")
