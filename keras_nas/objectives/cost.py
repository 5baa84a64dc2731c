"""What a network costs, without building it: parameters, multiply-adds, activation memory and size.

`CostNet` is a `Net`: a space's or a block's body runs against it as it runs against Keras, but shapes pass through
instead of layers being made. `cost_of_model` walks a model that exists already with the same formulas.

Conventions. One flop is one multiply-add; an added bias counts one more; normalisation, activations, pooling and
sums count none. These are NAS-Bench-201's, whose published figures they give exactly. `params` are Keras'
`count_params()`, the moving statistics of batch normalisation included; `trainable_params`, without them, are
what PyTorch counts. Everything is for one row of input and float32 numbers; a megabyte is 1e6 bytes.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from keras_nas.errors import InvalidArgument
from keras_nas.net import KerasNet
from keras_nas.objectives.layer_costs import LayerCost, Shape, stock_cost
from keras_nas.objectives.layer_costs.shapes import size_of
from keras_nas.objectives.layer_costs.traced import built_cost, operation_cost
from keras_nas.replay import data_of, graph_of, replay

_BYTES = 4


@dataclass(frozen=True)
class Cost:
    """What a network costs for one row of input.

    Args:
        params: All parameters, as Keras' `count_params()`.
        trainable_params: Those that training changes.
        flops: Multiply-adds plus bias additions.
        memory_mb: The largest sum of the activations that must exist at once, each layer's inputs and outputs
            included, when the layers run depth first and nothing is computed in place.
        size_mb: The parameters in float32, which is a stored model's size but for its graph.
    """

    params: int
    trainable_params: int
    flops: int
    memory_mb: float
    size_mb: float

    def scores(self) -> dict[str, float]:
        """The costs that are objectives, by their names."""
        return {name: getattr(self, name) for name in ("params", "flops", "memory_mb", "size_mb")}


@dataclass(frozen=True, eq=False, slots=True)
class CostTensor:
    """A tensor that is only its shape, and the layer that made it."""

    shape: Shape
    maker: "CostedLayer | None" = None


@dataclass(frozen=True, eq=False, slots=True)
class CostedLayer:
    """One use of a layer.

    Args:
        name: The layer's class.
        config: Its arguments.
        inputs: What it takes.
        cost: What it costs.
        apply: The layer itself, from Keras tensors to Keras tensors.
        owner: Uses of one owner share their parameters.
    """

    name: str
    config: dict[str, Any]
    inputs: tuple[CostTensor, ...]
    cost: LayerCost
    apply: Callable[..., Any]
    owner: object = field(default_factory=object)


class CostNet:
    """A `Net` that counts.

    Example:
        >>> from keras import layers
        >>> net = CostNet()
        >>> x = net.input((32, 32, 3))
        >>> y = net(layers.Conv2D, x, filters=16, kernel_size=3, padding="same", use_bias=False)
        >>> net.cost(y).flops
        442368
    """

    def input(self, shape: Sequence[int]) -> CostTensor:
        """A network's input.

        Args:
            shape: Without the batch axis, `(height, width, channels)` for images.
        """
        if any(size is None for size in shape):
            raise InvalidArgument(f"The input's shape is {tuple(shape)}: give every axis a size.")
        return CostTensor(tuple(map(int, shape)))

    def __call__(
        self, layer: Callable[..., Any], x: Any, call: Mapping[str, Any] | None = None, /, **config: Any
    ) -> Any:
        """Apply a layer to a tensor or a list of tensors; a mask costs nothing."""
        inputs = tuple(x) if isinstance(x, list | tuple) else (x,)
        shapes = tuple(tensor.shape for tensor in inputs)
        cost = stock_cost(layer, shapes, config) or built_cost(layer, shapes, config)
        return self.use(CostedLayer(layer.__name__, config, inputs, cost, _applied(layer, config)))

    def each(self, layer: Callable[..., Any], parts: Sequence[Any], **config: Any) -> list[Any]:
        """Apply one layer to each of several tensors; its parameters count once."""
        made = [self(layer, part, **config).maker for part in parts]
        return [self.use(replace(own, owner=made[0].owner)) for own in made]

    def use(self, layer: CostedLayer) -> Any:
        """The outputs of a layer whose cost is known, one tensor or a list."""
        outputs = [CostTensor(shape, layer) for shape in layer.cost.outputs]
        return outputs[0] if len(outputs) == 1 else outputs

    def shape(self, x: CostTensor) -> Shape:
        """The shape without the batch axis."""
        return x.shape

    def channels(self, x: CostTensor) -> int:
        """The last entry of the shape."""
        return x.shape[-1]

    def at(self, place: str) -> "CostNet":
        """The same net: costs have no names."""
        return self

    def cost(self, outputs: CostTensor | Sequence[CostTensor]) -> Cost:
        """The cost of all layers that the outputs depend on.

        Args:
            outputs: A tensor or several, in the network's order.
        """
        ends = [outputs] if isinstance(outputs, CostTensor) else list(outputs)
        layers = list(layers_of(ends))
        owned = {id(layer.owner): layer.cost for layer in layers}.values()
        trainable = sum(cost.weights for cost in owned)
        params = trainable + sum(cost.fixed for cost in owned)
        flops = sum(layer.cost.flops for layer in layers)
        peak = _peak_numbers(layers, ends)
        return Cost(params, trainable, flops, peak * _BYTES / 1e6, params * _BYTES / 1e6)


def _applied(layer: Callable[..., Any], config: dict[str, Any]) -> Callable[..., Any]:
    """A function that applies a new layer to Keras tensors."""

    def apply(*tensors: Any) -> Any:
        return KerasNet()(layer, list(tensors) if len(tensors) > 1 else tensors[0], **config)

    return apply


def layers_of(outputs: Sequence[CostTensor]) -> Iterator[CostedLayer]:
    """The layers that the outputs depend on, each after those it needs, depth first."""
    seen: set[int] = set()
    stack = [(tensor.maker, False) for tensor in reversed(outputs)]
    while stack:
        layer, ready = stack.pop()
        if layer is None or (id(layer) in seen and not ready):
            continue
        if ready:
            yield layer
            continue
        seen.add(id(layer))
        stack.append((layer, True))
        stack.extend((tensor.maker, False) for tensor in reversed(layer.inputs))


def cost_of_model(model: Any, input_shape: Any = None) -> Cost:
    """The cost of a Keras model that exists, by the formulas of `CostNet`.

    Args:
        model: A functional or sequential model that has been built; a subclassed one is traced as a whole, and
            its memory is that of its inputs and outputs alone.
        input_shape: The shape without the batch axis (a list of them for several inputs) where the model leaves
            an axis open.

    Raises:
        InvalidArgument: The model has not been built, or leaves an axis open and no shape was given.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
        >>> cost_of_model(model).flops
        36
    """
    return CostNet().cost(costed(model, input_shape))


def costed(model: Any, input_shape: Any = None) -> list[CostTensor]:
    """A Keras model's outputs as a `CostNet` sees them; arguments and errors as of `cost_of_model`."""
    net, graph = CostNet(), graph_of(model)
    if graph is None and (not model.built or input_shape is None):
        raise InvalidArgument(
            f"The model {model.name!r} has no known input: build it, and give the input_shape of a subclassed model."
        )
    given = input_shape if isinstance(input_shape, list) else [input_shape] if input_shape is not None else None
    shapes = [tuple(tensor.shape[1:]) for tensor in graph.inputs] if given is None else given
    inputs = [net.input(shape) for shape in shapes]
    if graph is None:
        return _traced(net, model, inputs)
    return replay(graph, inputs, lambda node, tensors: _apply(net, node, tensors))


