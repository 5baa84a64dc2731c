"""Bodies of networks for tables: dense layers, their residual blocks, attention among columns, wide and deep."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from keras import layers

from keras_nas.blocks.convolution import activate, normalize
from keras_nas.net import Net
from keras_nas.space import block

Function = Callable[[Any], Any]


@block
def dense(
    net: Net, x: Any, units: int, *, activation: str = "relu", normalization: str = "none", dropout: float = 0.0
) -> Any:
    """A dense layer, normalised and activated, then dropout: a layer of a plain network.

    Args:
        net: builds the layers.
        x: `(features,)`.
        units: of the layer.
        activation: behind it.
        normalization: before the activation: "batch", "layer" or "none".
        dropout: share of units dropped while training.
    """
    x = net(layers.Dense, x, units=units, use_bias=normalization == "none")
    x = activate(net, normalize(net, x, normalization), activation)
    return net(layers.Dropout, x, rate=dropout) if dropout else x


@block
def dense_residual(
    net: Net,
    x: Any,
    *,
    expansion: float = 2,
    activation: str = "relu",
    normalization: str = "batch",
    dropout: float = 0.0,
) -> Any:
    """Normalisation, a wide layer and one back to the width of the input, around which the input is added.

    Args:
        net: builds the layers.
        x: `(features,)`.
        expansion: how many times wider the hidden layer is.
        activation: of the hidden layer.
        normalization: "batch", "layer" or "none".
        dropout: share of hidden units dropped while training.

    Reference:
        Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data", arXiv 2106.11959, section 3.2.
    """
    width = net.channels(x)
    y = net(layers.Dense, normalize(net, x, normalization), units=round(width * expansion))
    y = activate(net, y, activation)
    y = net(layers.Dropout, y, rate=dropout) if dropout else y
    return net(layers.Add, [x, net(layers.Dense, y, units=width)])


@block
def column_attention(net: Net, x: Any, *, heads: int = 4, expansion: float = 2, dropout: float = 0.0) -> Any:
    """Attention of every column to all, then a gated layer on each, both residual and normalised first.

    Args:
        net: builds the layers.
        x: tokens `(columns, width)`.
        heads: of the attention.
        expansion: how many times wider the hidden layer is.
        dropout: share of attention weights and of hidden units dropped while training.

    Reference:
        Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data", arXiv 2106.11959, section 3.3.
    """
    width = net.channels(x)
    y = normalize(net, x, "layer")
    y = net(layers.MultiHeadAttention, [y, y], num_heads=heads, key_dim=max(1, width // heads), dropout=dropout)
    x = net(layers.Add, [x, y])
    y, hidden = normalize(net, x, "layer"), round(width * expansion)
    gate = net(layers.Dense, y, units=hidden, activation="relu")
    y = net(layers.Multiply, [gate, net(layers.Dense, y, units=hidden)])
    y = net(layers.Dropout, y, rate=dropout) if dropout else y
    return net(layers.Add, [x, net(layers.Dense, y, units=width)])


@block
def pooled_columns(net: Net, x: Any, *, normalization: str = "layer", activation: str = "relu") -> Any:
    """The mean over all columns, normalised and activated.

    Args:
        net: builds the layers.
        x: tokens `(columns, width)`.
        normalization: "layer", "batch" or "none".
        activation: behind it.
    """
    x = net(layers.GlobalAveragePooling1D, x)
    return activate(net, normalize(net, x, normalization), activation)


@block
def wide_and_deep(
    net: Net, x: Mapping[str, Any], deep: Function, vocabulary: int, width: int = 1, *, wide: bool = True
) -> Any:
    """What a linear model sees, the numbers and a weight for each code, beside the features of a deep part.

    The task's last layer is linear and makes a linear model of the wide part; crossed columns are left to the deep one.

    Args:
        net: builds the layers.
        x: `numbers` `(n,)` and `categories` `(c,)`, one of which may be absent.
        deep: a node that takes the same and gives `(features,)`.
        vocabulary: how many codes there are; `Given("vocabulary")` in a space.
        width: weights of each code; as many as the task has outputs make the wide part a full linear model.
        wide: False for the deep part alone.

    Reference:
        Cheng et al., "Wide & Deep Learning for Recommender Systems", arXiv 1606.07792.
    """
    if not wide:
        return deep(x)
    parts = [deep(x)]
    if "numbers" in x:
        parts.append(x["numbers"])
    if "categories" in x:
        codes = net(layers.Embedding, x["categories"], input_dim=vocabulary, output_dim=width)
        parts.append(net(layers.Flatten, codes))
    return net(layers.Concatenate, parts)
