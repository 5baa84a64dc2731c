"""Partial channels: what goes through options, what goes past them, and which spaces cannot be held so."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_nas.blocks.convolution import convolution
from keras_nas.errors import InvalidArgument, SpaceError
from keras_nas.space import Choice, Op, Series
from keras_nas.spaces import Space
from keras_nas.spaces.darts import darts
from keras_nas.spaces.nas_bench_201 import nas_bench_201
from keras_nas.supernet import AwakeOptimizer, Softmax, Supernet, subnet, supernet
from tests.supernet.small import SHAPE, images, stir
from tests.supernet.test_optimizer import OPTIMIZERS, stepper, values

STRIDED = {
    "conv": Op(keras.layers.DepthwiseConv2D, kernel_size=3, strides=2, padding="same"),
    "pool": Op(keras.layers.AveragePooling2D, pool_size=2, strides=2, padding="same"),
}


def space_of(options: dict[str, Any]) -> Space:
    return Space("one", Series(Op(keras.layers.Conv2D, filters=8, kernel_size=1), Choice("op", options)))


def shuffled(y: np.ndarray, share: int) -> np.ndarray:
    """Channels as the paper's `view`, `transpose`, `view` has them."""
    apart = y.reshape(*y.shape[:-1], share, y.shape[-1] // share)
    return apart.swapaxes(-1, -2).reshape(y.shape)


@pytest.fixture(scope="module")
def net() -> Supernet:
    net = supernet(space_of(STRIDED), SHAPE, Softmax(), partial=4)
    stir(net)
    return net


def test_a_part_goes_through_and_the_others_are_pooled(net: Supernet) -> None:
    first, conv, pool = net.held
    x, logits = images(), np.array([0.3, -0.2])
    net.gates.assign(logits)
    p = np.exp(logits) / np.exp(logits).sum()
    hidden = first(x)
    mixed = p[0] * np.asarray(conv(hidden[..., :2])) + p[1] * np.asarray(pool(hidden[..., :2]))
    others = np.asarray(keras.ops.max_pool(hidden[..., 2:], 2, 2, padding="same"))
    expected = shuffled(np.concatenate([mixed, others], axis=-1), 4)
    np.testing.assert_allclose(np.asarray(net(x)), expected, rtol=1e-5, atol=1e-6)
    assert conv.kernel.shape == (3, 3, 2, 1)


def test_all_channels_go_through_where_options_change_their_number() -> None:
    options = {"same": convolution(8, 3), "again": convolution(8, 1)}
    network = Series(*space_of(STRIDED).network.parts, Choice("second", options))
    net = supernet(Space("two", network), SHAPE, Softmax(), partial=4)
    assert len(net.parts.bypassed) == 1
    kernels = [layer.kernel.shape for layer in net.held if isinstance(layer, keras.layers.Conv2D)]
    assert (3, 3, 8, 8) in kernels
    assert net(images()).shape == (5, 3, 3, 8)


def test_options_within_options_hear_the_same_part() -> None:
    nested = {"deep": Series(Choice("inner", STRIDED)), "pool": STRIDED["pool"]}
    net = supernet(space_of(nested), SHAPE, Softmax(), partial=2)
    assert {layer.kernel.shape for layer in net.held if hasattr(layer, "depth_multiplier")} == {(3, 3, 4, 1)}


def test_a_space_of_which_nothing_can_go_past_is_refused() -> None:
    with pytest.raises(SpaceError, match="partial=4: no decision has options that keep the channels"):
        supernet(space_of({"a": convolution(8, 3), "b": convolution(8, 1)}), SHAPE, Softmax(), partial=4)


def test_no_network_leaves_with_weights(net: Supernet) -> None:
    with pytest.raises(InvalidArgument, match="kernels of partial channels alone"):
        subnet(net, {"op": "conv"})


@pytest.mark.parametrize("partial", [0, 2])
def test_impossible_shares_are_refused(partial: int) -> None:
    with pytest.raises(InvalidArgument, match=f"partial={partial}"):
        supernet(space_of(STRIDED), SHAPE, partial=partial, elastic=True)


@pytest.mark.parametrize("name", ["adamw", "ema"])
def test_what_sleeps_does_not_move(name: str) -> None:
    net = supernet(space_of(STRIDED), SHAPE, partial=4)
    optimizer = AwakeOptimizer(OPTIMIZERS[name], net)
    step = stepper(net, optimizer)
    net.select({"op": "conv"})
    step()
    net.select({"op": "pool"})
    before = values(net, optimizer, awake=False)
    step()
    for one, other in zip(before, values(net, optimizer, awake=False), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
@pytest.mark.parametrize("space", [nas_bench_201(8, 1, 2), darts(4, 3, 2, 1)], ids=lambda space: space.name)
def test_cells_need_less_memory(space: Space) -> None:
    """Counted: the numbers of all maps that a mixture computes."""
    whole, part = (supernet(space, (8, 8, 3), Softmax(), partial=partial) for partial in (1, 4))
    sizes = [sum(int(np.prod(layer.output.shape[1:])) for layer in net.held) for net in (whole, part)]
    assert sizes[1] < 0.5 * sizes[0]
    x = tf.random.normal((2, 8, 8, 3))
    assert part(x).shape == whole(x).shape
