"""Images with fewer pixels: what a network is explored on when resolution is what grows from rung to rung."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from keras_nas.errors import InvalidArgument
from keras_nas.space import Op, Series
from keras_nas.spaces import Space

if TYPE_CHECKING:
    from keras_nas.tasks import Signature, Task

SMALLEST = 8
"""Pixels of an image's shorter side that are left at least."""
SAMPLES = 20
"""Networks of a space of which it is looked at whether their weights depend on the size of images."""
UNCHANGED = ("params", "size_mb")
"""Costs that are the same at every resolution."""


def pooled(pixels: float, shape: Sequence[int]) -> int:
    """How many pixels of a row, and of a column, become one.

    Args:
        pixels: share of them that is to be left.
        shape: of an image, `(height, width)` or `(height, width, channels)`.

    Example:
        >>> pooled(1 / 3, (28, 28)), pooled(1 / 9, (28, 28, 1)), pooled(1 / 9, (16, 16)), pooled(1.0, (28, 28))
        (2, 3, 2, 1)
    """
    return max(1, min(round(math.sqrt(1 / pixels)), min(shape[:2]) // SMALLEST))


def shrunk(space: Space, side: int) -> Space:
    """The same networks behind an average over squares of pixels; decisions, weights and names are the same.

    Args:
        space: of networks for images.
        side: of a square, in pixels.
    """
    from keras import layers

    if side < 2:
        return space
    front = Op(layers.AveragePooling2D, pool_size=side, padding="same")
    return Space(space.name, Series(front, space.network), space.recipe, space.description)


def check_resolution(task: Task, space: Space, signature: Signature, costs: Sequence[str]) -> None:
    """Refuse to explore at a low resolution what cannot go on at a higher one, or what is judged by it.

    Args:
        task: of the search.
        space: of the search.
        signature: of the data.
        costs: the names of all objectives and limits.

    Raises:
        InvalidArgument: for rows that are no images, and where weights or costs depend on the size of images.
    """
    from keras_nas.objectives.cost import CostNet

    shape: tuple[int, ...] = getattr(signature.inputs, "shape", ())
    if set(task.ranks) != {3, 4} or min(shape[:2]) < 2 * SMALLEST:
        raise InvalidArgument(
            f"over='resolution' shrinks images, and the rows of {task.name} have the shape {shape}: expected images of "
            f"{2 * SMALLEST} pixels or more. Use over='epochs' or over='rows'."
        )
    spoilt = [name for name in costs if not name.startswith("val_") and name not in UNCHANGED]
    if spoilt:
        raise InvalidArgument(
            f"over='resolution' explores on smaller images, where {', '.join(spoilt)} are others than in the end. Use "
            "over='epochs' or over='rows'."
        )
    spaces = space, shrunk(space, 2)
    for seed in range(SAMPLES):
        architecture = space.sample(np.random.default_rng([0, seed]))
        whole, small = (CostNet().cost(task.counted(own, architecture, signature)).params for own in spaces)
        if whole != small:
            raise InvalidArgument(
                f"over='resolution': networks of the space {space.name!r} have other weights for other sizes of images "
                f"({whole:,.0f} parameters at {shape[0]} x {shape[1]}, {small:,.0f} at half of that), so that no "
                "training can go on at a higher resolution. End networks in a global pooling, or use over='epochs' "
                "or over='rows'."
            )
