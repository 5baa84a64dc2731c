"""Directions, specifications and losses."""

import inspect
import math
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from keras_nas.errors import InvalidArgument
from keras_nas.objectives.objective import (
    COSTS,
    Objective,
    direction_of,
    known_objectives,
    losses,
    objectives_from,
)

SUMS = {"Mean", "Sum", "MeanMetricWrapper", "Metric"}


@pytest.mark.parametrize(
    "name",
    ["accuracy", "val_f1_score", "val_r2_score", "val_cosine_similarity", "val_mean_io_u", "val_auc_1",
     "val_pearson_correlation", "test_accuracy", "val_true_negatives"],
)  # fmt: skip
def test_gains_are_maximised(name: str) -> None:
    assert direction_of(name) == "max"


@pytest.mark.parametrize("name", ["loss", "val_loss", "val_mse", "val_rmse", "val_kl_divergence", *COSTS])
def test_losses_and_costs_are_minimised(name: str) -> None:
    assert direction_of(name) == "min"


def test_every_keras_metric_has_a_direction() -> None:
    import keras

    needed: dict[str, tuple[Any, ...]] = {
        "MeanIoU": (2,), "OneHotMeanIoU": (2,), "IoU": (2, [0]), "BinaryIoU": ([0],), "OneHotIoU": (2, [0]),
        "PrecisionAtRecall": (0.5,), "RecallAtPrecision": (0.5,), "SensitivityAtSpecificity": (0.5,),
        "SpecificityAtSensitivity": (0.5,),
    }  # fmt: skip
    classes: dict[str, Any] = {n: c for n, c in vars(keras.metrics).items() if inspect.isclass(c) and n not in SUMS}
    assert len(classes) > 35
    for name, metric in classes.items():
        assert direction_of(f"val_{metric(*needed.get(name, ())).name}"), name


def test_specifications() -> None:
    foreign: Any = SimpleNamespace(name="profit", direction="max")
    assert objectives_from("val_loss") == (Objective("val_loss", "min"),)
    assert objectives_from(Objective("x", "max")) == (Objective("x", "max"),)
    assert objectives_from(["val_accuracy", foreign, Objective("latency_ms")]) == (
        Objective("val_accuracy", "max"),
        Objective("profit", "max"),
        Objective("latency_ms", "min"),
    )


@pytest.mark.parametrize(
    ("spec", "text"),
    [
        ("val_acuracy", "Unknown objective 'val_acuracy'.*Did you mean 'val_accuracy'"),
        ("val_charm", "Unknown objective 'val_charm'.*say which way is better: Objective"),
        ([], "list of objectives is empty: name at least one"),
        (["params", "val_auc", "params"], "'params' is given 2 times: give it once"),
        (3, "An objective is 3 \\(int\\): expected a name"),
        (SimpleNamespace(name="x", direction="up"), "'x' is 'up': expected 'max' or 'min'"),
    ],
)  # fmt: skip
def test_wrong_specifications(spec: object, text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        objectives_from(spec)  # type: ignore[arg-type]


def test_losses_are_minimised_and_give_the_scores_back() -> None:
    objectives = objectives_from(["val_accuracy", "latency_ms"])
    trials = [{"val_accuracy": 0.9, "latency_ms": 2}, {"val_accuracy": math.nan, "latency_ms": 1}]
    matrix = losses(objectives, trials)
    assert matrix.tolist() == [[-0.9, 2], [math.inf, 1]]
    assert [o.score(x) for o, x in zip(objectives, matrix[0], strict=True)] == [0.9, 2]
    assert losses(objectives, []).shape == (0, 2)


def test_a_missing_score_is_named() -> None:
    with pytest.raises(InvalidArgument, match="no 'latency_ms', only 'val_loss'"):
        Objective("latency_ms").loss({"val_loss": 1})


def test_known_names_resolve() -> None:
    assert all(direction_of(name) for name in known_objectives())


def test_no_framework_is_imported() -> None:
    code = "import sys, keras_nas.objectives; assert not {'keras', 'tensorflow'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603
