"""Layers that came with their weights learn too, but slowly.

Gradients of a new head say nothing yet, and would destroy what was learned before: such layers take only a share of
each step. It is the step that is scaled, not the gradient, since most optimizers undo a gradient's scale.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf


def thawed(network: Any) -> list[Any]:
    """The variables of layers that were built not to be trained, which from here on are.

    Batch normalisation stays as it is: a few batches of other images would spoil its statistics (Keras' guide to
    transfer learning).

    Args:
        network: a Keras model, before it is compiled.

    Example:
        >>> old, new = keras.layers.Dense(2, trainable=False), keras.layers.Dense(1)
        >>> network = keras.Sequential([keras.Input((3,)), old, new])
        >>> [variable.name for variable in thawed(network)], len(network.trainable_variables)
        (['kernel', 'bias'], 4)
    """
    found = []
    for layer in network._flatten_layers(include_self=False):
        if not layer.trainable and layer.weights and not isinstance(layer, keras.layers.BatchNormalization):
            layer.trainable = True
            found += layer.trainable_variables
    return found


@contextlib.contextmanager
def slowed(variables: Sequence[Any], pace: float) -> Iterator[None]:
    """What changes these variables meanwhile changes them by a share alone.

    Args:
        variables: Keras variables.
        pace: the share.

    Example:
        >>> variable = keras.Variable([1.0])
        >>> with slowed([variable], 0.1):
        ...     _ = variable.assign([2.0])
        >>> round(float(variable[0]), 3)
        1.1
    """
    before = [tf.identity(variable.value) for variable in variables]
    yield
    for variable, old in zip(variables, before, strict=True):
        variable.assign(old + pace * (variable.value - old))
