"""A whole search by name in which children begin with their parents' weights."""

from contextlib import closing
from pathlib import Path

import pytest
from keras import layers

import keras_nas
from keras_nas.engine.store import read_only
from keras_nas.space import Choice, Op, Series
from keras_nas.spaces import Space
from tests.small import RECIPE, arguments, digit_images

pytestmark = pytest.mark.slow


def many_networks() -> Space:
    """More networks than evolution's first population has members."""
    network = Series(
        Op(
            layers.Conv2D,
            filters=Choice("filters", [4, 8, 12]),
            kernel_size=Choice("kernel", [3, 5]),
            strides=2,
            padding="same",
            activation="relu",
        ),
        Op(layers.GlobalAveragePooling2D),
        Op(layers.Dense, units=Choice("units", [16, 24, 32, 40, 48, 56]), activation="relu"),
    )
    return Space("many", network, RECIPE)


def test_children_begin_with_their_parents_weights_and_the_finalist_anew(tmp_path: Path) -> None:
    few = {"baseline_model": None, "objectives": None, "constraints": None, "metrics": (), "max_trials": 24}
    given = arguments(tmp_path / "search", data=digit_images(300), space=many_networks(), strategy=None, **few)
    result = keras_nas.search(**{**given, "estimator": None}, method="large_scale_evolution")
    assert not result.failures
    with closing(read_only(result.directory)) as connection:
        query = "SELECT number, parent FROM trials WHERE parent IS NOT NULL AND source = 'run'"
        parents = dict(connection.execute(query).fetchall())
    by_number = {trial.number: trial for trial in result.trials}
    heirs = {trial.number for trial in result.trials if "inherited" in trial.measurements}
    assert heirs == parents.keys()
    assert len(heirs) >= 2, "24 trials without the first population, the finalist and its other seed"
    for number, parent in parents.items():
        child, before = by_number[number].architecture, by_number[parent].architecture
        assert sum(child[path] != label for path, label in before.items()) == 1
        assert 0.05 < by_number[number].measurements["inherited"] <= 1.0, "a narrower child takes all of its weights"
    assert result.winner.final
    assert result.winner.number not in heirs
    assert "inherited" not in result.winner.measurements
    assert result.best_model.count_params() == result.winner.scores["params"]
    assert "Seeds: the winner trained with 2 of them" in result.summary()
