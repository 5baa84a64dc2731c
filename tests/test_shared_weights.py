"""A whole search with shared weights: one supernet, scores without training, a check, a finalist; and its resume."""

from pathlib import Path

import keras
import pytest

import keras_nas
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.estimators.gates import LEARNT
from keras_nas.estimators.shared import SharedWeights
from keras_nas.methods import METHODS
from keras_nas.results.candidate import failed
from keras_nas.space import Channels, Choice, Repeat, Series
from keras_nas.spaces import Space
from tests.small import RECIPE, digit_images

OPTIONS = {"wide": convolution(Channels(), 3), "narrow": convolution(Channels(), 1), "skip": Series()}
LEARN = [name for name, method in METHODS.items() if method.estimator in LEARNT]
OF_SIZES = ("bignas", "once_for_all", "single_path_nas")
SHARE = ["single_path_one_shot", "fairnas", *OF_SIZES[:2], *LEARN]
FASTEST = 240.0
"""Seconds of a search in which all phases have their turn."""


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


def sizes() -> Space:
    """Twelve networks of different width, kernel and depth."""
    more = Repeat("more", convolution(Channels(), Choice("kernel", [1, 3])), [0, 1])
    stem = convolution(Choice("width", [4, 8]), Choice("kernel", [3, 5]), stride=2)
    return Space("sizes", Series(stem, more, pooled_head()), RECIPE)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("method", SHARE)
def test_methods_that_share_weights_by_name(method: str, tmp_path: Path) -> None:
    result = keras_nas.search(
        "image_classification",
        digit_images(500),
        space=sizes() if method in OF_SIZES else two_choices(),
        method=method,
        constraints={"params": 20_000},
        max_time=FASTEST,
        workers=1,
        directory=tmp_path / "search",
        verbose=0,
    )
    assert result.winner.final
    assert failed(tmp_path / "search") == []
    assert (f"Gates learnt by {method}" in result.summary()) == (method in LEARN)
    assert result.weight_sharing is not None
    assert -1.0 <= result.weight_sharing["kendall_tau"] <= 1.0
    assert ("answers for any limit" in result.summary()) == (method in OF_SIZES[:2])
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
