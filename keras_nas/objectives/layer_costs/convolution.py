"""Costs of convolutions: plain, grouped, dilated, depthwise, separable and transposed."""

from typing import Any

from keras_nas.errors import InvalidArgument
from keras_nas.objectives.layer_costs.shapes import LayerCost, Shape, per_axis, size_of, windows


def convolution(
    shape: Shape,
    *,
    filters: int,
    kernel_size: Any,
    strides: Any = 1,
    padding: str = "valid",
    dilation_rate: Any = 1,
    groups: int = 1,
    use_bias: bool = True,
    **_: Any,
) -> LayerCost:
    """Every output number is one dot product with the kernel over the channels of its group."""
    *spatial, channels = shape
    rank = len(spatial)
    if channels % groups or filters % groups:
        raise InvalidArgument(
            f"A convolution of {groups} groups takes {channels} channels to {filters}: "
            "both must be divisible by the number of groups."
        )
    kernel = per_axis(kernel_size, rank)
    out = windows(tuple(spatial), kernel, per_axis(strides, rank), padding, per_axis(dilation_rate, rank))
    weights = size_of(kernel) * (channels // groups) * filters
    bias = filters if use_bias else 0
    return LayerCost(((*out, filters),), weights + bias, flops=size_of(out) * (weights + bias))


def depthwise(
    shape: Shape,
    *,
    kernel_size: Any,
    strides: Any = 1,
    padding: str = "valid",
    depth_multiplier: int = 1,
    dilation_rate: Any = 1,
    use_bias: bool = True,
    **_: Any,
) -> LayerCost:
    """A convolution with as many groups as channels."""
    return convolution(
        shape,
        filters=shape[-1] * depth_multiplier,
        kernel_size=kernel_size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        groups=shape[-1],
        use_bias=use_bias,
    )


def separable(
    shape: Shape,
    *,
    filters: int,
    kernel_size: Any,
    strides: Any = 1,
    padding: str = "valid",
    dilation_rate: Any = 1,
    depth_multiplier: int = 1,
    use_bias: bool = True,
    **_: Any,
) -> LayerCost:
    """A depthwise convolution without bias, then one of kernel 1."""
    deep = depthwise(
        shape,
        kernel_size=kernel_size,
        strides=strides,
        padding=padding,
        dilation_rate=dilation_rate,
        depth_multiplier=depth_multiplier,
        use_bias=False,
    )
    point = convolution(deep.outputs[0], filters=filters, kernel_size=1, use_bias=use_bias)
    return LayerCost(point.outputs, deep.weights + point.weights, flops=deep.flops + point.flops)


def transposed(
    shape: Shape,
    *,
    filters: int,
    kernel_size: Any,
    strides: Any = 1,
    padding: str = "valid",
    output_padding: Any = None,
    dilation_rate: Any = 1,
    use_bias: bool = True,
    **_: Any,
) -> LayerCost | None:
    """Every input number is multiplied by the whole kernel; an explicit output padding is left to Keras."""
    if output_padding is not None:
        return None
    *spatial, channels = shape
    rank = len(spatial)
    kernel, steps = per_axis(kernel_size, rank), per_axis(strides, rank)
    reach = [d * (k - 1) + 1 for k, d in zip(kernel, per_axis(dilation_rate, rank), strict=True)]
    beyond = [max(r - s, 0) if padding.lower() == "valid" else 0 for r, s in zip(reach, steps, strict=True)]
    out = tuple(size * step + more for size, step, more in zip(spatial, steps, beyond, strict=True))
    weights, bias = size_of(kernel) * channels * filters, filters if use_bias else 0
    flops = size_of(tuple(spatial)) * weights + size_of(out) * bias
    return LayerCost(((*out, filters),), weights + bias, flops=flops)
