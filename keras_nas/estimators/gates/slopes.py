"""Gradients of the loss at the gates, of first and of second order, and how sharply they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import tensorflow as tf

from keras_nas.estimators.trainer import Trainer
from keras_nas.supernet import Supernet

STEP = 0.01
"""Length of the step along the weights' gradient over which the second order takes a difference."""

PRODUCTS, NUDGE = 8, 0.05
"""Products of the Hessian with a direction, and the length of the step over which each is a difference of gradients."""

Slope = Callable[..., Any]
NOTHING = tf.UnconnectedGradients.ZERO


def first_order(trainer: Trainer) -> Slope:
    """`slope(judging)`: the gradient at the gates of the loss on a batch, with the weights as they are."""

    def slope(judging: Any) -> Any:
        return _at_gates(trainer, judging)

    traced: Slope = tf.function(slope, autograph=False)
    return traced


def second_order(trainer: Trainer) -> Slope:
    """`slope(judging, learning)`: the same with the weights after one step of gradient descent on `learning`.

    The step's own dependence on the gates is taken by a difference, and all weights are put back.

    Reference:
        Liu, Simonyan and Yang, "DARTS: Differentiable Architecture Search", arXiv 1806.09055, section 2.3.
    """

    def slope(judging: Any, learning: Any) -> Any:
        weights = trainer.trainable_weights
        kept = [tf.identity(weight.value) for weight in weights]
        rate = tf.cast(trainer.optimizer.learning_rate.value, tf.float32)
        with tf.GradientTape() as tape:
            loss = trainer.mean_loss(learning)
        steps = tape.gradient(loss, [weight.value for weight in weights], unconnected_gradients=NOTHING)
        _move(weights, kept, steps, -rate)
        with tf.GradientTape() as tape:
            tape.watch(trainer.network.gates.value)
            loss = trainer.mean_loss(judging)
        sources = [trainer.network.gates.value, *(weight.value for weight in weights)]
        here, *ahead = tape.gradient(loss, sources, unconnected_gradients=NOTHING)
        length = STEP / tf.maximum(tf.linalg.global_norm(ahead), 1e-12)
        sides, left = [], _left_behind(trainer.network)
        for sign in (1.0, -1.0):
            _move(weights, kept, ahead, sign * length)
            _put_back(left)
            sides.append(_at_gates(trainer, learning))
        _put_back(zip(weights, kept, strict=True))
        return here - rate * (sides[0] - sides[1]) / (2.0 * length)

    traced: Slope = tf.function(slope, autograph=False)
    return traced


def of_gates(network: Supernet, slope: Callable[[], Any]) -> Callable[[np.ndarray], np.ndarray]:
    """A gradient as a function of the gates alone, so that differences are theirs.

    What a call in training leaves behind, the state of dropout's draws and normalisation's statistics, is put back
    before each.

    Args:
        network: whose gates they are.
        slope: the gradient at its gates.
    """
    left = _left_behind(network)

    def at(place: np.ndarray) -> np.ndarray:
        _put_back(left)
        network.gates.assign(place)
        return np.asarray(slope(), dtype=float)

    return at


def largest_eigenvalue(
    slope: Callable[[np.ndarray], np.ndarray], place: np.ndarray, rng: np.random.Generator
) -> float | None:
    """The largest eigenvalue of a loss' Hessian, estimated from gradients alone.

    Products of the Hessian with directions are differences of gradients. Each direction is the product before, less
    what earlier ones have of it, and in the space that they span the Hessian is a small matrix (Lanczos). Its largest
    eigenvalue comes near in fewer products than power iteration needs, also where a negative one is larger in size.

    Args:
        slope: the gradient at a place.
        place: shape `(width,)`.
        rng: draws the first direction.

    Returns:
        At most the true one but for rounding; None where a gradient is no number.

    Example:
        >>> hessian = np.diag([3.0, 1.0, -5.0])
        >>> round(largest_eigenvalue(lambda place: hessian @ place, np.ones(3), np.random.default_rng(0)), 6)
        3.0

    Reference:
        Zela et al., "Understanding and Robustifying Differentiable Architecture Search", arXiv 1909.09656, section 4.
    """
    here, ahead = slope(place), rng.normal(size=len(place))
    directions, products = np.zeros((0, len(place))), np.zeros((0, len(place)))
    for _ in range(min(PRODUCTS, len(place))):
        ahead = ahead - directions.T @ (directions @ ahead)
        length = float(np.linalg.norm(ahead))
        if not 0.0 < length < np.inf:
            break
        directions = np.vstack([directions, ahead / length])
        ahead = (slope(place + NUDGE * directions[-1]) - here) / NUDGE
        products = np.vstack([products, ahead])
    small = directions @ products.T
    return float(np.linalg.eigvalsh((small + small.T) / 2.0)[-1]) if np.isfinite(small).all() else None


def _at_gates(trainer: Trainer, batch: Any) -> Any:
    gates = trainer.network.gates.value
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(gates)
        loss = trainer.mean_loss(batch)
    return tape.gradient(loss, gates, unconnected_gradients=NOTHING)


def _left_behind(network: Supernet) -> list[tuple[Any, Any]]:
    """What calls in training change beside the weights, and its values now."""
    return [(own, tf.identity(own.value)) for own in network.non_trainable_variables]


def _put_back(kept: Iterable[tuple[Any, Any]]) -> None:
    for variable, value in kept:
        variable.assign(value)


def _move(weights: list[Any], kept: list[Any], directions: list[Any], length: Any) -> None:
    """Set weights to what was kept, and a step in a direction from there."""
    for weight, start, direction in zip(weights, kept, directions, strict=True):
        weight.assign(start + length * direction)
