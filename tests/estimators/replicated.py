"""A process of its own with two CPU devices: trains small networks on one of them, on both, and in two towers.

Arguments: the folder to work in, and "more" for further trainings. It leaves `told.json` there: what each training
scored and noted, and its weights.
"""

import json
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

CPU = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(CPU, [tf.config.LogicalDeviceConfiguration()] * 2)

import keras  # noqa: E402
from keras import layers  # noqa: E402

from keras_nas.estimators import watch  # noqa: E402
from keras_nas.estimators.replicas import strategy_over  # noqa: E402
from keras_nas.estimators.training import train  # noqa: E402
from keras_nas.space import Choice, Op, Series  # noqa: E402
from keras_nas.spaces import Space  # noqa: E402
from tests.small import Ear, tiny_training  # noqa: E402

RECIPE = {"optimizer": "sgd", "learning_rate": 0.05, "batch_size": 64, "weight_decay": 1e-3}


class Own(keras.layers.Dense):
    """A layer of a user's own: no faster copy is made of a network that has one."""


class Watcher(keras.callbacks.Callback):
    """Notes every learning rate, and how many rows each device is given."""

    rates: list[float] = []
    replicas: list[int] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        Watcher.rates.append(float(self.model.optimizer.learning_rate.numpy()))
        Watcher.replicas.append(self.model.distribute_strategy.num_replicas_in_sync)


def space(normalised: bool, batch_size: int) -> Space:
    """One convolution, with or without batch normalisation."""
    normal = [Op(layers.BatchNormalization)] if normalised else []
    filters = Choice("filters", [4, 8])
    network = Series(
        Op(layers.Conv2D, filters=filters, kernel_size=3), *normal, Op(layers.ReLU), Op(layers.GlobalAveragePooling2D)
    )
    return Space("small", network, {**RECIPE, "batch_size": batch_size})


def own_model() -> Any:
    """A user's model that cannot be copied."""
    return keras.Sequential([keras.Input((8, 8)), layers.Flatten(), layers.Rescaling(1 / 16), Own(10, "softmax")])


def trained(name: str, data: Any, architecture: Mapping[str, Any] | None, epochs: float = 2.0, **how: int) -> None:
    """One training; its story goes into `TOLD` under the name."""
    Watcher.rates, Watcher.replicas = [], []
    folder = FOLDER / name
    told = train(Ear(folder), training=data, architecture=architecture, number=0, fidelity={"epochs": epochs}, **how)
    model = keras.models.load_model(folder / "model.keras", compile=False)
    TOLD[name] = {
        "scores": told["scores"],
        "epochs": told["measurements"]["epochs"],
        "batch_size": told["measurements"]["settings"]["batch_size"],
        "trainable": [variable.numpy().tolist() for variable in model.trainable_variables],
        "rates": Watcher.rates,
        "replicas": Watcher.replicas,
    }


FOLDER = Path(sys.argv[1])
TOLD: dict[str, Any] = {}


def main() -> None:
    """All trainings."""
    keras.saving.get_custom_objects()["Own"] = Own
    watch.WRITE_EVERY = 0.0
    first = {"filters": 4}
    watcher = [Watcher()]
    plain = tiny_training(FOLDER / "plain", space=space(False, 64), callbacks=watcher)
    for name, how in {"one": {}, "two": {"devices": 2}}.items():
        trained(name, plain, first, **how)
    normalised = tiny_training(FOLDER / "normal", space=space(True, 64), callbacks=watcher)
    for name, how in {"towers": {"towers": 2}, "devices": {"devices": 2}}.items():
        trained(name, normalised, first, **how)
    if "more" in sys.argv:
        more(plain, watcher)
    TOLD["same_strategy"] = strategy_over(2) is strategy_over(2)
    (FOLDER / "told.json").write_text(json.dumps(TOLD))


def more(plain: Any, watcher: Any) -> None:
    """From a checkpoint, in half precision with batches that do not divide, and a network that cannot be copied."""
    first = {"filters": 4}
    shutil.copytree(FOLDER / "two", FOLDER / "resumed")
    trained("resumed", plain, first, 4.0, devices=2)
    uneven = tiny_training(FOLDER / "uneven", space=space(False, 63), callbacks=watcher, precision="mixed_float16")
    trained("uneven", uneven, first, devices=2)
    own = tiny_training(FOLDER / "own", callbacks=watcher, baseline=own_model)
    trained("own", own, None, devices=2)


if __name__ == "__main__":
    main()
