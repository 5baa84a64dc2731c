"""Costs of what is not a stock layer: built or traced alone, its multiply-adds counted in TensorFlow's graph.

TensorFlow's own profiler is wrong for grouped convolution and blind to loops; here every contraction is counted
from the shapes of its operands, and a loop that holds one is refused instead of counted once.
"""

from collections.abc import Callable, Sequence
from typing import Any

from keras_nas.errors import InvalidArgument
from keras_nas.net import KerasNet
from keras_nas.objectives.layer_costs.shapes import LayerCost, Shape, size_of

_CONVOLUTIONS = ("Conv2D", "Conv3D")
_TRANSPOSED = ("Conv2DBackpropInput", "Conv3DBackpropInputV2")
_PRODUCTS = ("MatMul", "BatchMatMul", "BatchMatMulV2", "BatchMatMulV3")
_CONTRACTIONS = (*_CONVOLUTIONS, *_TRANSPOSED, *_PRODUCTS, "DepthwiseConv2dNative", "Einsum")


def built_cost(layer: Any, shapes: Sequence[Shape], config: dict[str, Any]) -> LayerCost:
    """The cost of a layer that no formula covers, by building that one layer.

    Args:
        layer: A layer class, or anything that returns a layer when it is called with the arguments.
        shapes: The shape of each input, without the batch axis.
        config: The layer's arguments.
    """
    import keras

    instance, net = layer(**config), KerasNet()
    inputs = [keras.Input(shape) for shape in shapes]

    def call(*tensors: Any) -> Any:
        return net(lambda: instance, tensors[0] if len(tensors) == 1 else list(tensors))

    call(*inputs)
    return operation_cost(call, [(shape, tensor.dtype) for shape, tensor in zip(shapes, inputs, strict=True)], instance)


def operation_cost(call: Callable[..., Any], inputs: Sequence[tuple[Shape, Any]], owner: Any) -> LayerCost:
    """The cost of any operation on tensors, for one row of input.

    Args:
        call: The operation; its variables must exist already.
        inputs: The shape, without the batch axis, and the dtype of each argument.
        owner: What the operation belongs to; its parameters count if it has any.

    Raises:
        InvalidArgument: A contraction stands inside a loop, whose number of rounds the graph does not tell.
    """
    import tensorflow as tf

    specs = [tf.TensorSpec((1, *shape), dtype) for shape, dtype in inputs]
    concrete = tf.function(call, autograph=False).get_concrete_function(*specs)
    flops = _multiply_adds(concrete.graph, type(owner).__name__)
    trained = sum(size_of(tuple(weight.shape)) for weight in getattr(owner, "trainable_weights", []))
    every = sum(size_of(tuple(weight.shape)) for weight in getattr(owner, "weights", []))
    outputs = tuple(tuple(tensor.shape[1:]) for tensor in concrete.outputs)
    return LayerCost(outputs, trained, every - trained, flops)


def _multiply_adds(graph: Any, name: str) -> int:
    """The contractions of a graph and of the functions that it calls; of branches, the dearest."""
    total = 0
    for op in graph.get_operations():
        values = [value for attribute in op.node_def.attr.values() for value in (attribute, *attribute.list.func)]
        called = [getattr(value, "func", value).name for value in values if getattr(value, "func", value).name]
        inner = max((_multiply_adds(graph._get_function(f).graph, name) for f in called), default=0)
        if inner and "While" in op.type:
            raise InvalidArgument(
                f"The multiply-adds of {name} cannot be counted: it multiplies matrices inside a loop, whose number "
                "of rounds is not known. Use a stock recurrent layer, or unroll the loop."
            )
        total += inner + (_contraction(op) if op.type in _CONTRACTIONS else 0)
    return total


def _contraction(op: Any) -> int:
    operands = [tuple(tensor.shape) for tensor in op.inputs]
    out = size_of(tuple(op.outputs[0].shape))
    if op.type == "Einsum":
        return _einsum(op.get_attr("equation").decode(), operands)
    if op.type in _CONVOLUTIONS:
        return out * size_of(operands[1][:-1])
    if op.type == "DepthwiseConv2dNative":
        return out * size_of(operands[1][:2])
    if op.type in _TRANSPOSED:
        return size_of(operands[2]) * size_of(operands[1][:-1])
    transposed = op.get_attr("transpose_a" if op.type == "MatMul" else "adj_x")
    return out * int(operands[0][-2 if transposed else -1])


def _einsum(equation: str, operands: Sequence[Shape]) -> int:
    """One multiplication for every combination of indices, those of an ellipsis aligned on the right; none of a sum."""
    if len(operands) == 1:
        return 0
    sizes: dict[str, int] = {}
    for indices, shape in zip(equation.split("->")[0].split(","), operands, strict=True):
        letters = "αβγδεζηθικλμ"
        implied = letters[len(letters) + len(indices.replace("...", "")) - len(shape) :] if "..." in indices else ""
        for index, size in zip(indices.replace("...", implied), shape, strict=True):
            sizes[index] = max(size, sizes.get(index, 1))
    return size_of(tuple(sizes.values()))
