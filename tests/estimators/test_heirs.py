"""Children that begin with their parents' weights."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.data import Split
from keras_nas.engine.files import MODEL, PARENT
from keras_nas.engine.inheritance import inherit
from keras_nas.estimators.heirs import graft, merged
from keras_nas.estimators.scoring import validation_scores
from keras_nas.estimators.training import build, train
from tests.small import Ear, tiny_training, written


def network(width: int = 4, kernel: int = 3, deep: bool = False, pooled: bool = True) -> Any:
    """A small network with named layers."""
    x = inputs = keras.Input((8, 8, 2))
    x = layers.Conv2D(width, kernel, padding="same", activation="relu", name="first")(x)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.DepthwiseConv2D(kernel, padding="same", name="spread")(x)
    x = layers.Conv2D(6, 1, name="second")(x)
    if deep:
        x = layers.Conv2D(6, 3, padding="same", name="third")(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(inputs, layers.Dense(3, name="head")(x))


X = np.random.default_rng(0).normal(size=(4, 8, 8, 2)).astype("float32")


@pytest.mark.parametrize("change", [{"width": 9}, {"kernel": 5}, {"width": 7, "kernel": 5}])
def test_a_wider_network_and_a_larger_kernel_compute_what_the_parent_did(change: dict[str, int]) -> None:
    parent, child = network(), network(**change)
    before = np.asarray(child(X))
    share = graft(child, parent)
    assert 0.1 < share < 1.0
    np.testing.assert_allclose(child(X), parent(X), atol=1e-5)
    assert np.abs(before - np.asarray(parent(X))).max() > 0.01


@pytest.mark.parametrize("kind", ["volume", "words"])
def test_so_do_networks_of_volumes_and_of_words(kind: str) -> None:
    def network(width: int, kernel: int) -> Any:
        if kind == "words":
            first, shape = layers.Embedding(9, width, name="first"), (5,)
            second, pooled = layers.Conv1D(4, kernel, padding="same", name="second"), layers.GlobalMaxPooling1D()
        else:
            first, shape = layers.Conv3D(width, kernel, padding="same", name="first"), (4, 4, 4, 1)
            second, pooled = layers.Conv3D(4, 1, name="second"), layers.GlobalMaxPooling3D()
        return keras.Sequential([keras.Input(shape), first, second, pooled])

    parent, child = network(3, 3), network(5, 5)
    assert 0.1 < graft(child, parent) < 1.0
    x = np.random.default_rng(0).integers(9, size=(4, *parent.input_shape[1:])).astype("float32")
    np.testing.assert_allclose(child(x), parent(x), atol=1e-5)


def test_new_channels_can_learn() -> None:
    """They are not heard at first, but whoever reads them gets a gradient."""
    import tensorflow as tf

    parent, child = network(), network(9)
    graft(child, parent)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.square(child(X, training=True)))
    gradient = tape.gradient(loss, child.get_layer("second").kernel).numpy()
    assert np.abs(gradient[..., 4:, :]).max() > 0


def test_a_narrower_network_takes_a_part_and_a_deeper_one_all_that_was_there() -> None:
    parent, small, deep = network(9, 5), network(), network(9, 5, deep=True)
    graft(small, parent)
    kernel = parent.get_layer("first").kernel.numpy()
    np.testing.assert_array_equal(small.get_layer("first").kernel.numpy(), kernel[1:4, 1:4, :, :4])
    share = graft(deep, parent)
    np.testing.assert_array_equal(deep.get_layer("second").kernel.numpy(), parent.get_layer("second").kernel.numpy())
    assert share < 1.0
    assert graft(network(), network()) == 1.0


def test_parts_of_layers_have_names_that_others_have_too() -> None:
    def attentive() -> Any:
        x = inputs = keras.Input((5, 4))
        for name in ("one", "two"):
            x = layers.MultiHeadAttention(2, 3, name=name)(x, x)
            x = layers.GRU(4, return_sequences=True, name=f"{name}_cells")(x)
        return keras.Model(inputs, keras.Sequential([keras.Input((5, 4)), layers.Dense(3, name="head")], name="end")(x))

    parent, child = attentive(), attentive()
    assert graft(child, parent) == 1.0
    x = X[:, 0, :5].repeat(2, axis=-1)
    np.testing.assert_allclose(child(x), parent(x), atol=1e-6)


def test_what_cannot_be_matched_stays_as_it_was() -> None:
    own, other = np.ones((3, 8)), np.zeros((3, 4))
    assert merged("LSTM", own, other) is own, "gates stand side by side"
    assert merged("Dense", own, np.zeros(8)) is own
    changed = keras.Sequential([keras.Input((8, 8, 2)), layers.Flatten(), layers.Dense(3, name="second")])
    before = changed.get_weights()
    assert graft(changed, network()) == 0.0
    for one, two in zip(before, changed.get_weights(), strict=True):
        np.testing.assert_array_equal(one, two)


def test_a_child_on_digits_begins_better_than_from_scratch(tmp_path: Path) -> None:
    training = tiny_training(tmp_path)
    fidelity = {"epochs": 8.0}
    parent = train(
        Ear(tmp_path / "trials" / "0"),
        training=training,
        architecture={"filters": 4, "units": 16},
        number=0,
        fidelity=fidelity,
    )
    assert inherit(tmp_path / "trials", 0, 1, alike=False)
    child = {"filters": 4, "units": 32}
    ears = Ear(tmp_path / "trials" / "1"), Ear(tmp_path / "trials" / "2")
    told = [train(ear, training=training, architecture=child, number=1, fidelity={"epochs": 1.0}) for ear in ears]
    assert told[0]["measurements"]["inherited"] > 0.4
    assert "inherited" not in told[1]["measurements"]
    heir, scratch = (one["scores"]["val_accuracy"] for one in told)
    assert heir > scratch + 0.1
    assert heir > parent["scores"]["val_accuracy"] - 0.1
    assert not (ears[0].folder / PARENT).exists()
    rows, split = written(training)
    new = build(training, child).model
    begun, _ = validation_scores(training, new, rows, Split.load(training.data).validation)
    graft(new, keras.models.load_model(tmp_path / "trials" / "0" / MODEL, compile=False))
    after, _ = validation_scores(training, new, rows, split.validation)
    assert after["accuracy"] > begun["accuracy"] + 0.2, "before any training"
