"""Inverted residuals: narrow, wide, narrow again, with a depthwise convolution in the wide part (MobileNet)."""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.blocks.attention import squeeze_excitation
from keras_nas.blocks.convolution import activate, normalize
from keras_nas.net import Net
from keras_nas.space import block


@block
def inverted_residual(
    net: Net,
    x: Any,
    filters: int,
    kernel: int = 3,
    *,
    expansion: float = 6,
    stride: int = 1,
    squeeze: int = 0,
    activation: str = "relu6",
    normalization: str = "batch",
) -> Any:
    """Expansion, depthwise convolution, projection; a skip where the shape stays.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        filters: output channels.
        kernel: side of the depthwise kernel, in pixels.
        expansion: how many times wider the middle is; 1 leaves the expansion out.
        stride: 1 or 2.
        squeeze: how many times squeeze-and-excitation narrows the middle, 0 for none (MobileNetV3, EfficientNet).
        activation: of the two wide layers; the projection has none.
        normalization: "batch", "layer", "group" or "none".

    Reference:
        Sandler et al., "MobileNetV2", arXiv 1801.04381; Howard et al., "MobileNetV3", arXiv 1905.02244.
    """
    bias, width = normalization == "none", round(net.channels(x) * expansion)
    y = x
    if width != net.channels(x):
        y = net(layers.Conv2D, y, filters=width, kernel_size=1, use_bias=bias)
        y = activate(net, normalize(net, y, normalization), activation)
    y = net(layers.DepthwiseConv2D, y, kernel_size=kernel, strides=stride, padding="same", use_bias=bias)
    y = activate(net, normalize(net, y, normalization), activation)
    if squeeze:
        y = squeeze_excitation.body(net, y, ratio=squeeze, gate="hard_sigmoid")
    y = normalize(net, net(layers.Conv2D, y, filters=filters, kernel_size=1, use_bias=bias), normalization)
    return net(layers.Add, [x, y]) if stride == 1 and net.channels(x) == filters else y
