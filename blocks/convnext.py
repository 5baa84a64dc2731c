"""ConvNeXt blocks: a large depthwise kernel, then a wide layer on each pixel."""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.blocks.convolution import activate, normalize, of_rank
from keras_nas.net import Net
from keras_nas.space import block


@block
def convnext(
    net: Net,
    x: Any,
    kernel: int = 7,
    *,
    expansion: float = 4,
    activation: str = "gelu",
    normalization: str = "layer",
    scale: float = 1e-6,
) -> Any:
    """A residual block whose branch mixes pixels first and channels then; the shape stays.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        kernel: side of the depthwise kernel, in pixels.
        expansion: how many times wider the hidden layer is.
        activation: of the hidden layer.
        normalization: "layer", "batch", "group" or "none".
        scale: where the branch's factor of each channel starts; 0 leaves the factors out.

    Reference:
        Liu et al., "A ConvNet for the 2020s", arXiv 2201.03545.
    """
    channels = net.channels(x)
    y = net(layers.DepthwiseConv2D, x, kernel_size=kernel, padding="same")
    y = normalize(net, y, normalization)
    y = net(layers.Conv2D, y, filters=round(channels * expansion), kernel_size=1)
    y = net(layers.Conv2D, activate(net, y, activation), filters=channels, kernel_size=1)
    return net(layers.Add, [x, scale_channels(net, y, scale) if scale else y])


def scale_channels(net: Net, x: Any, start: float) -> Any:
    """Each channel times a learned factor that starts at `start`: a depthwise convolution of one pixel."""
    constant = {"class_name": "Constant", "config": {"value": start}}
    return net(layers.DepthwiseConv2D, x, kernel_size=1, use_bias=False, depthwise_initializer=constant)


@block
def patches(net: Net, x: Any, filters: int, size: int = 2, *, normalization: str = "layer") -> Any:
    """Non-overlapping patches of pixels as single ones: ConvNeXt's stem and downsampling.

    Args:
        net: builds the layers.
        x: `(height, width, channels)` or `(steps, channels)`.
        filters: output channels.
        size: side of a patch, in pixels or steps; at the border patches are filled up.
        normalization: before the convolution: "layer", "batch", "group" or "none".
    """
    x = normalize(net, x, normalization)
    return net(of_rank(net, x, "Conv"), x, filters=filters, kernel_size=size, strides=size, padding="same")
