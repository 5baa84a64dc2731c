"""What one layer costs, and the arithmetic of shapes that the layers share.

Shapes leave the batch axis out: `(height, width, channels)`.
"""

import math
from dataclasses import dataclass
from typing import Any, TypeAlias

from keras_nas.errors import InvalidArgument

Shape: TypeAlias = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LayerCost:
    """What one layer adds to a network's cost, for one row of input.

    Args:
        outputs: The shape of each output.
        weights: Trainable parameters.
        fixed: Parameters that training does not change, a batch normalisation's moving statistics say.
        flops: Multiply-adds plus bias additions.
        view: The output is the input under another shape and takes no memory of its own.
    """

    outputs: tuple[Shape, ...]
    weights: int = 0
    fixed: int = 0
    flops: int = 0
    view: bool = False


def per_axis(value: Any, rank: int) -> Shape:
    """One number for all spatial axes, or one each, as one each."""
    return tuple(map(int, value)) if isinstance(value, list | tuple) else (int(value),) * rank


def windows(
    spatial: Shape, window: Shape, strides: Shape, padding: str = "valid", dilation: Shape | None = None
) -> Shape:
    """The spatial shape after sliding a window, a convolution's or a pooling's.

    Args:
        spatial: The spatial axes of the input.
        window: The window's size on each axis.
        strides: Its step on each axis.
        padding: "valid", "same" or "causal".
        dilation: The distance between the window's taps, 1 by default.

    Raises:
        InvalidArgument: The window does not fit even once.
    """
    if padding.lower() != "valid":
        return tuple(-(-size // step) for size, step in zip(spatial, strides, strict=True))
    reach = [d * (w - 1) for w, d in zip(window, dilation or (1,) * len(window), strict=True)]
    lengths = tuple((size - r - 1) // step + 1 for size, r, step in zip(spatial, reach, strides, strict=True))
    if min(lengths) < 1:
        raise InvalidArgument(
            f"A window of {tuple(r + 1 for r in reach)} does not fit into {spatial} without padding: "
            "use padding='same', fewer reductions or a smaller window."
        )
    return lengths


def size_of(shape: Shape) -> int:
    """How many numbers the shape holds."""
    return math.prod(shape)


def axis_sizes(shape: Shape, axes: Any) -> int:
    """How many numbers lie along the axes; counted as Keras does, 0 being the batch axis."""
    full = (0, *shape)
    return math.prod(full[axis] for axis in (axes if isinstance(axes, list | tuple) else [axes]))
