"""Costs of recurrent layers and of the wrappers that run a layer over time."""

from collections.abc import Callable
from typing import Any

from keras_nas.objectives.layer_costs.convolution import convolution
from keras_nas.objectives.layer_costs.shapes import LayerCost, Shape, size_of


def recurrent(gates: int, states: int, double_bias: bool = False) -> Callable[..., LayerCost]:
    """The cost of a layer whose every step is one matrix product over input and state for each gate.

    Args:
        gates: 1 for a simple recurrent layer, 3 for GRU, 4 for LSTM.
        states: How many state tensors `return_state` adds.
        double_bias: The input and the state have biases of their own unless `reset_after=False` (GRU).
    """

    def cost(
        shape: Shape,
        *_states: Shape,
        units: int,
        use_bias: bool = True,
        reset_after: bool = True,
        return_sequences: bool = False,
        return_state: bool = False,
        **_: Any,
    ) -> LayerCost:
        time, channels = shape
        biases = (2 if double_bias and reset_after else 1) if use_bias else 0
        weights = gates * units * (channels + units + biases)
        out: Shape = (time, units) if return_sequences else (units,)
        return LayerCost((out, *[(units,)] * (states * return_state)), weights, flops=time * weights)

    return cost


def convolutional_lstm(
    shape: Shape,
    *_states: Shape,
    filters: int,
    kernel_size: Any,
    use_bias: bool = True,
    return_sequences: bool = False,
    return_state: bool = False,
    strides: Any = 1,
    padding: str = "valid",
    dilation_rate: Any = 1,
    **_: Any,
) -> LayerCost:
    """An LSTM whose products are convolutions: one of the input, one, of equal size, of the state."""
    inner = convolution(
        shape[1:],
        filters=4 * filters,
        kernel_size=kernel_size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        use_bias=use_bias,
    )
    state = (*inner.outputs[0][:-1], filters)
    again = convolution(state, filters=4 * filters, kernel_size=kernel_size, padding="same", use_bias=False)
    out = (shape[0], *state) if return_sequences else state
    outputs = (out, *[state] * (2 * return_state))
    return LayerCost(outputs, inner.weights + again.weights, flops=shape[0] * (inner.flops + again.flops))


def bidirectional(
    inner: Callable[[Any, Shape], LayerCost],
    shape: Shape,
    *_states: Shape,
    layer: Any,
    backward_layer: Any = None,
    merge_mode: str | None = "concat",
    **_: Any,
) -> LayerCost:
    """The layer once in each direction; `inner` gives the cost of a wrapped layer for an input shape."""
    forward = inner(layer, shape)
    backward = inner(backward_layer or layer, shape)
    joined = (*forward.outputs[0][:-1], forward.outputs[0][-1] + backward.outputs[0][-1])
    heads = {"concat": (joined,), None: (forward.outputs[0], backward.outputs[0])}
    outputs = (*heads.get(merge_mode, forward.outputs[:1]), *forward.outputs[1:], *backward.outputs[1:])
    fixed = forward.fixed + backward.fixed
    return LayerCost(outputs, forward.weights + backward.weights, fixed, forward.flops + backward.flops)


def time_distributed(inner: Callable[[Any, Shape], LayerCost], shape: Shape, *, layer: Any, **_: Any) -> LayerCost:
    """One layer, applied at every step of the first axis."""
    step = inner(layer, shape[1:])
    outputs = tuple((shape[0], *out) for out in step.outputs)
    return LayerCost(outputs, step.weights, step.fixed, shape[0] * step.flops, step.view)


def repeat_vector(shape: Shape, *, n: int, **_: Any) -> LayerCost:
    """The same row `n` times."""
    return LayerCost(((n, size_of(shape)),))
