"""A space, data and reports so small that a training takes a second."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.data import Rows, Split, collect, split_rows
from keras_nas.engine.job import Stop
from keras_nas.estimators.assignment import Costing, Options, Training
from keras_nas.space import Choice, Op, Series
from keras_nas.spaces import Space
from keras_nas.tasks import get_task

RECIPE = {"optimizer": "adamw", "learning_rate": 0.02, "batch_size": 64, "weight_decay": 1e-4}


def tiny_space(recipe: Mapping[str, Any] | None = None) -> Space:
    """One convolution and one dense layer: four networks."""
    from keras import layers

    network = Series(
        Op(layers.Conv2D, filters=Choice("filters", [4, 8]), kernel_size=3, strides=2, activation="relu"),
        Op(layers.Flatten),
        Op(layers.Dense, units=Choice("units", [16, 32]), activation="relu"),
    )
    return Space("tiny", network, RECIPE if recipe is None else recipe)


def digit_images(rows: int = 600) -> tuple[np.ndarray, np.ndarray]:
    """Scikit-learn's first digits: uint8 `(rows, 8, 8)`, and the class numbers."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return digits.images[:rows].astype(np.uint8), digits.target[:rows]


def tiny_training(
    folder: Path, task: str = "image_classification", space: Space | None = None, **options: Any
) -> Training:
    """What trainings share, on written data; every option of `Training` and of its `Options` by name."""
    x, y = options.pop("data", None) or digit_images(400)
    target = "classification" if task == "image_classification" else "regression"
    rows = collect((x, y), folder / "data", target=target)  # type: ignore[arg-type]
    split = split_rows(rows)
    split.save(folder / "data")
    own = {name: options.pop(name) for name in ("seed", "precision") if name in options}
    costing = Costing(**{field.name: options.pop(field.name) for field in fields(Costing) if field.name in options})
    chosen = get_task(task)
    signature = chosen.signature(rows, split)
    return Training(
        chosen, space or tiny_space(), signature, folder / "data", **own, options=Options(**options, costing=costing)
    )


def written(training: Training) -> tuple[Rows, Split]:
    """The data of a training."""
    return Rows.load(training.data), Split.load(training.data)


@dataclass
class Ear:
    """A report that remembers, and asks to stop after some epochs."""

    folder: Path
    stop_after: int | None = None
    epochs: list[int] = field(default_factory=list)
    attempt: str = "0-0"
    stopping: bool = False

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)

    def __call__(self, epoch: int, metrics: Mapping[str, float]) -> None:
        self.epochs.append(epoch)
        if self.stop_after == epoch:
            raise Stop("enough")


def top_two(truth: Any, predictions: Any) -> Any:
    """A metric of a user's own: whether the true class is among the two likeliest."""
    import keras

    return keras.metrics.top_k_categorical_accuracy(truth, predictions, k=2)


def dense_model() -> Any:
    """A user's own model of the digits."""
    import keras
    from keras import layers

    return keras.Sequential(
        [keras.Input((8, 8)), layers.Rescaling(1 / 16), layers.Flatten(), layers.Dense(10, "softmax")]
    )


def arguments(directory: Path, **changes: Any) -> dict[str, Any]:
    """Arguments of a search of five short trainings in the calling process."""
    from keras_nas.estimators.fidelity import FullTraining

    return {
        "task": "image_classification",
        "data": digit_images(500),
        "space": tiny_space(),
        "strategy": "random",
        "estimator": FullTraining(4),
        "objectives": ["val_accuracy", "params"],
        "constraints": {"params": 1e5},
        "metrics": [top_two],
        "baseline_model": dense_model(),
        "max_trials": 4,
        "workers": 0,
        "precision": "float32",
        "seed": 3,
        "verbose": 0,
        "directory": directory,
        **changes,
    }


@cache
def finished_search() -> Any:
    """The result of that search, made once a process; copy its directory before changing it."""
    import keras_nas

    return keras_nas.search(**arguments(Path(tempfile.mkdtemp()) / "search"))


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below a folder with its content; locks and what readers of SQLite leave beside a file do not count."""
    passing = (".lock", ".sqlite-shm", ".sqlite-wal")
    files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.endswith(passing)]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}
