"""The same 12 trials of the same hypermodel: Keras Tuner in its process, ours with one worker, ours with two, in turn.

Keras Tuner's RandomSearch draws and trains 12 sets of hyperparameters as its documentation shows it, with `fit` on
arrays. The engine trains the very same 12 sets in worker processes, fed from memory-mapped arrays. Each time runs from
the call to the last result, the start of the workers (which import TensorFlow again) included; every trial trains the
same model for the same epochs with the same batches an epoch, scores it after each epoch and keeps its weights.

    speedup_1_worker   Keras Tuner's seconds over ours with one worker
    speedup_2_workers  the same with two workers
"""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from _common import parser, report

from keras_nas.data import Rows, collect, evaluation_batches, training_batches
from keras_nas.engine.events import Ended
from keras_nas.engine.job import Job, Report
from keras_nas.engine.pool import Pool
from keras_nas.engine.process import WorkerSettings
from keras_nas.engine.resources import shares

TRIALS = 12
BATCH = 64
VALIDATION = 0.2
"""Share of the rows that each epoch is scored on."""

Values = Mapping[str, Any]


def build(hp: Any) -> Any:
    """A small convolutional network of 2 to 4 blocks for 28x28 grey images."""
    import keras

    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Rescaling(1 / 255)])
    for block in range(hp.Int("blocks", 2, 4)):
        model.add(keras.layers.Conv2D(hp.Choice("filters", [8, 16, 24]), hp.Choice("kernel", [3, 5]), padding="same"))
        model.add(keras.layers.BatchNormalization())
        model.add(keras.layers.Activation("relu"))
        if block < 3:
            model.add(keras.layers.MaxPooling2D())
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dense(10, activation="softmax"))
    rate = hp.Float("learning_rate", 1e-3, 1e-2, sampling="log")
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def images(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy images of ten patterns: quick to make, and something to learn."""
    random = np.random.default_rng(0)
    labels = np.arange(size) % 10
    patterns = random.integers(0, 128, (10, 28, 28, 1))
    return (patterns[labels] + random.integers(0, 128, (size, 28, 28, 1))).astype("uint8"), labels


def by_keras_tuner(folder: Path, data: tuple[np.ndarray, np.ndarray], epochs: int) -> tuple[float, list[Values]]:
    """Seconds of Keras Tuner's search, and the hyperparameters that it tried."""
    import keras_tuner

    x, y = data
    cut = len(x) - int(VALIDATION * len(x))
    began = time.perf_counter()
    tuner = keras_tuner.RandomSearch(build, "val_accuracy", TRIALS, seed=1, directory=folder, project_name="tuner")
    held = (x[cut:], y[cut:])
    tuner.search(x[:cut], y[:cut], validation_data=held, epochs=epochs, batch_size=BATCH, verbose=0)
    seconds = time.perf_counter() - began
    return seconds, [trial.hyperparameters.values for trial in tuner.oracle.trials.values()]


def train(report: Report, values: Values, data: str, epochs: int) -> dict[str, Any]:
    """One trial in a worker: the same model, epochs and scores."""
    import keras
    import keras_tuner

    hp = keras_tuner.HyperParameters()
    hp.values = dict(values)
    keras.backend.clear_session()
    model, rows = build(hp), Rows.load(data)
    cut = rows.size - int(VALIDATION * rows.size)
    feed = training_batches(rows, np.arange(cut), BATCH)
    held = evaluation_batches(rows, np.arange(cut, rows.size), BATCH)
    tell = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: report(epoch + 1, logs))
    best = keras.callbacks.ModelCheckpoint(
        report.folder / "best.weights.h5", "val_accuracy", save_best_only=True, save_weights_only=True, mode="max"
    )
    history = model.fit(**feed.fit_arguments(), validation_data=held, epochs=epochs, callbacks=[tell, best], verbose=0)
    return {"scores": {"val_accuracy": max(history.history["val_accuracy"])}}


def by_workers(folder: Path, data: Any, epochs: int, tried: Sequence[Values], workers: int) -> float:
    """Seconds that the engine takes for the same trials."""
    began = time.perf_counter()
    collect(data, folder / "data")
    waiting = [Job(train, {"values": values, "data": str(folder / "data"), "epochs": epochs}) for values in tried]
    ended: list[Ended] = []
    with Pool(shares(workers), folder, WorkerSettings(preload=("keras", "keras_tuner"))) as pool:
        while len(ended) < len(tried):
            while pool.free and waiting:
                number = len(tried) - len(waiting)
                pool.submit(waiting.pop(0), f"{number}-0", folder / "trials" / str(number))
            ended += [event for event in pool.events() if isinstance(event, Ended)]
    seconds = time.perf_counter() - began
    failures = [event.failure for event in ended if event.failure]
    if failures:
        raise RuntimeError(f"{len(failures)} trials failed, the first: {failures[0]}")
    return seconds


def main() -> None:
    """Measures the three in turn."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--rows", type=int, default=12_000, help="images (default 12,000)")
    arguments.add_argument("--epochs", type=int, default=3, help="epochs a trial (default 3)")
    options = arguments.parse_args()
    data = images(options.rows)
    with tempfile.TemporaryDirectory() as name:
        tuner, tried = by_keras_tuner(Path(name) / "0", data, options.epochs)
        one = by_workers(Path(name) / "1", data, options.epochs, tried, 1)
        two = by_workers(Path(name) / "2", data, options.epochs, tried, 2)
    figures = {"keras_tuner_seconds": tuner, "seconds_1_worker": one, "seconds_2_workers": two}
    report(figures | {"speedup_1_worker": tuner / one, "speedup_2_workers": tuner / two}, options.json)


if __name__ == "__main__":
    main()
