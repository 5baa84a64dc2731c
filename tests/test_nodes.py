"""Places, walks and the three ways in which a node is used."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from keras_tuner import HyperParameters

from keras_nas.errors import SpaceError
from keras_nas.nodes import Place, Walk, checked_name, list_decisions, open_decisions, resolve
from keras_nas.objectives.cost import CostNet
from keras_nas.space import Choice, Op, Range, Series


def test_a_place_names_paths_and_keeps_its_conditions() -> None:
    place = Place("stem").given("stem/op", frozenset({"conv"})).inside("conv")
    assert place.path("kernel") == "stem/conv/kernel"
    assert place.when == (("stem/op", frozenset({"conv"})),)
    assert Place().path("kernel") == "kernel"


def test_a_shared_place_stands_below_the_root_without_conditions() -> None:
    place = Place("tuned", root="tuned").given("tuned/op", frozenset({1})).inside("deep").shared("motif")
    assert (place.scope, place.when, place.root) == ("tuned/motif", (), "tuned")


def test_a_walk_separates_scope_and_position() -> None:
    walk = Walk({"stage/width": 3}, CostNet()).inside("stage")
    assert walk.label("width") == 3
    tied = walk.spot("0")
    assert (tied.place.scope, tied.position) == ("stage", "stage/0")
    assert walk.inside("a", "b").position == "stage/b"
    with pytest.raises(SpaceError, match="decision 'stage/depth' has no answer in this architecture"):
        walk.label("depth")


def test_arguments_are_searched_for_decisions_and_resolved() -> None:
    value = [Choice("a", [1, 2]), (Choice("b", [3, 4]), 5), "same"]
    assert [decision.path for decision, _ in open_decisions(value, Place())] == ["a", "b"]
    assert resolve(value, Walk({"a": 2, "b": 3}, CostNet()), None) == [2, (3, 5), "same"]


def test_a_node_as_an_argument_is_a_function_of_a_tensor() -> None:
    net = CostNet()
    function = resolve(Op(layers.Dense, units=5), Walk({}, net), None)
    assert net.shape(function(net.input((3,)))) == (5,)


def test_no_signal_stays_no_signal() -> None:
    assert Op(layers.Dense, units=5).apply(Walk({}, CostNet()), None) is None


@pytest.mark.parametrize("name", ["", "a/b", None, 3])
def test_names_are_checked(name: Any) -> None:
    with pytest.raises(SpaceError, match="a name must be a string of one character or more without '/'"):
        checked_name(name)


def test_plain_keras_use_gives_stock_layers() -> None:
    node = Series(Op(layers.Dense, units=4), Op(layers.ReLU))
    layer = node.layer((3,))
    assert [type(inner).__name__ for inner in layer.layers] == ["InputLayer", "Dense", "ReLU"]
    model = keras.Sequential([keras.Input((3,)), layer, layers.Dense(2)])
    assert model(np.zeros((5, 3))).shape == (5, 2)
    assert node(keras.Input((3,))).shape == (None, 4)


def test_keras_tuner_decides_under_a_name() -> None:
    node = Op(layers.Dense, units=Choice("units", [4, 8]), activation=Choice("activation", ["relu", "tanh"]))
    hp = HyperParameters()
    hp.Fixed("dense/units", 8)
    fixed = node.tune(hp, "dense")
    assert fixed(keras.Input((3,))).shape == (None, 8)
    assert dict(fixed.architecture) == {"dense/units": 8, "dense/activation": "relu"}
    assert fixed.layer((3,)).count_params() == 3 * 8 + 8


def test_an_empty_name_leaves_the_paths_alone() -> None:
    hp = HyperParameters()
    Op(layers.Dense, units=Range("units", 2, 8)).tune(hp)
    assert [parameter.name for parameter in hp.space] == ["units"]


def test_listing_keeps_a_shared_object_once() -> None:
    shared = Choice("units", [4, 8])
    node = Series(Op(layers.Dense, units=shared), Op(layers.Dense, units=shared))
    assert [decision.path for decision in list_decisions(node)] == ["units"]
