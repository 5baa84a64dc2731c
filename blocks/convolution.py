"""Convolutions: plain, separable, depthwise, dilated and grouped, with normalisation and activation to choose."""

from __future__ import annotations

from typing import Any, Literal

from keras import layers

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.net import Net
from keras_nas.space import block

Kind = Literal["plain", "separable", "depthwise", "dilated", "grouped"]
KINDS = ("plain", "separable", "depthwise", "dilated", "grouped")
NORMALIZATIONS = ("batch", "layer", "group", "none")


def of_rank(net: Net, x: Any, name: str) -> Any:
    """The Keras layer for as many spatial axes as `x` has: `Conv` is `Conv1D` for series, `Conv2D` for images."""
    return getattr(layers, f"{name}{len(net.shape(x)) - 1}D")


def activate(net: Net, x: Any, activation: str) -> Any:
    """Apply an activation by its name.

    Args:
        net: builds the layers.
        x: any tensor.
        activation: Keras' name ("relu", "swish", "hard_swish", ...); "gelu" is x sigmoid(1.702 x), of operations that
            every runtime has (Hendrycks and Gimpel, arXiv 1606.08415); "none" and "linear" do nothing.
    """
    if activation in ("none", "linear"):
        return x
    if activation == "relu":
        return net(layers.ReLU, x)
    if activation == "gelu":
        gate = net(layers.Activation, net(layers.Rescaling, x, scale=1.702), activation="sigmoid")
        return net(layers.Multiply, [x, gate])
    return net(layers.Activation, x, activation=activation)


def normalize(net: Net, x: Any, normalization: str) -> Any:
    """Apply batch, layer or group normalisation (up to 8 groups), or "none".

    Raises:
        InvalidArgument: for another name.
    """
    if normalization == "none":
        return x
    if normalization == "batch":
        return net(layers.BatchNormalization, x, momentum=0.9, epsilon=1e-5)
    if normalization == "layer":
        return net(layers.LayerNormalization, x, epsilon=1e-6)
    if normalization == "group":
        return net(layers.GroupNormalization, x, groups=_divisor(net.channels(x), 8), epsilon=1e-5)
    raise InvalidArgument(unknown("normalization", normalization, NORMALIZATIONS))


@block
def convolution(
    net: Net,
    x: Any,
    filters: int,
    kernel: int = 3,
    *,
    stride: int = 1,
    activation: str = "relu",
    normalization: str = "batch",
    kind: Kind = "plain",
    dilation: int = 2,
    groups: int = 4,
) -> Any:
    """A convolution, normalised and activated, "same" padding.

    Args:
        net: builds the layers.
        x: `(height, width, channels)` or `(steps, channels)`.
        filters: output channels; a depthwise convolution keeps the input's.
        kernel: side of the kernel, in pixels or steps.
        stride: 1 or 2.
        activation: Keras' name, or "none".
        normalization: "batch", "layer", "group" or "none".
        kind: "plain", "separable", "depthwise", "dilated" or "grouped".
        dilation: spacing of a dilated kernel's taps; without effect where the stride is not 1.
        groups: wished number of groups of a grouped convolution; the nearest lower divisor of both channel counts
            is taken.
    """
    shared = {"strides": stride, "padding": "same", "use_bias": normalization == "none"}
    if kind == "separable":
        x = net(of_rank(net, x, "SeparableConv"), x, filters=filters, kernel_size=kernel, **shared)
    elif kind == "depthwise":
        x = net(of_rank(net, x, "DepthwiseConv"), x, kernel_size=kernel, **shared)
    elif kind in KINDS:
        extra = _extra(net, x, kind, filters, stride, dilation, groups)
        x = net(of_rank(net, x, "Conv"), x, filters=filters, kernel_size=kernel, **shared, **extra)
    else:
        raise InvalidArgument(unknown("kind of convolution", kind, KINDS))
    return activate(net, normalize(net, x, normalization), activation)


def _extra(net: Net, x: Any, kind: str, filters: int, stride: int, dilation: int, groups: int) -> dict[str, int]:
    """What distinguishes dilated and grouped from plain convolutions."""
    if kind == "dilated" and stride == 1:
        return {"dilation_rate": dilation}
    if kind == "grouped":
        return {"groups": _divisor(net.channels(x), groups, filters)}
    return {}


def _divisor(channels: int, wished: int, other: int = 0) -> int:
    """The largest number up to `wished` that divides both."""
    return next(n for n in range(min(wished, channels), 0, -1) if channels % n == 0 and other % n == 0)
