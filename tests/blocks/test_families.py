"""Families of blocks have the parameters of the published networks that are made of them, and refuse what is wrong."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas import blocks
from keras_nas.blocks.attention import _over_channels
from keras_nas.errors import InvalidArgument
from keras_nas.net import KerasNet
from keras_nas.nodes import Node, Walk, list_decisions
from keras_nas.objectives.cost import CostNet
from keras_nas.space import Op, Series


def params(*parts: Node, shape: tuple[int, int, int] = (224, 224, 3)) -> int:
    net = CostNet()
    return net.cost(Series(*parts).apply(Walk({}, net), net.input(shape))).params


def shape_of(part: Node, shape: tuple[int, ...], architecture: Any = None) -> tuple[int, ...]:
    net = CostNet()
    found: tuple[int, ...] = net.shape(part.apply(Walk(architecture or {}, net), net.input(shape)))
    return found


def test_inverted_residuals_make_mobilenet_v2() -> None:
    table = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]
    stages = [
        blocks.inverted_residual(filters, expansion=expansion, stride=stride if copy == 0 else 1)
        for expansion, filters, copies, stride in table
        for copy in range(copies)
    ]
    stem = blocks.convolution(32, stride=2, activation="relu6")
    assert params(stem, *stages, blocks.convolution(1280, 1, activation="relu6")) == 2_257_984


def test_convnext_blocks_make_convnext_tiny() -> None:
    parts: list[Node] = [blocks.patches(96, 4, normalization="none"), Op(layers.LayerNormalization)]
    for stage, copies in enumerate((3, 3, 9, 3)):
        parts += [blocks.patches(96 * 2**stage)] if stage else []
        parts += [blocks.convnext() for _ in range(copies)]
    assert params(*parts, blocks.pooled_head(normalization="layer"), Op(layers.Dense, units=1000)) == 28_589_128


def test_residual_blocks_make_resnet_20() -> None:
    """The CIFAR network of He et al. has 0.27 million parameters; projections instead of padding add 2,752."""
    parts: list[Node] = [blocks.convolution(16)]
    for width in (16, 32, 64):
        for copy in range(3):
            stride = 2 if width > 16 and copy == 0 else 1
            inner = Series(blocks.convolution(width, stride=stride), blocks.convolution(width, activation="none"))
            parts.append(blocks.residual(inner))
    net = CostNet()
    network = Series(*parts, blocks.pooled_head(), Op(layers.Dense, units=10))
    output = network.apply(Walk({}, net), net.input((32, 32, 3)))
    assert net.cost(output).trainable_params == 269_722 + 16 * 32 + 2 * 32 + 32 * 64 + 2 * 64


def test_shortcuts_follow_the_branch_on_both_axes() -> None:
    inner = Op(layers.MaxPooling2D, pool_size=1, strides=(1, 2), padding="same")
    assert shape_of(blocks.residual(inner), (7, 9, 4)) == (7, 5, 4)
    assert shape_of(blocks.dense_skip(blocks.convolution(6, stride=2)), (7, 9, 4)) == (4, 5, 10)


def test_an_identity_branch_doubles_through_a_residual() -> None:
    model = blocks.residual(Series(), activation="none").layer((2, 2, 1))
    np.testing.assert_array_equal(np.asarray(model(np.ones((1, 2, 2, 1)))), np.full((1, 2, 2, 1), 2.0))


def test_searched_skips_decide_every_earlier_output_but_the_last() -> None:
    same = Series()
    node = blocks.searched_skips("skips", [same, same, same])
    assert [decision.path for decision in list_decisions(node)] == [
        "skips/2/from0",
        "skips/4/from0",
        "skips/4/from1",
    ]
    none = {"skips/2/from0": False, "skips/4/from0": False, "skips/4/from1": False}
    assert shape_of(node, (4, 4, 3), none) == (4, 4, 3)
    assert shape_of(node, (4, 4, 3), {**none, "skips/4/from0": True}) == (4, 4, 6)
    assert shape_of(node, (4, 4, 3), dict.fromkeys(none, True)) == (4, 4, 3 + 3 + 6)


def test_cbam_pools_each_pixel_over_its_channels() -> None:
    rows = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype("float32")
    x = keras.Input((3, 4, 5))
    for pool, reduce in ((layers.MaxPooling2D, np.max), (layers.AveragePooling2D, np.mean)):
        found = np.asarray(keras.Model(x, _over_channels(KerasNet(), x, pool))(rows))
        np.testing.assert_allclose(found, reduce(rows, axis=-1, keepdims=True), rtol=1e-5)


def test_positions_are_what_makes_attention_see_places() -> None:
    """Without them the output of a shuffled map is the shuffled output; with them it is not."""
    rows = np.random.default_rng(0).standard_normal((1, 4, 4, 6)).astype("float32")
    turned = rows[:, ::-1, ::-1]
    for positions, same in (("none", True), ("convolution", False)):
        model = blocks.self_attention(heads=2, positions=positions).layer((4, 4, 6))
        outputs = np.asarray(model(rows))[:, ::-1, ::-1]
        assert np.allclose(np.asarray(model(turned)), outputs, atol=1e-5) is same


def test_gelu_is_close_to_the_exact_one() -> None:
    x = np.linspace(-6, 6, 49, dtype="float32")[:, None]
    model = blocks.plain(Series(), activation="gelu").layer((1,))
    exact = np.asarray(keras.activations.gelu(x, approximate=False))
    assert np.abs(np.asarray(model(x)) - exact).max() < 0.021


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (blocks.convolution(4, kind="deptwise"), "Unknown kind of convolution 'deptwise'.*Did you mean 'depthwise'"),
        (blocks.convolution(4, normalization="bach"), "Unknown normalization 'bach'.*Did you mean 'batch'"),
        (blocks.pooling("mx"), "Unknown kind of pooling 'mx': expected one of 'max'"),
        (blocks.pooled_head(pooling="mean"), "Unknown pooling 'mean': expected one of 'average', 'max'"),
        (blocks.self_attention(positions="sine"), "Unknown kind of positions 'sine': expected one of 'convolution'"),
        (blocks.identity(stride=2, reduction="pool"), "Unknown kind of reduction 'pool': expected one of 'factorized'"),
    ],
)
def test_unknown_kinds_are_refused(part: Node, text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        part.layer((8, 8, 4))


def test_an_unknown_block_lists_the_known_ones() -> None:
    with pytest.raises(AttributeError, match="no attribute 'convolutoin'; the blocks are .*'convolution'"):
        _ = blocks.convolutoin


def test_blocks_stay_in_front_of_modules_of_their_name() -> None:
    from keras_nas.blocks.convolution import convolution

    assert blocks.convolution is convolution
    assert set(blocks.__all__) <= set(dir(blocks))
