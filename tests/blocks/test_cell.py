"""Cells have the published parameters, sizes and outputs."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers
from keras.src.applications import nasnet as reference

from keras_nas import blocks
from keras_nas.architecture import Architecture
from keras_nas.net import KerasNet
from keras_nas.nodes import Node, Walk, list_decisions
from keras_nas.objectives.cost import CostNet
from keras_nas.space import Series
from keras_nas.spaces.darts import DARTS_V2, darts
from keras_nas.spaces.darts import architecture_of as darts_architecture
from keras_nas.spaces.nasnet import NASNET_A
from keras_nas.spaces.nasnet import architecture_of as nasnet_architecture

PDARTS = (
    (
        *(("skip_connect", 0), ("dil_conv_3x3", 1), ("skip_connect", 0), ("sep_conv_3x3", 1)),
        *(("sep_conv_3x3", 1), ("sep_conv_3x3", 3), ("sep_conv_3x3", 0), ("dil_conv_5x5", 4)),
    ),
    (
        *(("avg_pool_3x3", 0), ("sep_conv_5x5", 1), ("sep_conv_3x3", 0), ("dil_conv_5x5", 2)),
        *(("max_pool_3x3", 0), ("dil_conv_3x3", 1), ("dil_conv_3x3", 1), ("dil_conv_5x5", 3)),
    ),
)


def output(node: Node, architecture: Any, shape: tuple[int, ...]) -> tuple[tuple[int, ...], Any]:
    """The shape and the cost of a node's output."""
    net = CostNet()
    y = node.apply(Walk(architecture, net), net.input(shape))
    return net.shape(y), net.cost(y)


@pytest.mark.parametrize(("cells", "trainable"), [(DARTS_V2, 3_349_342), (PDARTS, 3_433_798)])
def test_published_cells_of_the_darts_space_have_their_parameters(cells: Any, trainable: int) -> None:
    """36 channels, 20 cells, 10 classes, without the auxiliary head."""
    net = CostNet()
    features = darts(36, 20).features(darts_architecture(*cells), net, net.input((32, 32, 3)))
    assert net.cost(net(layers.Dense, features, units=10)).trainable_params == trainable


@pytest.mark.parametrize("name", ["normal", "reduction"])
def test_the_cells_of_nasnet_a_have_the_parameters_of_keras_applications(name: str) -> None:
    older, newer = keras.Input((8, 8, 24)), keras.Input((8, 8, 24))
    make = reference._normal_a_cell if name == "normal" else reference._reduction_a_cell
    expected = keras.Model([older, newer], make(newer, older, 6, block_id="1")[0])
    cell = blocks.nasnet_cell(name, stride=1 if name == "normal" else 2)
    net = CostNet()
    step = Series(blocks.cell_step(cell, 6, keep=True), blocks.last_cell())
    x = [net.input((8, 8, 24)), net.input((8, 8, 24))]
    y = step.apply(Walk(nasnet_architecture(*NASNET_A), net), x)
    assert net.cost(y).params == expected.count_params()
    assert net.shape(y)[:2] == expected.output.shape[1:3]


