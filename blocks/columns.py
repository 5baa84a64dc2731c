"""The columns of a table: numbers and categories as vectors, each column with its own, and all side by side.

Numbers come roughly normal and categories as codes of one common range, as the front of a table's model makes them; so
nothing here depends on the data. `number_*` blocks take numbers `(columns,)` and give `(columns, channels)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Any

from keras import layers

from keras_nas.net import Net
from keras_nas.space import block

Function = Callable[[Any], Any]

REACH = 3.0
"""Standard deviations at which the outermost bins end."""


@block
def columns(net: Net, x: Mapping[str, Any], numbers: Function, categories: Function, *, axis: int = -1) -> Any:
    """Numbers and categories, each through a part of its own, joined.

    Args:
        net: builds the layers.
        x: `numbers` `(n,)` and `categories` `(c,)`, one of which may be absent.
        numbers: a node that takes the numbers.
        categories: a node that takes the codes.
        axis: along which the parts' outputs are joined: -1 for vectors, 1 for rows of tokens.
    """
    parts = [part(x[name]) for name, part in (("numbers", numbers), ("categories", categories)) if name in x]
    return net(layers.Concatenate, parts, axis=axis) if len(parts) > 1 else parts[0]


@block
def code_embedding(net: Net, x: Any, vocabulary: int, width: int = 8) -> Any:
    """A learned vector for each code.

    Args:
        net: builds the layers.
        x: codes `(columns,)`.
        vocabulary: how many codes there are; `Given("vocabulary")` in a space.
        width: of the vectors.
    """
    return net(layers.Embedding, x, input_dim=vocabulary, output_dim=width)


@block
def column_dense(net: Net, x: Any, width: int = 8, *, activation: str = "linear") -> Any:
    """A dense layer on each column's vector, each column with weights of its own.

    Behind `number_linear` it makes the tokens of FT-Transformer: the number times a vector, plus another.

    Args:
        net: builds the layers.
        x: `(columns, channels)`.
        width: units of the layer.
        activation: Keras' name.

    Reference:
        Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data", arXiv 2106.11959.
    """
    return net(
        layers.EinsumDense,
        x,
        equation="bci,ciw->bcw",
        output_shape=(net.shape(x)[0], width),
        bias_axes="cw",
        activation=activation,
    )


@block
def number_linear(net: Net, x: Any) -> Any:
    """Each number as a vector of one.

    Args:
        net: builds the layers.
        x: numbers `(columns,)`.
    """
    return net(layers.Reshape, x, target_shape=(net.channels(x), 1))


@block
def number_piecewise(net: Net, x: Any, bins: int = 16) -> Any:
    """Piecewise linear encoding: how far the number has passed each of some bins, from 0 to 1.

    The bins are quantiles of the normal distribution, which the numbers follow.

    Args:
        net: builds the layers.
        x: numbers `(columns,)`, roughly normal.
        bins: how many.

    Reference:
        Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning", arXiv 2203.05556, 3.2.
    """
    edges = [-REACH, *(NormalDist().inv_cdf(number / bins) for number in range(1, bins)), REACH]
    rate = [1 / (high - low) for low, high in zip(edges, edges[1:], strict=False)]
    scale, offset = [[r] for r in rate], [[-low * r] for low, r in zip(edges, rate, strict=False)]
    x = net(layers.Rescaling, net(layers.RepeatVector, x, n=bins), scale=scale, offset=offset)
    return net(layers.Permute, net(layers.ReLU, x, max_value=1.0), dims=(2, 1))


@block
def number_periodic(net: Net, x: Any, frequencies: int = 16, *, scale: float = 0.1) -> Any:
    """Sine and cosine of some frequencies, which are learned.

    Args:
        net: builds the layers.
        x: numbers `(columns,)`, roughly normal.
        frequencies: how many for each column.
        scale: standard deviation of the frequencies at the start, in waves per unit.

    Reference:
        Gorishniy et al., "On Embeddings for Numerical Features in Tabular Deep Learning", arXiv 2203.05556, 3.3.
    """
    from keras.initializers import RandomNormal

    angle = net(
        layers.EinsumDense,
        x,
        equation="bc,cf->bcf",
        output_shape=(net.channels(x), frequencies),
        kernel_initializer=RandomNormal(stddev=2 * math.pi * scale),
    )
    return net(layers.Concatenate, [net(sine, angle), net(cosine, angle)])


def sine(**_: Any) -> Function:
    """Keras' operation, in the place of a layer: there is no layer of it, and an activation of it cannot be loaded."""
    from keras import ops

    operation: Function = ops.sin
    return operation


def cosine(**_: Any) -> Function:
    """Like `sine`."""
    from keras import ops

    operation: Function = ops.cos
    return operation
