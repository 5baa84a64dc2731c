"""Copies of a model that every runtime can compute: the same function, of simpler parts.

Every format is written from a float32 copy: a mixed-precision SavedModel computes in half precision on a server
without the hardware for it, and a mixed-precision LiteRT file is one that no interpreter runs.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from keras_nas.errors import ExportError

HALF = ("float16", "bfloat16")
FRONT, NETWORK = "preprocessing", "network"
"""The two layers of a model whose preprocessing lies in front of its network."""


def portable(model: Any, *, unroll: bool = False) -> Any:
    """The model itself, or where a format needs it a float32 or unrolled copy with the same weights.

    Args:
        model: A Keras model.
        unroll: Unroll recurrent layers over time.

    Raises:
        ExportError: The copy could not be made.
    """
    layers = model._flatten_layers()
    half = any(layer.compute_dtype in HALF for layer in layers)
    loops = unroll and any(getattr(layer, "unroll", None) is False for layer in layers)
    if not (half or loops):
        return model
    try:
        copy = type(model).from_config(_rewritten(model.get_config(), unroll))
        copy.set_weights(model.get_weights())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ExportError(
            f"The model {model.name!r} cannot be copied in float32: {error}. Layers of your own need a get_config, "
            "and @keras.saving.register_keras_serializable."
        ) from error
    return copy


def _rewritten(config: Any, unroll: bool) -> Any:
    """A model's configuration with float32 in place of every half-precision policy."""
    if isinstance(config, list | tuple):
        return type(config)(_rewritten(entry, unroll) for entry in config)
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "DTypePolicy":
        name = config["config"]["name"]
        whole = "float32" if name.startswith("mixed_") or name in HALF else name
        return {**config, "config": {**config["config"], "name": whole}}
    rewritten = {key: _rewritten(value, unroll) for key, value in config.items()}
    if unroll and rewritten.get("unroll") is False:
        rewritten["unroll"] = True
    return rewritten


def behind_front(model: Any) -> Any:
    """The network of a model that has its preprocessing in front of it; any other model itself."""
    parts = {layer.name: layer for layer in model.layers}
    return parts[NETWORK] if {FRONT, NETWORK} <= parts.keys() else model


def simplified(model: Any) -> Any:
    """The model with plainer parts in place of three kinds of layers that converters of TensorFlow's graphs refuse.

    `Normalization` becomes a product and a sum, a grouped convolution one convolution a group, and random augmentation
    what it is outside training, nothing. All other layers, and all weights, are the model's own.

    Args:
        model: A functional or sequential Keras model.
    """
    import keras

    if not any(_stand_in(layer) for layer in model._flatten_layers()):
        return model

    class StandIn(keras.layers.Layer):
        """Computes what another layer computes."""

        def __init__(self, layer: Any, compute: Callable[[Any, Any], Any]) -> None:
            super().__init__(name=layer.name, dtype=layer.dtype_policy)
            self.layer = layer
            self.compute = compute

        def call(self, x: Any) -> Any:
            return self.compute(self.layer, x)

    def clone(layer: Any) -> Any:
        compute = _stand_in(layer)
        return StandIn(layer, compute) if compute else layer

    return keras.models.clone_model(model, clone_function=clone, recursive=True)


def look_ups(model: Any) -> list[str]:
    """The layers of a model that look text or codes up in a table, which needs a runtime with TensorFlow's tables."""
    from keras import layers

    kinds = (layers.StringLookup, layers.IntegerLookup, layers.TextVectorization, layers.Hashing, layers.HashedCrossing)
    found = [type(layer).__name__ for layer in model._flatten_layers() if isinstance(layer, kinds)]
    return list(dict.fromkeys(found))


def _stand_in(layer: Any) -> Callable[[Any, Any], Any] | None:
    """What computes a layer in its stead, None for a layer that is best left alone."""
    from keras import layers

    if isinstance(layer, layers.Normalization) and not layer.invert:
        return _normalized
    if isinstance(layer, layers.Conv1D | layers.Conv2D | layers.Conv3D) and layer.groups > 1:
        return _by_groups
    random = type(layer).__module__.startswith("keras.src.layers.preprocessing") and "Random" in type(layer).__name__
    return _unchanged if random else None


def _normalized(layer: Any, x: Any) -> Any:
    from keras import config, ops

    mean, deviation = np.asarray(layer.mean), np.sqrt(np.asarray(layer.variance))
    return (ops.cast(x, layer.compute_dtype) - mean) / np.maximum(deviation, config.epsilon())


def _by_groups(layer: Any, x: Any) -> Any:
    from keras import ops

    axis, padding = -1 if layer.data_format == "channels_last" else 1, layer.padding
    if padding == "causal":
        x, padding = ops.pad(x, layer._compute_causal_padding()), "valid"
    parts = zip(ops.split(x, layer.groups, axis=axis), ops.split(layer.kernel, layer.groups, axis=-1), strict=True)
    shared = (layer.strides, padding, layer.data_format, layer.dilation_rate)
    y = ops.concatenate([ops.conv(part, kernel, *shared) for part, kernel in parts], axis=axis)
    if layer.use_bias:
        shape = [1] * len(y.shape)
        shape[axis] = -1
        y = y + ops.reshape(layer.bias, shape)
    return layer.activation(y)


def _unchanged(layer: Any, x: Any) -> Any:
    from keras import ops

    return ops.cast(x, layer.compute_dtype)
