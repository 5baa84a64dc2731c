"""Conformance: no optimizer moves what sleeps, and none remembers what it should not."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_nas.errors import InvalidArgument
from keras_nas.supernet import AwakeOptimizer, Supernet, supernet
from tests.supernet.small import SHAPE, images, space_of

OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "sgd": lambda: keras.optimizers.SGD(0.01, momentum=0.9, nesterov=True, weight_decay=0.1),
    "adam": lambda: keras.optimizers.Adam(0.01),
    "adamw": lambda: keras.optimizers.AdamW(0.01, weight_decay=0.1),
    "rmsprop": lambda: keras.optimizers.RMSprop(0.01, momentum=0.9, centered=True),
    "lion": lambda: keras.optimizers.Lion(0.01, weight_decay=0.1),
    "ema": lambda: keras.optimizers.SGD(0.01, use_ema=True, ema_overwrite_frequency=2),
    "clipped": lambda: keras.optimizers.Nadam(0.01, clipnorm=1.0),
}
FIRST = {"a": "one"}
SECOND = {"a": "two", "a/two/b": "x"}


@pytest.fixture(scope="module")
def net() -> Supernet:
    return supernet(space_of("nested"), SHAPE)


def stepper(net: Supernet, optimizer: Any) -> Callable[[], Any]:
    """One traced training step on the network that is selected."""
    x = images()
    optimizer.build(net.trainable_weights)

    @tf.function(autograph=False)
    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum((net(x, training=True) - 1.0) ** 2)
        optimizer.apply(tape.gradient(loss, net.trainable_weights), net.trainable_weights)
        return loss

    return step


def values(net: Supernet, optimizer: Any, awake: bool) -> list[np.ndarray]:
    """Weights and optimizer state of the branches that are awake, or of those that sleep."""
    found = []
    for group in optimizer.groups.members:
        if bool(net.awake(group.branch)) == awake:
            found += [value.numpy().copy() for value in (*group.variables, *group.optimizer.variables)]
    return found


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_sleeps_does_not_move(net: Supernet, name: str) -> None:
    optimizer = AwakeOptimizer(OPTIMIZERS[name], net)
    step = stepper(net, optimizer)
    net.select(FIRST)
    step()
    step()
    net.select(SECOND)
    before, moving = values(net, optimizer, awake=False), values(net, optimizer, awake=True)
    step()
    step()
    for one, other in zip(before, values(net, optimizer, awake=False), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any((one != other).any() for one, other in zip(moving, values(net, optimizer, awake=True), strict=True))
    assert step.experimental_get_tracing_count() == 1  # type: ignore[attr-defined]


def test_a_branch_is_trained_as_if_it_were_alone(net: Supernet) -> None:
    weights, ends = net.get_weights(), []
    for order in ([FIRST, FIRST, FIRST], [FIRST, SECOND, FIRST, SECOND, FIRST]):
        net.set_weights(weights)
        optimizer = AwakeOptimizer(OPTIMIZERS["adam"], net)
        step = stepper(net, optimizer)
        for architecture in order:
            net.select(architecture)
            step()
        net.select(FIRST)
        ends.append(values(net, optimizer, awake=True))
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def parts_of(net: Supernet, optimizer: Any, awake: bool) -> list[np.ndarray]:
    """What counts of elastic weights and of what the optimizer remembers of them, or what sleeps."""
    found = []
    for group in optimizer.groups.members:
        for variable, followers in group.slices:
            counts = np.asarray(net.counts(variable)) > 0
            found += [own.numpy()[counts == awake] for own in followers]
    return found


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_sleeps_of_a_layer_does_not_move(name: str) -> None:
    net = supernet(space_of("tiny"), SHAPE, elastic=True)
    optimizer = AwakeOptimizer(OPTIMIZERS[name], net)
    step = stepper(net, optimizer)
    net.select({"width": 4, "kernel": 3})
    step()
    step()
    net.select({"width": 2, "kernel": 1})
    sleeping, moving = parts_of(net, optimizer, awake=False), parts_of(net, optimizer, awake=True)
    step()
    step()
    assert sum(own.size for own in sleeping) > 100  # 4 of 108 numbers of the kernel count, and 2 of 4 of the bias
    for one, other in zip(sleeping, parts_of(net, optimizer, awake=False), strict=True):
        np.testing.assert_array_equal(one, other)
    changed = [(one != other).any() for one, other in zip(moving, parts_of(net, optimizer, awake=True), strict=True)]
    assert all(changed)
    assert step.experimental_get_tracing_count() == 1  # type: ignore[attr-defined]


def test_all_that_an_optimizer_remembers_of_a_layer_is_known() -> None:
    net = supernet(space_of("tiny"), SHAPE, elastic=True)
    optimizer = AwakeOptimizer(OPTIMIZERS["adam"], net)
    optimizer.build(net.trainable_weights)
    slices = [pair for group in optimizer.groups.members for pair in group.slices]
    assert [len(followers) for _, followers in slices] == [3, 3, 3]  # itself, and two moments
    assert all(own.shape == variable.shape for variable, followers in slices for own in followers)


def test_the_learning_rate_reaches_all_branches(net: Supernet) -> None:
    optimizer = AwakeOptimizer(OPTIMIZERS["sgd"], net)
    optimizer.build(net.trainable_weights)
    net.select(FIRST)
    before = net.get_weights()
    optimizer.learning_rate = 0.0
    stepper(net, optimizer)()
    for one, other in zip(before, net.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_variables_have_to_be_named(net: Supernet) -> None:
    with pytest.raises(InvalidArgument, match="got no variables"):
        AwakeOptimizer(OPTIMIZERS["sgd"], net).apply([])
