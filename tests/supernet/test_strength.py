"""The strength of what each answer adds, and supernets of elastic sizes whose answers have gradients."""

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from keras_nas.supernet import AwakeOptimizer, Superkernel, Supernet, subnet, supernet
from keras_nas.supernet.strength import START, beside, margins_of
from tests.supernet.small import SHAPE, images, space_of, stir
from tests.supernet.test_optimizer import OPTIMIZERS, parts_of, stepper

KERNEL_OF_THREE = {"width": 4, "kernel": 3}


@pytest.fixture(scope="module")
def net() -> Supernet:
    net = supernet(space_of("tiny"), SHAPE, Superkernel(), elastic=True)
    stir(net)
    return net


def margins(net: Supernet, **labels: Any) -> np.ndarray:
    """Values that settle these answers."""
    own = [[2.0 if label <= labels[d.path] else -2.0 for label in d.domain.labels()] for d in net.decisions]
    return np.concatenate(own)


@pytest.mark.parametrize("labels", [KERNEL_OF_THREE, {"width": 2, "kernel": 3}, {"width": 4, "kernel": 1}])
def test_margins_settle_a_network(net: Supernet, labels: dict[str, Any]) -> None:
    net.gates.assign(margins(net, **labels))
    np.testing.assert_allclose(np.asarray(net(images())), np.asarray(subnet(net, labels)(images())), atol=1e-5)


def test_the_gradient_is_that_of_masks_between_two_sizes(net: Supernet) -> None:
    """What the outer ring of a kernel is worth, by the sigmoid that says whether it counts."""
    x, place = images(), net.encoder.columns("kernel").start + 1
    for above in (2.0, -0.5):
        values = margins(net, **KERNEL_OF_THREE)
        values[place] = above
        net.gates.assign(values)
        with tf.GradientTape() as tape:
            tape.watch(net.gates.value)
            loss = tf.reduce_sum(net(x) ** 2)
        slope = float(tape.gradient(loss, net.gates.value)[place])
        p = 1 / (1 + np.exp(-above))
        assert slope == pytest.approx(p * (1 - p) * ring_slope(net, x, float(above > 0)), rel=2e-2)


def ring_slope(net: Supernet, x: np.ndarray, at: float, step: float = 1e-2) -> float:
    """By how much the loss grows with the share `at` of the ring, by a difference."""
    conv = net.held[0]
    whole = conv.kernel.numpy()
    inner = np.zeros_like(whole)
    inner[1, 1] = whole[1, 1]
    ends = []
    net.gates.assign(margins(net, **KERNEL_OF_THREE))
    for share in (at + step, at - step):
        conv.kernel.assign(inner + share * (whole - inner))
        ends.append(float(tf.reduce_sum(net(x) ** 2)))
    conv.kernel.assign(whole)
    return (ends[0] - ends[1]) / (2 * step)


def test_strength_is_the_mean_square_beside_what_is_there(net: Supernet) -> None:
    conv, dense = (layer.kernel.numpy() for layer in net.held if hasattr(layer, "kernel"))
    found = margins_of(net)() - START
    own = found[net.encoder.columns("kernel")]
    centre = [np.square(conv[1, 1, :, :width]) for width in (2, 4)]  # the mean over both widths
    ring = [np.square(conv[:, :, :, :width]).sum() - part.sum() for width, part in zip((2, 4), centre, strict=True)]
    there = sum(part.sum() for part in centre) / sum(part.size for part in centre)
    assert own[0] == 0.0
    assert own[1] == pytest.approx(np.log(sum(ring) / (8 * 3 * 2 + 8 * 3 * 4) / there), rel=1e-4)
    assert found[net.encoder.columns("width")][1] != 0.0
    assert dense.shape == (4, 2)


def test_stronger_weights_have_larger_margins(net: Supernet) -> None:
    conv, of = net.held[0], margins_of(net)
    before, whole = of(), conv.kernel.numpy()
    ring = np.ones_like(whole)
    ring[1, 1] = 0.0
    conv.kernel.assign(whole * (1 + ring))
    after = of()
    conv.kernel.assign(whole)
    place = net.encoder.columns("kernel").start + 1
    assert after[place] - before[place] == pytest.approx(np.log(4), rel=1e-4)


def test_what_adds_no_weights_has_no_strength() -> None:
    np.testing.assert_allclose(beside(np.array([0.0, 3.0, 3.0]), np.array([0.0, 1.0, 1.0])), np.zeros(3))


@pytest.mark.parametrize("name", ["adamw", "ema"])
def test_what_sleeps_of_a_layer_does_not_move(name: str) -> None:
    net = supernet(space_of("tiny"), SHAPE, Superkernel(), elastic=True)
    optimizer = AwakeOptimizer(OPTIMIZERS[name], net)
    step = stepper(net, optimizer)
    net.gates.assign(margins(net, **KERNEL_OF_THREE))
    step()
    net.gates.assign(margins(net, width=2, kernel=1))
    sleeping, moving = parts_of(net, optimizer, awake=False), parts_of(net, optimizer, awake=True)
    step()
    for one, other in zip(sleeping, parts_of(net, optimizer, awake=False), strict=True):
        np.testing.assert_array_equal(one, other)
    assert any((a != b).any() for a, b in zip(moving, parts_of(net, optimizer, awake=True), strict=True))
