"""A network as the list of operations that a runtime computes, from the same traversal that counts its costs.

Runtimes do not compute layer by layer: a batch normalisation is folded into the convolution before it, and an
activation after both costs next to nothing. So an operation is a layer together with what melts into it. Two
operations are the same when their layers, arguments and shapes are; then they take the same time, in any network.
"""

import inspect
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from keras_nas.objectives.cost import CostedLayer, CostTensor, layers_of
from keras_nas.objectives.layer_costs import Shape
from keras_nas.objectives.layer_costs.shapes import size_of

MELTING = frozenset({
    "BatchNormalization", "ReLU", "LeakyReLU", "ELU", "PReLU", "Activation",
    "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "GaussianNoise",
    "AlphaDropout", "Identity", "ActivityRegularization",
})  # fmt: skip
"""Layers that become part of what stands before them, where nothing else reads that."""
TIMELESS = ("name", "trainable", "seed", "noise_shape", "data_format", "build_config", "autocast")
"""Arguments that no latency depends on, beside numbers with a fraction and what only training sees."""
ONLY_IN_TRAINING = ("_initializer", "_regularizer", "_constraint")
WINDOWS = ("kernel_size", "pool_size")
"""Sizes that decide which routine of a runtime computes a layer; other sizes only say how long it takes."""


@dataclass(frozen=True)
class Operation:
    """What a runtime computes in one go.

    Args:
        key: Layers, arguments and shapes as text: operations of one key take the same time.
        kind: Layers and the arguments that choose a routine, without sizes: operations of one kind are alike.
        layers: The first layer and what melts into it.
    """

    key: str
    kind: str
    layers: tuple[CostedLayer, ...] = field(compare=False, repr=False)

    @property
    def shapes(self) -> tuple[Shape, ...]:
        """The shape of each input, without the batch axis."""
        return tuple(tensor.shape for tensor in self.layers[0].inputs)

    @property
    def flops(self) -> int:
        """Multiply-adds for one row."""
        return sum(layer.cost.flops for layer in self.layers)

    @property
    def moved(self) -> int:
        """Numbers that are read and written for one row: inputs and outputs."""
        return sum(map(size_of, (*self.shapes, *self.layers[-1].cost.outputs)))

    @property
    def weights(self) -> int:
        """Parameters that are read."""
        return sum(layer.cost.weights + layer.cost.fixed for layer in self.layers)

    def build(self) -> Any:
        """A Keras model of this operation alone, with new weights."""
        import keras

        inputs = [keras.Input(shape) for shape in self.shapes]
        x = self.layers[0].apply(*inputs)
        for layer in self.layers[1:]:
            x = layer.apply(x)
        return keras.Model(inputs, x)


def operations_of(outputs: CostTensor | Sequence[CostTensor]) -> list[Operation]:
    """The operations that a network's outputs depend on, in an order in which they can be computed.

    Args:
        outputs: What a `CostNet` gave, a tensor or several.

    Example:
        >>> from keras import layers
        >>> from keras_nas.objectives.cost import CostNet
        >>> net = CostNet()
        >>> x = net(layers.Conv2D, net.input((8, 8, 3)), filters=4, kernel_size=3, use_bias=False)
        >>> x = net(layers.ReLU, net(layers.BatchNormalization, x))
        >>> [operation.kind for operation in operations_of(net(layers.Flatten, x))]
        ['Conv2D(kernel_size=3, use_bias=False) + BatchNormalization + ReLU', 'Flatten']
    """
    ends = [outputs] if isinstance(outputs, CostTensor) else list(outputs)
    layers = list(layers_of(ends))
    readers = Counter(id(tensor) for layer in layers for tensor in layer.inputs)
    readers.update(map(id, ends))
    groups: dict[int, tuple[CostedLayer, ...]] = {}
    for layer in layers:
        before = layer.inputs[0]
        sole = before.maker is not None and len(before.maker.cost.outputs) == 1 and readers[id(before)] == 1
        melts = layer.name in MELTING and sole
        groups[id(layer)] = (*(groups.pop(id(before.maker)) if melts else ()), layer)
    return [_operation(group) for group in groups.values()]


def _operation(layers: tuple[CostedLayer, ...]) -> Operation:
    steps = [(layer.name, _arguments(layer.name, layer.config)) for layer in layers]
    shapes = [list(tensor.shape) for tensor in layers[0].inputs]
    return Operation(json.dumps([steps, shapes]), " + ".join(_kind(*step) for step in steps), layers)


def _kind(name: str, arguments: Mapping[str, Any]) -> str:
    shown = {k: v for k, v in arguments.items() if k in WINDOWS or isinstance(v, str | bool)}
    listed = ", ".join(f"{argument}={value}" for argument, value in shown.items())
    return f"{name}({listed})" if listed else name


def _arguments(layer: str, config: Mapping[str, Any]) -> dict[str, Any]:
    """What of a layer's arguments its latency may depend on, sorted, in JSON types, without Keras' defaults."""
    defaults = _defaults(layer)
    found = {name: _plain(value) for name, value in sorted(config.items()) if _matters(name, value)}
    return {name: value for name, value in found.items() if name not in defaults or value != defaults[name]}


@cache
def _defaults(layer: str) -> dict[str, Any]:
    """The defaults of a stock layer's arguments, in the form of `_arguments`."""
    from keras import layers

    if not hasattr(layers, layer):
        return {}
    parameters = inspect.signature(getattr(layers, layer)).parameters.values()
    return {p.name: _plain(p.default) for p in parameters if p.default is not p.empty}


def _matters(name: str, value: Any) -> bool:
    entries = value if isinstance(value, list | tuple) else [value]
    fractions = bool(entries) and all(isinstance(entry, float) for entry in entries)
    return not (name in TIMELESS or name == "dtype" or name.endswith(ONLY_IN_TRAINING) or fractions)


def _plain(value: Any) -> Any:
    """A value in JSON types; one number for all axes is one number, and no activation is None."""
    if isinstance(value, list | tuple):
        entries = [_plain(entry) for entry in value]
        alike = bool(entries) and all(entry == entries[0] for entry in entries) and isinstance(entries[0], int)
        return entries[0] if alike else entries
    if isinstance(value, Mapping):
        return {str(name): _plain(entry) for name, entry in sorted(value.items()) if _matters(str(name), entry)}
    if hasattr(value, "get_config"):
        return [type(value).__name__, _plain(value.get_config())]
    if value is None or isinstance(value, str | bool | int | float):
        return None if value == "linear" else value
    return getattr(value, "__name__", type(value).__name__)
