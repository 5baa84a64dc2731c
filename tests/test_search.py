"""Bad input: said before anything is trained, nothing written, nothing lost."""

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_nas
from keras_nas.errors import DataError, InfeasibleError, InvalidArgument, ResumeError, StoreError
from tests.small import arguments, digit_images, finished_search, tree

X, Y = digit_images(60)
FEW = np.where(np.arange(60) == 0, 7, Y % 2)
SPOILT = np.where(X[:, :1, :1] > 99, 0, X.astype(np.float32))
SPOILT[3, 2, 1] = np.nan
ENDLESS = X.astype(np.float32)
ENDLESS[5, 0, 0] = np.inf

WRONG: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"task": "image_clasification"}, InvalidArgument, "Unknown task .*Did you mean 'image_classification'"),
    ({"task": 3}, InvalidArgument, "Unknown task 3: expected one of .*'image_classification'"),
    ({"space": "small_image"}, InvalidArgument, "Unknown space .*Did you mean 'small_images'"),
    ({"method": "amoeba"}, InvalidArgument, "Unknown method .*Did you mean 'amoebanet'"),
    ({"strategy": "evolutoin"}, InvalidArgument, "Unknown strategy .*Did you mean 'evolution'"),
    ({"estimator": "finalist"}, InvalidArgument, "Unknown estimator .*Did you mean 'finalists'"),
    ({"objectives": "val_acuracy"}, InvalidArgument, "Unknown objective .*Did you mean 'val_accuracy'"),
    ({"objectives": "val_r2_score"}, InvalidArgument, "Unknown objective 'val_r2_score': expected one of"),
    ({"objectives": []}, InvalidArgument, "list of objectives is empty"),
    ({"constraints": {"parms": 3}}, InvalidArgument, "Did you mean 'params'"),
    ({"constraints": {"params": 10}}, InfeasibleError, "was found that meets params <= 10: the nearest has params = "),
    (
        {"constraints": {"latency_ms": 1e-6}},
        InfeasibleError,
        "latency_ms <= 1e-06 cannot be met",
    ),
    ({"precision": "bfloat16"}, InvalidArgument, "Unknown precision .*Did you mean 'mixed_bfloat16'"),
    ({"max_time": 5}, InvalidArgument, "max_time=5 is too short for one trial"),
    ({"max_trials": 0}, InvalidArgument, "max_trials=0"),
    ({"workers": -1}, InvalidArgument, "workers=-1: expected 'auto', 0"),
    ({"seed": -1}, InvalidArgument, "seed=-1"),
    ({"holdout": 0.9}, InvalidArgument, "holdout is 0.9; expected a fraction of the rows from 0 to 0.5"),
    ({"metrics": "auc"}, InvalidArgument, "metrics='auc': expected a list"),
    ({"metrics": [3]}, InvalidArgument, "metrics: 3 cannot be used"),
    ({"loss": "mean_squared"}, InvalidArgument, "loss: 'mean_squared' cannot be used"),
    ({"callbacks": [print]}, InvalidArgument, "expected objects of keras.callbacks.Callback"),
    ({"class_weight": "equal"}, InvalidArgument, "class_weight='equal': expected 'balanced' or None"),
    ({"baseline_model": "resnet"}, InvalidArgument, "baseline_model is a str: expected a functional or sequential"),
    ({"data": (X, Y[:-1])}, DataError, "60 .*59"),
    ({"data": (X[:, 0, 0], Y)}, DataError, "axes|rank|shape"),
    ({"data": (SPOILT, Y)}, DataError, "NaN|not a number|not finite"),
    ({"data": (ENDLESS, Y)}, DataError, "inf"),
    ({"data": (X[:0], Y[:0])}, DataError, "empty|no rows"),
    ({"data": (X, np.zeros(60, int))}, DataError, "every row has the same label"),
    ({"data": (X, FEW)}, DataError, "fewer than two rows: 7"),
    ({"data": (X, Y + 0.5)}, DataError, "regression|whole|class"),
    ({"data": (X[:4], [0, 1, 0, 1])}, DataError, "too few to split"),
    ({"data": "no/such/folder"}, DataError, "no/such/folder"),
    ({"data": (X, Y), "sample_weight": np.ones(3)}, DataError, "60"),
    ({"data": (X, Y), "groups": np.arange(3)}, DataError, "60"),
]


def named(case: Any) -> str:
    return "-".join(case) if isinstance(case, dict) else ""


@pytest.mark.parametrize(("changes", "error", "words"), WRONG, ids=named)
def test_bad_input_is_said_and_leaves_nothing(
    changes: dict[str, Any], error: type[Exception], words: str, tmp_path: Path
) -> None:
    given = arguments(tmp_path / "a" / "b", data=(X, Y), max_trials=2, baseline_model=None) | changes
    with pytest.raises(error, match=words) as raised:
        keras_nas.search(given.pop("task"), given.pop("data"), **given)
    assert len(str(raised.value)) > 40
    assert list(tmp_path.iterdir()) == []


def test_a_search_is_not_lost_to_bad_data(tmp_path: Path) -> None:
    """Not when it is gone on with, nor when it was to be replaced."""
    shutil.copytree(finished_search().directory, tmp_path / "search")
    before = tree(tmp_path)
    for resume, error, words in ((True, ResumeError, "holds other data"), (False, DataError, "has the same label")):
        given = arguments(tmp_path / "search", data=(X, np.zeros(60, int)), resume=resume)
        with pytest.raises(error, match=words):
            keras_nas.search(**given)
        assert tree(tmp_path) == before


def test_another_search_is_not_gone_on_with(tmp_path: Path) -> None:
    shutil.copytree(finished_search().directory, tmp_path / "search")
    before = tree(tmp_path)
    with pytest.raises(ResumeError, match="holds a different search:\n.*seed: 3 there, 4 now"):
        keras_nas.search(**arguments(tmp_path / "search", seed=4))
    with pytest.raises(ResumeError, match="holds other data than the data given"):
        keras_nas.search(**arguments(tmp_path / "search", data=digit_images(499)))
    assert tree(tmp_path) == before


def test_directories_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for directory, error, words in (
        (tmp_path / "file", StoreError, "is a file: name a folder"),
        (tmp_path / "file" / "below", StoreError, "cannot be written to"),
        (tmp_path, StoreError, "but no keras_nas search"),
        (tmp_path / ".." / "x", InvalidArgument, "without '..'"),
    ):
        for resume in (True, False):
            with pytest.raises(error, match=words):
                keras_nas.search(**arguments(directory, data=(X, Y), resume=resume))
    assert tree(tmp_path) == {"file": b"mine"}
    assert not (tmp_path.parent / "x").exists()
