"""What a user says of each of several targets."""

from pathlib import Path

import keras
import numpy as np
import pytest

from keras_nas.errors import InvalidArgument
from keras_nas.estimators.fitting import _augment
from keras_nas.tasks import Several, get_task
from keras_nas.tasks.own import Own
from keras_nas.tasks.signature import Input, Signature
from tests.small import tiny_training, written

TRUTH = np.eye(3, dtype="float32")[[0, 1, 2]]
LOGITS = np.array([[2.0, 0.0, 0.0], [0.0, 0.5, 0.0], [0.0, 0.0, 3.0]], "float32")
USUAL = keras.losses.CategoricalCrossentropy(from_logits=True)


def test_the_usual_loss_stays_as_it_is() -> None:
    assert Own().loss("digit", USUAL, 1, raw_classes=True) is USUAL
    assert np.allclose(Own().loss("digit", USUAL, 0.5, raw_classes=True)(TRUTH, LOGITS), USUAL.call(TRUTH, LOGITS) / 2)


def test_an_own_loss_of_classes_sees_probabilities() -> None:
    own = Own({"digit": "mae"}).loss("digit", USUAL, 2.0, raw_classes=True)
    probabilities = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
    assert np.allclose(own(TRUTH, LOGITS), 2 * np.abs(TRUTH - probabilities).mean(axis=1), atol=1e-6)


def test_rare_classes_weigh_more() -> None:
    own = Own(balance={"digit": np.array([1.0, 2.0, 4.0], "float32")}).loss("digit", USUAL, 1, raw_classes=True)
    assert np.allclose(own(TRUTH, LOGITS), USUAL.call(TRUTH, LOGITS) * [1, 2, 4])


def test_a_loss_of_quantities_is_in_standard_deviations() -> None:
    end, y, guesses = Signature({}, 1, (10.0,), (4.0,)), np.array([[10.0], [18.0]]), np.array([[14.0], [10.0]])
    assert Own({"ink": "mae"}).value("ink", {}, y, guesses, end) == pytest.approx(1.5)
    assert Own().value("ink", {}, y, guesses, end) == pytest.approx((1 + 4) / 2)


def test_a_loss_that_cannot_be_used_is_named() -> None:
    with pytest.raises(InvalidArgument, match=r"loss: 'sparse_categorical_crossentropy' of 'digit' cannot be used"):
        Own({"digit": "sparse_categorical_crossentropy"}).check({"digit": Signature({}, 3)})


def test_of_one_target_metrics_are_a_list(tmp_path: Path) -> None:
    rows, split = written(tiny_training(tmp_path))
    with pytest.raises(InvalidArgument, match=r"metrics=.*image_classification has one target; expected a list"):
        get_task("image_classification").taking({"metrics": {"digit": ["mae"]}}, rows, split)


def test_images_among_several_inputs_are_flipped_and_shifted() -> None:
    import tensorflow as tf

    task = Several(inputs={"photo": "image", "table": "tabular"})
    inputs = {"photo": Input((4, 6), "uint8"), "table.numbers": Input((3,), "float32")}
    x = {"photo": tf.reshape(tf.cast(tf.range(384), tf.uint8), (16, 4, 6)), "table.numbers": tf.ones((16, 3))}
    moved, y = _augment(task, Signature(inputs, 1), "flip")(x, tf.ones(16), tf.constant([1, 2]))
    flipped = [bool(np.array_equal(a, b[:, ::-1])) for a, b in zip(moved["photo"], x["photo"], strict=True)]
    kept = [bool(np.array_equal(a, b)) for a, b in zip(moved["photo"], x["photo"], strict=True)]
    assert np.logical_xor(flipped, kept).all() and any(flipped)
    assert moved["table.numbers"] is x["table.numbers"] and y.shape == (16,)
