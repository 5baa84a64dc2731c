"""A training through keras_nas against `model.fit(numpy)`, on one fixed CNN.

At the end of an epoch, `fit` often waits for the loop of tf.data's autotuner, whose sleeps double: the epoch
ends 10 ms x (2^k - 1) after it began. Epochs that take little longer than one of these times lose most, so the
sizes of the data are chosen by what an epoch takes on this machine. Whether an epoch is hit is a race between
two threads, which another machine or another load decides otherwise.

All train the same network, from the same raw arrays, for five epochs, in turn, each in a process of its own; the time
to make the pipeline counts, tracing does not. keras_nas trains as its only worker trains a trial: with its own batches,
as many towers as there are cores, and a thread for each. The column "batches" is its batches under a plain `fit`.

    speedup_worst  fit(numpy) over keras_nas, at the size that the wait hits most
    speedup_min    the same, at the size where keras_nas gains least
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import _common
import numpy as np

from keras_nas.data import Rows, collect, training_batches
from keras_nas.engine.resources import shares, this_machine
from keras_nas.preparing.pools import worker_settings

EPOCHS = 5
BATCH = 128
EPOCH_SECONDS = (0.35, 0.7, 1.4, 2.8, 5.6)
"""A tenth more than 10 ms x (2^k - 1) for k of 5 to 9."""
CALIBRATION_STEPS = 200


@cache
def cnn(towers: int) -> Any:
    """A small convolutional network for 28x28 grey images, about 5,000 parameters; 0 towers for a plain model."""
    import keras

    from keras_nas.estimators.trainer import Trainer

    layers = [
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
        keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10),
    ]
    network = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    model = Trainer(network, towers) if towers else network
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@contextmanager
def collected(size: int) -> Iterator[Rows]:
    """`size` random images, written as keras_nas writes them."""
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (size, 28, 28, 1), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        yield collect((x, np.arange(size) % 10), Path(folder) / "data")


def from_batches(model: Any, rows: Rows, epochs: int) -> float:
    """Seconds to make keras_nas's pipeline and to train from it."""
    start = time.perf_counter()
    feed = training_batches(rows, np.arange(rows.size), BATCH)
    model.fit(**feed.fit_arguments(), epochs=epochs, verbose=0)
    return time.perf_counter() - start


def through_keras_nas(rows: Rows, epochs: int = EPOCHS) -> float:
    """Seconds of a training as a trial's."""
    return from_batches(cnn(this_machine().cores), rows, epochs)


def through_batches(rows: Rows, epochs: int = EPOCHS) -> float:
    """Seconds of a plain `fit` on keras_nas's batches."""
    return from_batches(cnn(0), rows, epochs)


def through_numpy(rows: Rows, epochs: int = EPOCHS) -> float:
    """Seconds to train from arrays that are in memory already."""
    x, y = np.array(rows.x), np.array(rows.y)
    start = time.perf_counter()
    cnn(0).fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
    return time.perf_counter() - start


Way = Callable[[Rows, int], float]


def prepared(way: Way, environment: dict[str, str]) -> None:
    """Set a process up: its threads, and the model traced."""
    os.environ.update(environment)
    with collected(BATCH * 2) as rows:
        way(rows, 1)


def seconds(way: Way, size: int, epochs: int) -> float:
    """One training, in the process that calls this."""
    with collected(size) as rows:
        return way(rows, epochs)


def rows_per_second(trained: Callable[[int, int], float]) -> float:
    """Rows that a plain fit trains on in a second where nothing makes it wait."""
    size = BATCH * CALIBRATION_STEPS
    return size * EPOCHS / min(trained(size, EPOCHS) for _ in range(2))


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Compare at every size, print a row each, and return the figures."""
    parts = shares(1)
    worker = {**parts[0].environment, **worker_settings(parts).environment}
    with ExitStack() as stack:
        ways = [
            stack.enter_context(alone(way, environment))
            for way, environment in ((through_keras_nas, worker), (through_batches, {}), (through_numpy, {}))
        ]
        rate = rows_per_second(ways[1])
        print(f"{'rows':>9}  {'epoch of work':>13}  {'keras_nas':>10}  {'batches':>10}  {'fit(numpy)':>10}  speed-up")
        ratios = []
        for epoch_seconds in arguments.epoch_seconds:
            size = max(1, round(rate * epoch_seconds / BATCH)) * BATCH
            turns = [[way(size, EPOCHS) for way in ways] for _ in range(arguments.repeats)]
            ours, batches, theirs = (statistics.median(column) for column in zip(*turns, strict=True))
            ratios.append(theirs / ours)
            print(
                f"{size:>9,}  {batches / EPOCHS:>11.2f} s  {ours:>8.2f} s  {batches:>8.2f} s  {theirs:>8.2f} s  "
                f"{ratios[-1]:>8.2f}",
                flush=True,
            )
    return {"speedup_worst": max(ratios), "speedup_min": min(ratios)}


@contextmanager
def alone(way: Way, environment: dict[str, str]) -> Iterator[Callable[[int, int], float]]:
    """A way to train in a process of its own."""
    with ProcessPoolExecutor(1, get_context("spawn"), prepared, (way, environment)) as pool:
        yield lambda size, epochs: pool.submit(seconds, way, size, epochs).result()


def main() -> None:
    """Read the command line, measure and report."""
    parser = _common.parser(f"{EPOCHS} epochs of a fixed CNN: through keras_nas against model.fit(numpy).")
    parser.add_argument("--repeats", type=int, default=3, help="trainings of each kind at each size; default: 3")
    parser.add_argument(
        "--epoch-seconds", type=float, nargs="+", default=EPOCH_SECONDS, metavar="S", help="work of an epoch, by size"
    )
    arguments = parser.parse_args()
    _common.report(run(arguments), arguments.json)


if __name__ == "__main__":
    main()
