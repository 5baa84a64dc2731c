"""Fewer pixels on the lower rungs."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from keras import layers

import keras_nas
from keras_nas.engine.inheritance import inherit
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.budgeting import Budgeting
from keras_nas.estimators.halving import SuccessiveHalving
from keras_nas.estimators.resolution import check_resolution, shrunk
from keras_nas.estimators.stopping import LearningCurves
from keras_nas.estimators.training import build, train
from keras_nas.space import Choice, Op, Series
from keras_nas.spaces import Space
from keras_nas.tuners import make
from tests.small import RECIPE, Ear, arguments, digit_images, tiny_space, tiny_training


def pooled_space() -> Space:
    """Networks whose weights do not depend on the size of images."""
    network = Series(
        Op(layers.Conv2D, filters=Choice("filters", [8, 16]), kernel_size=3, activation="relu"),
        Op(layers.Conv2D, filters=16, kernel_size=3, activation="relu"),
        Op(layers.GlobalAveragePooling2D),
    )
    return Space("pooled", network, RECIPE)


def large_digits(rows: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """The digits at 24 x 24 pixels."""
    x, y = digit_images(rows)
    return np.kron(x, np.ones((1, 3, 3), np.uint8)), y


@pytest.fixture(scope="module")
def training(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return tiny_training(tmp_path_factory.mktemp("large"), data=large_digits(), space=pooled_space())


def test_a_network_sees_squares_of_pixels_as_one_with_the_same_weights(training: Any) -> None:
    from dataclasses import replace

    whole = build(training, {"filters": 8}).model
    small = build(replace(training, space=shrunk(training.space, 2)), {"filters": 8}).model
    assert small.input_shape == whole.input_shape == (None, 24, 24)
    assert [weight.shape for weight in small.weights] == [weight.shape for weight in whole.weights]
    assert [layer.name for layer in small.layers if layer.weights] == [
        layer.name for layer in whole.layers if layer.weights
    ]
    sizes = [layer.output.shape[1] for model in (whole, small) for layer in model.layers if "conv2d" in layer.name]
    assert sizes == [22, 20, 10, 8]
    assert shrunk(training.space, 1) is training.space


def test_a_training_goes_on_at_a_higher_resolution(training: Any, tmp_path: Path) -> None:
    told = [
        train(
            Ear(tmp_path / str(number)),
            training=training,
            architecture={"filters": 8},
            number=number,
            fidelity=fidelity,
        )
        for number, fidelity in enumerate([{"epochs": 1.0, "rung": 0.0, "pixels": 1 / 3}])
    ]
    assert told[0]["measurements"]["epochs"] == 1.0
    assert inherit(tmp_path, 0, 1)
    longer = Ear(tmp_path / "1")
    fidelity = {"epochs": 3.0, "past_epochs": 1.0, "final": 1.0}
    last = train(longer, training=training, architecture={"filters": 8}, number=1, fidelity=fidelity)
    assert last["measurements"]["epochs"] == 3.0
    assert len(longer.epochs) == 2, "an epoch of whole images, of which one was seen in parts"


def test_rungs_grow_in_pixels() -> None:
    halving = SuccessiveHalving(over="resolution")
    rungs = halving.around(make("random"), Budgeting(Bounds(None, 80), lambda: 0.0))
    assert [level.pixels for level in rungs.ladder.levels] == pytest.approx([1 / 27, 1 / 9, 1 / 3])  # type: ignore[attr-defined]
    assert {level.rows for level in rungs.ladder.levels} == {1.0}  # type: ignore[attr-defined]
    assert rungs.ladder.fidelity(0, 1, entering=False)["pixels"] == pytest.approx(1 / 9)  # type: ignore[attr-defined]


def test_what_cannot_go_on_or_is_judged_by_the_resolution_is_refused(training: Any, tmp_path: Path) -> None:
    task, signature = training.task, training.signature
    check_resolution(task, training.space, signature, ["val_accuracy", "params"])
    with pytest.raises(InvalidArgument, match="of the space 'tiny' have other weights for other sizes of images"):
        check_resolution(task, tiny_space(), signature, ["val_accuracy"])
    with pytest.raises(InvalidArgument, match="where flops, latency_ms are others than in the end"):
        check_resolution(task, training.space, signature, ["val_accuracy", "flops", "latency_ms"])
    few = {"baseline_model": None, "metrics": (), "objectives": None, "constraints": None, "max_trials": 4}
    halving = SuccessiveHalving(over="resolution")
    for estimator in (halving, LearningCurves(halving)):
        with pytest.raises(InvalidArgument, match=r"have the shape \(8, 8\): expected images of 16 pixels or more"):
            keras_nas.search(**arguments(tmp_path / "search", estimator=estimator, space=pooled_space(), **few))
        assert not (tmp_path / "search").exists()


@pytest.mark.slow
def test_a_whole_search(tmp_path: Path) -> None:
    given = arguments(
        tmp_path / "search",
        data=large_digits(500),
        space=pooled_space(),
        estimator=SuccessiveHalving(factor=2, epochs=(1, 4), over="resolution"),
        max_trials=4,
        objectives=None,
        constraints=None,
        metrics=(),
        baseline_model=None,
    )
    result = keras_nas.search(given.pop("task"), given.pop("data"), **given)
    assert {trial.fidelity.get("pixels", 1.0) for trial in result.trials} >= {0.5, 1.0}
    assert "pixels" not in result.winner.fidelity
    assert not any("average_pooling2d" == layer.name for layer in result.best_model.layers)
