"""Raw pixels in, probabilities or the targets' own units out, by layers that need nothing of ours."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_nas.data import collect, split_rows
from keras_nas.errors import InvalidArgument
from keras_nas.tasks import TASKS, Signature, Task, get_task
from tests.small import digit_images, tiny_space

NETWORK = {"filters": 4, "units": 16}
X, Y = digit_images(120)


def signature(task: Task, x: Any, y: Any, folder: Path) -> Signature:
    target: Any = task.target
    rows = collect((x, y), folder / "data", target=target)
    return task.signature(rows, split_rows(rows))


@pytest.mark.parametrize(
    "x",
    [X, X[..., None], np.repeat(X[..., None], 3, axis=3), X / 16.0, X.astype(np.float32), X > 8, X.astype(np.int32)],
    ids=["grey", "channel", "rgb", "float64", "float32", "bool", "int32"],
)
def test_models_take_the_users_rows(x: np.ndarray, tmp_path: Path) -> None:
    task = get_task("image_classification")
    own = signature(task, x, Y, tmp_path)
    model = task.build(tiny_space(), NETWORK, own).model
    assert own.input_shape == x.shape[1:]
    outputs = model.predict(x[:3], verbose=0)
    np.testing.assert_allclose(outputs.sum(axis=1), 1.0, atol=1e-5)
    assert outputs.dtype == np.float32


def test_pixels_are_standardised_inside_the_model(tmp_path: Path) -> None:
    task = get_task("image_classification")
    x = np.repeat(X[..., None], 3, axis=3) * np.array([1, 2, 4], np.uint8)
    own = signature(task, x, Y, tmp_path)
    model = task.build(tiny_space(), NETWORK, own).model
    scaling = next(layer for layer in model.layers if isinstance(layer, keras.layers.Rescaling))
    pixels = keras.Model(model.input, scaling.output).predict(x, verbose=0)
    np.testing.assert_allclose(pixels.mean(axis=(0, 1, 2)), 0, atol=0.1)
    np.testing.assert_allclose(pixels.std(axis=(0, 1, 2)), 1, atol=0.1)


def test_a_constant_image_divides_by_no_zero(tmp_path: Path) -> None:
    own = signature(get_task("image_classification"), np.zeros_like(X), Y, tmp_path)
    assert own.input_std == (1.0,)


@pytest.mark.parametrize("targets", [1, 2])
def test_regression_ends_in_the_targets_units(targets: int, tmp_path: Path) -> None:
    task = get_task("image_regression")
    y = np.stack([1000 + 10.0 * Y, -Y], axis=1)[:, :targets]
    own = signature(task, X, y, tmp_path)
    built = task.build(tiny_space(), NETWORK, own)
    raw = built.raw.predict(X[:5], verbose=0)
    expected = raw * np.array(own.output_std) + np.array(own.output_mean)
    np.testing.assert_allclose(built.model.predict(X[:5], verbose=0), expected, rtol=1e-4)
    standard = np.asarray(task.encode(tf.constant(y, tf.float32), own))
    assert abs(standard.mean()) < 0.2
    assert standard.std() == pytest.approx(1.0, abs=0.2)
    np.testing.assert_allclose(task.encode(tf.constant(y, tf.float32), own, finished=True), y, rtol=1e-6)


def test_the_loss_of_raw_and_of_finished_outputs_is_one(tmp_path: Path) -> None:
    task = get_task("image_classification")
    own = signature(task, X, Y, tmp_path)
    built = task.build(tiny_space(), NETWORK, own)
    truth = task.encode(tf.constant(Y[:9]), own)
    losses = [float(task.loss(False)(truth, built.raw(X[:9]))), float(task.loss(True)(truth, built.model(X[:9])))]
    assert losses[0] == pytest.approx(losses[1], rel=1e-4)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_is_complete(name: str) -> None:
    task = get_task(name)
    assert task.objective.removeprefix("val_") in task.score_names
    assert get_task(task) is task


def test_an_unknown_task() -> None:
    with pytest.raises(InvalidArgument, match="Unknown task .*Did you mean 'image_classification'"):
        get_task("image_clasification")
