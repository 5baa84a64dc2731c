"""Small spaces, one for each way in which a decision can be met."""

from typing import Any

import numpy as np
from keras import layers

from keras_nas.blocks.cell import nas_bench_201_cell
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.blocks.inverted_residual import inverted_residual
from keras_nas.blocks.skip import residual
from keras_nas.graph import Graph, Join
from keras_nas.nodes import Node
from keras_nas.space import Channels, Choice, Given, Op, Range, Repeat, Series
from keras_nas.spaces import Space
from keras_nas.supernet import Supernet, subnet

SHAPE = (6, 6, 3)


def conv(kernel: Any = 3, **more: Any) -> Op:
    """A convolution of 4 channels that keeps the map's size."""
    return Op(layers.Conv2D, filters=4, kernel_size=kernel, padding="same", **more)


def sources() -> Node:
    """A cell of two inputs, each node with chosen sources and operations; inputs are strided."""
    strided = {
        "conv": conv(strides=Given("stride", 1)),
        "pool": Op(layers.MaxPooling2D, strides=Given("stride", 1), pool_size=1, padding="same"),
    }
    pairs = Choice("inputs", {"0,1": (0, 1), "0,2": (0, 2), "1,2": (1, 2)})
    joins = [
        Join([Choice("left", [0, 1]), 1], [Choice("first", strided), conv(strides=Given("stride", 1))]),
        Join(pairs, [Choice("first", strided), Choice("second", strided)]),
    ]
    twice = Op(lambda net, x: [x, x])
    return Series(conv(), twice, Graph("cell", joins, inputs=2, output="all", stride=2))


SPACES: dict[str, Node] = {
    "options": Series(
        conv(),
        Choice(
            "op",
            {"conv": conv(), "pool": Op(layers.MaxPooling2D, pool_size=3, strides=1, padding="same"), "skip": Series()},
        ),
    ),
    "arguments": Series(conv(kernel=Choice("kernel", [1, 3]), activation=Choice("activation", ["relu", "gelu"]))),
    "depth": Series(conv(), Repeat("more", conv(kernel=Choice("kernel", [1, 3])), [0, 1, 3])),
    "tied": Series(conv(), Repeat("more", residual(conv(kernel=Choice("kernel", [1, 3]))), [1, 2], tied=True)),
    "nested": Choice("a", {"one": conv(), "two": Series(conv(), Choice("b", {"x": conv(1), "y": conv(5)}))}),
    "cell": Series(convolution(4), nas_bench_201_cell(nodes=3), nas_bench_201_cell("second", nodes=2)),
    "absent": Series(conv(), nas_bench_201_cell(operations={"none": None, "conv": conv(), "skip": Series()}, nodes=3)),
    "sources": sources(),
}
"""Nodes for images of `SHAPE`."""

WIDTH, KERNEL = Choice("width", [4, 6, 8]), Choice("kernel", [1, 3, 5])
ELASTIC: dict[str, Node] = {
    "tiny": Series(
        Op(layers.Conv2D, filters=Choice("width", [2, 4]), kernel_size=Choice("kernel", [1, 3]), padding="same"),
        pooled_head(),
        Op(layers.Dense, units=2),
    ),
    "width": Series(
        convolution(WIDTH, activation="hard_swish"),
        convolution(Choice("next", {"few": 3, "many": 5}), kind="separable"),
        pooled_head(),
        Op(layers.Dense, units=Range("units", 2, 6, step=2), activation="sigmoid"),
    ),
    "kernel": Series(
        convolution(4, KERNEL),
        convolution(4, Choice("side", [3, 5, 7]), stride=2),
        convolution(4, KERNEL, kind="depthwise"),
    ),
    "inverted": inverted_residual(
        WIDTH, Choice("kernel", [3, 5]), expansion=Choice("expansion", [2, 4]), squeeze=Choice("squeeze", [0, 2])
    ),
    "depths": Series(
        convolution(WIDTH),
        Repeat("more", inverted_residual(Channels(), expansion=Choice("expansion", [1, 3])), [0, 1, 2]),
    ),
    "residual": Series(
        convolution(WIDTH), residual(convolution(Choice("next", [4, 8]), activation="none")), pooled_head()
    ),
    "apart": Series(
        convolution(WIDTH, normalization="layer"),
        convolution(4, kind="grouped", groups=2),
        Choice("op", {"narrow": convolution(2), "wide": convolution(Choice("out", [3, 5])), "skip": Series()}),
        pooled_head(pooling="flatten"),
        Op(layers.Dense, units=3),
    ),
}
"""Nodes whose decisions change sizes, for images of `SHAPE`."""


def space_of(name: str) -> Space:
    """A space of that name."""
    return Space(name, {**SPACES, **ELASTIC}[name])


def images(rows: int = 5, seed: int = 0) -> np.ndarray:
    """Random rows."""
    return np.random.default_rng(seed).normal(size=(rows, *SHAPE)).astype("float32")


def stir(net: Supernet) -> None:
    """Give all weights and statistics values of their own, so that nothing agrees by chance."""
    rng = np.random.default_rng(1)
    for weight in net.weights:
        if weight is not net.gates:
            weight.assign(
                rng.uniform(0.2, 0.8, weight.shape) * rng.choice([-1, 1] if "moving" not in weight.name else [1])
            )


def difference(net: Supernet, architecture: Any, x: np.ndarray, call: Any = None) -> float:
    """Largest difference between a supernet and the network taken out of it, relative to the output's size."""
    net.select(architecture)
    shared, alone = np.asarray((call or net)(x)), np.asarray(subnet(net, architecture)(x))
    beyond = shared[..., alone.shape[-1] :]
    assert not beyond.any(), "channels that do not count are zero"
    return float(np.abs(shared[..., : alone.shape[-1]] - alone).max() / max(1.0, np.abs(alone).max()))
