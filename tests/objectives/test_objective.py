"""Directions, specifications and losses."""

import inspect
import math
import subprocess
import sys
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from keras_nas.errors import InvalidArgument
from keras_nas.objectives.objective import (
    COSTS,
    Objective,
    SoftTarget,
    direction_of,
    known_objectives,
    losses,
    objectives_from,
    spaced,
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


@pytest.mark.parametrize(
    ("accuracy", "latency", "reward"),
    [
        (0.75, 5.0, 0.75),  # at the target the accuracy counts in full
        (0.75, 10.0, 0.75 * 0.952638),  # 2 ** -0.07
        (0.75, 2.5, 0.75 * 1.049717),  # 0.5 ** -0.07
        (0.80, 80.0, 0.80 * 0.823591),  # 16 ** -0.07
    ],
)
def test_a_soft_target_is_mnasnets(accuracy: float, latency: float, reward: float) -> None:
    soft = SoftTarget("val_accuracy", "latency_ms", target=5)
    scores = {"val_accuracy": accuracy, "latency_ms": latency}
    assert soft.value(scores) == pytest.approx(reward, rel=1e-5)
    assert soft.loss(scores) == pytest.approx(-reward, rel=1e-5)


def test_twice_the_latency_is_worth_five_per_cent_of_accuracy() -> None:
    """The paper's derivation of its exponent: 5 % more accuracy makes up for twice the latency."""
    soft = SoftTarget("val_accuracy", "latency_ms", target=75)
    slow, fast = {"val_accuracy": 0.5 * 1.05, "latency_ms": 160.0}, {"val_accuracy": 0.5, "latency_ms": 80.0}
    assert soft.value(slow) == pytest.approx(soft.value(fast), rel=1e-3)


def test_a_soft_target_is_known_by_its_name() -> None:
    soft = SoftTarget("val_accuracy", "latency_ms", target=2.5, exponent=-0.1)
    assert soft.sources == ("val_accuracy", "latency_ms")
    assert Objective("val_accuracy").sources == ("val_accuracy",)
    assert objectives_from(soft.name) == objectives_from(" val_accuracy * (latency_ms / 2.5) ^ -0.1") == (soft,)
    assert soft.direction == "max"
    assert soft.loss({soft.name: 0.5}) == -0.5
    assert losses((soft,), [{"val_accuracy": 0.6, "latency_ms": 2.5}]).tolist() == [[-0.6]]


def test_a_soft_target_of_what_is_missing_or_no_number() -> None:
    soft = SoftTarget("val_accuracy", "latency_ms", target=5)
    assert soft.loss({"val_accuracy": math.nan, "latency_ms": 1.0}) == math.inf
    assert soft.loss({"val_accuracy": 0.9, "latency_ms": math.nan}) == math.inf
    assert math.isfinite(soft.loss({"val_accuracy": 0.9, "latency_ms": 0.0}))
    with pytest.raises(InvalidArgument, match="reported no 'latency_ms', only 'val_accuracy'"):
        soft.loss({"val_accuracy": 0.9})


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (("val_loss", "latency_ms", 5), "A soft target maximises 'val_loss', which is better the other way round"),
        (("val_accuracy", "val_auc", 5), "A soft target minimises 'val_auc', which is better the other way round"),
        (("val_accuracy", "latency_ms", 0), "The target of 'latency_ms' is 0: expected a number above 0"),
        (("val_accuracy", "latency_ms", 5, 0.07), "The exponent of 'latency_ms' is 0.07: expected one below 0"),
    ],
)
def test_wrong_soft_targets(given: Any, text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        SoftTarget(*given)


def test_costs_are_as_far_apart_as_their_ratio() -> None:
    objectives = objectives_from(["val_accuracy", "latency_ms"])
    matrix = losses(objectives, [{"val_accuracy": 0.5, "latency_ms": cost} for cost in (1.0, 10.0, 100.0)])
    assert np.diff(spaced(objectives, matrix), axis=0).tolist() == [[0.0, pytest.approx(math.log(10))]] * 2


def test_a_cost_that_is_to_be_large_has_no_logarithm() -> None:
    """Its losses are negative."""
    objectives = objectives_from(["val_accuracy", Objective("params", "max")])
    matrix = losses(objectives, [{"val_accuracy": 0.5, "params": params} for params in (10.0, 1000.0)])
    assert spaced(objectives, matrix)[:, 1].tolist() == [-10.0, -1000.0]
