"""Fashion-MNIST in ten minutes: the whole call, beside random search and a plain network given the same time.

    python benchmarks/fashion_mnist.py --minutes 10 --seeds 3 --json figures.json

Needs the data of Debian's package `dataset-fashion-mnist` (`apt-get install dataset-fashion-mnist`). The accuracy is
that of the exported SavedModel on the 10,000 test images, which the search never sees.
"""

from __future__ import annotations

import gzip
import json
import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import numpy as np
from _common import alone, parser, report

DATA = Path("/usr/share/datasets/fashion-mnist")
CANDIDATES = ("search", "random_search", "plain_cnn")
PUBLISHED = {"AutoKeras 3.0, 10 minutes": 0.9207, "Keras Tuner Hyperband, 10 minutes": 0.8918, "180k residual": 0.9295}


def images(part: str) -> tuple[np.ndarray, np.ndarray]:
    """Raw pixels uint8 `(n, 28, 28)` and class numbers of "train" or "t10k"."""
    if not DATA.exists():
        sys.exit(f"{DATA} is missing: apt-get install dataset-fashion-mnist")
    x = np.frombuffer(gzip.decompress((DATA / f"{part}-images-idx3-ubyte.gz").read_bytes()), np.uint8, offset=16)
    y = np.frombuffer(gzip.decompress((DATA / f"{part}-labels-idx1-ubyte.gz").read_bytes()), np.uint8, offset=8)
    return x.reshape(-1, 28, 28), y.astype(np.int64)


def searched(seconds: float, seed: int, strategy: str | None) -> dict[str, float]:
    """One search in a folder of its own: test accuracy of the export, overhead, wall-clock seconds."""
    import keras_nas

    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        result = keras_nas.search(
            "image_classification",
            images("train"),
            strategy=strategy,
            max_time=seconds,
            holdout=0.0,
            seed=seed,
            directory=f"{folder}/search",
        )
        wall = time.monotonic() - began
        print(result.summary(), flush=True)
        print(dict(result.winner.architecture), flush=True)
        result.export(f"{folder}/model")
        return {"accuracy": exported_accuracy(f"{folder}/model"), "wall_s": wall, "trials": float(len(result.trials))}


def exported_accuracy(folder: str) -> float:
    """Test accuracy of a SavedModel, raw pixels in."""
    import tensorflow as tf

    model = tf.saved_model.load(folder)
    x, y = images("t10k")
    guesses = [model.serve(x[at : at + 500]).numpy().argmax(axis=1) for at in range(0, len(x), 500)]
    return float((np.concatenate(guesses) == y).mean())


def plain(seconds: float, seed: int) -> dict[str, float]:
    """A plain convolutional network under `fit` for the same wall-clock time: its best validation epoch counts."""
    import keras
    from keras import layers

    began = time.monotonic()
    keras.utils.set_random_seed(seed)
    x, y = images("train")
    order = np.random.default_rng(seed).permutation(len(x))
    train, held = order[5000:], order[:5000]
    model = keras.Sequential([keras.Input((28, 28)), layers.Reshape((28, 28, 1)), layers.Rescaling(1 / 255.0)])
    for filters in (32, 64):
        model.add(layers.Conv2D(filters, 3, activation="relu"))
        model.add(layers.MaxPooling2D())
    for layer in (layers.Flatten(), layers.Dropout(0.3), layers.Dense(128, "relu"), layers.Dense(10, "softmax")):
        model.add(layer)
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    best, weights, epoch = 0.0, model.get_weights(), 0.0
    while time.monotonic() - began + epoch < seconds:
        start = time.monotonic()
        fitted = model.fit(x[train], y[train], 128, validation_data=(x[held], y[held]), verbose=0)
        accuracy = fitted.history["val_accuracy"][-1]
        if accuracy > best:
            best, weights = accuracy, model.get_weights()
        epoch = time.monotonic() - start
    model.set_weights(weights)
    tx, ty = images("t10k")
    accuracy = float((model.predict(tx, verbose=0).argmax(axis=1) == ty).mean())
    return {"accuracy": accuracy, "wall_s": time.monotonic() - began, "trials": 1.0}


def overhead(seconds: float, seed: int) -> float:
    """Wall-clock time of a search with one worker over its trials' own seconds inside build, fit and scoring."""
    import keras_nas
    from keras_nas.engine.store import read_only

    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        result = keras_nas.search(
            "image_classification",
            images("train"),
            max_time=seconds,
            workers=1,
            seed=seed,
            directory=f"{folder}/search",
            verbose=0,
        )
        wall = time.monotonic() - began
        with closing(read_only(result.directory)) as connection:
            rows = connection.execute("SELECT seconds FROM attempts WHERE seconds IS NOT NULL").fetchall()
        parts = [json.loads(seconds) for (seconds,) in rows]
    return wall / sum(part.get(name, 0.0) for part in parts for name in ("build", "fit", "score"))


def one(candidate: str, seconds: float, seed: int) -> dict[str, float]:
    """One run, in this process."""
    if candidate == "plain_cnn":
        return plain(seconds, seed)
    return searched(seconds, seed, "random" if candidate == "random_search" else None)


def timed(candidate: str, seconds: float, seed: int) -> dict[str, float]:
    """One run in a process of its own, and a line on it."""
    found: dict[str, float] = alone(candidate, seconds, seed)
    print(f"{candidate}, seed {seed}: {found['accuracy']:.4f} in {found['wall_s']:.0f} s", flush=True)
    return found


def main() -> None:
    """Run what was asked for, candidates in turn for every seed."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--minutes", type=float, default=10.0)
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--only", choices=(*CANDIDATES, "overhead"), action="append")
    arguments.add_argument("--overhead-minutes", type=float, default=5.0)
    arguments.add_argument("--run", nargs=3, metavar=("CANDIDATE", "SECONDS", "SEED"), help="one run; for internal use")
    parsed = arguments.parse_args()
    if parsed.run:
        candidate, seconds, seed = parsed.run
        print(json.dumps(one(candidate, float(seconds), int(seed))))
        return
    wanted = parsed.only or [*CANDIDATES, "overhead"]
    found: dict[str, list[dict[str, float]]] = {candidate: [] for candidate in CANDIDATES if candidate in wanted}
    for seed in range(parsed.seeds):
        for candidate, runs in found.items():
            runs.append(timed(candidate, 60 * parsed.minutes, seed))
    figures: dict[str, float] = {}
    for candidate, runs in found.items():
        name = "test_accuracy" if candidate == "search" else f"{candidate}_accuracy"
        accuracies = [run["accuracy"] for run in runs]
        figures[name] = statistics.mean(accuracies)
        figures[f"{name}_sd"] = statistics.stdev(accuracies) if len(accuracies) > 1 else 0.0
        figures[f"{candidate}_wall_s"] = statistics.mean(run["wall_s"] for run in runs)
    if "overhead" in wanted:
        figures["overhead_ratio"] = overhead(60 * parsed.overhead_minutes, 0)
    print("\n".join(f"published or measured before: {name} {value:.4f}" for name, value in PUBLISHED.items()))
    report(figures, parsed.json)


if __name__ == "__main__":
    main()
