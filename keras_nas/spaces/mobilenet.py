"""Inverted residuals as in MobileNet: kernel, expansion and attention of each block, depth and width of each stage."""

from __future__ import annotations

from collections.abc import Sequence

from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.blocks.inverted_residual import inverted_residual
from keras_nas.nodes import Node, Value
from keras_nas.space import Channels, Choice, Repeat, Series, Stride
from keras_nas.spaces.base import Space
from keras_nas.spaces.recipes import IMAGES


def mobilenet(
    widths: Sequence[int] = (16, 24, 40, 80),
    blocks: int = 3,
    kernels: Sequence[int] = (3, 5),
    expansions: Sequence[int] = (2, 4, 6),
    activation: str = "hard_swish",
    factors: Sequence[float] = (0.75, 1, 1.5),
) -> Space:
    """Stages of inverted residuals, each block with its own kernel, expansion and squeeze-and-excitation.

    All stages but the first halve height and width, down to 4 pixels.

    Args:
        widths: channels of the stages, each times a factor.
        blocks: the most in a stage; the first one changes the shape.
        kernels: sides of the depthwise kernels to choose from, in pixels.
        expansions: to choose from.
        activation: of all blocks.
        factors: to choose from; a single one leaves the width out of the search, as a supernet needs it, which holds
            options of one shape.

    Reference:
        Tan et al., "MnasNet", arXiv 1807.11626; Howard et al., "MobileNetV3", arXiv 1905.02244; Cai et al.,
        "Once-for-All", arXiv 1908.09791.
    """

    def block(filters: int | Value, stride: int | Value = 1) -> Node:
        return inverted_residual(
            filters,
            one_of("kernel", kernels),
            expansion=one_of("expansion", expansions),
            squeeze=Choice("squeeze", [0, 4]),
            stride=stride,
            activation=activation,
        )

    def one_of(name: str, options: Sequence[int]) -> int | Choice:
        return Choice(name, options) if len(options) > 1 else options[0]

    def stage(number: int, width: int) -> Node:
        filters = one_of("width", [int(factor * width) for factor in factors])
        first = Series(block(filters, Stride() if number else 1), name="first")
        return Series(first, Repeat("more", block(Channels()), range(blocks)), name=f"stage{number}")

    return Space(
        "mobilenet",
        Series(
            Series(convolution(widths[0], 3, activation=activation), at="stem"),
            *[stage(number, width) for number, width in enumerate(widths)],
            Series(convolution(6 * widths[-1], 1, activation=activation), at="last"),
            pooled_head(dropout=Choice("dropout", [0.0, 0.2])),
        ),
        IMAGES,
        "inverted residuals: width and depth of each stage, kernel, expansion and attention of each block",
    )
