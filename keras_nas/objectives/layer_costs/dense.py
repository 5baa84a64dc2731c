"""Costs of dense layers, einsum layers, dot products and embeddings."""

from typing import Any

from keras_nas.objectives.layer_costs.shapes import LayerCost, Shape, size_of


def dense(shape: Shape, *, units: int, use_bias: bool = True, lora_rank: Any = None, **_: Any) -> LayerCost | None:
    """One matrix product along the last axis; low-rank adaptation is left to Keras."""
    if lora_rank is not None:
        return None
    *rows, channels = shape
    weights = channels * units + (units if use_bias else 0)
    return LayerCost(((*rows, units),), weights, flops=size_of(tuple(rows)) * weights)


def einsum_dense(
    shape: Shape,
    *,
    equation: str,
    output_shape: Any,
    bias_axes: str | None = None,
    lora_rank: Any = None,
    **_: Any,
) -> LayerCost | None:
    """One multiplication for every combination of the equation's indices; a trailing ellipsis is left to Keras."""
    left, right, out = equation.replace(" ", "").replace("->", ",").split(",")
    if lora_rank is not None or left.endswith("..."):
        return None
    spare = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in equation]
    implied = "".join(spare[: 1 + len(shape) - len(left.replace("...", ""))])
    left, out = left.replace("...", implied), out.replace("...", implied)
    wanted = list(output_shape) if isinstance(output_shape, list | tuple) else [output_shape]
    sizes = {c: n for c, n in zip(reversed(out), reversed(wanted), strict=False) if n is not None}
    sizes |= dict(zip(left, (1, *shape), strict=True))
    bias = size_of(tuple(sizes[c] for c in bias_axes or "")) if bias_axes else 0
    result = tuple(sizes[c] for c in out)
    products = size_of(tuple(sizes[c] for c in set(left + right)))
    weights = size_of(tuple(sizes[c] for c in right))
    return LayerCost((result[1:],), weights + bias, flops=products + (size_of(result) if bias else 0))


def dot(first: Shape, second: Shape, *, axes: Any, **_: Any) -> LayerCost:
    """The dot products of two tensors along one axis of each."""
    a, b = (axes, axes) if isinstance(axes, int) else axes
    rest_a, rest_b = list((1, *first)), list((1, *second))
    length = rest_a.pop(a)
    rest_b.pop(b)
    out = (*rest_a[1:], *rest_b[1:]) or (1,)
    return LayerCost((out,), flops=size_of(out) * length)


def embedding(shape: Shape, *, input_dim: int, output_dim: int, lora_rank: Any = None, **_: Any) -> LayerCost | None:
    """A table that is looked up: parameters, no arithmetic."""
    return None if lora_rank is not None else LayerCost(((*shape, output_dim),), input_dim * output_dim)
