"""The space of NAS-Bench-201: one cell of six edges, 15,625 networks, all trained by its authors."""

from __future__ import annotations

from collections.abc import Mapping

from keras_nas.architecture import Architecture, Label
from keras_nas.blocks.cell import nas_bench_201_cell, nas_bench_201_reduction
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.errors import InvalidArgument
from keras_nas.nodes import Node
from keras_nas.space import Series
from keras_nas.spaces.base import Space
from keras_nas.spaces.recipes import NAS_BENCH_201

_NODES = range(1, 4)
RECIPE_SMALL = {**NAS_BENCH_201, "learning_rate": 0.2, "weight_decay": 5e-4, "batch_size": 128}
"""Of the small skeleton: for tens of epochs instead of hundreds."""


def nas_bench_201(channels: int = 16, cells: int = 5, stages: int = 3) -> Space:
    """Stages of one repeated cell, a residual reduction between them; all decisions are the cell's.

    The defaults are the published skeleton, whose parameters and multiply-adds the networks have exactly; 8 channels
    and 1 cell a stage train on a CPU.

    Args:
        channels: of the first stage; they double from stage to stage.
        cells: copies of the cell in each stage.
        stages: how many; height and width halve from stage to stage.

    Example:
        >>> nas_bench_201().size
        15625

    Reference:
        Dong and Yang, "NAS-Bench-201", ICLR 2020, arXiv 2001.00326.
    """
    cell = nas_bench_201_cell()
    parts: list[Node] = [Series(convolution(channels, 3, activation="none"), at="stem")]
    for stage in range(stages):
        if stage:
            parts.append(Series(nas_bench_201_reduction(channels * 2**stage), at=f"reduction{stage}"))
        parts += [Series(cell, at=f"stage{stage}.{copy}") for copy in range(cells)]
    return Space(
        "nas_bench_201",
        Series(*parts, pooled_head(normalization="batch", activation="relu")),
        NAS_BENCH_201,
        "one cell of 6 edges with 5 operations in three stages: the benchmark with published results",
    )


def nas_bench_201_small() -> Space:
    """The same cells in a skeleton of 8 channels and 1 cell a stage: what a CPU can train and trace in minutes.

    Methods that train all cells at once search here unless they are told where.

    Example:
        >>> nas_bench_201_small().size
        15625

    Reference:
        Dong and Yang, "NAS-Bench-201", ICLR 2020, arXiv 2001.00326.
    """
    whole = nas_bench_201(channels=8, cells=1)
    description = "the cells of nas_bench_201 in a skeleton of 8 channels and 1 cell a stage, for a CPU"
    return Space("nas_bench_201_small", whole.network, RECIPE_SMALL, description)


def cell_string(architecture: Mapping[str, Label]) -> str:
    """The cell as the benchmark writes it.

    Args:
        architecture: of the space.

    Example:
        >>> space = nas_bench_201()
        >>> cell_string(architecture_of("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|"))
        '|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|'
    """
    edges = [[f"{architecture[_path(source, node)]}~{source}" for source in range(node)] for node in _NODES]
    return "+".join(f"|{'|'.join(node)}|" for node in edges)


def architecture_of(cell: str) -> Architecture:
    """The architecture of a cell that is written as the benchmark does.

    Args:
        cell: `|op~0|+|op~0|op~1|+|op~0|op~1|op~2|`.

    Raises:
        InvalidArgument: for text of another form.
    """
    nodes = [node.strip("|").split("|") for node in cell.split("+")]
    if [len(node) for node in nodes] != list(_NODES) or any(edge.count("~") != 1 for node in nodes for edge in node):
        raise InvalidArgument(f"a cell of NAS-Bench-201 is '|op~0|+|op~0|op~1|+|op~0|op~1|op~2|'; got {cell!r}.")
    labels: dict[str, Label] = {}
    for node, edges in zip(_NODES, nodes, strict=True):
        for operation, source in (edge.split("~") for edge in edges):
            labels[_path(source, node)] = operation
    return Architecture(labels)


def _path(source: int | str, node: int) -> str:
    return f"cell/{node - 1}/{source}->{node}"
