"""The default image space: residual networks for images of 8 to 64 pixels, trained in minutes on a CPU."""

from __future__ import annotations

from typing import Any

from keras_nas.architecture import Label
from keras_nas.blocks.attention import squeeze_excitation
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.blocks.skip import residual
from keras_nas.nodes import Node
from keras_nas.space import Channels, Choice, Range, Repeat, Series
from keras_nas.spaces.base import Space

RECIPE: dict[str, Any] = {
    "optimizer": "sgd",
    "learning_rate": Range("learning_rate", 0.08, 0.4, log=True),
    "weight_decay": Choice("weight_decay", [2e-4, 5e-4, 1e-3]),
    "label_smoothing": Choice("label_smoothing", [0.0, 0.1]),
    "batch_size": 128,
    "augmentation": Choice("augmentation", ["none", "flip", "shift", "flip_shift"]),
}
"""The image recipe: stochastic gradient descent with momentum under a one-cycle schedule."""


def small_images(widths: tuple[int, ...] = (16, 32, 48, 64), shrinks: int = 2) -> Space:
    """Residual networks in stages that halve the resolution and change the width.

    Args:
        widths: channels to choose from, for the stem and every stage.
        shrinks: stages that halve height and width, behind a first stage that does not.

    Reference:
        He et al., "Deep Residual Learning for Image Recognition", arXiv 1512.03385; Hu et al., "Squeeze-and-Excitation
        Networks", arXiv 1709.01507.
    """
    stages = [_stage(number, widths, stride=1 if number == 0 else 2) for number in range(shrinks + 1)]
    stem = convolution(Choice("stem", [16, 32]), 3, stride=Choice("stem_stride", [1, 2]))
    head = pooled_head(dropout=Choice("dropout", [0.0, 0.2]))
    return Space(
        "small_images",
        Series(stem, *stages, head),
        RECIPE,
        "residual networks for 8 to 64 pixels: depth, width, kernels, skips and attention by stage, and the recipe",
        start=[_start(widths[0], shrinks, augmentation) for augmentation in ("flip", "shift")],
    )


def _start(width: int, shrinks: int, augmentation: str) -> dict[str, Label]:
    """A small residual network with a recipe that rarely fails: one block a stage, the narrowest widths."""
    stages = [
        {
            f"stage{number}/width": width * 2**number,
            f"stage{number}/blocks/depth": 1,
            f"stage{number}/blocks/kernel": 3,
            f"stage{number}/blocks/attention": "none",
        }
        for number in range(shrinks + 1)
    ]
    recipe: dict[str, Label] = {
        "learning_rate": 0.15,
        "weight_decay": 5e-4,
        "label_smoothing": 0.1,
        "augmentation": augmentation,
    }
    labels: dict[str, Label] = {"stem": 16, "stem_stride": 1, "dropout": 0.0}
    for stage in stages:
        labels.update(stage)
    return {**labels, **{f"recipe/{name}": label for name, label in recipe.items()}}


def _stage(number: int, widths: tuple[int, ...], stride: int) -> Node:
    """A transition to the stage's width and resolution, then residual blocks."""
    width = Choice("width", [width * 2**number for width in widths])
    return Series(
        convolution(width, 3, stride=stride),
        Repeat("blocks", _residual_block(), [0, 1, 2], tied=True),
        name=f"stage{number}",
    )


def _residual_block() -> Node:
    inner = Series(
        convolution(Channels(), Choice("kernel", [3, 5])),
        convolution(Channels(), 3, activation="none"),
        Choice("attention", {"none": Series(), "squeeze_excitation": squeeze_excitation()}),
    )
    return residual(inner)
