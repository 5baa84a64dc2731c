"""Costs of attention: projections, scores and the weighted sum."""

from typing import Any

from keras_nas.objectives.layer_costs.shapes import LayerCost, Shape, size_of


def multi_head_attention(
    query: Shape,
    value: Shape,
    key: Shape | None = None,
    *,
    num_heads: int,
    key_dim: int,
    value_dim: int | None = None,
    use_bias: bool = True,
    output_shape: Any = None,
    attention_axes: Any = None,
    use_gate: bool = False,
    **_: Any,
) -> LayerCost | None:
    """Three projections, scores, weighted sum and the output's projection; chosen axes are left to Keras."""
    if attention_axes is not None and len(query) != 2:
        return None
    depth = key_dim if value_dim is None else value_dim
    out = (query[-1],) if output_shape is None else output_shape
    out = tuple(out) if isinstance(out, list | tuple) else (out,)
    inputs = [(query, num_heads * key_dim), (key or value, num_heads * key_dim), (value, num_heads * depth)]
    inputs += [(query, num_heads * depth)] if use_gate else []
    return _attention(query, value, inputs, num_heads * (key_dim + depth), (num_heads * depth, out), use_bias)


def group_query_attention(
    query: Shape,
    value: Shape,
    key: Shape | None = None,
    *,
    head_dim: int,
    num_query_heads: int,
    num_key_value_heads: int,
    use_bias: bool = True,
    use_gate: bool = False,
    **_: Any,
) -> LayerCost | None:
    """Multi-head attention whose keys and values are projected for fewer heads than its queries."""
    wide, narrow = num_query_heads * head_dim, num_key_value_heads * head_dim
    inputs = [(query, wide), (key or value, narrow), (value, narrow)] + ([(query, wide)] if use_gate else [])
    return _attention(query, value, inputs, 2 * wide, (wide, (query[-1],)), use_bias)


def attention(
    query: Shape,
    value: Shape,
    key: Shape | None = None,
    *,
    use_scale: bool = False,
    score_mode: str = "dot",
    **_: Any,
) -> LayerCost:
    """Dot-product attention without projections; in mode "concat" a score is a sum and multiplies nothing."""
    pairs = size_of(query[:-1]) * value[-2]
    weights = int(use_scale) + int(score_mode == "concat")
    flops = pairs * (value[-1] + (query[-1] if score_mode == "dot" else 0))
    return LayerCost(((*query[:-1], value[-1]),), weights, flops=flops)


def additive_attention(
    query: Shape, value: Shape, key: Shape | None = None, *, use_scale: bool = True, **_: Any
) -> LayerCost:
    """Bahdanau's attention: one multiplication by the scale for every pair and channel, then the weighted sum."""
    pairs, scale = size_of(query[:-1]) * value[-2], query[-1] if use_scale else 0
    return LayerCost(((*query[:-1], value[-1]),), scale, flops=pairs * (value[-1] + scale))


def _attention(
    query: Shape,
    value: Shape,
    projections: list[tuple[Shape, int]],
    depths: int,
    output: tuple[int, Shape],
    use_bias: bool,
) -> LayerCost:
    """`depths`: multiply-adds for each pair of positions. `output`: what the last projection takes and gives."""
    positions = size_of(query[:-1])
    steps = [(size_of(shape[:-1]), shape[-1], units) for shape, units in projections]
    steps.append((positions, output[0], size_of(output[1])))
    bias = int(use_bias)
    weights = sum((channels + bias) * units for _, channels, units in steps)
    flops = sum(rows * (channels + bias) * units for rows, channels, units in steps)
    flops += positions * size_of(value[:-1]) * depths
    return LayerCost(((*query[:-1], *output[1]),), weights, flops=flops)
