"""Costs of normalisations. They hold parameters; by the convention of the field they count no multiply-adds."""

from typing import Any

from keras_nas.objectives.layer_costs.shapes import LayerCost, Shape, axis_sizes


def batch_normalization(
    shape: Shape, *, axis: Any = -1, center: bool = True, scale: bool = True, renorm: bool = False, **_: Any
) -> LayerCost | None:
    """Scale and offset are trained, the two moving statistics are not; renormalisation is left to Keras."""
    if renorm:
        return None
    size = axis_sizes(shape, axis)
    return LayerCost((shape,), size * (center + scale), fixed=2 * size)


def normalization_layer(
    shape: Shape, *, axis: Any = -1, center: bool = True, scale: bool = True, **_: Any
) -> LayerCost:
    """Layer and group normalisation: scale and offset along the axis."""
    return LayerCost((shape,), axis_sizes(shape, axis) * (center + scale))


def rms_normalization(shape: Shape, *, axis: Any = -1, **_: Any) -> LayerCost:
    """A scale, no offset."""
    return LayerCost((shape,), axis_sizes(shape, axis))


def feature_normalization(
    shape: Shape, *, axis: Any = -1, mean: Any = None, variance: Any = None, **_: Any
) -> LayerCost:
    """Keras' `Normalization`: mean, variance and a counter unless the statistics are given as constants."""
    learnt = 0 if mean is not None or variance is not None else 2 * axis_sizes(shape, () if axis is None else axis)
    return LayerCost((shape,), fixed=learnt + 1 if learnt else 0)


def prelu(shape: Shape, *, shared_axes: Any = None, **_: Any) -> LayerCost:
    """A slope for every number of the input, shared along some axes."""
    shared = set(shared_axes if isinstance(shared_axes, list | tuple) else [shared_axes])
    axes = [axis for axis in range(1, len(shape) + 1) if axis not in shared]
    return LayerCost((shape,), axis_sizes(shape, axes))
