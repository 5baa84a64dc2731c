"""A Keras model's graph, run again on other tensors: one operation after the other, models within it too."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Use = Callable[[Any, Mapping[int, Any]], Sequence[Any]]
"""What is done at a node: called with it, and with the tensors that stand for its own, by their identity; gives those
that stand for its outputs."""


def graph_of(model: Any) -> Any:
    """The functional graph behind a model or layer, None where there is none."""
    return model if hasattr(model, "_nodes_by_depth") else getattr(model, "_functional", None)


def nodes_of(graph: Any) -> list[Any]:
    """The calls in a graph, each behind those that it hears."""
    return [node for depth in sorted(graph._nodes_by_depth, reverse=True) for node in graph._nodes_by_depth[depth]]


def settings_of(operation: Any) -> dict[str, Any]:
    """The arguments of a layer or an operation, without those that only its place says."""
    return {name: value for name, value in operation.get_config().items() if name not in ("name", "dtype", "trainable")}


def replay(graph: Any, inputs: Sequence[Any], use: Use) -> list[Any]:
    """What stands for a graph's outputs, where others stand for its inputs.

    Args:
        graph: of `graph_of`.
        inputs: one for each of the graph's.
        use: applies one operation.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2), keras.layers.ReLU()])
        >>> def named(node, tensors):
        ...     return [f"{type(node.operation).__name__}({tensors[id(data_of(node)[0])]})"]
        >>> replay(graph_of(model), ["x"], named)
        ['ReLU(Dense(x))']
    """
    tensors = dict(zip(map(id, graph.inputs), inputs, strict=True))
    for node in nodes_of(graph):
        if not node.is_input:
            inner = graph_of(node.operation)
            given = [tensors[id(tensor)] for tensor in data_of(node)]
            outputs = use(node, tensors) if inner is None else replay(inner, given, use)
            tensors.update(zip(map(id, node.outputs), outputs, strict=True))
    return [tensors[id(tensor)] for tensor in graph.outputs]


def data_of(node: Any) -> list[Any]:
    """The tensors that a call works on, in the order of the layer's signature, without masks."""
    from keras import KerasTensor, tree

    signature = inspect.signature(node.operation.call)
    bound = signature.bind(*node.arguments.args, **node.arguments.kwargs).arguments
    values = [value for name, value in bound.items() if "mask" not in name]
    return [tensor for tensor in tree.flatten(values) if isinstance(tensor, KerasTensor)]