def _apply(net: CostNet, node: Any, tensors: Mapping[int, CostTensor]) -> Sequence[CostTensor]:
    """The results of one call of a layer or an operation in a functional graph."""
    operation, arguments = node.operation, node.arguments
    inputs = tuple(tensors[id(tensor)] for tensor in data_of(node))
    config = operation.get_config() if type(operation).__module__.startswith("keras.src.layers.") else {}
    cost = stock_cost(type(operation), tuple(tensor.shape for tensor in inputs), config)
    apply = _applied(lambda **_: type(operation).from_config(config), {})
    if cost is None:
        inputs = tuple(tensors[id(tensor)] for tensor in arguments.keras_tensors)

        def call(*values: Any) -> Any:
            filled = dict(zip(map(id, arguments.keras_tensors), values, strict=True))
            args, kwargs = arguments.fill_in(filled)
            return operation(*args, **kwargs)

        specs = [(tensors[id(tensor)].shape, tensor.dtype) for tensor in arguments.keras_tensors]
        cost, apply = operation_cost(call, specs, operation), call
    outputs = net.use(CostedLayer(type(operation).__name__, config, inputs, cost, apply, operation))
    return outputs if isinstance(outputs, list) else [outputs]


def _traced(net: CostNet, model: Any, inputs: Sequence[CostTensor]) -> list[CostTensor]:
    def call(*tensors: Any) -> Any:
        return model(tensors[0] if len(tensors) == 1 else list(tensors))

    cost = operation_cost(call, [(tensor.shape, "float32") for tensor in inputs], model)
    outputs = net.use(CostedLayer(type(model).__name__, {}, tuple(inputs), cost, call))
    return outputs if isinstance(outputs, list) else [outputs]


def _peak_numbers(layers: Sequence[CostedLayer], outputs: Sequence[CostTensor]) -> int:
    """How many numbers must exist at once."""
    last = {_buffer(tensor): number for number, layer in enumerate(layers) for tensor in layer.inputs}
    last |= {_buffer(tensor): len(layers) for tensor in outputs}
    live = sum(size_of(buffer.shape) for buffer in last if isinstance(buffer, CostTensor))
    peak = live
    for number, layer in enumerate(layers):
        live += 0 if layer.cost.view else _numbers(layer)
        peak = max(peak, live)
        live -= sum(_numbers(buffer) for buffer in set(map(_buffer, layer.inputs)) if last[buffer] == number)
    return peak


def _buffer(tensor: CostTensor) -> CostTensor | CostedLayer:
    """Who owns the memory of a tensor: the layer that computed it, or the input that it is; views own none."""
    while tensor.maker is not None and tensor.maker.cost.view:
        tensor = tensor.maker.inputs[0]
    return tensor.maker or tensor


def _numbers(buffer: CostTensor | CostedLayer) -> int:
    if isinstance(buffer, CostTensor):
        return size_of(buffer.shape)
    return sum(map(size_of, buffer.cost.outputs))
