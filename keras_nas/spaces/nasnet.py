"""The space of NASNet: a normal and a reduction cell, 5e33 networks."""

from __future__ import annotations

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

    Reference:
        Zoph et al., "Learning Transferable Architectures for Scalable Image Recognition", arXiv 1707.07012.

    Example:
        >>> nasnet().network_decisions.size == ((2 * 3 * 4 * 5 * 6) ** 2 * 13**10) ** 2
        True
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
