"""Tests of the pipelines: the rows, their order, and what is done to a batch."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_nas.data import Feed, Rows, class_weights, evaluation_batches, pipeline, training_batches
from keras_nas.errors import InvalidArgument

Make = Callable[..., Rows]
INDEX = np.arange(5, 55)
MEMORY = pytest.mark.parametrize("in_memory", [True, False], ids=["memory", "disk"])


@pytest.fixture
def rows(images: tuple[np.ndarray, np.ndarray], make_rows: Make) -> Rows:
    return make_rows(*images)


def numbers(feed: Feed, epochs: int = 1) -> list[list[int]]:
    """The numbers of the rows that each epoch trains on, in order."""
    batches = [x.numpy()[:, 0, 0].tolist() for x, *_ in feed.dataset.take(feed.steps * epochs)]
    return [sum(batches[i * feed.steps : (i + 1) * feed.steps], []) for i in range(epochs)]


@MEMORY
def test_an_epoch_is_every_row_once(rows: Rows, in_memory: bool) -> None:
    feed = training_batches(rows, INDEX, 16, in_memory=in_memory)
    assert feed.steps == 4
    for epoch in numbers(feed, epochs=3):
        assert epoch != sorted(epoch) == INDEX.tolist()


@MEMORY
def test_x_and_y_stay_together_in_their_raw_type(rows: Rows, in_memory: bool) -> None:
    feed = training_batches(rows, INDEX, 16, in_memory=in_memory)
    for x, y in feed.dataset.take(feed.steps):
        assert x.dtype == tf.uint8 and y.dtype == tf.int32
        np.testing.assert_array_equal(x, rows.x[x.numpy()[:, 0, 0]])
        np.testing.assert_array_equal(y, rows.y[x.numpy()[:, 0, 0]])


def test_seed_and_epoch_decide_the_order(rows: Rows) -> None:
    first = numbers(training_batches(rows, INDEX, 16, seed=1), epochs=4)
    again = numbers(training_batches(rows, INDEX, 16, seed=1, in_memory=False), epochs=4)
    other = numbers(training_batches(rows, INDEX, 16, seed=2), epochs=4)
    assert first == again
    assert len({tuple(epoch) for epoch in first + other}) == 8


def test_a_resumed_training_sees_what_an_uninterrupted_one_sees(rows: Rows) -> None:
    whole = numbers(training_batches(rows, INDEX, 16, seed=1), epochs=5)
    resumed = numbers(training_batches(rows, INDEX, 16, seed=1, epoch=3), epochs=2)
    assert resumed == whole[3:]


def test_keys_differ_from_batch_to_batch_and_repeat_on_resume(rows: Rows) -> None:
    def keys(epoch: int, steps: int) -> list[tuple[int, ...]]:
        feed = training_batches(rows, INDEX, 16, seed=1, epoch=epoch, transform=lambda x, y, w, key: (x, key))
        return [tuple(key.numpy().tolist()) for _, key in feed.dataset.take(steps)]

    whole = keys(0, 12)
    assert len(set(whole)) == 12
    assert keys(2, 4) == whole[8:]


def test_augmentation_comes_before_the_transform(rows: Rows) -> None:
    def augment(x: Any, y: Any, key: Any) -> Any:
        return tf.cast(x, tf.float32) + tf.random.stateless_uniform([], key), y

    def transform(x: Any, y: Any, w: Any, key: Any) -> Any:
        assert w is None and x.dtype == tf.float32
        return x * 0 + x[:, :1, :1], tf.one_hot(y, 3)

    batches = list(training_batches(rows, INDEX, 16, augment=augment, transform=transform).dataset.take(2))
    assert batches[0][1].shape == (16, 3)
    offsets = {float(x[0, 0, 0] % 1) for x, _ in batches}
    assert len(offsets) == 2 and 0.0 not in offsets


def test_sample_and_class_weights_are_multiplied(images: Any, make_rows: Make) -> None:
    weight = np.linspace(1, 2, 60).astype(np.float32)
    weighted = make_rows(*images, sample_weight=weight)
    of_class = np.array([1.0, 10.0, 100.0], np.float32)
    x, y, w = next(iter(training_batches(weighted, INDEX, 16, class_weight=of_class).dataset))
    np.testing.assert_allclose(w, weight[x.numpy()[:, 0, 0]] * of_class[y], rtol=1e-6)
    x, _, w = next(iter(evaluation_batches(weighted, INDEX, 16)))
    np.testing.assert_allclose(w, weight[x.numpy()[:, 0, 0]], rtol=1e-6)


def test_class_weights_alone(rows: Rows) -> None:
    of_class = class_weights(rows.y[INDEX], 3)
    _, y, w = next(iter(training_batches(rows, INDEX, 16, class_weight=of_class).dataset))
    np.testing.assert_allclose(w, of_class[y])


@MEMORY
def test_evaluation_keeps_the_order(rows: Rows, in_memory: bool) -> None:
    chosen = np.array([7, 3, 59, 0, 21])
    dataset = evaluation_batches(rows, chosen, 2, in_memory=in_memory)
    assert int(dataset.cardinality()) == 3
    for _ in range(2):
        batches = list(dataset)
        assert np.concatenate([x[:, 0, 0] for x, _ in batches]).tolist() == chosen.tolist()
        assert np.concatenate([y for _, y in batches]).tolist() == rows.y[chosen].tolist()


@MEMORY
def test_shapes_are_known_but_for_the_rows(rows: Rows, in_memory: bool) -> None:
    x, y = training_batches(rows, INDEX, 16, in_memory=in_memory).dataset.element_spec
    assert x.shape.as_list() == [None, 8, 8] and y.shape.as_list() == [None]
    x, y = evaluation_batches(rows, INDEX, 16, in_memory=in_memory).element_spec
    assert x.shape.as_list() == [None, 8, 8]


@MEMORY
def test_whole_batches_have_a_known_shape(rows: Rows, in_memory: bool) -> None:
    feed = training_batches(rows, INDEX, 16, drop_remainder=True, in_memory=in_memory)
    assert feed.steps == 3 and feed.dataset.element_spec[0].shape.as_list() == [16, 8, 8]
    assert [len(epoch) for epoch in numbers(feed, epochs=2)] == [48, 48]


def test_small_data_is_held_in_memory(rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    def disk(*_: Any) -> Any:
        raise AssertionError

    monkeypatch.setattr(pipeline, "_from_disk", disk)
    training_batches(rows, INDEX)
    monkeypatch.setattr(pipeline, "IN_MEMORY_BYTES", 50 * 64)
    with pytest.raises(AssertionError):
        training_batches(rows, INDEX)


def test_the_autotuner_is_off(rows: Rows) -> None:
    for dataset in (training_batches(rows, INDEX).dataset, evaluation_batches(rows, INDEX)):
        assert dataset.options().autotune.enabled is False


@pytest.mark.parametrize("index", [INDEX[:0], INDEX[:10]])
def test_no_batch(rows: Rows, index: np.ndarray) -> None:
    with pytest.raises(InvalidArgument, match=f"{len(index)} rows make no batch of 16: expected at least one"):
        training_batches(rows, index, 16, drop_remainder=True)


def test_targets_of_a_regression(images: Any, make_rows: Make) -> None:
    rows = make_rows(images[0], np.arange(60.0), target="regression")
    x, y = next(iter(training_batches(rows, INDEX, 16).dataset))
    assert y.shape == (16, 1) and y.numpy()[:, 0].tolist() == x.numpy()[:, 0, 0].tolist()


def test_fit_learns_from_the_batches(digits: tuple[np.ndarray, np.ndarray], make_rows: Make) -> None:
    rows = make_rows(*digits)
    train, test = np.arange(1500), np.arange(1500, 1797)
    model = keras.Sequential([keras.layers.Rescaling(1 / 16), keras.layers.Flatten(), keras.layers.Dense(10)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss, metrics=["accuracy"])
    feed = training_batches(rows, train, 64, epoch=2)
    validation = evaluation_batches(rows, test)
    history = model.fit(**feed.fit_arguments(), epochs=8, validation_data=validation, verbose=0).history
    assert len(history["loss"]) == 6 and history["val_accuracy"][-1] > 0.85
    scores = model.predict(validation.map(lambda x, y: x), verbose=0)
    assert (rows.labels.decode(scores) == digits[1][test]).mean() == pytest.approx(history["val_accuracy"][-1])
