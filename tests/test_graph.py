"""Graphs: what joins hear, how they merge, and what is gathered at the end."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.architecture import Architecture
from keras_nas.graph import Graph, Join, Output
from keras_nas.net import KerasNet
from keras_nas.nodes import Walk
from keras_nas.objectives.cost import CostNet
from keras_nas.space import Choice, Given, Op, Series, Stride


def times(factor: float) -> Op:
    return Op(layers.Rescaling, scale=factor)


def computed(graph: Graph, *rows: list[float], architecture: dict[str, Any] | None = None) -> list[float]:
    """The graph's output for one row of each input."""
    x = [keras.Input((len(row),)) for row in rows]
    walk = Walk(Architecture(architecture or {}), KerasNet(None, ""))
    heard = x if len(x) > 1 else x[0]
    model = keras.Model(heard, graph.apply(walk, heard))
    values = [np.array([row], "float32") for row in rows]
    return np.asarray(model(values if len(x) > 1 else values[0]))[0].tolist()


def test_joins_add_operations_on_earlier_nodes() -> None:
    graph = Graph("cell", [Join([0], [times(2)]), Join([0, 1], [times(3), times(10)])])
    assert computed(graph, [1.0]) == [23.0]


def test_joins_concatenate_when_told() -> None:
    graph = Graph("cell", [Join([0, 0], [times(2), times(3)], "concat")])
    assert computed(graph, [1.0, 2.0]) == [2.0, 4.0, 3.0, 6.0]


def test_sources_and_operations_are_chosen() -> None:
    options = {"double": times(2), "triple": times(3)}
    graph = Graph("cell", [Join([0], [times(10)]), Join([Choice("from", [0, 1])], [Choice("op", options)])])
    assert computed(graph, [1.0], architecture={"cell/1/from": 1, "cell/1/op": "triple"}) == [30.0]
    assert computed(graph, [1.0], architecture={"cell/1/from": 0, "cell/1/op": "double"}) == [2.0]


def test_a_pair_of_sources_is_one_decision() -> None:
    pairs = Choice("inputs", {"0,1": (0, 1), "1,2": (1, 2)})
    graph = Graph("cell", [Join([0], [times(10)]), Join(pairs, [times(1), times(1)])], inputs=2)
    assert computed(graph, [1.0], [2.0], architecture={"cell/1/inputs": "0,1"}) == [3.0]
    assert computed(graph, [1.0], [2.0], architecture={"cell/1/inputs": "1,2"}) == [12.0]


def test_absent_edges_drop_out() -> None:
    edges = {"none": None, "same": Series()}
    graph = Graph("cell", [Join([0, 0], [Choice("a", edges), Choice("b", edges)])])
    assert computed(graph, [2.0], architecture={"cell/0/a": "none", "cell/0/b": "same"}) == [2.0]
    assert computed(graph, [2.0], architecture={"cell/0/a": "same", "cell/0/b": "same"}) == [4.0]
    assert computed(graph, [2.0], architecture={"cell/0/a": "none", "cell/0/b": "none"}) == [0.0]


@pytest.mark.parametrize(
    ("output", "expected"), [("last", [300.0]), ("all", [2.0, 30.0, 300.0]), ("loose", [2.0, 300.0])]
)
def test_what_is_gathered(output: Output, expected: list[float]) -> None:
    joins = [Join([0], [times(2)]), Join([0], [times(30)]), Join([2], [times(10)])]
    assert computed(Graph("cell", joins, output=output), [1.0]) == expected


def test_operations_on_inputs_are_given_the_stride() -> None:
    pool = Op(layers.MaxPooling2D, pool_size=1, strides=Given("stride", 1), padding="same")
    joins = [Join([0], [pool]), Join([1], [pool]), Join([0, 2], [pool, pool])]
    net = CostNet()
    output = Graph("cell", joins, stride=2).apply(Walk({}, net), net.input((8, 6, 3)))
    assert net.shape(output) == (4, 3, 3)


@pytest.mark.parametrize(("side", "expected"), [(8, 4), (7, 7), (2, 2)])
def test_a_stride_may_spare_small_maps(side: int, expected: int) -> None:
    pool = Op(layers.MaxPooling2D, pool_size=1, strides=Given("stride", 1), padding="same")
    net = CostNet()
    output = Graph("cell", [Join([0], [pool])], stride=Stride()).apply(Walk({}, net), net.input((side, side, 3)))
    assert net.shape(output) == (expected, expected, 3)


def test_silence_has_the_shape_of_the_join() -> None:
    net = CostNet()
    graph = Graph("cell", [Join([0], [Choice("a", {"none": None})])], stride=2)
    assert net.shape(graph.apply(Walk({"cell/0/a": "none"}, net), net.input((5, 8, 3)))) == (3, 4, 3)


def test_layers_are_named_after_the_edge() -> None:
    x = keras.Input((2,))
    graph = Graph("cell", [Join([0, 0], [times(2), times(3)])])
    model = keras.Model(x, graph.apply(Walk({}, KerasNet(None, "")), x))
    assert {layer.name for layer in model.layers[1:]} == {"cell.0.0.rescaling", "cell.0.1.rescaling", "cell.0.add"}
