"""The cost callbacks in a plain Keras training: what they report, and that training is as without them."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.callbacks import CostCallback, EnergyCallback, LatencyCallback, costs
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.fused import training_copy
from keras_nas.estimators.trainer import Trainer
from keras_nas.objectives.cost import cost_of_model
from keras_nas.objectives.energy import Energy

X = np.random.default_rng(0).normal(size=(32, 6)).astype("float32")
Y = (X.sum(axis=1) > 0).astype("float32")
NAMES = {"latency_ms", "latency_p95_ms", "params", "flops", "memory_mb", "size_mb"}


def _trained(callbacks: list[Any], epochs: int = 3) -> tuple[Any, Any]:
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((6,)), layers.Dense(5), layers.Dropout(0.5), layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(X, Y, validation_split=0.25, epochs=epochs, batch_size=8, verbose=0, callbacks=callbacks)
    return model, history


class Later(keras.callbacks.Callback):
    """Remembers the logs that a callback after the others sees."""

    epochs: list[dict[str, float]]
    end: dict[str, float]

    def on_train_begin(self, logs: Any = None) -> None:
        self.epochs = []

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.epochs.append(dict(logs))

    def on_train_end(self, logs: Any = None) -> None:
        self.end = dict(logs)


@pytest.fixture(scope="module")
def run() -> tuple[Any, Any, Any, Any]:
    cost, latency, later = CostCallback(), LatencyCallback(max_seconds=0.2), Later()
    _, history = _trained([cost, latency, later])
    return cost, latency, later, history


def test_history_holds_every_cost_once_an_epoch(run: Any) -> None:
    cost, latency, _, history = run
    assert NAMES <= history.history.keys()
    assert history.history["params"] == [5 * 7 + 6] * 3
    assert history.history["flops"] == [5 * 7 + 6] * 3
    assert history.history["latency_ms"] == [latency.measurement.latency_ms] * 3
    assert latency.measurement.batch_size == 1
    assert cost.cost.size_mb == 4 * 41 / 1e6


def test_later_callbacks_see_them(run: Any) -> None:
    later = run[2]
    assert all(logs["params"] == 41 for logs in later.epochs)
    assert NAMES <= later.end.keys()


def test_training_is_not_touched(run: Any) -> None:
    _, plain = _trained([])
    assert plain.history["val_loss"] == run[3].history["val_loss"]


def test_a_second_fit_and_no_epoch() -> None:
    latency = LatencyCallback(target=lambda model: 2.0)
    model, history = _trained([latency], epochs=1)
    assert history.history["latency_ms"] == [2.0]
    again = model.fit(X, Y, epochs=4, initial_epoch=2, verbose=0, callbacks=[latency])
    assert again.history["latency_ms"] == [2.0, 2.0]
    model, _ = _trained([latency], epochs=0)


def test_keras_tuner_reads_them(run: Any) -> None:
    from keras_tuner.src.engine.tuner_utils import convert_to_metrics_dict

    scores = convert_to_metrics_dict(run[3], _objective())
    assert scores["latency_ms"] == run[1].measurement.latency_ms
    assert scores["params"] == 41


def _objective() -> Any:
    from keras_tuner import Objective

    return Objective("val_loss", "min")


def test_an_open_axis_is_named_before_training() -> None:
    model = keras.Sequential([keras.Input((None, 3)), layers.LSTM(2), layers.Dense(1)])
    model.compile("adam", "mse")
    x, y = np.zeros((4, 5, 3)), np.zeros(4)
    with pytest.raises(InvalidArgument, match="give every axis a size"):
        model.fit(x, y, verbose=0, callbacks=[CostCallback()])
    history = model.fit(x, y, verbose=0, callbacks=[CostCallback(input_shape=(5, 3))])
    assert history.history["flops"] == [5 * 4 * (3 * 2 + 2 * 2 + 2) + 3]


def test_what_the_first_batch_builds_is_counted_after_it() -> None:
    model = keras.Sequential([layers.Dense(1)])
    model.compile("adam", "mse")
    history = model.fit(X, Y, epochs=2, verbose=0, callbacks=[CostCallback(), LatencyCallback(max_seconds=0.02)])
    assert history.history["params"] == [7, 7]
    assert history.history["latency_ms"][0] > 0


@pytest.mark.parametrize(
    ("watch", "text"),
    [
        (LatencyCallback("tflite"), "Unknown target 'tflite': expected one of 'keras', 'saved_model', 'litert'"),
        (EnergyCallback("tflite"), "Unknown target 'tflite'"),
        (LatencyCallback(), "The shape of a row is not known.* Pass input_shape"),
        (LatencyCallback("litert"), "The shape of a row is not known.* Pass input_shape"),
    ],
)
def test_what_cannot_be_measured_is_refused_before_training(watch: Any, text: str) -> None:
    watch.set_model(keras.Sequential([keras.Input((None, 3)), layers.GlobalMaxPooling1D()]))
    with pytest.raises(InvalidArgument, match=text):
        watch.on_train_begin()


def test_within_a_search_the_network_in_training_is_counted() -> None:
    """A search trains a copy of the model, with a faster normalisation, inside a trainer."""
    network = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(4, 3), layers.BatchNormalization()])
    watch = CostCallback()
    watch.set_model(Trainer(training_copy(network, "float32")))
    watch.on_train_begin()
    assert watch.cost == cost_of_model(network)
    latency = LatencyCallback(target=lambda measured: 1.0 + measured.count_params())
    latency.set_model(Trainer(network))
    latency.on_train_end()
    assert latency.measurement is not None
    assert latency.measurement.latency_ms == 1 + network.count_params()


class Headed(keras.Model):
    """A user's own model, a part of which is called as ours is."""

    def __init__(self) -> None:
        super().__init__()
        self.network = keras.Sequential([keras.Input((6,)), layers.Dense(5)])
        self.head = layers.Dense(1)

    def call(self, x: Any) -> Any:
        return self.head(self.network(x))


def test_all_of_a_users_own_model_is_counted() -> None:
    model, watch = Headed(), CostCallback(input_shape=(6,))
    model(np.zeros((1, 6)))
    watch.set_model(model)
    watch.on_train_begin()
    assert watch.cost is not None
    assert watch.cost.params == model.count_params() == 6 * 5 + 5 + 5 + 1


@pytest.mark.parametrize(("found", "expected"), [(Energy(3.5, ("package-0",), 10), [3.5, 3.5]), (Energy(None), None)])
def test_energy_is_measured_or_it_is_not(monkeypatch: pytest.MonkeyPatch, found: Energy, expected: Any) -> None:
    def measured(run: Any, seconds: float) -> Energy:
        assert (seconds, run()[0].shape) == (0.5, (4, 1))
        return found

    monkeypatch.setattr(costs, "measure_energy", measured)
    watch = EnergyCallback(batch_size=4, seconds=0.5)
    _, history = _trained([watch], epochs=2)
    assert history.history.get("energy_mj") == expected
    assert watch.energy is found
