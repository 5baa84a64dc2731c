"""A class for each pixel: levels of U-Nets, pyramids of dilated convolutions, steps through resolutions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from keras import layers

from keras_nas.blocks.cell_operations import relu_convolution
from keras_nas.blocks.convolution import activate, convolution, normalize
from keras_nas.blocks.upsampling import cropped, interpolated, times
from keras_nas.blocks.upsampling import upsampling as upsampled
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.net import Net
from keras_nas.space import block

Function = Callable[[Any], Any]

REDUCTIONS = ("convolution", "max", "average")
SKIPS = ("concat", "add", "attention")
DIRECTIONS = {"finer": -1, "same": 0, "coarser": 1}


@block
def u_level(
    net: Net,
    x: Any,
    outer: Function,
    inner: Function,
    refine: Function,
    *,
    growth: float = 2,
    stride: int = 2,
    reduction: str = "convolution",
    upsampling: str = "bilinear",
    skip: str = "concat",
) -> Any:
    """One level of a U-Net: what `outer` sees at this resolution, and what `inner` sees at half of it, together.

    Sides of any length: what comes back from below a little too large is cropped.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        outer: what is computed on the way down; it keeps the shape.
        inner: everything below this level; it keeps the shape.
        refine: what is computed on the way up, behind the convolution that merges both; it keeps the shape.
        growth: how many times as many channels there are below.
        stride: 2, or 1 where the map is small enough.
        reduction: "convolution" (with a stride), or "max" or "average" pooling in front of a convolution.
        upsampling: "transposed", "nearest" or "bilinear".
        skip: how the two meet: "concat" (side by side), "add", or "attention" (side by side, what `outer` saw weighed
            pixel by pixel by what comes from below).

    Returns:
        A map of the shape of `x`.

    Raises:
        InvalidArgument: for another kind of reduction, upsampling or skip.

    Reference:
        Ronneberger, Fischer and Brox, "U-Net", arXiv 1505.04597; Oktay et al., "Attention U-Net", arXiv 1804.03999.
    """
    y = outer(x)
    below = inner(_reduced(net, y, round(growth * net.channels(y)), stride, reduction))
    sides = net.shape(y)[:-1]
    risen = upsampled.body(net, below, net.channels(y), times(net, below, sides), kind=upsampling)
    merged = _merged(net, y, cropped(net, risen, sides), skip)
    return refine(convolution.body(net, merged, net.channels(y), 3))


def _reduced(net: Net, x: Any, filters: int, stride: int, reduction: str) -> Any:
    """Half the sides and more channels."""
    if reduction not in REDUCTIONS:
        raise InvalidArgument(unknown("kind of reduction", reduction, REDUCTIONS))
    if reduction != "convolution" and stride > 1:
        pool = layers.MaxPooling2D if reduction == "max" else layers.AveragePooling2D
        x, stride = net(pool, x, pool_size=stride, padding="same"), 1
    return convolution.body(net, x, filters, 3, stride=stride)


def _merged(net: Net, seen: Any, risen: Any, skip: str) -> Any:
    """Two maps of one shape as one."""
    if skip not in SKIPS:
        raise InvalidArgument(unknown("kind of skip", skip, SKIPS))
    if skip == "add":
        return net(layers.Add, [seen, risen])
    if skip == "attention":
        width = max(1, net.channels(seen) // 2)
        both = [net(layers.Conv2D, part, filters=width, kernel_size=1) for part in (seen, risen)]
        gate = net(layers.ReLU, net(layers.Add, both))
        gate = net(layers.Conv2D, gate, filters=1, kernel_size=1, activation="sigmoid")
        seen = net(layers.Multiply, [seen, gate])
    return net(layers.Concatenate, [seen, risen])


@block
def dilated_pyramid(
    net: Net, x: Any, filters: int, rates: Sequence[int] = (6, 12, 18), *, separable: bool = False
) -> Any:
    """Atrous spatial pyramid pooling: each pixel sees its surroundings at several distances, and the whole image.

    A 1 x 1 convolution, dilated ones and the mean over all pixels, side by side, then projected. The mean is projected
    by itself and added, which is the same and needs no map of it.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        filters: of each branch, and of the output.
        rates: distances of the 3 x 3 kernels' taps, in pixels.
        separable: whether these are depthwise, then 1 x 1.

    Reference:
        Chen et al., "Rethinking Atrous Convolution for Semantic Image Segmentation", arXiv 1706.05587.
    """
    branches = [convolution.body(net, x, filters, 1)]
    for rate in rates:
        y = x
        if separable:
            y = net(layers.DepthwiseConv2D, y, kernel_size=3, dilation_rate=rate, padding="same", use_bias=False)
        kernel = {"kernel": 1} if separable else {"kernel": 3, "kind": "dilated", "dilation": rate}
        branches.append(convolution.body(net, y, filters, **kernel))
    whole = net(layers.GlobalAveragePooling2D, x, keepdims=True)
    whole = net(layers.Conv2D, whole, filters=filters, kernel_size=1, activation="relu")
    whole = net(layers.Conv2D, whole, filters=filters, kernel_size=1)
    y = net(layers.Concatenate, branches)
    y = net(layers.Conv2D, y, filters=filters, kernel_size=1, use_bias=False)
    return activate(net, normalize(net, net(layers.Add, [y, whole]), "batch"), "relu")


@block
def padded(net: Net, x: Any, inner: Function, multiple: int = 32) -> Any:
    """`inner` on sides that are multiples of a number, its output in the height and width of `x`.

    Zeros are added at the bottom and the right; where `inner` gives a smaller map, it is interpolated.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        inner: gives a map whose sides divide those that it was given.
        multiple: of pixels.
    """
    sides = net.shape(x)[:-1]
    more = tuple((0, -side % multiple if side else 0) for side in sides)
    y = net(layers.ZeroPadding2D, x, padding=more) if any(end for _, end in more) else x
    whole = net.shape(y)[:-1]
    y = inner(y)
    return cropped(net, interpolated(net, y, times(net, y, whole)), sides)


@block
def trellis_step(
    net: Net,
    x: Any,
    cell: Function,
    channels: int,
    nodes: int,
    *,
    direction: str = "same",
    levels: int = 4,
    least: int = 4,
) -> list[Any]:
    """One step on a path through a trellis: layers one way, resolutions the other.

    The cell sees the last two outputs, both brought to its resolution. The path does not leave the trellis: at the
    finest and at the coarsest level, and where a side would have fewer than `least` pixels, it stays.

    Args:
        net: builds the layers.
        x: `[the output before the last, the last output]`, or one map of the finest level that stands for both.
        cell: a node of two inputs, whose output has `nodes` times as many channels.
        channels: of an output of the finest level; they double from level to level.
        nodes: of the cell.
        direction: "finer", "same" or "coarser".
        levels: how many resolutions there are.
        least: pixels of a side.

    Returns:
        `[the last output, the cell's]`.

    Raises:
        InvalidArgument: for another direction.

    Reference:
        Liu et al., "Auto-DeepLab", arXiv 1901.02985.
    """
    if direction not in DIRECTIONS:
        raise InvalidArgument(unknown("direction", direction, DIRECTIONS))
    before, last = x if isinstance(x, list | tuple) else (x, x)
    here = _level(net, last, channels)
    there = min(max(here + DIRECTIONS[direction], 0), levels - 1)
    if there > here and any(side is not None and side < 2 * least for side in net.shape(last)[:-1]):
        there = here
    filters = channels * 2**there // nodes
    inputs = [_at_level(net, part, there - _level(net, part, channels), filters) for part in (before, last)]
    return [last, cell(inputs)]


def _level(net: Net, x: Any, channels: int) -> int:
    """How often a map was halved, told by its channels."""
    return round(math.log2(net.channels(x) / channels))


def _at_level(net: Net, x: Any, steps: int, filters: int) -> Any:
    """A map so many levels coarser, or finer, with other channels."""
    for _ in range(steps - 1):
        x = net(layers.AveragePooling2D, x, pool_size=2)
    x = relu_convolution.body(net, x, filters, 3 if steps > 0 else 1, stride=2 if steps > 0 else 1)
    return interpolated(net, x, 2**-steps) if steps < 0 else x
