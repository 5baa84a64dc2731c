"""A network that was trained before, layer by layer, with its weights."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from keras import KerasTensor, layers, tree

from keras_nas.errors import InvalidArgument
from keras_nas.net import Net
from keras_nas.replay import data_of, graph_of, replay, settings_of
from keras_nas.space import block

WITHOUT_EFFECT = "keras.src.layers.regularization."
"""Module of layers that hand on what they get but for training: a backbone computes in training what it does after."""
EPSILON = 1e-7
"""Least standard deviation, Keras' own."""


@block
def pretrained(net: Net, x: Any, model: Any, *, mean: Sequence[float] = (), std: Sequence[float] = ()) -> Any:
    """A copy of a trained network, which is not trained unless the recipe's `fine_tuning` says so.

    Pixels are brought back to their own units, which they have in the model's preprocessing; images of another size are
    resized, and those of one channel repeated where the network takes three.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`, standardised by `mean` and `std`.
        model: a `keras_nas.Backbone`.
        mean: per channel, of raw pixels; none where `x` is raw.
        std: per channel, of raw pixels.
    """
    if len(std):
        x = net(layers.Rescaling, x, scale=[*std], offset=[*mean], dtype="float32")
    graph = graph_of(model.network)
    x = _fitted(net, x, tuple(graph.inputs[0].shape[1:]))
    met: set[int] = set()

    def again(node: Any, tensors: Mapping[int, Any]) -> list[Any]:
        if id(node.operation) in met and getattr(node.operation, "weights", None):
            raise InvalidArgument(f"The backbone's layer {node.operation.name!r} is called twice; expected once.")
        met.add(id(node.operation))
        return [_again(net, node, tensors)]

    (y,) = replay(graph, [x], again)
    return y


def _fitted(net: Net, x: Any, shape: tuple[int | None, ...]) -> Any:
    """Images in the shape that a network takes."""
    *sides, channels = shape
    came = net.channels(x)
    if came == 1 and channels == 3:
        x = net(layers.Concatenate, [x, x, x])
    elif came != channels:
        raise InvalidArgument(
            f"The images have {came} channels and the backbone takes {channels}: convert the images, or give a "
            "backbone made for theirs."
        )
    if None in sides or net.shape(x)[:-1] == tuple(sides):
        return x
    return net(layers.Resizing, x, height=sides[0], width=sides[1])


class Operation:
    """An operation of `keras.ops` with its constants, as a net takes a layer.

    Args:
        node: where it was called.
    """

    def __init__(self, node: Any) -> None:
        self.node = node
        self.__name__ = type(node.operation).__name__

    def __call__(self, **config: Any) -> Any:
        """A function of the tensors that it works on, one or a list."""
        arguments, operation = self.node.arguments, type(self.node.operation)
        made = operation.from_config({**self.node.operation.get_config(), "name": config.get("name")})

        def call(x: Any) -> Any:
            given = x if isinstance(x, list | tuple) else [x]
            args, kwargs = arguments.fill_in(dict(zip(map(id, arguments.keras_tensors), given, strict=True)))
            return made(*args, **kwargs)

        vars(call)["call"] = call
        return call


def _again(net: Net, node: Any, tensors: Mapping[int, Any]) -> Any:
    """One operation of the trained network on other tensors."""
    operation = node.operation
    layer = isinstance(operation, layers.Layer)
    given = [tensors[id(tensor)] for tensor in (data_of(node) if layer else node.arguments.keras_tensors)]
    x = given[0] if len(given) == 1 else given
    if type(operation).__module__.startswith(WITHOUT_EFFECT):
        return x
    if not layer:
        return net(Operation(node), x)
    if isinstance(operation, layers.Normalization) and operation.axis == (len(net.shape(x)),):
        return _normalized(net, x, operation)
    y = net(type(operation), x, _said(node, tensors), **settings_of(operation), trainable=False)
    made = getattr(getattr(y, "_keras_history", None), "operation", None)
    if made is not None and operation.weights:
        made.set_weights(operation.get_weights())
    return y


def _said(node: Any, tensors: Mapping[int, Any]) -> dict[str, Any]:
    """What a layer was called with beside what it works on: masks, and how to attend; in training it is as after it."""
    called = inspect.signature(node.operation.call).bind(*node.arguments.args, **node.arguments.kwargs).arguments
    given = {name: value for name, value in called.items() if name != "training" and value is not None}
    parts = {name: tree.flatten(value) for name, value in given.items()}
    return {
        name: tree.map_structure(lambda own: tensors.get(id(own), own), value)
        for name, value in given.items()
        if "mask" in name or not any(isinstance(own, KerasTensor) for own in parts[name])
    }


def _normalized(net: Net, x: Any, layer: Any) -> Any:
    """The normalisation of channels by stored moments, in numbers instead of weights, which every format takes."""
    scale = 1 / np.maximum(np.sqrt(np.ravel(layer.variance)), EPSILON)
    offset = -np.ravel(layer.mean) * scale
    return net(layers.Rescaling, x, scale=scale.tolist(), offset=offset.tolist(), dtype="float32")
