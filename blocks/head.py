"""Heads: feature maps to a feature vector."""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.blocks.convolution import activate, normalize, of_rank
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.net import Net
from keras_nas.space import block

POOLINGS = ("average", "max", "both", "flatten")


@block
def pooled_head(
    net: Net,
    x: Any,
    *,
    dropout: float = 0.0,
    pooling: str = "average",
    normalization: str = "none",
    activation: str = "none",
) -> Any:
    """Normalisation and activation where wanted, pooling over all pixels, dropout.

    Args:
        net: builds the layers.
        x: `(height, width, channels)` or `(steps, channels)`.
        dropout: share of features dropped while training.
        pooling: "average", "max", "both" (side by side) or "flatten" (all pixels kept).
        normalization: before pooling, for networks whose blocks begin with it: "batch", "layer", "group" or "none".
        activation: before pooling.

    Raises:
        InvalidArgument: for another pooling.
    """
    x = activate(net, normalize(net, x, normalization), activation)
    x = _pooled(net, x, pooling)
    return net(layers.Dropout, x, rate=dropout) if dropout else x


def _pooled(net: Net, x: Any, pooling: str) -> Any:
    if pooling == "average":
        return net(of_rank(net, x, "GlobalAveragePooling"), x)
    if pooling == "max":
        return net(of_rank(net, x, "GlobalMaxPooling"), x)
    if pooling == "both":
        both = [net(of_rank(net, x, f"Global{kind}Pooling"), x) for kind in ("Average", "Max")]
        return net(layers.Concatenate, both)
    if pooling == "flatten":
        return net(layers.Flatten, x)
    raise InvalidArgument(unknown("pooling", pooling, POOLINGS))


@block
def dense_head(
    net: Net,
    x: Any,
    units: int = 128,
    *,
    dropout: float = 0.0,
    pooling: str = "average",
    activation: str = "relu",
    normalization: str = "none",
) -> Any:
    """Pooling over all pixels, one dense layer, dropout.

    Args:
        net: builds the layers.
        x: `(height, width, channels)` or `(steps, channels)`.
        units: of the dense layer.
        dropout: share of features dropped while training.
        pooling: "average", "max", "both" (side by side) or "flatten" (all pixels kept).
        activation: of the dense layer.
        normalization: of the dense layer: "batch", "layer" or "none".
    """
    x = net(layers.Dense, _pooled(net, x, pooling), units=units, use_bias=normalization == "none")
    x = activate(net, normalize(net, x, normalization), activation)
    return net(layers.Dropout, x, rate=dropout) if dropout else x
