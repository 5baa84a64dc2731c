"""A copy of a model that trains faster, sharing nothing but its numbers.

Keras' batch normalisation is moments and element-wise operations on TensorFlow: half of a small network's step. The
copy uses TensorFlow's fused kernel for the same function, under a mixed-precision policy where asked; its weights go
back into the model of stock layers, which is what is scored and exported.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class FusedBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalisation of `(batch, height, width, channels)` or `(batch, steps, channels)` by a fused kernel.

    Same weights and same function as its base class, in training and at inference.
    """

    def call(self, inputs: Any, training: bool | None = None, mask: Any = None) -> Any:
        """Normalise, and follow the batch's moments while training."""
        moving = (self.moving_mean.value, self.moving_variance.value)
        learns = bool(training) and self.trainable
        mean, variance = (tf.zeros([0]), tf.zeros([0])) if learns else moving
        series = len(inputs.shape) == 3
        y, mean, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=inputs[:, None] if series else inputs,
            scale=self.gamma.value,
            offset=self.beta.value,
            mean=mean,
            variance=variance,
            epsilon=self.epsilon,
            is_training=learns,
        )
        if learns:
            count = tf.cast(tf.reduce_prod(tf.shape(inputs)[:-1]), variance.dtype)
            variance = variance * (count - 1.0) / count  # the kernel's is the unbiased estimate, Keras' is not
            for old, new in zip((self.moving_mean, self.moving_variance), (mean, variance), strict=True):
                old.assign(old * self.momentum + tf.stop_gradient(new) * (1.0 - self.momentum))
        return y[:, 0] if series else y


def training_copy(model: Any, policy: str) -> Any:
    """A model of the same function and weights that trains faster.

    Args:
        model: a Keras model; one that is not a plain chain or graph of Keras' own layers is returned as it is.
        policy: Keras dtype policy of the copy's layers, "float32" or "mixed_bfloat16"; weights stay float32, and a
            layer that the model keeps in float32 (input scaling, the output) stays so.

    Returns:
        The copy; `model.set_weights(copy.get_weights())` brings back what it learnt.
    """
    if not _copiable(model):
        return model
    head = _head(model)
    wanted = {layer.name: "float32" if layer.name in head else _policy(layer, policy) for layer in model.layers}

    def clone(layer: Any) -> Any:
        if not isinstance(layer, keras.layers.Layer):  # an operation of keras.ops
            return type(layer).from_config(layer.get_config())
        config = {**layer.get_config(), "dtype": wanted[layer.name]}
        return (FusedBatchNormalization if _fusible(layer) else type(layer)).from_config(config)

    copy = keras.models.clone_model(model, clone_function=clone)
    copy.set_weights(model.get_weights())
    return copy


def _copiable(model: Any) -> bool:
    """Whether the model is known to its last layer: no models within, no layers of the user's own."""
    if not isinstance(model, keras.Model) or type(model).__name__ not in ("Functional", "Sequential"):
        return False
    foreign = keras.Model | keras.layers.Lambda
    return all(
        type(layer).__module__.split(".")[0] == "keras" and not isinstance(layer, foreign) for layer in model.layers
    )


def _fusible(layer: Any) -> bool:
    """Whether TensorFlow's kernel computes just this layer."""
    return (
        type(layer) is keras.layers.BatchNormalization
        and layer.input_spec.ndim in (3, 4)
        and layer.axis in (-1, layer.input_spec.ndim - 1)
        and layer.scale
        and layer.center
    )


def _policy(layer: Any, policy: str) -> str:
    """What scales raw inputs keeps float32."""
    return "float32" if isinstance(layer, keras.layers.Rescaling | keras.layers.Normalization) else policy


def _head(model: Any) -> set[str]:
    """The names of the last layers with weights, and of those without behind them (a softmax, say)."""
    names: set[str] = set()
    ends = [tensor._keras_history for tensor in model.outputs]
    nodes = [end.operation._inbound_nodes[end.node_index] for end in ends]
    while nodes:
        node = nodes.pop()
        names.add(node.operation.name)
        if not getattr(node.operation, "weights", ()):
            nodes.extend(node.parent_nodes)
    return names
