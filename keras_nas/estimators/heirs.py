"""A network that begins with the weights of another: layer by layer, by name, as far as their shapes agree.

Names of layers tell their places in the space, so that a layer of the child finds the one that stood there in the
parent. Where both have the same shape it takes its weights; where its width or its kernel is another one, the part that
they have in common. What a wider layer has beyond its parent's outputs begins at random, and whoever reads it begins by
not listening (zeros), and so does the rim of a larger kernel: what was there before computes what it did.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

DENSE = ("Dense", "Embedding", "Conv1D", "Conv2D", "Conv3D")
"""Layers whose kernels end in the axes of inputs and outputs."""
CHANNELWISE = ("DepthwiseConv1D", "DepthwiseConv2D", "BatchNormalization", "LayerNormalization")
"""Layers that treat each channel by itself."""


def begin_as(model: Any, file: Path) -> float:
    """Give a new model the weights of another that it can use.

    Args:
        model: a Keras model with weights drawn at random.
        file: of the other one.

    Returns:
        The share of the model's numbers that come from the other.
    """
    import keras

    return graft(model, keras.models.load_model(file, compile=False))


def graft(model: Any, parent: Any) -> float:
    """The same, with the other model at hand.

    Example:
        >>> import keras
        >>> def network(width):
        ...     parts = [keras.layers.Dense(width, name="a"), keras.layers.Dense(2, name="b")]
        ...     return keras.Sequential([keras.Input((3,)), *parts])
        >>> small, wide, x = network(4), network(8), np.ones((1, 3), "float32")
        >>> share = graft(wide, small)
        >>> bool(np.allclose(wide(x), small(x), atol=1e-6))  # wider, and still the same function
        True
    """
    found = {layer.name: layer for layer in _layers(parent)}
    taken, whole = 0, 0
    for layer in _layers(model):
        own = layer.get_weights()
        whole += sum(weight.size for weight in own)
        other = found.get(layer.name)
        if other is None or type(other) is not type(layer) or len(other.weights) != len(own):
            continue
        given = other.get_weights()
        layer.set_weights([merged(type(layer).__name__, *pair) for pair in zip(own, given, strict=True)])
        taken += sum(_common(type(layer).__name__, *pair) for pair in zip(own, given, strict=True))
    return taken / max(1, whole)


def merged(kind: str, own: np.ndarray, given: np.ndarray) -> np.ndarray:
    """A layer's array with what it takes of its parent's.

    Args:
        kind: the class of the layer.
        own: drawn at random.
        given: the parent's.

    Example:
        >>> merged("Dense", np.ones((3, 2)), np.full((2, 1), 5.0)).tolist()
        [[5.0, 1.0], [5.0, 1.0], [0.0, 1.0]]
        >>> merged("LSTM", np.ones(3), np.zeros(2)).tolist()  # gates stand side by side: nothing in common
        [1.0, 1.0, 1.0]
    """
    if own.shape == given.shape:
        return given
    if not _common(kind, own, given):
        return own
    whole, here, there = own.copy(), *_overlap(own, given)
    if own.ndim > 1:
        heard = (..., here[-1]) if kind in DENSE else (..., here[-2], here[-1])
        whole[heard] = 0.0
    whole[here] = given[there]
    return whole


def _layers(model: Any) -> Iterator[Any]:
    """The layers with weights, also of models within; parts of a layer, whose names others have too, go with it."""
    for layer in model.layers:
        if hasattr(layer, "layers"):
            yield from _layers(layer)
        elif layer.weights:
            yield layer


def _common(kind: str, own: np.ndarray, given: np.ndarray) -> int:
    """How many numbers of a parent's array its child takes."""
    if own.shape == given.shape:
        return int(own.size)
    if own.ndim != given.ndim or kind not in (*DENSE, *CHANNELWISE):
        return 0
    return int(np.prod(np.minimum(own.shape, given.shape)))


def _overlap(own: np.ndarray, given: np.ndarray) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where the common part lies in each: channels from the first on, kernels by their centres."""
    spatial = max(0, own.ndim - 2)
    here, there = [], []
    for axis, (mine, other) in enumerate(zip(own.shape, given.shape, strict=True)):
        least = min(mine, other)
        first = ((mine - least) // 2, (other - least) // 2) if axis < spatial else (0, 0)
        here.append(slice(first[0], first[0] + least))
        there.append(slice(first[1], first[1] + least))
    return tuple(here), tuple(there)
