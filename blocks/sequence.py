"""Series and other sequences `(steps, channels)`: dilated convolutions, Inception modules, recurrent layers.

Convolutions, residual blocks, patches, attention and heads of images take sequences too.
"""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.blocks.convolution import activate, normalize
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.net import Net
from keras_nas.space import block

CELLS = {"gru": layers.GRU, "lstm": layers.LSTM}


@block
def temporal_convolution(
    net: Net,
    x: Any,
    filters: int,
    kernel: int = 3,
    *,
    levels: int = 4,
    causal: bool = True,
    normalization: str = "layer",
    dropout: float = 0.0,
) -> Any:
    """A temporal convolutional network: residual pairs of convolutions, each pair twice as dilated as the one before.

    Args:
        net: builds the layers.
        x: `(steps, channels)`.
        filters: output channels.
        kernel: taps of each convolution.
        levels: pairs; the last is dilated by `2 ** (levels - 1)` steps.
        causal: whether a step sees none behind it.
        normalization: behind each convolution: "layer", "batch", "group" or "none".
        dropout: share of features dropped while training.

    Reference:
        Bai et al., "An Empirical Evaluation of Generic Convolutional and Recurrent Networks for Sequence Modeling",
        arXiv 1803.01271.
    """
    padding = "causal" if causal else "same"
    for level in range(levels):
        y = x
        for _ in range(2):
            y = net(layers.Conv1D, y, filters=filters, kernel_size=kernel, dilation_rate=2**level, padding=padding)
            y = activate(net, normalize(net, y, normalization), "relu")
            y = net(layers.Dropout, y, rate=dropout) if dropout else y
        if net.channels(x) != filters:
            x = net(layers.Conv1D, x, filters=filters, kernel_size=1)
        x = activate(net, net(layers.Add, [x, y]), "relu")
    return x


@block
def inception(net: Net, x: Any, filters: int = 32, *, kernel: int = 40, bottleneck: int = 32) -> Any:
    """Convolutions of three lengths and a pooled one side by side, normalised and activated.

    Args:
        net: builds the layers.
        x: `(steps, channels)`.
        filters: output channels of each of the four.
        kernel: taps of the longest convolution; the others have a half and a quarter of them.
        bottleneck: channels that the convolutions see.

    Reference:
        Ismail Fawaz et al., "InceptionTime: Finding AlexNet for Time Series Classification", arXiv 1909.04939.
    """
    narrow = net(layers.Conv1D, x, filters=bottleneck, kernel_size=1, use_bias=False)
    sizes = [max(1, kernel // 2**halving) for halving in range(3)]
    options = {"filters": filters, "padding": "same", "use_bias": False}
    parts = [net(layers.Conv1D, narrow, kernel_size=size, **options) for size in sizes]
    pooled = net(layers.MaxPooling1D, x, pool_size=3, strides=1, padding="same")
    parts.append(net(layers.Conv1D, pooled, kernel_size=1, **options))
    return activate(net, normalize(net, net(layers.Concatenate, parts), "batch"), "relu")


@block
def recurrent(
    net: Net, x: Any, units: int, *, cell: str = "gru", bidirectional: bool = False, dropout: float = 0.0
) -> Any:
    """What a recurrent layer knows after the last step, and where asked another one that reads backwards.

    Args:
        net: builds the layers.
        x: `(steps, channels)`.
        units: of the layer, in each direction.
        cell: "gru" or "lstm".
        bidirectional: whether another layer reads the steps backwards.
        dropout: share of the outputs dropped while training.

    Raises:
        InvalidArgument: for another cell.
    """
    if cell not in CELLS:
        raise InvalidArgument(unknown("recurrent cell", cell, CELLS))
    y = net(CELLS[cell], x, units=units)
    if bidirectional:
        y = net(layers.Concatenate, [y, net(CELLS[cell], x, units=units, go_backwards=True)])
    return net(layers.Dropout, y, rate=dropout) if dropout else y
