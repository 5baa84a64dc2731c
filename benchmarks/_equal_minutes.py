"""Whole searches of `weight_sharing.py`: what methods, and random architectures, come to in the same minutes."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from _common import alone, figures_to_json
from fashion_mnist import images

from keras_nas.data import collect, split_rows
from keras_nas.estimators.assignment import Training
from keras_nas.spaces import Space
from keras_nas.spaces.mobilenet import mobilenet
from keras_nas.spaces.nas_bench_201 import nas_bench_201_small
from keras_nas.tasks import get_task

METHODS = (
    "random_search", "single_path_one_shot", "fairnas", "enas", "darts", "darts_second_order", "pc_darts", "gdas",
    "fbnet", "proxylessnas", "single_path_nas", "bignas", "once_for_all",
)  # fmt: skip
SIZED = ("single_path_nas", "bignas", "once_for_all")
"""Methods that choose sizes, which the cells of NAS-Bench-201 have none of: they search a narrow `mobilenet`."""
RANDOM = "random_architectures"
CELLS = 5
"""Random architectures, of which the median counts."""


@dataclass
class Silent:
    """A report that nobody hears."""

    folder: Path
    attempt: str = "0-0"
    stopping: bool = False

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, epoch: int, metrics: Mapping[str, float]) -> None:
        print(f"epoch {epoch}: loss {metrics['loss']:.3f}", flush=True)


def prepared(folder: Path) -> Training:
    """Fashion-MNIST: 55,000 rows to train on, 5,000 to score on."""
    rows = collect(images("train"), folder / "data", target="classification")
    split = split_rows(rows, 5_000 / len(rows), 0.0, 0)
    split.save(folder / "data")
    task = get_task("image_classification")
    return Training(task, nas_bench_201_small(), task.signature(rows, split), folder / "data")


def searched(method: str, seconds: float, seed: int) -> float:
    """Test accuracy of what a method found and trained."""
    import keras_nas

    with tempfile.TemporaryDirectory() as folder:
        result = keras_nas.search(
            "image_classification",
            images("train"),
            method=method,
            space=narrow_mobilenet() if method in SIZED else "nas_bench_201_small",
            max_time=seconds,
            holdout=0.0,
            seed=seed,
            directory=f"{folder}/search",
            verbose=0,
        )
        print(result.summary(), flush=True)
        return tested(result.best_model)


def narrow_mobilenet() -> Space:
    """Inverted residuals of a size that a CPU trains in minutes."""
    return mobilenet(widths=(8, 16, 24), blocks=2, expansions=(2, 4), factors=(0.5, 1))


def median_random(seconds: float, seed: int) -> float:
    """Median test accuracy of random architectures, each trained as long as a choice of learnt gates is."""
    import keras

    from keras_nas.estimators.shared import CHECK, TEACH
    from keras_nas.estimators.training import train

    found = []
    with tempfile.TemporaryDirectory() as name:
        training = prepared(Path(name))
        for number in range(CELLS):
            ear = Silent(Path(name) / str(number))
            cell = training.space.sample([seed, number])
            fidelity = {"final": 1.0, "seconds": (1.0 - TEACH - CHECK) * seconds}
            told = train(ear, training=training, architecture=cell, number=number, fidelity=fidelity, towers=2)
            found.append(tested(keras.models.load_model(ear.folder / told["artefacts"]["model"], compile=False)))
            print(f"{cell}: {found[-1]:.4f}", flush=True)
    return statistics.median(found)


def tested(model: Any) -> float:
    """Accuracy on the test images, raw pixels in."""
    x, y = images("t10k")
    return float((model.predict(x, batch_size=500, verbose=0).argmax(axis=1) == y).mean())


def compared(wanted: list[str], minutes: float, file: Path | None) -> dict[str, float]:
    """The table: test accuracy of each at equal minutes, told and written as soon as it is known."""
    found: dict[str, float] = {}
    for name in [RANDOM, *METHODS] if "all" in wanted else wanted:
        found[name] = float(alone(name, 60 * minutes, 0))
        where = "a narrow mobilenet" if name in SIZED else "nas_bench_201_small"
        print(f"{name:<22} {found[name]:.4f} on {where}, {minutes:g} minutes", flush=True)
        if file is not None:
            figures_to_json(file, accuracies(found))
    print("\n".join(f"{name:<22} {accuracy:.4f}" for name, accuracy in sorted(found.items(), key=lambda own: -own[1])))
    return accuracies(found)


def accuracies(found: Mapping[str, float]) -> dict[str, float]:
    """As figures."""
    return {f"{name}_accuracy": accuracy for name, accuracy in found.items()}
