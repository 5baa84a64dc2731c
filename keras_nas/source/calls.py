"""A functional Keras model as a list of calls, each after those whose results it takes."""

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_nas.errors import ExportError
from keras_nas.replay import graph_of
from keras_nas.source.literals import TENSOR, Text, constructor, literal

SHORT = 8
"""Numbers of an array that may stand in the text; longer ones are kept in a file beside it."""


@dataclass(frozen=True)
class Value:
    """A tensor of the network.

    Args:
        maker: Number of the call that gave it; the model's inputs count from -1 downwards.
        part: What picks it from that call's result, "" where it is the result.
    """

    maker: int
    part: str = ""


@dataclass(frozen=True)
class Call:
    """What one line of source says.

    Args:
        text: The call, with a hole for each number of its settings, and one (`TENSOR`) for each input.
        inputs: The tensors, in the text's order.
        place: Where the layer stands in the space: the names of the scopes, outermost first.
        model: The model that is called, where it is one.
        alone: Whether it names something that is made elsewhere, and so cannot be repeated.
        helper: The function of the source that is called, where it is one.
    """

    text: Text
    inputs: tuple[Value, ...]
    place: tuple[str, ...] = ()
    model: Any = None
    alone: bool = False
    helper: str = ""


@dataclass(frozen=True)
class Network:
    """A model's calls.

    Args:
        calls: In order.
        inputs: The model's `keras.Input`s, in order.
        taken: What the model takes: text with `TENSOR` for each tensor, and the tensors.
        given: What it gives, likewise.
        shared: Layers that are called several times: the name of a variable and its constructor.
    """

    calls: list[Call]
    inputs: list[Any]
    taken: tuple[str, list[Value]]
    given: tuple[str, list[Value]]
    shared: dict[str, str]


def network_of(model: Any, arrays: dict[str, np.ndarray]) -> Network:
    """The calls of a functional or sequential Keras model.

    Args:
        model: With a graph of layers.
        arrays: Takes the constants that are too long for the text.

    Raises:
        ExportError: The model has no graph, or a layer or an operation in it has no source.
    """
    graph = graph_of(model)
    if graph is None:
        raise ExportError(f"The model {model.name!r} has no graph of layers: only a functional or sequential one has.")
    reader = _Reader(arrays, {id(tensor): Value(-1 - number) for number, tensor in enumerate(graph.inputs)})
    taken = reader.text(graph._inputs_struct)
    nodes = _ordered(graph.outputs, set(reader.values))
    repeated = _repeated([node.operation for node in nodes])
    calls = []
    for number, node in enumerate(nodes):
        calls.append(reader.call(node, repeated.get(id(node.operation))))
        reader.values.update(_parts(node, number))
    given = reader.text(graph._outputs_struct)
    operations = {id(node.operation): node.operation for node in nodes}
    shared = {name: str(constructor(operations[key])) for key, name in repeated.items()}
    return Network(calls, list(graph.inputs), taken, given, shared)


