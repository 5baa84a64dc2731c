"""Spaces of networks that give a map: U-Nets, and paths through a trellis of resolutions."""

from __future__ import annotations

from typing import Any

from keras_nas.architecture import Label
from keras_nas.blocks.attention import transformer
from keras_nas.blocks.cell import darts_cell, last_cell
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.inverted_residual import inverted_residual
from keras_nas.blocks.segmentation import dilated_pyramid, padded, trellis_step, u_level
from keras_nas.blocks.skip import residual
from keras_nas.graph import Shared
from keras_nas.nesting import INNER, Nested
from keras_nas.nodes import Given, Node
from keras_nas.space import Channels, Choice, Range, Repeat, Series, Stride
from keras_nas.spaces.base import Space

RECIPE: dict[str, Any] = {
    "optimizer": "adamw",
    "learning_rate": Range("learning_rate", 1e-3, 1e-2, log=True),
    "weight_decay": Choice("weight_decay", [1e-3, 1e-2, 1e-1]),
    "batch_size": Choice("batch_size", [8, 16]),
    "augmentation": Choice("augmentation", ["flip", "flip_shift", "turn", "turn_shift"]),
}
"""The recipe of segmentation: AdamW under a one-cycle schedule, small batches of large rows."""


def unet(widths: tuple[int, ...] = (8, 16, 24, 32), depths: tuple[int, ...] = (2, 3, 4)) -> Space:
    """U-Nets: a way down to coarser maps and a way up again, with a skip on each level.

    All levels share their decisions. Images of any size: odd sides are cropped on the way up, and small maps are not
    halved further.

    Args:
        widths: channels of the first level to choose from; they grow from level to level.
        depths: numbers of levels to choose from.

    Reference:
        Ronneberger, Fischer and Brox, "U-Net", arXiv 1505.04597; Isensee et al., "nnU-Net", arXiv 1809.10486; Weng et
        al., "NAS-Unet", IEEE Access 7, 2019.
    """
    block = _block()
    level = u_level(
        Repeat("down", block, [0, 1, 2], tied=True),
        Given(INNER),
        Repeat("up", block, [0, 1, 2], tied=True),
        growth=Choice("growth", [1.5, 2]),
        stride=Stride(),
        reduction=Choice("reduction", ["convolution", "max"]),
        upsampling=Choice("upsampling", ["transposed", "nearest", "bilinear"]),
        skip=Choice("skip", ["concat", "add", "attention"]),
    )
    bottom = Series(Repeat("blocks", block, [0, 1, 2], tied=True), _context())
    known: list[dict[str, Label]] = [{"levels/depth": depth} for depth in sorted(depths[-2:])]
    return Space(
        "unet",
        Series(
            convolution(Choice("width", widths), 3, stride=Choice("stem_stride", [1, 2])),
            Nested("levels", level, bottom, depths, tied=True),
        ),
        RECIPE,
        "U-Nets: levels, width, blocks down and up, kernel, reduction, upsampling, skips and the context at the bottom",
        start=[_start(widths[min(1, len(widths) - 1)], depth) for depth in (known if len(depths) > 1 else [{}])],
    )


def _block() -> Node:
    """What keeps the shape of a map."""
    kernel = Choice("kernel", [3, 5])
    return Choice(
        "block",
        {
            "convolution": convolution(Channels(), kernel),
            "residual": residual(
                Series(convolution(Channels(), kernel), convolution(Channels(), 3, activation="none"))
            ),
            "separable": convolution(Channels(), kernel, kind="separable"),
            "inverted": inverted_residual(Channels(), kernel, expansion=Choice("expansion", [2, 4])),
        },
    )


def _context() -> Node:
    """How the coarsest map sees far."""
    pyramid = dilated_pyramid(Channels(), (1, 2, 4))
    return Choice("context", {"none": Series(), "pyramid": pyramid, "transformer": transformer(heads=4)})


def _start(width: int, depth: dict[str, Label]) -> dict[str, Label]:
    """A U-Net of two convolutions a level with a recipe that rarely fails."""
    level: dict[str, Label] = {"growth": 2, "reduction": "max", "upsampling": "bilinear", "skip": "concat"}
    for way in ("down", "up"):
        level |= {f"{way}/depth": 1, f"{way}/block": "convolution", f"{way}/block/convolution/kernel": 3}
    bottom: dict[str, Label] = {
        **{"blocks/depth": 1, "blocks/block": "convolution", "blocks/block/convolution/kernel": 3},
        "context": "none",
    }
    return {
        **{"width": width, "stem_stride": 1, **depth},
        **{f"levels/{name}": label for name, label in level.items()},
        **{f"levels/innermost/{name}": label for name, label in bottom.items()},
        **_START_RECIPE,
    }


_START_RECIPE: dict[str, Label] = {
    "recipe/learning_rate": 4e-3,
    "recipe/weight_decay": 1e-2,
    "recipe/batch_size": 8,
    "recipe/augmentation": "turn",
}


def auto_deeplab(
    filters: int = 8, nodes: int = 3, layers: tuple[int, ...] = (4, 6, 8), stem: int = 16, levels: int = 4
) -> Space:
    """Paths through a trellis of resolutions, one cell on each step, and a pyramid of dilated convolutions at its end.

    From layer to layer the path goes to half the resolution, stays, or goes to twice the resolution; channels double
    with each halving. One cell, with the operations of DARTS, is decided for all steps. Images of any size are padded
    inside the network.

    The published network has 20 filters, 5 nodes and 12 layers behind a stem that quarters the sides.

    Args:
        filters: of a cell's nodes at the finest level.
        nodes: of the cell, each with two inputs and two operations.
        layers: lengths of the path to choose from.
        stem: channels of the stem.
        levels: resolutions, each half of the one before.

    Reference:
        Liu et al., "Auto-DeepLab", arXiv 1901.02985.
    """
    channels = nodes * filters
    cell = Shared("cell", darts_cell("nodes", nodes=nodes))
    step = trellis_step(
        cell, channels, nodes, direction=Choice("direction", ["finer", "same", "coarser"]), levels=levels
    )
    network = Series(
        Series(
            convolution(stem, 3, stride=Choice("stem_stride", [1, 2])), convolution(channels, 3, stride=2), at="stem"
        ),
        Repeat("path", step, layers),
        last_cell(),
        dilated_pyramid(Choice("pyramid", [32, 64]), Choice("rates", [(1, 2, 4), (3, 6, 9)]), separable=True),
    )
    return Space(
        "auto_deeplab",
        padded(network, 4 * 2 ** (levels - 1)),
        RECIPE,
        "a path through a trellis of resolutions, a cell of DARTS's operations on each step, a dilated pyramid",
    )
