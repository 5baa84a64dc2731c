"""Networks as operations: the same from a space, from a body and from a built model."""

from typing import Any

import keras
import pytest
from keras import layers

from keras_nas.objectives.cost import CostNet, costed
from keras_nas.objectives.operations import Operation, operations_of

SHAPE = (8, 8, 3)


def body(net: Any, x: Any) -> Any:
    """Folding, a sum whose parts are read twice, and a head."""
    x = net(layers.Conv2D, x, filters=4, kernel_size=3, padding="same", use_bias=False)
    x = net(layers.ReLU, net(layers.BatchNormalization, x, momentum=0.9))
    y = net(layers.DepthwiseConv2D, x, kernel_size=(5, 5), padding="same")
    x = net(layers.ReLU, net(layers.Add, [x, y]))
    x = net(layers.GlobalAveragePooling2D, x)
    return net(layers.Dense, net(layers.Dropout, x, rate=0.3), units=2)


def operations() -> list[Operation]:
    net = CostNet()
    return operations_of(body(net, net.input(SHAPE)))


def test_what_is_folded_is_one_operation() -> None:
    assert [operation.kind for operation in operations()] == [
        "Conv2D(kernel_size=3, padding=same, use_bias=False) + BatchNormalization + ReLU",
        "DepthwiseConv2D(kernel_size=5, padding=same)",
        "Add + ReLU",
        "GlobalAveragePooling2D + Dropout",
        "Dense",
    ]


def test_sizes_are_those_of_the_layers() -> None:
    first, _, add, *_ = operations()
    assert (first.flops, first.weights, first.shapes) == (8 * 8 * 4 * 27, 4 * 27 + 16, ((8, 8, 3),))
    assert first.moved == 8 * 8 * (3 + 4)
    assert (add.flops, add.moved, add.shapes) == (0, 3 * 8 * 8 * 4, ((8, 8, 4), (8, 8, 4)))


def test_a_built_model_has_the_operations_of_its_body() -> None:
    from keras_nas.net import KerasNet

    x = keras.Input(SHAPE)
    model = keras.Model(x, body(KerasNet(), x))
    assert operations_of(costed(model)) == operations()


def test_an_operation_can_be_built_alone() -> None:
    for operation in operations():
        model = operation.build()
        assert [tuple(tensor.shape[1:]) for tensor in model.inputs] == list(operation.shapes)
        assert tuple(model.outputs[0].shape[1:]) == operation.layers[-1].cost.outputs[0]
        assert model.count_params() == operation.weights


def test_what_is_read_twice_is_not_folded() -> None:
    net = CostNet()
    x = net(layers.Conv2D, net.input(SHAPE), filters=4, kernel_size=1)
    kinds = [operation.kind for operation in operations_of([net(layers.ReLU, x), x])]
    assert kinds == ["Conv2D(kernel_size=1)", "ReLU"]


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        ({"filters": 4, "kernel_size": 3}, {"filters": 4, "kernel_size": (3, 3), "strides": 1}, True),
        ({"filters": 4, "kernel_size": 3}, {"filters": 4, "kernel_size": 3, "name": "x", "dtype": "float32"}, True),
        ({"filters": 4, "kernel_size": 3}, {"filters": 4, "kernel_size": 3, "kernel_initializer": "ones"}, True),
        ({"filters": 4, "kernel_size": 3}, {"filters": 4, "kernel_size": 3, "activation": "linear"}, True),
        ({"filters": 4, "kernel_size": 3}, {"filters": 5, "kernel_size": 3}, False),
        ({"filters": 4, "kernel_size": 3}, {"filters": 4, "kernel_size": (3, 1)}, False),
        ({"filters": 4, "kernel_size": 3}, {"filters": 4, "kernel_size": 3, "activation": "relu"}, False),
    ],
)
def test_arguments_that_change_no_time_make_no_difference(one: Any, other: Any, alike: bool) -> None:
    net = CostNet()
    x = net.input(SHAPE)
    (a,), (b,) = (operations_of(net(layers.Conv2D, x, **config)) for config in (one, other))
    assert (a == b) is alike


def test_operations_of_the_same_kind_differ_in_sizes_alone() -> None:
    net = CostNet()
    small, large = (net(layers.Dense, net.input((units,)), units=units) for units in (4, 8))
    (a,), (b,) = operations_of(small), operations_of(large)
    assert a.kind == b.kind == "Dense"
    assert a != b


def test_nothing_melts_into_one_of_several_results() -> None:
    net = CostNet()
    y, h, _ = net(layers.LSTM, net.input((5, 3)), units=4, return_state=True)
    found = operations_of([net(layers.Activation, y, activation="relu"), net(layers.Dropout, h, rate=0.5)])
    assert [operation.kind.split("(")[0] for operation in found] == ["LSTM", "Activation", "Dropout"]


def test_layers_within_layers_and_operations_on_tensors() -> None:
    x = keras.Input((5, 3))
    y = layers.Bidirectional(layers.LSTM(4))(x)
    model = keras.Model(x, keras.ops.sin(y) + 1.0)
    found = operations_of(costed(model))
    assert [operation.kind.split("(")[0] for operation in found] == ["Bidirectional", "Sin", "Add"]
    for operation in found:
        assert tuple(operation.build().outputs[0].shape[1:]) == (8,)
