"""Pooling to choose from."""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.blocks.convolution import normalize
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.net import Net
from keras_nas.space import block

KINDS = ("max", "average", "both", "convolution", "none")


@block
def pooling(
    net: Net,
    x: Any,
    kind: str = "max",
    size: int = 2,
    *,
    stride: int | None = None,
    normalization: str = "batch",
) -> Any:
    """Pixels gathered in windows, "same" padding; the number of channels stays.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        kind: "max", "average", "both" (their mean), "convolution" (a learned depthwise one) or "none" (only every
            stride-th pixel).
        size: side of the window, in pixels.
        stride: distance of the windows, None for `size`.
        normalization: of the convolution.

    Raises:
        InvalidArgument: for another kind.
    """
    config = {"strides": size if stride is None else stride, "padding": "same"}
    if kind == "max":
        return net(layers.MaxPooling2D, x, pool_size=size, **config)
    if kind == "average":
        return net(layers.AveragePooling2D, x, pool_size=size, **config)
    if kind == "both":
        highest = net(layers.MaxPooling2D, x, pool_size=size, **config)
        return net(layers.Average, [highest, net(layers.AveragePooling2D, x, pool_size=size, **config)])
    if kind == "convolution":
        x = net(layers.DepthwiseConv2D, x, kernel_size=size, use_bias=normalization == "none", **config)
        return normalize(net, x, normalization)
    if kind == "none":
        return x if config["strides"] == 1 else net(layers.MaxPooling2D, x, pool_size=1, **config)
    raise InvalidArgument(unknown("kind of pooling", kind, KINDS))
