"""Costs of layers without parameters: pooling, padding, merging and reshaping. They count no multiply-adds."""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_nas.objectives.layer_costs.shapes import LayerCost, Shape, per_axis, size_of, windows


def same(shape: Shape, **_: Any) -> LayerCost:
    """An element-wise layer with a result of its own: activations, rescaling, augmentation."""
    return LayerCost((shape,))


def nothing(shape: Shape, **_: Any) -> LayerCost:
    """A layer that does nothing outside of training: dropout, noise, identity."""
    return LayerCost((shape,), view=True)


def activation(shape: Shape, *, activation: Any = None, **_: Any) -> LayerCost:
    """Any activation; the linear one does nothing."""
    return LayerCost((shape,), view=activation in (None, "linear"))


def pooling(shape: Shape, *, pool_size: Any = 2, strides: Any = None, padding: str = "valid", **_: Any) -> LayerCost:
    """The largest or the mean of each window."""
    rank = len(shape) - 1
    size = per_axis(pool_size, rank)
    steps = size if strides is None else per_axis(strides, rank)
    return LayerCost(((*windows(shape[:-1], size, steps, padding), shape[-1]),))


def global_pooling(shape: Shape, *, keepdims: bool = False, **_: Any) -> LayerCost:
    """The largest or the mean over all positions."""
    return LayerCost((((1,) * (len(shape) - 1) if keepdims else ()) + shape[-1:],))


def adaptive_pooling(shape: Shape, *, output_size: Any, **_: Any) -> LayerCost:
    """Pooling to a given size."""
    return LayerCost(((*per_axis(output_size, len(shape) - 1), shape[-1]),))


def merge(*shapes: Shape, **_: Any) -> LayerCost:
    """Sum, product, mean, largest ... of tensors that broadcast."""
    return LayerCost((tuple(int(n) for n in np.broadcast_shapes(*shapes)),))


def concatenate(*shapes: Shape, axis: int = -1, **_: Any) -> LayerCost:
    """Joined along one axis."""
    place = axis - 1 if axis > 0 else axis
    out = list(shapes[0])
    out[place] = sum(shape[place] for shape in shapes)
    return LayerCost((tuple(out),))


def reshape(shape: Shape, *, target_shape: Any, **_: Any) -> LayerCost:
    """Another shape for the same numbers; one axis may be -1."""
    target = tuple(map(int, target_shape))
    known = size_of(tuple(n for n in target if n != -1))
    return LayerCost((tuple(size_of(shape) // known if n == -1 else n for n in target),), view=True)


def flatten(shape: Shape, **_: Any) -> LayerCost:
    """All numbers in one axis."""
    return LayerCost(((size_of(shape),),), view=True)


def permute(shape: Shape, *, dims: Any, **_: Any) -> LayerCost:
    """Axes in another order, counted from 1."""
    return LayerCost((tuple(shape[axis - 1] for axis in dims),))


def borders(sign: int, key: str, default: Any) -> Callable[..., LayerCost]:
    """Padding (sign 1) or cropping (sign -1) by the layer's argument `key`."""

    def cost(shape: Shape, **config: Any) -> LayerCost:
        rank = len(shape) - 1
        amount = config.get(key, default)
        sides = (amount,) * rank if isinstance(amount, int) else tuple(amount)
        sides = (sides,) if rank == 1 and isinstance(sides[0], int) and len(sides) == 2 else sides
        grown = [sign * (2 * side if isinstance(side, int) else sum(side)) for side in sides]
        return LayerCost(((*(n + g for n, g in zip(shape[:-1], grown, strict=True)), shape[-1]),))

    return cost


def upsampling(shape: Shape, *, size: Any = 2, **_: Any) -> LayerCost:
    """Every axis times as long."""
    factors = per_axis(size, len(shape) - 1)
    return LayerCost(((*(n * f for n, f in zip(shape[:-1], factors, strict=True)), shape[-1]),))


def resizing(shape: Shape, *, height: int, width: int, **_: Any) -> LayerCost:
    """An image of the given size, resampled or cropped."""
    return LayerCost(((*shape[:-3], height, width, shape[-1]),))
