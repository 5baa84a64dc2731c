"""A whole search with shared weights: one supernet, scores without training, a check, a finalist; and its resume."""

from pathlib import Path

import keras
import pytest

import keras_nas
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.candidate import failed
from keras_nas.estimators.shared import SharedWeights
from keras_nas.space import Choice, Series
from keras_nas.spaces import Space
from tests.small import RECIPE, digit_images

OPTIONS = {"wide": convolution(8, 3), "narrow": convolution(8, 1), "skip": Series()}


def two_choices() -> Space:
    """Nine networks."""
    choices = [Choice(name, OPTIONS) for name in ("first", "second")]
    return Space("two", Series(convolution(8, 3, stride=2), *choices, pooled_head(pooling="flatten")), RECIPE)


@pytest.mark.slow
def test_a_search_with_shared_weights(tmp_path: Path) -> None:
    result = keras_nas.search(
        "image_classification",
        digit_images(500),
        space=two_choices(),
        strategy="evolution",
        estimator=SharedWeights(networks=6, checks=3, epochs=8.0),
        max_trials=4,
        workers=1,
        directory=tmp_path / "search",
        verbose=0,
    )
    assert [("alone" in trial.fidelity, trial.final) for trial in result.trials] == [(True, False)] * 3 + [
        (False, True)
    ]
    assert result.winner.final
    assert failed(tmp_path / "search") == []
    assert "Weight sharing checked: 3 networks trained alone" in result.summary()
    assert {type(layer).__module__.split(".")[0] for layer in result.best_model.layers} == {"keras"}
    assert isinstance(result.best_model, keras.Model)
    assert result.holdout["accuracy"] > 0.5


@pytest.mark.slow
@pytest.mark.parametrize("method", ["darts", "enas", "fbnet"])
def test_methods_that_learn_gates_by_name(method: str, tmp_path: Path) -> None:
    result = keras_nas.search(
        "image_classification",
        digit_images(500),
        space=two_choices(),
        method=method,
        constraints={"params": 20_000},
        max_time=120,
        workers=1,
        directory=tmp_path / "search",
        verbose=0,
    )
    assert result.winner.final
    assert failed(tmp_path / "search") == []
    assert f"Gates learnt by {method}" in result.summary()
    assert "Weight sharing checked" in result.summary()
    assert {type(layer).__module__.split(".")[0] for layer in result.best_model.layers} == {"keras"}


@pytest.mark.slow
def test_a_space_that_cannot_be_held_ends_with_the_reason(tmp_path: Path) -> None:
    with pytest.raises(keras_nas.errors.SearchFailed, match="changes the shape"):
        keras_nas.search(
            "image_classification",
            digit_images(200),
            space="small_images",
            method="single_path_one_shot",
            max_trials=2,
            workers=1,
            directory=tmp_path / "search",
            verbose=0,
        )
