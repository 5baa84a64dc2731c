"""Analytic costs of stock Keras layers, one function a kind, found by the layer's class name.

A function takes the input shapes and the layer's arguments, with Keras' own defaults, and returns a
`LayerCost`, or None for a variant that it does not cover and that has to be built to be known.
"""

from collections.abc import Callable
from typing import Any

from keras_nas.objectives.layer_costs import attention, convolution, dense, normalization, recurrent, shaping
from keras_nas.objectives.layer_costs.shapes import LayerCost, Shape

__all__ = ["LayerCost", "Shape", "stock_cost"]

Handler = Callable[..., LayerCost | None]

_RANKS = ("1D", "2D", "3D")
_TABLE: dict[str, Handler] = {
    **{f"Conv{r}": convolution.convolution for r in _RANKS},
    **{f"Conv{r}Transpose": convolution.transposed for r in _RANKS},
    **{f"DepthwiseConv{r}": convolution.depthwise for r in _RANKS},
    **{f"SeparableConv{r}": convolution.separable for r in _RANKS},
    **{f"ConvLSTM{r}": recurrent.convolutional_lstm for r in _RANKS},
    **{f"{kind}Pooling{r}": shaping.pooling for kind in ("Max", "Average") for r in _RANKS},
    **{f"Global{kind}Pooling{r}": shaping.global_pooling for kind in ("Max", "Average") for r in _RANKS},
    **{f"Adaptive{kind}Pooling{r}": shaping.adaptive_pooling for kind in ("Max", "Average") for r in _RANKS},
    **{f"ZeroPadding{r}": shaping.borders(1, "padding", 1) for r in _RANKS},
    "Cropping1D": shaping.borders(-1, "cropping", 1),
    "Cropping2D": shaping.borders(-1, "cropping", 0),
    "Cropping3D": shaping.borders(-1, "cropping", 1),
    **{f"UpSampling{r}": shaping.upsampling for r in _RANKS},
    **{f"SpatialDropout{r}": shaping.nothing for r in _RANKS},
    "Dense": dense.dense,
    "EinsumDense": dense.einsum_dense,
    "Dot": dense.dot,
    "Embedding": dense.embedding,
    "MultiHeadAttention": attention.multi_head_attention,
    "GroupedQueryAttention": attention.group_query_attention,
    "Attention": attention.attention,
    "AdditiveAttention": attention.additive_attention,
    "SimpleRNN": recurrent.recurrent(gates=1, states=1),
    "GRU": recurrent.recurrent(gates=3, states=1, double_bias=True),
    "LSTM": recurrent.recurrent(gates=4, states=2),
    "RepeatVector": recurrent.repeat_vector,
    "BatchNormalization": normalization.batch_normalization,
    "LayerNormalization": normalization.normalization_layer,
    "GroupNormalization": normalization.normalization_layer,
    "RMSNormalization": normalization.rms_normalization,
    "UnitNormalization": shaping.same,
    "Normalization": normalization.feature_normalization,
    "PReLU": normalization.prelu,
    "Activation": shaping.activation,
    **dict.fromkeys(("ReLU", "LeakyReLU", "ELU", "Softmax", "Rescaling", "Masking"), shaping.same),
    **dict.fromkeys(("Dropout", "GaussianDropout", "GaussianNoise", "AlphaDropout"), shaping.nothing),
    **dict.fromkeys(("Identity", "ActivityRegularization", "RandomFlip", "RandomRotation"), shaping.nothing),
    **dict.fromkeys(("RandomTranslation", "RandomZoom", "RandomContrast", "RandomBrightness"), shaping.nothing),
    **dict.fromkeys(("Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum"), shaping.merge),
    "Concatenate": shaping.concatenate,
    "Reshape": shaping.reshape,
    "Flatten": shaping.flatten,
    "Permute": shaping.permute,
    **dict.fromkeys(("Resizing", "CenterCrop", "RandomCrop"), shaping.resizing),
}


def stock_cost(layer: Any, shapes: tuple[Shape, ...], config: dict[str, Any]) -> LayerCost | None:
    """The cost of a stock layer for one row of input, without building it.

    Args:
        layer: The layer's class.
        shapes: The shape of each input, without the batch axis.
        config: The layer's arguments; those left out have Keras' defaults.

    Returns:
        None when the layer is not a stock one, or a variant of one that has to be built to be known.

    Example:
        >>> from keras import layers
        >>> stock_cost(layers.Conv2D, ((8, 8, 3),), {"filters": 4, "kernel_size": 3, "use_bias": False})
        LayerCost(outputs=((6, 6, 4),), weights=108, fixed=0, flops=3888, view=False)
    """
    if not layer.__module__.startswith("keras.src.layers.") or config.get("data_format") == "channels_first":
        return None
    if layer.__name__ in _WRAPPERS:
        cost = _wrapped(_WRAPPERS[layer.__name__], shapes, config)
    else:
        handler = _TABLE.get(layer.__name__)
        cost = handler(*shapes, **config) if handler else None
    if cost is not None and config.get("trainable") is False:
        return LayerCost(cost.outputs, 0, cost.fixed + cost.weights, cost.flops, cost.view)
    return cost


class _NotCovered(Exception):
    """The layer inside a wrapper has to be built to be known."""


def _wrapped(handler: Handler, shapes: tuple[Shape, ...], config: dict[str, Any]) -> LayerCost | None:
    try:
        return handler(_inner_cost, *shapes, **config)
    except _NotCovered:
        return None


def _inner_cost(layer: Any, shape: Shape) -> LayerCost:
    """The cost of a wrapped layer, which a configuration holds as a layer or in serialised form."""
    if isinstance(layer, dict):
        from keras import layers

        kind, config = getattr(layers, layer["class_name"], None), layer["config"]
    else:
        kind, config = type(layer), layer.get_config()
    cost = stock_cost(kind, (shape,), config) if kind else None
    if cost is None:
        raise _NotCovered
    return cost


_WRAPPERS: dict[str, Handler] = {
    "Bidirectional": recurrent.bidirectional,
    "TimeDistributed": recurrent.time_distributed,
}
