"""Searched cells: small graphs whose edges choose their operations, stacked with one set of decisions for all copies.

Each function makes the `Graph` of one cell. `cell_step` feeds it in a network where every cell sees the last two.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import combinations
from typing import Any

from keras import layers

from keras_nas.blocks.cell_operations import (
    crossed_convolution,
    dilated_separable,
    factorized_reduction,
    identity,
    relu_convolution,
    separable_twice,
    zero,
)
from keras_nas.blocks.pooling import pooling
from keras_nas.graph import Graph, Join, Shared
from keras_nas.net import Net
from keras_nas.nodes import Node, Value
from keras_nas.space import Choice, Given, Series, block

STRIDE = Given("stride", 1)


def nas_bench_201_operations() -> dict[str, Node]:
    """The five operations of NAS-Bench-201 by their published names."""
    return {
        "none": zero(),
        "skip_connect": identity(),
        "nor_conv_1x1": relu_convolution(kernel=1),
        "nor_conv_3x3": relu_convolution(kernel=3),
        "avg_pool_3x3": pooling("average", 3, stride=1),
    }


def nas_bench_201_cell(name: str = "cell", operations: Mapping[str, Node] | None = None, nodes: int = 4) -> Graph:
    """A cell of NAS-Bench-201: every node adds an operation on each node before it.

    With 4 nodes and 5 operations there are 5**6 = 15,625 cells. A cell whose output hears nothing gives zeros.

    Args:
        name: scope of the decisions, which are called `0->1` and so on.
        operations: label to operation, the published five by default.
        nodes: the input and the nodes behind it.

    Returns:
        A graph that keeps the shape of its input.

    Reference:
        Dong and Yang, "NAS-Bench-201", ICLR 2020, arXiv 2001.00326.
    """
    options = nas_bench_201_operations() if operations is None else operations
    return Graph(name, [_fully_connected(target, options) for target in range(1, nodes)])


def _fully_connected(target: int, options: Mapping[str, Node | None]) -> Join:
    """A node that hears every node before it."""
    return Join(range(target), [Choice(f"{source}->{target}", options) for source in range(target)])


@block
def nas_bench_201_reduction(net: Net, x: Any, filters: int) -> Any:
    """The fixed residual block between the stages of NAS-Bench-201: half the height and width.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        filters: output channels.
    """
    y = relu_convolution.body(net, x, filters, 3, stride=2)
    y = relu_convolution.body(net, y, filters, 3)
    x = net(layers.AveragePooling2D, x, pool_size=2, padding="same")
    return net(layers.Add, [net(layers.Conv2D, x, filters=filters, kernel_size=1, use_bias=False), y])


def darts_operations() -> dict[str, Node]:
    """The seven operations of DARTS that a final cell may hold."""
    return {
        "max_pool_3x3": pooling("max", 3, stride=STRIDE),
        "avg_pool_3x3": pooling("average", 3, stride=STRIDE),
        "skip_connect": identity(stride=STRIDE),
        "sep_conv_3x3": separable_twice(3, stride=STRIDE),
        "sep_conv_5x5": separable_twice(5, stride=STRIDE),
        "dil_conv_3x3": dilated_separable(3, stride=STRIDE),
        "dil_conv_5x5": dilated_separable(5, stride=STRIDE),
    }


def darts_cell(
    name: str, operations: Mapping[str, Node] | None = None, nodes: int = 4, stride: int | Value = 1
) -> Graph:
    """A cell of DARTS: each node adds one operation on each of two distinct nodes before it; all are concatenated.

    A node behind k others has k (k - 1) / 2 pairs of inputs and 7 * 7 pairs of operations, so that 4 nodes give
    1 * 3 * 6 * 10 * 7**8 = 1,037,664,180 cells.

    Args:
        name: scope of the decisions.
        operations: label to operation, the published seven by default.
        nodes: the nodes behind the two inputs.
        stride: of the operations on the inputs: 2 in a reduction cell.

    Returns:
        A graph of two inputs of one shape, which gives `nodes` times as many channels.

    Reference:
        Liu, Simonyan and Yang, "DARTS", ICLR 2019, arXiv 1806.09055.
    """
    options = darts_operations() if operations is None else operations
    joins = [
        Join(
            Choice("inputs", {f"{a},{b}": (a, b) for a, b in combinations(range(earlier), 2)}),
            [Choice("first", options), Choice("second", options)],
        )
        for earlier in range(2, 2 + nodes)
    ]
    return Graph(name, joins, inputs=2, output="all", stride=stride)


def nasnet_operations() -> dict[str, Node]:
    """The thirteen operations of NASNet."""
    return {
        "identity": identity(stride=STRIDE, reduction="convolution"),
        "conv_1x3_3x1": crossed_convolution(3, stride=STRIDE),
        "conv_1x7_7x1": crossed_convolution(7, stride=STRIDE),
        "dil_conv_3x3": dilated_separable(3, stride=STRIDE),
        "avg_pool_3x3": pooling("average", 3, stride=STRIDE),
        "max_pool_3x3": pooling("max", 3, stride=STRIDE),
        "max_pool_5x5": pooling("max", 5, stride=STRIDE),
        "max_pool_7x7": pooling("max", 7, stride=STRIDE),
        "conv_1x1": relu_convolution(kernel=1, stride=STRIDE),
        "conv_3x3": relu_convolution(kernel=3, stride=STRIDE),
        "sep_conv_3x3": separable_twice(3, stride=STRIDE),
        "sep_conv_5x5": separable_twice(5, stride=STRIDE),
        "sep_conv_7x7": separable_twice(7, stride=STRIDE),
    }


def nasnet_cell(
    name: str, operations: Mapping[str, Node] | None = None, nodes: int = 5, stride: int | Value = 1
) -> Graph:
    """A cell of NASNet: each node adds two operations, each on any node before it.

    Nodes that no other uses are concatenated. A node behind k others has k * k pairs of inputs and 13 * 13 pairs of
    operations, so that 5 nodes give (2 * 3 * 4 * 5 * 6)**2 * 13**10 = 7.1e16 cells.

    Args:
        name: scope of the decisions.
        operations: label to operation, the published thirteen by default.
        nodes: the nodes behind the two inputs.
        stride: of the operations on the inputs: 2 in a reduction cell.

    Returns:
        A graph of two inputs of one shape.

    Reference:
        Zoph et al., "Learning Transferable Architectures for Scalable Image Recognition", arXiv 1707.07012.
    """
    options = nasnet_operations() if operations is None else operations
    joins = [
        Join(
            [Choice("left", range(earlier)), Choice("right", range(earlier))],
            [Choice("left_op", options), Choice("right_op", options)],
        )
        for earlier in range(2, 2 + nodes)
    ]
    return Graph(name, joins, inputs=2, output="loose", stride=stride)


def hierarchical_operations() -> dict[str, Node | None]:
    """The six primitives of hierarchical cells; None is no edge."""
    return {
        "none": None,
        "identity": identity(stride=STRIDE),
        "conv_1x1": relu_convolution(kernel=1, stride=STRIDE),
        "sep_conv_3x3": separable_twice(3, stride=STRIDE),
        "max_pool_3x3": pooling("max", 3, stride=STRIDE),
        "avg_pool_3x3": pooling("average", 3, stride=STRIDE),
    }


def hierarchical_cell(
    name: str = "cell",
    operations: Mapping[str, Node | None] | None = None,
    nodes: Sequence[int] = (4, 5),
    motifs: int = 6,
) -> Node:
    """A cell whose edges are small graphs, whose edges are operations or, with more levels, still smaller graphs.

    The motifs of a level are decided once for the cell and used by any number of edges of the level above.

    Args:
        name: scope of the cell's decisions; those of the motifs stand in `name.level.motif`.
        operations: label to operation of the lowest level, six by default.
        nodes: of the graphs of each level, inputs included, the lowest level first.
        motifs: how many graphs each level but the last offers to the next.

    Returns:
        A node that keeps the shape of its input.

    Reference:
        Liu et al., "Hierarchical Representations for Efficient Architecture Search", arXiv 1711.00436.
    """
    options = hierarchical_operations() if operations is None else operations
    for level, count in enumerate(nodes[:-1], 1):
        graphs = {
            f"motif{n}": Shared(f"{name}.{level}.{n}", _motif("motif", count, options)) for n in range(1, motifs + 1)
        }
        options = {"none": None, **graphs}
    return _motif(name, nodes[-1], options)


def _motif(name: str, nodes: int, options: Mapping[str, Node | None]) -> Graph:
    return Graph(name, [_fully_connected(target, options) for target in range(1, nodes)], stride=STRIDE)


@block
def cell_step(
    net: Net,
    x: Any,
    cell: Callable[[Any], Any],
    filters: int,
    *,
    keep: bool = False,
    normalization: str = "batch",
) -> list[Any]:
    """One step along a row of cells, each of which sees the outputs of the last two.

    Args:
        net: builds the layers.
        x: `[the output before the last, the last output]`, or one tensor that stands for both.
        cell: a node of two inputs.
        filters: channels that the cell works with.
        keep: leave the older input alone where it has the channels already (NASNet), instead of always projecting it
            (DARTS).
        normalization: "batch", "layer", "group" or "none".

    Returns:
        `[the last output, the cell's]`.
    """
    before, last = x if isinstance(x, list | tuple) else (x, x)
    older = _adjust(net, before, net.shape(last), filters, keep, normalization)
    newer = relu_convolution.body(net, last, filters, normalization=normalization)
    return [last, cell([older, newer])]


def _adjust(net: Net, x: Any, shape: Sequence[int | None], filters: int, keep: bool, normalization: str) -> Any:
    """The older input in the newer one's height and width."""
    if net.shape(x)[:2] != tuple(shape[:2]):
        return factorized_reduction.body(net, x, filters, normalization=normalization)
    if keep and net.channels(x) == filters:
        return x
    return relu_convolution.body(net, x, filters, normalization=normalization)


@block
def last_cell(net: Net, x: Any, *, activation: bool = False) -> Any:
    """The last of the two outputs that `cell_step` hands on.

    Args:
        net: builds the layers.
        x: `[the output before the last, the last output]`.
        activation: whether a ReLU follows.
    """
    return net(layers.ReLU, x[-1]) if activation else x[-1]


def row_of_cells(
    normal: Node, reduction: Node, filters: int, cells: int, reductions: Sequence[int], *, keep: bool = False
) -> Series:
    """A row of cells with one set of decisions for all normal ones and one for all reductions.

    Args:
        normal: the normal cell.
        reduction: the reduction cell; filters double there.
        filters: of the first cells.
        cells: how many, reductions included.
        reductions: the numbers of those that are reductions, from 0.
        keep: as in `cell_step`.
    """
    steps: list[Node] = []
    for number in range(cells):
        width = filters * 2 ** sum(place <= number for place in reductions)
        cell = reduction if number in reductions else normal
        steps.append(Series(cell_step(cell, width, keep=keep), at=f"cell{number}"))
    return Series(*steps)
