"""The operations on the edges of searched cells: activation first, then convolution, then normalisation.

All keep the number of channels, except `relu_convolution` and `factorized_reduction`, and all take a stride, so that
one list of operations serves normal and reduction cells.
"""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.blocks.convolution import normalize
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.net import Net
from keras_nas.space import block

REDUCTIONS = ("factorized", "convolution")


@block
def relu_convolution(
    net: Net,
    x: Any,
    filters: int | None = None,
    kernel: int | tuple[int, int] = 1,
    *,
    stride: int = 1,
    normalization: str = "batch",
) -> Any:
    """ReLU, convolution, normalisation: the order of all cell-based spaces.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        filters: output channels, None for as many as `x` has.
        kernel: side of the kernel, or its height and width, in pixels.
        stride: 1 or 2.
        normalization: "batch", "layer", "group" or "none".
    """
    x = net(layers.ReLU, x)
    filters = net.channels(x) if filters is None else filters
    bias = normalization == "none"
    x = net(layers.Conv2D, x, filters=filters, kernel_size=kernel, strides=stride, padding="same", use_bias=bias)
    return normalize(net, x, normalization)


@block
def crossed_convolution(net: Net, x: Any, kernel: int = 7, *, stride: int = 1, normalization: str = "batch") -> Any:
    """A row of pixels, then a column: 1 x kernel and kernel x 1 convolutions, each behind a ReLU (NASNet).

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        kernel: length of both kernels, in pixels.
        stride: 1 or 2, along both axes.
        normalization: "batch", "layer", "group" or "none".
    """
    filters, shared = net.channels(x), {"padding": "same", "use_bias": normalization == "none"}
    for size, strides in (((1, kernel), (1, stride)), ((kernel, 1), (stride, 1))):
        x = net(layers.Conv2D, net(layers.ReLU, x), filters=filters, kernel_size=size, strides=strides, **shared)
        x = normalize(net, x, normalization)
    return x


@block
def separable_twice(net: Net, x: Any, kernel: int = 3, *, stride: int = 1, normalization: str = "batch") -> Any:
    """Two separable convolutions, each behind a ReLU; the first one strides (NASNet, DARTS).

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        kernel: side of both kernels, in pixels.
        stride: 1 or 2.
        normalization: "batch", "layer", "group" or "none".
    """
    filters, shared = net.channels(x), {"padding": "same", "use_bias": normalization == "none"}
    for strides in (stride, 1):
        x = net(layers.ReLU, x)
        x = net(layers.SeparableConv2D, x, filters=filters, kernel_size=kernel, strides=strides, **shared)
        x = normalize(net, x, normalization)
    return x


@block
def dilated_separable(
    net: Net, x: Any, kernel: int = 3, *, stride: int = 1, dilation: int = 2, normalization: str = "batch"
) -> Any:
    """One separable convolution with spaced taps, behind a ReLU (DARTS).

    A stride is taken after the dilated convolution, which cannot stride itself; the result is the same.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        kernel: side of the kernel, in taps.
        stride: 1 or 2.
        dilation: distance of the taps, in pixels.
        normalization: "batch", "layer", "group" or "none".
    """
    filters, shared = net.channels(x), {"padding": "same", "use_bias": normalization == "none"}
    x = net(layers.ReLU, x)
    x = net(layers.DepthwiseConv2D, x, kernel_size=kernel, dilation_rate=dilation, padding="same", use_bias=False)
    if stride > 1:
        x = net(layers.MaxPooling2D, x, pool_size=1, strides=stride, padding="same")
    x = net(layers.Conv2D, x, filters=filters, kernel_size=1, **shared)
    return normalize(net, x, normalization)


@block
def factorized_reduction(net: Net, x: Any, filters: int | None = None, *, normalization: str = "batch") -> Any:
    """Half the height and width without losing pixels.

    Two strided 1 x 1 convolutions, one of them on `x` shifted by one pixel, side by side.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        filters: output channels, None for as many as `x` has.
        normalization: "batch", "layer", "group" or "none".
    """
    filters = net.channels(x) if filters is None else filters
    shared = {"kernel_size": 1, "strides": 2, "padding": "same", "use_bias": normalization == "none"}
    x = net(layers.ReLU, x)
    shifted = net(layers.ZeroPadding2D, x, padding=((0, 1), (0, 1)))
    shifted = net(layers.Cropping2D, shifted, cropping=((1, 0), (1, 0)))
    halves = [net(layers.Conv2D, x, filters=filters - filters // 2, **shared)]
    if filters > 1:
        halves.append(net(layers.Conv2D, shifted, filters=filters // 2, **shared))
    x = net(layers.Concatenate, halves) if filters > 1 else halves[0]
    return normalize(net, x, normalization)


@block
def identity(net: Net, x: Any, *, stride: int = 1, reduction: str = "factorized", normalization: str = "batch") -> Any:
    """`x` itself; over a stride, the cheapest learned reduction.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        stride: 1 or 2.
        reduction: over a stride: "factorized" (DARTS) or "convolution", a strided 1 x 1 one (NASNet).
        normalization: of the reduction.

    Raises:
        InvalidArgument: for another kind of reduction.
    """
    if reduction not in REDUCTIONS:
        raise InvalidArgument(unknown("kind of reduction", reduction, REDUCTIONS))
    if stride == 1:
        return x
    if reduction == "factorized":
        return factorized_reduction.body(net, x, normalization=normalization)
    return relu_convolution.body(net, x, stride=stride, normalization=normalization)


@block
def zero(net: Net, x: Any, *, stride: int = 1) -> Any:
    """Nothing, in the shape of an edge's result.

    Unlike an absent edge it keeps what it hangs on in the network: a benchmark's parameter counts include that.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        stride: 1 or 2.
    """
    if stride > 1:
        x = net(layers.MaxPooling2D, x, pool_size=1, strides=stride, padding="same")
    return net(layers.Rescaling, x, scale=0.0)
