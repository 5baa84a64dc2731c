"""Heads: feature maps to a feature vector."""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.net import Net
from keras_nas.space import block


@block
def pooled_head(net: Net, x: Any, *, dropout: float = 0.0, pooling: str = "average") -> Any:
    """Global pooling and dropout.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        dropout: share of features dropped while training.
        pooling: "average" or "max".
    """
    pool = layers.GlobalAveragePooling2D if pooling == "average" else layers.GlobalMaxPooling2D
    x = net(pool, x)
    return net(layers.Dropout, x, rate=dropout) if dropout else x
