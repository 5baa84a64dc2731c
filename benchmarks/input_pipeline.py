"""Training through keras_nas's input pipeline against `model.fit(numpy)`, on one fixed CNN.

At the end of an epoch, `fit` often waits for the loop of tf.data's autotuner, whose sleeps double: the epoch
ends 10 ms x (2^k - 1) after it began. Epochs that take little longer than one of these times lose most, so the
sizes of the data are chosen by what an epoch takes on this machine. Both sides train the same compiled model
for five epochs on the same raw arrays, in turn; the time to make the pipeline counts, tracing does not.

    speedup_worst  fit(numpy) over keras_nas, at the size that the wait hits most
    speedup_min    the same, at the size where keras_nas gains least
"""

import argparse
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import _common
import keras
import numpy as np

from keras_nas.data import Rows, collect, training_batches

EPOCHS = 5
BATCH = 128
EPOCH_SECONDS = (0.5, 1.4, 2.0, 2.8, 5.8)
CALIBRATION_STEPS = 200


def cnn() -> Any:
    """A small convolutional network for 28x28 grey images, about 5,000 parameters."""
    layers = [
        keras.layers.Rescaling(1 / 255),
        keras.layers.Conv2D(8, 3, strides=2, activation="relu"),
        keras.layers.Conv2D(16, 3, strides=2, activation="relu"),
        keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(10),
    ]
    model = keras.Sequential([keras.Input((28, 28, 1)), *layers])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


@contextmanager
def collected(size: int) -> Iterator[Rows]:
    """`size` random images, written as keras_nas writes them."""
    random = np.random.default_rng(0)
    x = random.integers(0, 256, (size, 28, 28, 1), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        yield collect((x, np.arange(size) % 10), Path(folder) / "data")


def through_keras_nas(model: Any, rows: Rows, epochs: int = EPOCHS) -> float:
    """Seconds to make the pipeline and to train from it."""
    start = time.perf_counter()
    feed = training_batches(rows, np.arange(rows.size), BATCH)
    model.fit(**feed.fit_arguments(), epochs=epochs, verbose=0)
    return time.perf_counter() - start


def through_numpy(model: Any, rows: Rows, epochs: int = EPOCHS) -> float:
    """Seconds to train from arrays that are in memory already."""
    x, y = np.array(rows.x), np.array(rows.y)
    start = time.perf_counter()
    model.fit(x, y, batch_size=BATCH, epochs=epochs, verbose=0)
    return time.perf_counter() - start


def rows_per_second(model: Any) -> float:
    """Rows that the model trains on in a second, measured after both ways have been traced."""
    with collected(BATCH * CALIBRATION_STEPS) as rows:
        through_numpy(model, rows, 1)
        through_keras_nas(model, rows, 1)
        return rows.size * EPOCHS / min(through_keras_nas(model, rows) for _ in range(2))


def compare(model: Any, size: int, repeats: int) -> tuple[float, float]:
    """Median seconds of five epochs through keras_nas and through NumPy arrays, taken in turn."""
    with collected(size) as rows:
        pairs = [(through_keras_nas(model, rows), through_numpy(model, rows)) for _ in range(repeats)]
    ours, theirs = zip(*pairs, strict=True)
    return statistics.median(ours), statistics.median(theirs)


def run(arguments: argparse.Namespace) -> dict[str, float]:
    """Compare at every size, print a row each, and return the figures."""
    model = cnn()
    rate = rows_per_second(model)
    print(f"{'rows':>9}  {'epoch of work':>13}  {'keras_nas':>10}  {'fit(numpy)':>10}  speed-up")
    ratios = []
    for epoch_seconds in arguments.epoch_seconds:
        size = max(1, round(rate * epoch_seconds / BATCH)) * BATCH
        ours, theirs = compare(model, size, arguments.repeats)
        ratios.append(theirs / ours)
        print(f"{size:>9,}  {ours / EPOCHS:>11.2f} s  {ours:>8.2f} s  {theirs:>8.2f} s  {ratios[-1]:>8.2f}", flush=True)
    return {"speedup_worst": max(ratios), "speedup_min": min(ratios)}


def main() -> None:
    """Read the command line, measure and report."""
    parser = _common.parser(f"{EPOCHS} epochs of a fixed CNN: keras_nas's input pipeline against model.fit(numpy).")
    parser.add_argument("--repeats", type=int, default=3, help="trainings of each kind at each size; default: 3")
    parser.add_argument(
        "--epoch-seconds", type=float, nargs="+", default=EPOCH_SECONDS, metavar="S", help="work of an epoch, by size"
    )
    arguments = parser.parse_args()
    _common.report(run(arguments), arguments.json)


if __name__ == "__main__":
    main()
