"""One model for all networks: what it gives, what it traces, what it refuses."""

import re
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_nas.errors import InvalidArgument, SpaceError
from keras_nas.graph import Graph, Join
from keras_nas.nodes import Node
from keras_nas.space import Choice, Op, Range, Series
from keras_nas.spaces import Space
from keras_nas.supernet import Softmax, Supernet, subnet, supernet
from tests.supernet.small import SHAPE, SPACES, conv, difference, images, space_of, stir


@pytest.mark.parametrize("name", SPACES)
def test_every_network_is_the_one_that_the_space_builds(name: str) -> None:
    space = space_of(name)
    net = supernet(space, SHAPE)
    stir(net)
    x = images()
    for seed in range(3):
        assert difference(net, space.sample(seed), x) < 1e-5


@pytest.mark.parametrize("name", ["depth", "sources"])
def test_one_traced_function_serves_all_networks(name: str) -> None:
    space = space_of(name)
    net = supernet(space, SHAPE)
    stir(net)
    call = tf.function(lambda x: net(x, training=False))
    x = tf.constant(images())
    for architecture in list(space.enumerate())[::7]:
        assert difference(net, architecture, x, call) < 1e-5
    assert call.experimental_get_tracing_count() == 1


def test_each_option_is_there_once() -> None:
    net = supernet(space_of("depth"), SHAPE)
    assert len([layer for layer in net.held if isinstance(layer, layers.Conv2D)]) == 1 + 3 * 2


def test_branches_name_the_answers_that_lead_to_them() -> None:
    branches = supernet(space_of("nested"), SHAPE).branches()
    assert (("a", frozenset({"two"})), ("a/two/b", frozenset({"x"}))) in branches
    assert all(() != branch for branch in branches)


def test_awake_are_the_chosen_branches() -> None:
    space = space_of("nested")
    net = supernet(space, SHAPE)
    net.select({"a": "two", "a/two/b": "y"})
    awake = {branch for branch in net.branches() if bool(net.awake(branch))}
    assert {branch[-1] for branch in awake} == {("a", frozenset({"two"})), ("a/two/b", frozenset({"y"}))}


def test_softmax_weighs_all_options() -> None:
    space = space_of("options")
    net = supernet(space, SHAPE, Softmax())
    net.gates.assign([0.0, 1.0, 2.0])
    x = images()
    shares = np.exp([0.0, 1.0, 2.0]) / np.exp([0.0, 1.0, 2.0]).sum()
    alone = [np.asarray(subnet(net, {"op": label})(x)) for label in ("conv", "pool", "skip")]
    expected = sum(share * y for share, y in zip(shares, alone, strict=True))
    np.testing.assert_allclose(np.asarray(net(x)), expected, rtol=1e-4, atol=1e-5)


def test_softmax_over_depths_mixes_the_taps_of_one_chain() -> None:
    space = space_of("depth")
    net = supernet(space, SHAPE, Softmax(), fixed={f"more/{copy}/kernel": 3 for copy in range(3)})
    net.gates.assign([0.5, 1.0, 2.0])
    x = images()
    shares = np.exp([0.5, 1.0, 2.0]) / np.exp([0.5, 1.0, 2.0]).sum()
    alone = [np.asarray(subnet(net, {"more/depth": depth})(x)) for depth in (0, 1, 3)]
    expected = sum(share * y for share, y in zip(shares, alone, strict=True))
    np.testing.assert_allclose(np.asarray(net(x)), expected, rtol=1e-4, atol=1e-5)


def test_a_choice_of_one_is_no_choice() -> None:
    space = Space("one", Series(Choice("op", {"conv": conv()}), Choice("kernel", {"wide": conv(5), "skip": Series()})))
    net = supernet(space, SHAPE)
    assert net.skips() == {("kernel", "skip")}
    assert len(net.branches()) == 2


def test_fixed_decisions_are_not_held() -> None:
    space = space_of("nested")
    net = supernet(space, SHAPE, fixed={"a": "two"})
    assert [decision.path for decision in net.decisions] == ["a/two/b"]
    assert difference(net, {"a": "two", "a/two/b": "x"}, images()) < 1e-5
    with pytest.raises(InvalidArgument, match=re.escape("{'a': 'one'} differ from what this supernet holds")):
        net.select({"a": "one"})


def test_a_fixed_label_has_to_be_one() -> None:
    with pytest.raises(InvalidArgument, match=re.escape("fixed={'a': 'three'}: expected one of ['one', 'two']")):
        supernet(space_of("nested"), SHAPE, fixed={"a": "three"})


def test_an_incomplete_architecture_is_refused() -> None:
    net = supernet(space_of("nested"), SHAPE)
    with pytest.raises(InvalidArgument, match="'a/two/b' needs one of"):
        net.select({"a": "two"})


def silent_then_conv() -> Node:
    return Series(Choice("edge", {"no": None, "yes": conv()}), conv())


REFUSED: dict[str, tuple[Node, str]] = {
    "shape": (
        Op(layers.Conv2D, filters=Choice("width", [4, 8]), kernel_size=3),
        "'width' changes the shape: 4 gives (4, 4, 4), 8 gives (4, 4, 8); a supernet holds options of one shape. "
        "Fix it, `fixed={'width': ...}`, or leave it out of the space.",
    ),
    "range": (
        Op(layers.Dropout, rate=Range("rate", 0.0, 0.5)),
        "'rate' is a range of numbers, which no supernet holds",
    ),
    "loose": (
        Graph(
            "cell", [Join([Choice("from", [0])], [conv()]), Join([Choice("from", [0, 1])], [conv()])], output="loose"
        ),
        "decides which nodes of the graph 'cell' are loose ends",
    ),
    "silence": (silent_then_conv(), "an option of 'edge' gives no signal, which Conv2D at '' would take for zeros"),
    "concat": (
        Graph("cell", [Join([0, 0], [Choice("op", {"no": None, "yes": conv()}), conv()], "concat")]),
        "an option of 'cell/0/op' gives no signal, which Concatenate at",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_cannot_be_held_is_refused_by_path(name: str) -> None:
    node, words = REFUSED[name]
    with pytest.raises(SpaceError, match=re.escape(words)):
        supernet(Space(name, node), SHAPE)


def test_gradients_reach_the_chosen_branch_alone() -> None:
    net = supernet(space_of("nested"), SHAPE)
    net.select({"a": "two", "a/two/b": "x"})
    x = images()

    @tf.function
    def gradients() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(net(x, training=True) ** 2)
        return tape.gradient(loss, [weight.value for weight in net.trainable_weights])

    moved = {id(w) for w, g in zip(net.trainable_weights, gradients(), strict=True) if np.abs(g).max() > 0}
    awake = {
        id(weight)
        for branch, held in net.branches().items()
        if bool(net.awake(branch))
        for layer in held
        for weight in layer.trainable_weights
    }
    assert moved == awake


def test_a_supernet_keeps_its_weights_in_a_file(tmp_path: Any) -> None:
    first, second = (supernet(space_of("cell"), SHAPE) for _ in range(2))
    stir(first)
    first.save_weights(tmp_path / "a.weights.h5")
    second.load_weights(tmp_path / "a.weights.h5")
    assert isinstance(first, Supernet) and isinstance(first, keras.Model)
    for one, other in zip(first.weights, second.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())
