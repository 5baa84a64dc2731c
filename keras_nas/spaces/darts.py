"""The space of DARTS: a normal and a reduction cell, 1.1e18 networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keras_nas.architecture import Architecture, Label
from keras_nas.blocks.cell import darts_cell, last_cell, row_of_cells
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.space import Series
from keras_nas.spaces.base import Space
from keras_nas.spaces.recipes import IMAGES


def darts(channels: int = 12, cells: int = 6, nodes: int = 4, stem: int = 3) -> Space:
    """A row of cells, two of which halve height and width; every cell sees the last two.

    The published network has 36 channels and 20 cells; 12 and 6 train on a CPU.

    Args:
        channels: of the operations in the first cells; they double in each reduction cell.
        cells: in all; those at one and two thirds are reductions.
        nodes: of a cell, each with two inputs and two operations.
        stem: how many times `channels` the stem has.

    Example:
        >>> darts().network_decisions.size == (1 * 3 * 6 * 10 * 7**8) ** 2
        True

    Reference:
        Liu, Simonyan and Yang, "DARTS", ICLR 2019, arXiv 1806.09055.
    """
    normal, reduction = darts_cell("normal", nodes=nodes), darts_cell("reduction", nodes=nodes, stride=2)
    return Space(
        "darts",
        Series(
            Series(convolution(stem * channels, 3, activation="none"), at="stem"),
            row_of_cells(normal, reduction, channels, cells, (cells // 3, 2 * cells // 3)),
            last_cell(),
            pooled_head(),
        ),
        IMAGES,
        "a normal and a reduction cell of 4 nodes with 7 operations, each on two of the nodes before",
    )


def architecture_of(
    normal: Sequence[tuple[str, int]], reduction: Sequence[tuple[str, int]], recipe: Mapping[str, Label] | None = None
) -> Architecture:
    """The architecture of two cells that are written as DARTS does.

    Args:
        normal: operation and input of each edge, two edges a node; inputs 0 and 1 are the older and the newer one.
        reduction: the same of the reduction cell.
        recipe: answers to the recipe's decisions, for a search that starts there.

    Example:
        >>> network = architecture_of(*DARTS_V2)
        >>> network["normal/3/inputs"], network["normal/3/first"], network["normal/3/second"]
        ('0,2', 'skip_connect', 'dil_conv_3x3')
    """
    labels: dict[str, Label] = dict(recipe or {})
    for cell, edges in (("normal", normal), ("reduction", reduction)):
        for node, pair in enumerate(zip(edges[::2], edges[1::2], strict=True)):
            (first, a), (second, b) = sorted(pair, key=lambda edge: edge[1])
            answers = {"inputs": f"{a},{b}", "first": first, "second": second}
            labels |= {f"{cell}/{node}/{name}": label for name, label in answers.items()}
    return Architecture(labels)


DARTS_V2 = (
    (
        *(("sep_conv_3x3", 0), ("sep_conv_3x3", 1), ("sep_conv_3x3", 0), ("sep_conv_3x3", 1)),
        *(("sep_conv_3x3", 1), ("skip_connect", 0), ("skip_connect", 0), ("dil_conv_3x3", 2)),
    ),
    (
        *(("max_pool_3x3", 0), ("max_pool_3x3", 1), ("skip_connect", 2), ("max_pool_3x3", 1)),
        *(("max_pool_3x3", 0), ("skip_connect", 2), ("skip_connect", 2), ("max_pool_3x3", 1)),
    ),
)
"""The normal and the reduction cell that the second-order method found; 3,349,342 parameters at full size."""
