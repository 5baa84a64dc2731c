"""The space of DARTS: a normal and a reduction cell, 1.1e18 networks."""

from __future__ import annotations

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

    Reference:
        Liu, Simonyan and Yang, "DARTS", ICLR 2019, arXiv 1806.09055.

    Example:
        >>> darts().network_decisions.size == (1 * 3 * 6 * 10 * 7**8) ** 2
        True
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
