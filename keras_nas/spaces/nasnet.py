"""The space of NASNet: a normal and a reduction cell, 5e33 networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from keras_nas.architecture import Architecture, Label
from keras_nas.blocks.cell import last_cell, nasnet_cell, row_of_cells
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.space import Series
from keras_nas.spaces.base import Space
from keras_nas.spaces.recipes import IMAGES


def nasnet(channels: int = 12, cells: int = 1, nodes: int = 5, stem: int = 3) -> Space:
    """Three stages of normal cells, a reduction cell between them; every cell sees the last two.

    The published CIFAR-10 network has 32 channels and 6 cells a stage; 12 and 1 train on a CPU.

    Args:
        channels: of the operations in the first stage; they double in each reduction cell.
        cells: normal cells in each stage.
        nodes: of a cell, each with two inputs and two operations.
        stem: how many times `channels` the stem has.

    Example:
        >>> nasnet().network_decisions.size == ((2 * 3 * 4 * 5 * 6) ** 2 * 13**10) ** 2
        True

    Reference:
        Zoph et al., "Learning Transferable Architectures for Scalable Image Recognition", arXiv 1707.07012.
    """
    normal, reduction = nasnet_cell("normal", nodes=nodes), nasnet_cell("reduction", nodes=nodes, stride=2)
    return Space(
        "nasnet",
        Series(
            Series(convolution(stem * channels, 3, activation="none"), at="stem"),
            row_of_cells(normal, reduction, channels, 3 * cells + 2, (cells, 2 * cells + 1), keep=True),
            last_cell(activation=True),
            pooled_head(),
        ),
        IMAGES,
        "a normal and a reduction cell of 5 nodes, each adding two of 13 operations on any nodes before",
    )


def architecture_of(
    normal: Sequence[tuple[str, int]], reduction: Sequence[tuple[str, int]], recipe: Mapping[str, Label] | None = None
) -> Architecture:
    """The architecture of two cells, each a list of edges.

    Args:
        normal: operation and input of each edge, two edges a node; inputs 0 and 1 are the older and the newer one.
        reduction: the same of the reduction cell.
        recipe: answers to the recipe's decisions, for a search that starts there.

    Example:
        >>> network = architecture_of(*NASNET_A)
        >>> network["normal/2/left_op"], network["normal/2/left"], network["normal/2/right_op"]
        ('avg_pool_3x3', 1, 'identity')
    """
    labels: dict[str, Label] = dict(recipe or {})
    for cell, edges in (("normal", normal), ("reduction", reduction)):
        for number, (operation, source) in enumerate(edges):
            side = f"{cell}/{number // 2}/{('left', 'right')[number % 2]}"
            labels |= {side: source, f"{side}_op": operation}
    return Architecture(labels)


NASNET_A = (
    (
        *(("sep_conv_5x5", 1), ("sep_conv_3x3", 0), ("sep_conv_5x5", 0), ("sep_conv_3x3", 0)),
        *(("avg_pool_3x3", 1), ("identity", 0), ("avg_pool_3x3", 0), ("avg_pool_3x3", 0)),
        *(("sep_conv_3x3", 1), ("identity", 1)),
    ),
    (
        *(("sep_conv_5x5", 1), ("sep_conv_7x7", 0), ("max_pool_3x3", 1), ("sep_conv_7x7", 0)),
        *(("avg_pool_3x3", 1), ("sep_conv_5x5", 0), ("identity", 3), ("avg_pool_3x3", 2)),
        *(("sep_conv_3x3", 2), ("max_pool_3x3", 1)),
    ),
)
"""The normal and the reduction cell of NASNet-A."""
