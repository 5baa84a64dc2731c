"""Convolution and attention: each stage is of convolutions, of self-attention, or of both side by side."""

from __future__ import annotations

from keras_nas.blocks.attention import conv_attention as attention_and_convolution
from keras_nas.blocks.attention import transformer
from keras_nas.blocks.convnext import convnext
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.blocks.inverted_residual import inverted_residual
from keras_nas.blocks.skip import residual
from keras_nas.blocks.stem import convolution_stem
from keras_nas.nodes import Node
from keras_nas.space import Channels, Choice, Repeat, Series, Stride
from keras_nas.spaces.base import Space
from keras_nas.spaces.recipes import IMAGES


def conv_attention(channels: int = 16, stages: int = 3, blocks: int = 2) -> Space:
    """Stages that halve height and width; the first is convolutional, the later ones choose what sees what.

    Attention pools its keys and values over squares of 1, 2 or 4 pixels, so that early stages stay affordable.

    Args:
        channels: the least width of the first stage; widths are 1, 2 or 3 times this and double from stage to stage.
        stages: how many.
        blocks: the most in a stage.

    Reference:
        Dai et al., "CoAtNet", arXiv 2106.04803; Bello et al., "Attention Augmented Convolutional Networks", arXiv
        1904.09925.
    """
    return Space(
        "conv_attention",
        Series(
            Series(convolution_stem(channels, stride=Stride(2, 14)), at="stem"),
            *[_stage(number, channels * 2**number, blocks) for number in range(stages)],
            pooled_head(normalization="layer", dropout=Choice("dropout", [0.0, 0.2])),
        ),
        IMAGES,
        "stages of inverted residuals, ConvNeXt blocks, transformers, or convolution and attention side by side",
    )


def _stage(number: int, width: int, blocks: int) -> Node:
    """A convolution that changes width and resolution, then blocks of one kind that keep them."""
    first = convolution(Choice("width", [width, 2 * width, 3 * width]), 3, stride=Stride() if number else 1)
    kinds = _convolutions() if number == 0 else {**_convolutions(), **_attentions()}
    repeated = Repeat("blocks", Choice("kind", kinds), range(1, blocks + 1), tied=True)
    return Series(first, repeated, name=f"stage{number}")


def _convolutions() -> dict[str, Node]:
    inverted = inverted_residual(Channels(), Choice("kernel", [3, 5]), expansion=Choice("expansion", [2, 4]))
    return {
        "inverted_residual": inverted,
        "convnext": convnext(Choice("kernel", [3, 5, 7]), expansion=Choice("expansion", [2, 4]), scale=0.1),
    }


def _attentions() -> dict[str, Node]:
    heads, reduction = Choice("heads", [2, 4]), Choice("reduction", [1, 2, 4])
    mixed = attention_and_convolution(
        Channels(),
        share=Choice("share", [0.25, 0.5]),
        heads=heads,
        reduction=reduction,
        activation="none",
    )
    return {
        "transformer": transformer(heads=heads, reduction=reduction, expansion=Choice("expansion", [2, 4])),
        "conv_attention": residual(mixed),
    }
