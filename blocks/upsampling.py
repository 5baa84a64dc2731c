"""More pixels: maps brought to the height and width of larger ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from keras import layers

from keras_nas.blocks.convolution import activate, normalize, of_rank
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.net import Net
from keras_nas.space import block

KINDS = ("transposed", "nearest", "bilinear")


@block
def upsampling(
    net: Net,
    x: Any,
    filters: int,
    factor: int = 2,
    *,
    kind: str = "bilinear",
    normalization: str = "batch",
    activation: str = "relu",
) -> Any:
    """Every side so many times as long, with other channels.

    The 1 x 1 convolution in front of an interpolation computes what one behind it would, on fewer pixels.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        filters: output channels.
        factor: how many times as long; with 1 only the channels change.
        kind: "transposed" (a learned convolution), "nearest" or "bilinear" (a 1 x 1 convolution, then interpolation).
        normalization: "batch", "layer", "group" or "none".
        activation: Keras' name, or "none".

    Raises:
        InvalidArgument: for another kind.
    """
    if kind not in KINDS:
        raise InvalidArgument(unknown("kind of upsampling", kind, KINDS))
    transposed = kind == "transposed" and factor > 1
    shared = {"filters": filters, "padding": "same", "use_bias": normalization == "none"}
    layer = of_rank(net, x, "Conv") if not transposed else getattr(layers, f"Conv{len(net.shape(x)) - 1}DTranspose")
    size = factor if transposed else 1
    x = activate(
        net, normalize(net, net(layer, x, kernel_size=size, strides=size, **shared), normalization), activation
    )
    return x if transposed else interpolated(net, x, factor, kind)


def interpolated(net: Net, x: Any, factor: int, kind: str = "bilinear", **config: Any) -> Any:
    """`x` with every side so many times as long, "nearest" or "bilinear"."""
    return x if factor == 1 else net(layers.UpSampling2D, x, size=factor, interpolation=kind, **config)


def times(net: Net, x: Any, sides: Sequence[int | None]) -> int:
    """By how much the sides of `x` are to be multiplied to have these lengths, or a little more."""
    pairs = zip(net.shape(x)[:-1], sides, strict=True)
    return max(-(-wanted // side) if side and wanted else 1 for side, wanted in pairs)


def cropped(net: Net, x: Any, sides: Sequence[int | None], **config: Any) -> Any:
    """`x` without what it has beyond these lengths at the bottom and the right."""
    pairs = zip(net.shape(x)[:-1], sides, strict=True)
    more = tuple((0, side - wanted if side and wanted else 0) for side, wanted in pairs)
    return net(layers.Cropping2D, x, cropping=more, **config) if any(end for _, end in more) else x
