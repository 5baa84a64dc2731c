"""The faster copy is the same function, learns the same, and gives its weights back."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from keras_nas.estimators.fused import FusedBatchNormalization, training_copy


def network(activation: str | None = None) -> Any:
    """Scaling, two normalised convolutions with a skip, a head."""
    x = inputs = keras.Input((8, 8, 1), dtype="uint8")
    x = layers.Rescaling(1 / 16.0, dtype="float32")(x)
    x = first = layers.ReLU()(layers.BatchNormalization()(layers.Conv2D(6, 3, padding="same")(x)))
    x = layers.BatchNormalization()(layers.Conv2D(6, 3, padding="same", use_bias=False)(x))
    x = layers.GlobalAveragePooling2D()(layers.Add()([x, first]))
    x = layers.Dense(3)(x)
    return keras.Model(inputs, layers.Softmax()(x) if activation == "softmax" else x)


@pytest.fixture
def pixels() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 17, (32, 8, 8, 1)).astype(np.uint8)


def randomised(model: Any) -> Any:
    """Moving statistics and scales that differ from their start."""
    rng = np.random.default_rng(1)
    model.set_weights([w + 0.2 * rng.random(w.shape).astype(w.dtype) for w in model.get_weights()])
    return model


def test_same_outputs_at_inference(pixels: np.ndarray) -> None:
    model = randomised(network())
    copy = training_copy(model, "float32")
    assert sum(isinstance(layer, FusedBatchNormalization) for layer in copy.layers) == 2
    np.testing.assert_allclose(copy(pixels), model(pixels), rtol=1e-4, atol=1e-5)


def test_same_loss_gradients_and_statistics_in_training(pixels: np.ndarray) -> None:
    model = randomised(network())
    copy = training_copy(model, "float32")
    found = []
    for one in (model, copy):
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(one(pixels, training=True) ** 2)
        found.append((loss, tape.gradient(loss, [v.value for v in one.trainable_variables])))
    np.testing.assert_allclose(found[0][0], found[1][0], rtol=1e-4)
    for stock, fused in zip(found[0][1], found[1][1], strict=True):
        np.testing.assert_allclose(stock, fused, rtol=1e-2, atol=1e-4)
    for stock, fused in zip(model.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_allclose(stock, fused, rtol=1e-4, atol=1e-5)


def test_series_are_normalised_alike() -> None:
    x = inputs = keras.Input((9, 2))
    model = randomised(keras.Model(inputs, layers.BatchNormalization()(layers.Conv1D(3, 3)(x))))
    copy, series = training_copy(model, "float32"), np.random.default_rng(0).normal(3, 2, (8, 9, 2)).astype("float32")
    assert isinstance(copy.layers[-1], FusedBatchNormalization)
    for training in (False, True):
        np.testing.assert_allclose(
            copy(series, training=training), model(series, training=training), rtol=1e-3, atol=1e-4
        )
    for stock, fused in zip(model.get_weights(), copy.get_weights(), strict=True):
        np.testing.assert_allclose(stock, fused, rtol=1e-4, atol=1e-5)


def test_weights_come_back(pixels: np.ndarray) -> None:
    model = network()
    copy = randomised(training_copy(model, "float32"))
    model.set_weights(copy.get_weights())
    np.testing.assert_allclose(copy(pixels), model(pixels), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
@pytest.mark.parametrize("end", [None, "softmax"])
def test_both_ends_stay_in_float32(policy: str, end: str | None, pixels: np.ndarray) -> None:
    copy = training_copy(network(end), policy)
    computed = {type(layer).__name__: layer.compute_dtype for layer in copy.layers}
    assert computed["Rescaling"] == computed["Dense"] == "float32"
    assert computed["Conv2D"] == computed["FusedBatchNormalization"] == policy.removeprefix("mixed_")
    outputs = copy(pixels, training=True)
    assert outputs.dtype == "float32"
    assert np.isfinite(outputs).all()
    assert all(weight.dtype == "float32" for weight in copy.weights)


def test_operations_are_copied_too(pixels: np.ndarray) -> None:
    inputs = keras.Input((8, 8, 1))
    x = layers.Dense(4)(keras.ops.mean(keras.ops.sin(inputs), axis=(1, 2)))
    model = randomised(keras.Model(inputs, keras.ops.softmax(x)))
    copy = training_copy(model, "float32")
    assert copy is not model
    np.testing.assert_allclose(copy(pixels), model(pixels), rtol=1e-5)


def test_shared_layers_stay_shared(pixels: np.ndarray) -> None:
    inputs = keras.Input((8, 8, 1))
    convolution, normalise = layers.Conv2D(1, 3, padding="same"), layers.BatchNormalization()
    x = normalise(convolution(normalise(convolution(inputs))))
    model = randomised(keras.Model(inputs, layers.Flatten()(x)))
    copy = training_copy(model, "float32")
    assert len(copy.weights) == len(model.weights)
    np.testing.assert_allclose(copy(pixels), model(pixels), rtol=1e-4, atol=1e-5)


@keras.saving.register_keras_serializable("tests")
class Doubled(layers.Layer):
    """A layer of a user's own."""

    def call(self, x: Any) -> Any:
        return x * 2


def nested() -> Any:
    inner = keras.Sequential([keras.Input((8, 8, 1)), layers.Flatten(), layers.Dense(4)])
    return keras.Sequential([keras.Input((8, 8, 1)), inner, layers.Dense(2)])


def own_layer() -> Any:
    return keras.Sequential([keras.Input((8, 8, 1)), Doubled(), layers.Flatten(), layers.Dense(2)])


class Subclassed(keras.Model):
    """A model of a user's own."""

    def __init__(self) -> None:
        super().__init__()
        self.last = layers.Dense(2)

    def call(self, x: Any) -> Any:
        return self.last(x)


@pytest.mark.parametrize("make", [nested, own_layer, Subclassed])
def test_what_is_not_known_to_its_last_layer_trains_itself(make: Any) -> None:
    model = make()
    assert training_copy(model, "mixed_bfloat16") is model


def test_normalisation_of_vectors_and_frozen_layers_keep_keras_own_way() -> None:
    model = keras.Sequential([keras.Input((5,)), layers.Dense(4), layers.BatchNormalization(), layers.Dense(1)])
    model.layers[0].trainable = False
    copy = training_copy(model, "float32")
    assert not any(isinstance(layer, FusedBatchNormalization) for layer in copy.layers)
    assert len(copy.trainable_variables) == len(model.trainable_variables) == 4
