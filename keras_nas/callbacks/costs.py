"""Callbacks that put what a model costs into the logs of any Keras training.

A cost does not change with the epochs: History holds the one value once for every epoch, so that it reads like any
other metric, at the best epoch as at the last.
"""

from collections.abc import Mapping
from typing import Any

import keras

from keras_nas.artefact.formats import format_named
from keras_nas.artefact.portable import behind_front
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.estimators.trainer import Trainer
from keras_nas.objectives.cost import Cost, cost_of_model
from keras_nas.objectives.energy import Energy, measure_energy
from keras_nas.objectives.latency import TARGETS, Measurement, Target, measure_latency, sample_rows
from keras_nas.objectives.running import running


class CostCallback(keras.callbacks.Callback):
    """Puts `params`, `flops`, `memory_mb` and `size_mb` into every epoch's logs and the History.

    They are counted once, before the first batch or, where that builds the model, after the first epoch, and do not
    touch the training.

    Args:
        input_shape: Of one row, where the model leaves an axis open.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        >>> model.compile(loss="mse")
        >>> history = model.fit(np.ones((4, 8)), np.ones(4), callbacks=[CostCallback()], verbose=0)
        >>> history.history["params"]
        [9]
    """

    def __init__(self, input_shape: Any = None) -> None:
        super().__init__()
        self.input_shape = input_shape
        self.cost: Cost | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Count what is built."""
        self.cost = cost_of_model(_trained(self.model), self.input_shape) if _trained(self.model).built else None

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Tell, once what the first batch has built is counted too."""
        if self.cost is None:
            self.cost = cost_of_model(_trained(self.model), self.input_shape)
        if logs is not None:
            logs.update(self.cost.scores())

    def on_train_end(self, logs: Any = None) -> None:
        """Tell once more: the training's last logs are a copy."""
        if self.cost is not None and logs is not None:
            logs.update(self.cost.scores())


class LatencyCallback(keras.callbacks.Callback):
    """Measures the trained model on this device: `latency_ms` and `latency_p95_ms` in the History.

    It measures once, when the training ends, on made-up rows; weights and random numbers are as they were. The
    History then holds the value for every epoch. Callbacks that write epoch by epoch do not see it.

    Args:
        target: "keras", "saved_model", "litert", or a function of the model that returns milliseconds.
        batch_size: Rows in a call.
        max_seconds: The longest that the timed runs may take.
        input_shape: Of one row, where the model leaves an axis open.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        >>> model.compile(loss="mse")
        >>> watch = LatencyCallback(max_seconds=0.1)
        >>> history = model.fit(np.ones((4, 8)), np.ones(4), callbacks=[watch], verbose=0)
        >>> history.history["latency_ms"] == [watch.measurement.latency_ms]
        True
    """

    def __init__(
        self, target: Target = "keras", batch_size: int = 1, max_seconds: float = 2.0, input_shape: Any = None
    ) -> None:
        super().__init__()
        self.target = target
        self.batch_size = batch_size
        self.max_seconds = max_seconds
        self.input_shape = input_shape
        self.measurement: Measurement | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Refuse what could not be measured."""
        _check(_trained(self.model), self.target, self.input_shape)

    def on_train_end(self, logs: Any = None) -> None:
        """Measure, and tell."""
        self.measurement = measure_latency(
            _trained(self.model),
            self.input_shape,
            batch_size=self.batch_size,
            target=self.target,
            max_seconds=self.max_seconds,
        )
        _tell(self.model, logs, self.measurement.scores())


class EnergyCallback(keras.callbacks.Callback):
    """Measures the energy of an inference of the trained model: `energy_mj` in the History.

    It reads the machine's own counters: Linux' of processors, NVIDIA's of GPUs. Where there are none, or only the
    superuser may read them, the History has no `energy_mj`, and `energy` says why it was not measured.

    Args:
        target: "keras" for the compiled model in this process, or a format that it is stored in, "litert" say.
        batch_size: Rows in a call.
        seconds: How long the model is called again and again.
        input_shape: Of one row, where the model leaves an axis open.

    Example:
        >>> import numpy as np
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(1)])
        >>> model.compile(loss="mse")
        >>> watch = EnergyCallback(seconds=0.1)
        >>> history = model.fit(np.ones((4, 8)), np.ones(4), callbacks=[watch], verbose=0)
        >>> ("energy_mj" in history.history) == (watch.energy.energy_mj is not None)
        True
    """

    def __init__(
        self, target: str = "keras", batch_size: int = 1, seconds: float = 2.0, input_shape: Any = None
    ) -> None:
        super().__init__()
        self.target = target
        self.batch_size = batch_size
        self.seconds = seconds
        self.input_shape = input_shape
        self.energy: Energy | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        """Refuse what could not be measured."""
        _check(_trained(self.model), self.target, self.input_shape)

    def on_train_end(self, logs: Any = None) -> None:
        """Measure, and tell."""
        with running(_trained(self.model), self.target, self.batch_size, self.input_shape) as run:
            self.energy = measure_energy(run, seconds=self.seconds)
        found = self.energy.energy_mj
        if found is not None:
            _tell(self.model, logs, {"energy_mj": found})


def _trained(model: Any) -> Any:
    """The network that is trained: within a search it stands in a trainer, which is no part of it."""
    return model.network if isinstance(model, Trainer) else model


def _check(model: Any, target: Any, input_shape: Any) -> None:
    """Refuse before a training what could not be measured after it."""
    if not isinstance(target, str):
        return
    if target not in TARGETS:
        raise InvalidArgument(unknown("target", target, TARGETS))
    foreign = format_named(target).foreign
    if model.built or not isinstance(model, keras.Sequential):  # which the first batch builds
        sample_rows(behind_front(model) if foreign else model, input_shape, "float32", 1)


def _tell(model: Any, logs: Any, scores: Mapping[str, float]) -> None:
    """Put what was measured at the end into the last logs, and into the History for every epoch."""
    if logs is not None:
        logs.update(scores)
    history = getattr(model, "history", None)  # None when no epoch was run
    if history is not None:
        history.history.update({name: [value] * len(history.epoch) for name, value in scores.items()})