@dataclass
class _Reader:
    """Turns nodes of a graph into calls.

    Args:
        arrays: Takes the long constants.
        values: The known tensors, by identity.
    """

    arrays: dict[str, np.ndarray]
    values: dict[int, Value] = field(default_factory=dict)

    def call(self, node: Any, variable: str | None) -> Call:
        """One node; `variable` names its layer where that is called several times."""
        import keras

        operation = node.operation
        given, inputs = self._arguments(node)
        place = tuple(part for part in re.split(r"[./]+", operation.name)[:-1] if part)
        if variable is not None:
            return Call(Text(f"{variable}({given})"), inputs, place, alone=True)
        if isinstance(operation, keras.Model):
            return Call(Text(f"{builder(operation)}()({given})"), inputs, place, operation, alone=True)
        if isinstance(operation, keras.layers.Layer):
            made = constructor(operation)
            return Call(Text(f"{made.form}({given})", made.names, made.values), inputs, place)
        return Call(Text(_function(operation, given)), inputs, place)

    def _arguments(self, node: Any) -> tuple[str, tuple[Value, ...]]:
        """The text of a call's arguments; masks come with the tensors themselves."""
        default = {p.name: p.default for p in inspect.signature(node.operation.call).parameters.values()}
        given = node.arguments.kwargs.items()
        named = {n: v for n, v in given if v is not None and "mask" not in n and v is not default.get(n)}
        both = [*(("", entry) for entry in node.arguments.args), *((f"{n}=", v) for n, v in named.items())]
        found = [(before, *self.text(entry)) for before, entry in both]
        text = ", ".join(f"{before}{entry}" for before, entry, _ in found)
        return text, tuple(value for *_, values in found for value in values)

    def text(self, tree: Any) -> tuple[str, list[Value]]:
        """A nest of tensors and constants as text, and the tensors."""
        if id(tree) in self.values:
            return TENSOR, [self.values[id(tree)]]
        if isinstance(tree, Mapping):
            pairs = {literal(key): self.text(entry) for key, entry in tree.items()}
            inner = ", ".join(f"{key}: {text}" for key, (text, _) in pairs.items())
            return "{" + inner + "}", [value for _, found in pairs.values() for value in found]
        if isinstance(tree, list | tuple):
            entries = [self.text(entry) for entry in tree]
            return f"[{', '.join(text for text, _ in entries)}]", [value for _, found in entries for value in found]
        return self._constant(np.asarray(tree) if hasattr(tree, "shape") else tree), []

    def _constant(self, value: Any) -> str:
        if not isinstance(value, np.ndarray) or value.size <= SHORT:
            return literal(value)
        name = f"array_{len(self.arrays)}"
        self.arrays[name] = value
        return f'ARRAYS["{name}"]'


def _ordered(outputs: list[Any], known: set[int]) -> list[Any]:
    """The nodes behind the outputs, depth first, each after those it needs."""
    found: dict[int, Any] = {}
    stack = [(tensor, False) for tensor in reversed(outputs)]
    while stack:
        tensor, ready = stack.pop()
        node = tensor._keras_history.operation._inbound_nodes[tensor._keras_history.node_index]
        if id(tensor) in known or id(node) in found:
            continue
        if ready:
            found[id(node)] = node
            continue
        stack.append((tensor, True))
        stack.extend((needed, False) for needed in reversed(node.arguments.keras_tensors))
    return list(found.values())


def _repeated(operations: list[Any]) -> dict[int, str]:
    """Variables for the layers that stand several times in a list, by their identity."""
    times: dict[int, list[Any]] = {}
    for operation in operations:
        times.setdefault(id(operation), []).append(operation)
    several = [found[0] for found in times.values() if len(found) > 1]
    return {id(layer): f"{snake(type(layer).__name__)}_{number}" for number, layer in enumerate(several, 1)}


def _parts(node: Any, number: int) -> dict[int, Value]:
    """The tensors that a call gives, by identity."""
    import keras

    struct = getattr(node.operation, "_outputs_struct", None)
    if isinstance(struct, Mapping):
        keys = keras.tree.flatten({key: literal(key) for key in struct})
        return {id(tensor): Value(number, f"[{key}]") for tensor, key in zip(node.outputs, keys, strict=True)}
    if len(node.outputs) == 1 and not isinstance(struct, list | tuple):
        return {id(node.outputs[0]): Value(number)}
    return {id(tensor): Value(number, f"[{index}]") for index, tensor in enumerate(node.outputs)}


def _function(operation: Any, given: str) -> str:
    """The call of an operation of `keras.ops`, which takes its settings as keywords."""
    from keras import ops

    kind = type(operation)
    name = "get_item" if kind.__name__ == "GetItem" else snake(kind.__name__)
    if not kind.__module__.startswith("keras.src.ops.") or not hasattr(ops, name):
        raise ExportError(
            f"The operation {kind.__name__} in the model cannot be written as source: use a layer in its place."
        )
    settings = {key: value for key, value in operation.get_config().items() if key != "name" and value is not None}
    return f"ops.{name}({', '.join([given, *(f'{key}={literal(value)}' for key, value in settings.items())])})"


def builder(model: Any) -> str:
    """The name of the function that makes a model within the model."""
    return f"build_{identifier(model.name)}"


def identifier(name: str) -> str:
    """A name as one of Python's, lower case."""
    return re.sub(r"\W+|^(?=\d)", "_", snake(name)).strip("_") or "part"


def snake(name: str) -> str:
    """`ExpandDims` as `expand_dims`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
