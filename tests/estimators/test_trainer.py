"""A batch in towers is one batch: the mean over its rows, weighted or not, evenly divided or not."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.callbacks import LatencyCallback
from keras_nas.estimators.trainer import Trainer

X = np.random.default_rng(0).normal(size=(7, 5)).astype(np.float32)
Y = np.random.default_rng(1).normal(size=(7, 2)).astype(np.float32)
WEIGHT = np.array([1, 0, 2, 1, 0.5, 3, 1], np.float32)


def trained(towers: int, weight: Any, rows: int = 7) -> tuple[float, list[np.ndarray]]:
    """Loss and weights after one step of plain gradient descent."""
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((5,)), layers.Dense(4, "tanh", kernel_regularizer="l2"), layers.Dense(2)])
    trainer = Trainer(network, towers)
    trainer.compile(keras.optimizers.SGD(0.1), "mse")
    weight = None if weight is None else weight[:rows]
    history = trainer.fit(X[:rows], Y[:rows], sample_weight=weight, batch_size=rows, verbose=0, shuffle=False)
    return history.history["loss"][0], network.get_weights()


@pytest.mark.parametrize("weight", [None, WEIGHT], ids=["plain", "weighted"])
@pytest.mark.parametrize("rows", [6, 7], ids=["even", "uneven"])
def test_towers_learn_what_one_does(weight: Any, rows: int) -> None:
    loss, weights = trained(1, weight, rows)
    for towers in (2, 3):
        other, others = trained(towers, weight, rows)
        assert other == pytest.approx(loss, rel=1e-5)
        for one, two in zip(weights, others, strict=True):
            np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-6)


def test_one_tower_is_keras_own_step() -> None:
    loss, weights = trained(1, WEIGHT)
    keras.utils.set_random_seed(0)
    network = keras.Sequential([keras.Input((5,)), layers.Dense(4, "tanh", kernel_regularizer="l2"), layers.Dense(2)])
    network.compile(keras.optimizers.SGD(0.1), "mse")
    history = network.fit(X, Y, sample_weight=WEIGHT, batch_size=7, verbose=0, shuffle=False)
    assert history.history["loss"][0] == pytest.approx(loss, rel=1e-5)
    for one, two in zip(weights, network.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-6)


def test_callbacks_may_ask_what_the_model_takes() -> None:
    network = keras.Sequential([keras.Input((5,)), layers.Dense(2)])
    trainer = Trainer(network)
    assert [tensor.shape for tensor in trainer.inputs] == [(None, 5)]
    assert trainer.input is network.inputs[0]
    watch = LatencyCallback(max_seconds=0.05)
    watch.set_model(trainer)
    watch.on_train_end()
    assert watch.measurement is not None
    assert watch.measurement.latency_ms > 0
