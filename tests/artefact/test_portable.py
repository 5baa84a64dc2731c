"""Copies compute the same, of parts that every runtime has."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.artefact.portable import look_ups, portable, simplified


def gaps() -> Any:
    """A model of all that converters of TensorFlow's graphs refuse."""
    x = keras.Input((8, 8, 4), name="rows")
    h = layers.RandomRotation(0.1)(layers.RandomFlip()(x))
    h = layers.Normalization(mean=[0.1, 0.2, 0.3, 0.4], variance=[1.0, 2.0, 3.0, 4.0])(h)
    h = layers.Conv2D(6, 3, strides=2, groups=2, padding="same", activation="gelu", bias_initializer="ones")(h)
    inner = keras.Input(h.shape[1:])
    part = keras.Model(inner, layers.Conv2D(6, 3, groups=3, use_bias=False)(inner))
    return keras.Model(x, layers.Activation("gelu")(layers.Dense(3)(layers.Flatten()(part(h)))))


ROWS = np.random.default_rng(0).normal(size=(5, 8, 8, 4)).astype(np.float32)


def test_simpler_parts_compute_the_same() -> None:
    model = gaps()
    before = [weights.copy() for weights in model.get_weights()]
    plain = simplified(model)
    np.testing.assert_allclose(plain(ROWS, training=False), model(ROWS, training=False), atol=1e-6)
    kinds = {type(layer).__name__ for layer in plain._flatten_layers() if layer.name.startswith("random")}
    assert "StandIn" in kinds
    assert [tensor.name for tensor in plain.inputs] == ["rows"]
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_a_model_of_simple_parts_is_left_alone() -> None:
    model = keras.Sequential([keras.Input((4,)), layers.Dense(2)])
    assert simplified(model) is model
    assert portable(model, unroll=True) is model


def test_half_precision_and_loops_are_copied_away() -> None:
    x = keras.Input((5, 3))
    policy = keras.DTypePolicy("mixed_bfloat16")
    model = keras.Model(x, layers.LSTM(4, dtype=policy)(layers.Dense(4, dtype=policy)(x)))
    copy = portable(model, unroll=True)
    assert {layer.compute_dtype for layer in copy.layers} == {"float32"}
    assert copy.layers[-1].unroll
    assert not model.layers[-1].unroll
    rows = np.random.default_rng(0).normal(size=(2, 5, 3)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(copy(rows)), np.asarray(model(rows), np.float32), atol=0.05)


def test_tables_are_found_also_within() -> None:
    x = keras.Input((), dtype="string")
    front = keras.Model(x, layers.StringLookup(vocabulary=["a"])(x))
    y = keras.Input((), dtype="string")
    assert look_ups(keras.Model(y, layers.Rescaling(1.0)(front(y)))) == ["StringLookup"]


@pytest.mark.parametrize("groups", [1, 2])
def test_grouped_convolutions_along_one_axis(groups: int) -> None:
    x = keras.Input((9, 4))
    model = keras.Model(x, layers.Conv1D(4, 3, groups=groups, padding="causal", dilation_rate=2)(x))
    rows = np.random.default_rng(0).normal(size=(2, 9, 4)).astype(np.float32)
    np.testing.assert_allclose(simplified(model)(rows), model(rows), atol=1e-6)
