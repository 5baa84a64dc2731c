"""What is known before anything is trained."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.errors import InfeasibleError, InvalidArgument
from keras_nas.estimators.assignment import Options, Training
from keras_nas.estimators.baseline import maker
from keras_nas.objectives.constraints import constraints_from
from keras_nas.objectives.energy import Energy
from keras_nas.preparing import preflight
from keras_nas.preparing.preflight import (
    check_baseline,
    check_feasible,
    check_latency,
    check_scoring,
    cost_function,
    least,
    screen,
)
from tests.small import dense_model, tiny_space, tiny_training, top_two


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Training:
    return tiny_training(tmp_path_factory.mktemp("data"))


def costs(training: Training) -> Any:
    return cost_function(training.task, training.space, training.signature)


def params(training: Training) -> list[float]:
    """The parameters of all four networks, fewest first."""
    return sorted(costs(training)(architecture)["params"] for architecture in training.space.enumerate())


def test_costs_are_those_of_the_built_model(training: Training) -> None:
    for architecture in training.space.enumerate():
        built = training.task.build(training.space, architecture, training.signature)
        assert costs(training)(architecture)["params"] == built.model.count_params()


def test_an_impossible_constraint_names_the_nearest_values(training: Training) -> None:
    fewest = params(training)[0]
    limits = constraints_from({"params": fewest - 1})
    words = f"No architecture of the space 'tiny' was found that meets params <= .* nearest has params = {fewest:,.4g}"
    with pytest.raises(InfeasibleError, match=words):
        check_feasible(limits, training.space, costs(training), seed=0)


def test_the_rare_architecture_that_will_do_is_found(training: Training) -> None:
    limits = constraints_from({"params": params(training)[0]})
    (found,) = check_feasible(limits, training.space, costs(training), seed=0)
    assert costs(training)(found)["params"] == params(training)[0]
    assert check_feasible((), training.space, costs(training), seed=0) == ()


def test_least_goes_where_a_sample_does_not_reach() -> None:
    """The one network in a million of the default space whose every width and depth is the smallest."""
    from keras_nas.spaces import get_space

    space = get_space("small_images")

    def size(architecture: Any) -> float:
        return float(sum(value for value in architecture.values() if isinstance(value, int | float)))

    found = least(space, size, seed=0)
    assert not any(size(near) < size(found) for near in space.neighbours(found, 0))


def test_screening_says_what_is_too_large(training: Training) -> None:
    middle = params(training)[1]
    refuse = screen(constraints_from({"params": middle, "latency_ms": 1}), costs(training))
    assert refuse is not None
    outcomes = [refuse(architecture) for architecture in training.space.enumerate()]
    refused = [outcome.failure for outcome in outcomes if outcome is not None]
    assert len(refused) == 2 and refused[0] is not None
    assert refused[0].kind == "infeasible"
    assert refused[0].message.startswith("params is ")
    assert screen(constraints_from({"latency_ms": 1}), costs(training)) is None


def test_a_hopeless_latency_is_known_before_training(training: Training) -> None:
    with pytest.raises(InfeasibleError, match="even the network of the fewest FLOPs of the space 'tiny' takes .* ms"):
        check_latency(constraints_from({"latency_ms": 1e-6}), training, costs(training))
    check_latency(constraints_from({"latency_ms": 1e6}), training, costs(training))


def test_energy_is_an_objective_only_where_it_is_counted(training: Training, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preflight, "measure_energy", lambda run, seconds: Energy(None, reason="no counters"))
    with pytest.raises(InvalidArgument, match="energy_mj is not measured here: no counters. Choose another objective"):
        check_scoring(training, ["energy_mj"])
    monkeypatch.setattr(preflight, "measure_energy", lambda run, seconds: Energy(1.0))
    check_scoring(training, ["energy_mj"])
    costing = replace(training.options.costing, latency_target=len)
    with pytest.raises(InvalidArgument, match="latency_target is a function, which tells latencies alone"):
        check_scoring(replace(training, options=replace(training.options, costing=costing)), ["energy_mj"])


def test_a_predicted_latency_has_to_be_surely_too_long(training: Training) -> None:
    """The mean error is 10 %: 2 ms predicted may be 1.8 ms, but not 1.5 ms."""
    predictor: Any = SimpleNamespace(latency_ms=lambda operations: 2.0, error_pct=10.0)
    found = cost_function(training.task, training.space, training.signature, predictor)
    architecture = next(training.space.enumerate())
    assert found(architecture)["latency_ms"] == 2.0
    refuse, lenient = (screen(constraints_from({"latency_ms": limit}), found) for limit in (1.5, 1.8))
    assert refuse is not None and lenient is not None
    refused = refuse(architecture)
    assert refused is not None and refused.failure is not None
    assert refused.failure.message == "latency_ms is 2, limit 1.5"
    assert refused.scores == {"latency_ms": 2.0}, "what is known of it teaches where the limit is"
    assert lenient(architecture) is None
    assert check_feasible(constraints_from({"latency_ms": 1.8}), training.space, found, seed=0)
    with pytest.raises(InfeasibleError, match="the nearest has latency_ms = 2"):
        check_feasible(constraints_from({"latency_ms": 1.5}), training.space, found, seed=0)


def gives_text(truth: Any, predictions: Any) -> Any:
    return "good"


def gives_nan(truth: Any, predictions: Any) -> Any:
    return float("nan")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"loss": 3}, r"loss: 3 cannot be used .*Expected a Keras object, its name, or a function of targets"),
        ({"loss": "categorical_crosentropy"}, "loss: 'categorical_crosentropy' cannot be used"),
        ({"loss": "sparse_categorical_crossentropy"}, "loss: 'sparse_categorical_crossentropy' cannot be used"),
        ({"loss": gives_nan}, "gives nan on ordinary targets .*expected a finite number"),
        ({"metrics": ["acuracy"]}, "metrics: 'acuracy' cannot be used"),
        ({"metrics": [4]}, "metrics: 4 cannot be used"),
        ({"metrics": [gives_text]}, "metrics: .*gives_text.* cannot be used"),
    ],
)
def test_a_loss_or_a_metric_that_does_not_work(training: Training, options: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        check_scoring(replace(training, options=Options(**options)), ["val_accuracy"])


def test_an_objective_that_nothing_computes(training: Training) -> None:
    with pytest.raises(InvalidArgument, match="Unknown objective 'val_top_to'.*Did you mean 'val_top_two'.*metrics="):
        check_scoring(replace(training, options=Options(metrics=[top_two])), ["val_top_to"])
    check_scoring(replace(training, options=Options(metrics=[top_two])), ["val_top_two", "latency_ms", "val_auc"])


def ending(units: int, activation: str | None, shape: tuple[int, ...] = (8, 8)) -> Any:
    return keras.Sequential([keras.Input(shape), layers.Flatten(), layers.Dense(units, activation)])


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda: ending(9, "softmax"), r"gives \(4, 9\) for 4 rows; expected \(4, 10\): one output a class"),
        (lambda: ending(10, None), "must give probabilities: let its last layer be a softmax"),
        (lambda: ending(10, "softmax", (9, 9)), r"cannot be built or applied to rows of \(8, 8\) uint8"),
        (lambda: 1 / 0, "cannot be built .*ZeroDivisionError.*Expected a model that takes rows as you gave them"),
        (lambda: "resnet", "cannot be built"),
    ],
)
def test_a_baseline_that_does_not_fit(training: Training, model: Any, words: str) -> None:
    with pytest.raises(InvalidArgument, match=words):
        check_baseline(replace(training, options=Options(baseline=model)))


def test_a_baseline_that_fits(training: Training) -> None:
    for baseline in (dense_model, dense_model(), keras.Sequential(dense_model().layers[1:])):
        check_baseline(replace(training, options=Options(baseline=maker(baseline))))


def test_regression_needs_no_softmax(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, "image_regression", space=tiny_space())
    check_baseline(replace(training, options=Options(baseline=maker(lambda: ending(1, None)))))
    with pytest.raises(InvalidArgument, match="one output a target"):
        check_baseline(replace(training, options=Options(baseline=maker(lambda: ending(2, None)))))
    check_scoring(replace(training, options=Options(loss="huber", metrics=["mape"])), ["val_loss", "val_r2_score"])
    assert np.isfinite(training.signature.output_std).all()