def test_a_cell_of_the_benchmark_computes_what_its_formula_says() -> None:
    """Node 1 pools the input, node 2 adds the input and node 1, node 3 adds nodes 1 and 2."""
    labels = ["avg_pool_3x3", "skip_connect", "skip_connect", "none", "skip_connect", "skip_connect"]
    cell = blocks.nas_bench_201_cell()
    paths = [decision.path for decision in list_decisions(cell)]
    assert paths == ["cell/0/0->1", "cell/1/0->2", "cell/1/1->2", "cell/2/0->3", "cell/2/1->3", "cell/2/2->3"]
    x = keras.Input((5, 5, 2))
    walk = Walk(Architecture(dict(zip(paths, labels, strict=True))), KerasNet(None, ""))
    model = keras.Model(x, cell.apply(walk, x))
    rows = np.random.default_rng(0).standard_normal((1, 5, 5, 2)).astype("float32")
    pooled = np.asarray(layers.AveragePooling2D(3, 1, padding="same")(rows))
    np.testing.assert_allclose(np.asarray(model(rows)), rows + 2 * pooled, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    ("cell", "size"),
    [
        (blocks.nas_bench_201_cell(), 5**6),
        (blocks.nas_bench_201_cell(nodes=3), 5**3),
        (blocks.darts_cell("normal"), 1 * 3 * 6 * 10 * 7**8),
        (blocks.nasnet_cell("normal"), (2 * 3 * 4 * 5 * 6) ** 2 * 13**10),
        (blocks.nasnet_cell("normal", nodes=1), 2 * 2 * 13 * 13),
        (blocks.hierarchical_cell(), (6**6) ** 6 * 7**10),
        (blocks.hierarchical_cell(nodes=(3, 3, 3), motifs=2), (6**3) ** 2 * (3**3) ** 2 * 3**3),
    ],
)
def test_sizes_are_what_the_formula_says(cell: Node, size: int) -> None:
    assert list_decisions(cell).size == size


def test_motifs_are_decided_once_and_built_wherever_they_are_used() -> None:
    cell = blocks.hierarchical_cell(nodes=(2, 3), motifs=1)
    decisions = list_decisions(cell)
    assert [decision.path for decision in decisions] == [
        "cell/0/0->1",
        "cell.1.1/motif/0/0->1",
        "cell/1/0->2",
        "cell/1/1->2",
    ]
    architecture = {path: "motif1" for path in ("cell/0/0->1", "cell/1/0->2", "cell/1/1->2")}
    shape, cost = output(cell, {**architecture, "cell.1.1/motif/0/0->1": "conv_1x1"}, (4, 4, 3))
    assert shape == (4, 4, 3)
    assert cost.trainable_params == 3 * (3 * 3 + 2 * 3)


def test_filters_double_at_the_reductions_of_a_row() -> None:
    normal, reduction = blocks.darts_cell("normal", nodes=1), blocks.darts_cell("reduction", nodes=1, stride=2)
    row = Series(blocks.row_of_cells(normal, reduction, 4, cells=5, reductions=(1, 3)), blocks.last_cell())
    architecture = list_decisions(row).walk(lambda decision: decision.domain.labels()[0])
    assert output(row, architecture, (9, 14, 3))[0] == (3, 4, 16)


@pytest.mark.parametrize(("side", "half"), [(8, 4), (7, 4), (1, 1)])
def test_reductions_of_odd_and_tiny_maps_agree(side: int, half: int) -> None:
    parts = [
        blocks.factorized_reduction(5),
        blocks.crossed_convolution(7, stride=2),
        blocks.separable_twice(3, stride=2),
        blocks.dilated_separable(5, stride=2),
        blocks.identity(stride=2),
        blocks.identity(stride=2, reduction="convolution"),
        blocks.zero(stride=2),
        blocks.pooling("max", 3, stride=2),
    ]
    assert {output(part, {}, (side, side, 5))[0] for part in parts} == {(half, half, 5)}


def test_the_shifted_half_of_a_factorized_reduction_sees_the_other_pixels() -> None:
    model = blocks.factorized_reduction(2, normalization="none").layer((4, 4, 1))
    for layer in model.layers:
        if isinstance(layer, layers.Conv2D):
            layer.set_weights([np.ones_like(w) if w.ndim > 1 else np.zeros_like(w) for w in layer.get_weights()])
    rows = np.arange(1.0, 17.0, dtype="float32").reshape(1, 4, 4, 1)
    found = np.asarray(model(rows))[0]
    np.testing.assert_array_equal(found[..., 0], rows[0, ::2, ::2, 0])
    np.testing.assert_array_equal(found[..., 1], rows[0, 1::2, 1::2, 0])
