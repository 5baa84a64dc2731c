"""Skip patterns: residual, dense, none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import layers

from keras_nas.blocks.convolution import activate, normalize
from keras_nas.net import Net
from keras_nas.space import block

Function = Callable[[Any], Any]


@block
def residual(net: Net, x: Any, inner: Function, *, activation: str = "relu", normalization: str = "batch") -> Any:
    """`activation(inner(x) + x)`, the shortcut projected where shapes differ (He et al., arXiv 1512.03385).

    A shortcut over a stride is average pooled, then projected (ResNet-D, arXiv 1812.01187).

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        inner: a node; its last layer should have no activation.
        activation: behind the sum, or "none" (pre-activation networks).
        normalization: of the projection.
    """
    y = inner(x)
    return activate(net, net(layers.Add, [match(net, x, net.shape(y), normalization), y]), activation)


@block
def dense_skip(net: Net, x: Any, inner: Function) -> Any:
    """Input and `inner(x)` side by side along the channels (Huang et al., arXiv 1608.06993)."""
    y = inner(x)
    pooled = match(net, x, (*net.shape(y)[:2], net.channels(x)), "none")
    return net(layers.Concatenate, [pooled, y])


@block
def plain(net: Net, x: Any, inner: Function, *, activation: str = "relu") -> Any:
    """`activation(inner(x))`: no skip."""
    return activate(net, inner(x), activation)


def match(net: Net, x: Any, shape: tuple[int | None, ...], normalization: str) -> Any:
    """`x` in another shape: average pooled over a stride, projected to other channels; itself where nothing differs."""
    height, wanted = net.shape(x)[0], shape[0]
    if height != wanted and height is not None and wanted is not None:
        x = net(layers.AveragePooling2D, x, pool_size=round(height / wanted), padding="same")
    if net.channels(x) == shape[-1]:
        return x
    x = net(layers.Conv2D, x, filters=shape[-1], kernel_size=1, use_bias=normalization == "none")
    return normalize(net, x, normalization)
