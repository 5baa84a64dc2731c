"""Attention over channels and pixels: squeeze-and-excitation, CBAM, self-attention, and mixed with convolution."""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.blocks.convolution import activate, normalize, of_rank
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.net import Net
from keras_nas.space import block

POSITIONS = ("convolution", "none")


@block
def squeeze_excitation(net: Net, x: Any, *, ratio: int = 4, activation: str = "relu", gate: str = "sigmoid") -> Any:
    """Channels weighted by what the whole map holds.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`, or with more or fewer axes of space.
        ratio: how many times fewer channels the squeezed layer has.
        activation: of the squeezed layer.
        gate: "sigmoid" or "hard_sigmoid" (MobileNetV3).

    Reference:
        Hu et al., "Squeeze-and-Excitation Networks", arXiv 1709.01507.
    """
    channels = net.channels(x)
    s = net(of_rank(net, x, "GlobalAveragePooling"), x, keepdims=True)
    s = net(of_rank(net, x, "Conv"), s, filters=max(1, channels // ratio), kernel_size=1, activation=activation)
    s = net(of_rank(net, x, "Conv"), s, filters=channels, kernel_size=1, activation=gate)
    return net(layers.Multiply, [x, s])


@block
def cbam(net: Net, x: Any, *, ratio: int = 8, kernel: int = 7) -> Any:
    """Channels weighted by the whole map, then pixels by all channels.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`, height and width known.
        ratio: how many times fewer channels the squeezed layer has.
        kernel: side of the kernel that weighs the pixels.

    Reference:
        Woo et al., "CBAM: Convolutional Block Attention Module", arXiv 1807.06521.
    """
    x = net(layers.Multiply, [x, _channel_gate(net, x, ratio)])
    pooled = [_over_channels(net, x, pool) for pool in (layers.MaxPooling2D, layers.AveragePooling2D)]
    both = net(layers.Concatenate, pooled)
    gate = net(layers.Conv2D, both, filters=1, kernel_size=kernel, padding="same", activation="sigmoid")
    return net(layers.Multiply, [x, gate])


def _channel_gate(net: Net, x: Any, ratio: int) -> Any:
    """One small network on the mean and on the maximum of each channel, which stand as two pixels side by side."""
    channels = net.channels(x)
    mean = net(layers.GlobalAveragePooling2D, x, keepdims=True)
    highest = net(layers.GlobalMaxPooling2D, x, keepdims=True)
    s = net(layers.Concatenate, [mean, highest], axis=1)
    s = net(layers.Conv2D, s, filters=max(1, channels // ratio), kernel_size=1, activation="relu")
    s = net(layers.Conv2D, s, filters=channels, kernel_size=1)
    s = net(layers.Rescaling, net(layers.GlobalAveragePooling2D, s, keepdims=True), scale=2.0)
    return net(layers.Activation, s, activation="sigmoid")


def _over_channels(net: Net, x: Any, pool: Any) -> Any:
    """Each pixel's channels pooled into one."""
    x = net(layers.Permute, x, dims=(3, 1, 2))
    x = net(pool, x, pool_size=(net.shape(x)[0], 1))
    return net(layers.Permute, x, dims=(2, 3, 1))


@block
def self_attention(
    net: Net,
    x: Any,
    *,
    heads: int = 4,
    positions: str = "convolution",
    reduction: int = 1,
    dropout: float = 0.0,
) -> Any:
    """Multi-head attention of every pixel to all pixels; the shape stays.

    Args:
        net: builds the layers.
        x: `(height, width, channels)` or `(steps, channels)`, all known.
        heads: wished number; each has channels / heads numbers, at least one.
        positions: how pixels know their place: "convolution" adds a depthwise 3 x 3 convolution, whose zero border
            tells (conditional positional encoding, arXiv 2102.10882), "none" leaves them unaware.
        reduction: keys and values are pooled over squares of this side (arXiv 2102.12122), which makes large maps
            affordable.
        dropout: share of attention weights dropped while training.

    Raises:
        InvalidArgument: for other positions.

    Reference:
        Vaswani et al., "Attention Is All You Need", arXiv 1706.03762.
    """
    shape = net.shape(x)
    if positions not in POSITIONS:
        raise InvalidArgument(unknown("kind of positions", positions, POSITIONS))
    if positions == "convolution":
        x = net(layers.Add, [x, net(of_rank(net, x, "DepthwiseConv"), x, kernel_size=3, padding="same")])
    pool = of_rank(net, x, "AveragePooling")
    context = net(pool, x, pool_size=reduction, padding="same") if reduction > 1 else x
    rows = [net(layers.Reshape, part, target_shape=(-1, shape[-1])) for part in (x, context)]
    y = net(
        layers.MultiHeadAttention,
        rows,
        num_heads=heads,
        key_dim=max(1, net.channels(x) // heads),
        dropout=dropout,
    )
    return net(layers.Reshape, y, target_shape=shape)


@block
def transformer(
    net: Net,
    x: Any,
    *,
    heads: int = 4,
    expansion: float = 2,
    positions: str = "convolution",
    reduction: int = 1,
    activation: str = "gelu",
    normalization: str = "layer",
    dropout: float = 0.0,
) -> Any:
    """Self-attention, then a wide layer on each pixel, both residual and normalised first; the shape stays.

    Args:
        net: builds the layers.
        x: `(height, width, channels)` or `(steps, channels)`, all known.
        heads: of the attention.
        expansion: how many times wider the hidden layer is.
        positions: "convolution" or "none", see `self_attention`.
        reduction: pooling of keys and values, see `self_attention`.
        activation: of the hidden layer.
        normalization: "layer", "batch", "group" or "none".
        dropout: share of attention weights dropped while training.

    Reference:
        Dosovitskiy et al., "An Image is Worth 16x16 Words", arXiv 2010.11929.
    """
    channels = net.channels(x)
    y = normalize(net, x, normalization)
    y = self_attention.body(net, y, heads=heads, positions=positions, reduction=reduction, dropout=dropout)
    x = net(layers.Add, [x, y])
    wide, conv = round(channels * expansion), of_rank(net, x, "Conv")
    y = net(conv, normalize(net, x, normalization), filters=wide, kernel_size=1)
    y = net(conv, activate(net, y, activation), filters=channels, kernel_size=1)
    return net(layers.Add, [x, y])


@block
def conv_attention(
    net: Net,
    x: Any,
    filters: int,
    kernel: int = 3,
    *,
    share: float = 0.25,
    heads: int = 4,
    reduction: int = 1,
    activation: str = "relu",
    normalization: str = "batch",
) -> Any:
    """Convolution and self-attention side by side: some channels see a neighbourhood, the others the whole map.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`, height and width known.
        filters: output channels.
        kernel: side of the convolution's kernel, in pixels.
        share: part of the output channels that attention makes, in (0, 1).
        heads: of the attention.
        reduction: pooling of keys and values, see `self_attention`.
        activation: behind both.
        normalization: behind both: "batch", "layer", "group" or "none".

    Reference:
        Bello et al., "Attention Augmented Convolutional Networks", arXiv 1904.09925.
    """
    attended = min(max(1, round(share * filters)), filters - 1)
    bias = normalization == "none"
    near = net(layers.Conv2D, x, filters=filters - attended, kernel_size=kernel, padding="same", use_bias=bias)
    far = net(layers.Conv2D, x, filters=attended, kernel_size=1)
    far = self_attention.body(net, far, heads=max(1, min(heads, attended)), reduction=reduction)
    return activate(net, normalize(net, net(layers.Concatenate, [near, far]), normalization), activation)
