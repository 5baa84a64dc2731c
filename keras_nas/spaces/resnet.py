"""Residual networks: depth, width, kind of block, kernel, skip and attention of each stage."""

from __future__ import annotations

from keras_nas.blocks.attention import cbam, squeeze_excitation
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.blocks.skip import plain, residual
from keras_nas.blocks.stem import convolution_stem
from keras_nas.nodes import Node
from keras_nas.space import Channels, Choice, Repeat, Series, Stride
from keras_nas.spaces.base import Space
from keras_nas.spaces.recipes import IMAGES


def resnet(channels: int = 16, stages: int = 3, blocks: int = 3) -> Space:
    """Stages of residual blocks; all but the first halve height and width, down to 4 pixels.

    Args:
        channels: the least width of the first stage; widths are 1, 2 or 3 times this and double from stage to stage.
        stages: how many.
        blocks: the most in a stage.

    Reference:
        He et al., "Deep Residual Learning for Image Recognition", arXiv 1512.03385; Xie et al., "Aggregated Residual
        Transformations" (grouped), arXiv 1611.05431.
    """
    return Space(
        "resnet",
        Series(
            Series(convolution_stem(channels, depth=Choice("depth", [1, 2])), name="stem"),
            *[_stage(number, channels * 2**number, blocks) for number in range(stages)],
            pooled_head(),
        ),
        IMAGES,
        "residual stages: depth, width, basic, bottleneck or grouped blocks, kernel, skip and attention of each",
    )


def _stage(number: int, width: int, blocks: int) -> Node:
    """A block that changes width and resolution, then blocks that keep them."""
    first = convolution(Choice("width", [width, 2 * width, 3 * width]), 3, stride=Stride() if number else 1)
    return Series(first, Repeat("blocks", _block(), range(blocks + 1), tied=True), name=f"stage{number}")


def _block() -> Node:
    attention = Choice("attention", {"none": Series(), "squeeze_excitation": squeeze_excitation(), "cbam": cbam()})
    inner = Series(_branch(), attention)
    return Choice("skip", {"residual": residual(inner), "plain": plain(inner)})


def _branch() -> Node:
    """The convolutions of a block, which keep its width; the last has no activation."""
    kernel = Choice("kernel", [3, 5])
    basic = Series(convolution(Channels(), kernel), convolution(Channels(), 3, activation="none"))
    bottlenecks = {
        name: Series(
            convolution(Channels(0.5), 1),
            convolution(Channels(), kernel, kind=kind),
            convolution(Channels(2), 1, activation="none"),
        )
        for name, kind in (("bottleneck", "plain"), ("grouped", "grouped"))
    }
    return Choice("block", {"basic": basic, **bottlenecks})
