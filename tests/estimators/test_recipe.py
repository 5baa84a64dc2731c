"""Augmentations keep shape, dtype and labels; smoothing and mixup keep what targets sum to."""

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_nas.errors import InvalidArgument
from keras_nas.estimators.recipe import AUGMENTATIONS, complete, make_augment, make_optimizer, make_transform

KEY = tf.constant([1, 2], tf.int32)


@pytest.mark.parametrize("augmentation", [name for name in AUGMENTATIONS if name != "none"])
@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("shape", [(32, 8, 8), (32, 8, 6, 3)])
def test_augmentations_keep_shape_dtype_and_values(augmentation: str, dtype: str, shape: tuple[int, ...]) -> None:
    augment = make_augment(augmentation)
    assert augment is not None
    x = np.random.default_rng(0).integers(0, 255, shape).astype(dtype)
    y = augment(tf.constant(x), KEY)
    assert y.shape == x.shape
    assert y.dtype == dtype
    assert set(np.unique(y)) <= set(np.unique(x))
    assert (y.numpy() != x).any()
    np.testing.assert_array_equal(y, augment(tf.constant(x), KEY))
    assert (y.numpy() != augment(tf.constant(x), KEY + 1).numpy()).any()


def test_flips_are_whole_images_left_to_right() -> None:
    augment = make_augment("flip")
    assert augment is not None
    x = np.arange(64, dtype=np.uint8).reshape(4, 4, 4)
    for before, after in zip(x, augment(tf.constant(x), KEY).numpy(), strict=True):
        assert (after == before).all() or (after == before[:, ::-1]).all()


def test_turns_are_the_eight_positions_of_a_square_and_the_four_of_a_rectangle() -> None:
    augment = make_augment("turn")
    assert augment is not None
    for wide, positions in ((3, 8), (4, 4)):
        x = np.tile(np.arange(3 * wide, dtype=np.uint8).reshape(1, 3, wide), (200, 1, 1))
        found = np.unique(augment(tf.constant(x), KEY).numpy(), axis=0)
        assert len(found) == positions
        assert {tuple(sorted(image.ravel())) for image in found} == {tuple(range(3 * wide))}


def test_images_and_masks_move_alike() -> None:
    augment = make_augment("turn_shift")
    assert augment is not None
    x = np.random.default_rng(0).integers(0, 255, (32, 8, 8, 3), dtype=np.uint8)
    mask = x[..., 1]
    moved = augment(tf.constant(x), KEY).numpy()
    np.testing.assert_array_equal(augment(tf.constant(mask), KEY), moved[..., 1])
    assert (moved != x).any(axis=(1, 2, 3)).sum() > 24


def test_shifts_move_at_most_the_pad() -> None:
    augment = make_augment("shift", pad=1)
    assert augment is not None
    x = np.zeros((64, 7, 7), np.uint8)
    x[:, 3, 3] = 1
    rows, columns = np.nonzero(augment(tf.constant(x), KEY).numpy())[1:]
    assert set(rows) == set(columns) == {2, 3, 4}


def test_none_is_none() -> None:
    assert make_augment("none") is None


def one_hot(y: Any) -> Any:
    return tf.one_hot(y, 3)


def test_label_smoothing_spreads_its_share() -> None:
    x = tf.zeros((2, 4, 4))
    _, y = make_transform(one_hot, 0.3, 0.0)(x, tf.constant([0, 2]), None, KEY)
    np.testing.assert_allclose(y, [[0.8, 0.1, 0.1], [0.1, 0.1, 0.8]], atol=1e-6)


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
def test_mixup_mixes_images_and_targets_in_one_proportion(dtype: str) -> None:
    x = np.stack([np.zeros((4, 4)), np.full((4, 4), 200)]).astype(dtype)
    mixed, y, w = make_transform(one_hot, 0.0, 0.4)(tf.constant(x), tf.constant([0, 1]), tf.constant([1.0, 2.0]), KEY)
    assert mixed.dtype == dtype
    np.testing.assert_allclose(np.sum(y, axis=1), 1.0, atol=1e-6)
    np.testing.assert_allclose(np.asarray(mixed, np.float32)[:, 0, 0] / 200, y[:, 1], atol=0.01)
    np.testing.assert_array_equal(w, [1.0, 2.0])


def test_settings_are_completed_and_checked() -> None:
    assert complete({"batch_size": 32})["batch_size"] == 32
    with pytest.raises(InvalidArgument, match="Unknown recipe setting 'batchsize'.*Did you mean 'batch_size'"):
        complete({"batchsize": 32})
    with pytest.raises(InvalidArgument, match="Unknown augmentation 'flips'.*Did you mean 'flip'"):
        complete({"augmentation": "flips"})
    with pytest.raises(InvalidArgument, match="Unknown optimizer 'adam'.*Did you mean 'adamw'"):
        make_optimizer(complete({"optimizer": "adam"}))


@pytest.mark.parametrize("name", ["sgd", "adamw"])
def test_weight_decay_spares_biases_and_normalisation(name: str) -> None:
    dense, normalise = keras.layers.Dense(2), keras.layers.BatchNormalization()
    model = keras.Sequential([keras.Input((2,)), dense, normalise])
    model.set_weights([np.ones_like(weight) for weight in model.get_weights()])
    optimizer = make_optimizer(complete({"optimizer": name, "learning_rate": 0.1, "weight_decay": 0.5}))
    optimizer.apply([tf.zeros(v.shape) for v in model.trainable_variables], model.trainable_variables)
    assert (np.asarray(dense.kernel) < 1).all()
    assert all((np.asarray(v) == 1).all() for v in (dense.bias, normalise.gamma, normalise.beta))
