"""What a network consists of: the layers of a Keras model, each with its place, inputs, shape and parameters."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from keras_nas.errors import InvalidArgument
from keras_nas.replay import graph_of, nodes_of

Shape = tuple[int | None, ...]

MANY = 6
"""More inputs than these are one box, and so is what a model inside makes of them before anything is learned."""
_SAID = ("kernel_size", "pool_size", "strides", "dilation_rate", "groups", "num_heads", "rate")
_SIZES = ("filters", "units")
_SIGNS = {"strides": "/", "dilation_rate": "dilated ", "groups": "groups ", "num_heads": "heads "}


@dataclass(frozen=True)
class Step:
    """One layer of the network.

    Args:
        place: where it stands, outermost scope first; the dots of its name part the scopes.
        kind: the layer's class.
        text: the class and the arguments that people compare.
        form: the same without numbers of channels.
        inputs: numbers of the steps it hears.
        shape: of its output, without the batch axis.
        params: numbers that it holds; 0 where it shares those of an earlier step.
    """

    place: tuple[str, ...]
    kind: str
    text: str
    form: str
    inputs: tuple[int, ...]
    shape: Shape
    params: int


def steps_of(model: Any) -> list[Step]:
    """The layers of a functional or sequential Keras model, each after those it hears.

    Raises:
        InvalidArgument: for a model without a graph of layers.
    """
    graph = graph_of(model)
    if graph is None:
        raise InvalidArgument(
            f"The model {model.name!r} ({type(model).__name__}) has no graph of layers to draw: expected a functional "
            "model, or a sequential one that has been built."
        )
    steps: list[Step] = []
    makers: dict[int, int] = {}
    if len(graph.inputs) > MANY:
        makers.update((id(tensor), 0) for tensor in graph.inputs)
        steps.append(Step((), "InputLayer", f"{len(graph.inputs)} inputs", "inputs", (), (), 0))
    _follow(graph, makers, steps, set())
    return steps


def _follow(graph: Any, makers: dict[int, int], steps: list[Step], seen: set[int]) -> None:
    """Add the steps of a graph; a model inside another is taken apart.

    Args:
        graph: its inputs that a step made already are in `makers`.
        makers: the number of the step that made a tensor, by the tensor's identity.
        steps: of all graphs so far.
        seen: the layers among them, by identity.
    """
    for node in nodes_of(graph):
        if all(id(tensor) in makers for tensor in node.outputs):
            continue
        heard, inner = [makers[id(tensor)] for tensor in node.arguments.keras_tensors], graph_of(node.operation)
        if inner is None or _is_closed(inner):
            makers.update((id(tensor), len(steps)) for tensor in node.outputs)
            steps.append(_step(node, tuple(dict.fromkeys(heard)), fresh=id(node.operation) not in seen))
            seen.add(id(node.operation))
            continue
        inside = {id(tensor): step for tensor, step in zip(inner.inputs, heard, strict=True)}
        _follow(inner, inside, steps, seen)
        made = zip(node.outputs, inner.outputs, strict=True)
        makers.update((id(tensor), inside[id(within)]) for tensor, within in made)


def _is_closed(graph: Any) -> bool:
    """Whether a model inside another is shown as one layer: it takes many inputs and has nothing to learn."""
    return len(graph.inputs) > MANY and not graph.trainable_weights


def _step(node: Any, inputs: tuple[int, ...], fresh: bool) -> Step:
    layer = node.operation
    kind, shape = type(layer).__name__, tuple(node.outputs[0].shape[1:])
    if kind == "InputLayer":
        return Step((), kind, "input", "input", inputs, shape, 0)
    if graph_of(layer) is not None:
        return Step((), kind, layer.name, kind, inputs, shape if len(node.outputs) == 1 else (), 0)
    config = layer.get_config() if type(layer).__module__.startswith("keras.") else {}
    params = sum(math.prod(weight.shape) for weight in getattr(layer, "weights", ()))
    place = tuple(re.split(r"[./]+", layer.name)[:-1])
    form = describe(kind, {name: value for name, value in config.items() if name not in _SIZES})
    return Step(place, kind, describe(kind, config), form, inputs, shape, params if fresh else 0)


def describe(kind: str, config: Mapping[str, Any]) -> str:
    """A layer's class and the arguments worth saying.

    Example:
        >>> describe("Conv2D", {"filters": 16, "kernel_size": 3, "strides": 2, "padding": "same"})
        'Conv2D 16 3x3 /2'
        >>> describe("Activation", {"activation": "swish"})
        'swish'
        >>> describe("Dense", {"units": 10, "activation": "relu"})
        'Dense 10 relu'
    """
    named = config.get("activation")
    activation = named if isinstance(named, str) and named != "linear" else ""
    if kind == "Activation" and activation:
        return activation
    said = [_said(name, config[name]) for name in (*_SIZES, *_SAID) if config.get(name) is not None]
    return " ".join(filter(None, [kind, *said, activation]))


def _said(name: str, value: Any) -> str:
    sides = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if name in ("kernel_size", "pool_size"):
        return "x".join(map(str, sides))
    if name in ("strides", "dilation_rate", "groups") and set(sides) == {1}:
        return ""
    return f"{_SIGNS.get(name, '')}{sides[0] if len(set(sides)) == 1 else 'x'.join(map(str, sides))}"
