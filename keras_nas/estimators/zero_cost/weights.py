"""Layers at initialisation that many networks share."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable
from typing import Any
from zlib import crc32

import numpy as np

Made = tuple[Any, list[Any]]
"""A layer and its kernels."""
NO_KERNELS = ("bias", "alpha", "gamma", "beta")
"""Names of what may have several axes too, in attention, recurrent layers and PReLU; it begins as Keras has it."""


class Weights:
    """Layers by their place in the network, made when they are first met.

    What is drawn for a place depends on the seed and the place alone, never on which networks came before.

    Args:
        seed: of all draws.
        most: numbers that are kept in memory; beyond, all are forgotten, and drawn again where they are needed.
    """

    def __init__(self, seed: int = 0, most: int = 50_000_000) -> None:
        self.seed = seed
        self.most = most
        self.numbers = 0
        self.made: dict[Hashable, Made] = {}

    def layer(self, make: Callable[[], Any], place: tuple[str, ...], form: tuple[str, str], copy: int) -> Made:
        """The layer of a place.

        Args:
            make: makes the layer and builds it.
            place: what tells it from others: its name, its input's shape, its arguments.
            form: how its kernels are drawn, and their dtype; the numbers are those of the place in any.
            copy: counts independent draws.

        Returns:
            The layer and its kernels, the trainable variables of rank 2 or more but for `NO_KERNELS`.
        """
        key = (place, form, copy)
        if key not in self.made:
            layer = make()
            held = [own for own in layer.trainable_variables if len(own.shape) > 1 and own.name not in NO_KERNELS]
            kernels = [own.value for own in held]
            for number, kernel in enumerate(kernels):
                rng = np.random.default_rng([self.seed, copy, number, crc32(repr(place).encode())])
                kernel.assign(drawn(rng, tuple(kernel.shape), form[0]))
            self._keep(key, (layer, kernels))
        return self.made[key]

    def _keep(self, key: Hashable, made: Made) -> None:
        self.numbers += made[0].count_params()
        if self.numbers > self.most:
            self.made.clear()
            self.numbers = made[0].count_params()
        self.made[key] = made


def drawn(rng: np.random.Generator, shape: tuple[int, ...], draw: str) -> np.ndarray:
    """A kernel.

    Args:
        rng: of the draw.
        shape: `(..., input channels, output channels)`.
        draw: "glorot", uniform as Keras has it by default; "positive", its absolute values; "normal", standard normal.

    Reference:
        Glorot and Bengio, "Understanding the difficulty of training deep feedforward neural networks", AISTATS 2010.
    """
    if draw == "normal":
        return rng.standard_normal(shape)
    numbers = rng.uniform(-1.0, 1.0, shape) * math.sqrt(6.0 / (math.prod(shape[:-2]) * sum(shape[-2:])))
    return np.abs(numbers) if draw == "positive" else numbers
