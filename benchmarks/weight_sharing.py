"""Weight sharing on the NAS-Bench-201 space, reduced to 8 channels and 1 cell a stage: its speed, and what it is worth.

    python benchmarks/weight_sharing.py --json figures.json
    python benchmarks/weight_sharing.py --correlate 40 --minutes 15 --json figures.json
    python benchmarks/weight_sharing.py --only all --minutes 15 --json figures.json

Without `--correlate` nothing is trained to the end: steps and scores cost what they cost whatever the weights. With
`--only` whole searches are run instead, each in a process of its own and given the same minutes: the accuracy on the
10,000 test images of what each method chose and trained, and of the median random architecture, trained for as long as
a method that learns gates trains its choice. Methods that choose sizes search a narrow `mobilenet`. Needs the data of
Debian's package `dataset-fashion-mnist`; the published results come from the shared data (see `_nb201.py`).
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _common import alone, figures_to_json, parser, report
from _nb201 import Table
from fashion_mnist import images

from keras_nas.architecture import Architecture
from keras_nas.data import collect, split_rows
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.shared_check import spearman
from keras_nas.spaces import Space
from keras_nas.spaces.mobilenet import mobilenet
from keras_nas.spaces.nas_bench_201 import nas_bench_201_small
from keras_nas.strategy import UNTRAINED
from keras_nas.tasks import get_task

BATCH = 128
METHODS = (
    "random_search", "single_path_one_shot", "fairnas", "enas", "darts", "darts_second_order", "pc_darts", "gdas",
    "fbnet", "proxylessnas", "single_path_nas", "bignas", "once_for_all",
)  # fmt: skip
SIZED = ("single_path_nas", "bignas", "once_for_all")
"""Methods that choose sizes, which the cells of NAS-Bench-201 have none of: they search a narrow `mobilenet`."""
RANDOM = "random_architectures"
CELLS = 5
"""Random architectures, of which the median counts."""
STEPS = 20
"""Training steps that are timed of each network."""


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


def seconds_of(work: Callable[[], Any]) -> float:
    """Wall-clock seconds of a call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def stepper(network: Any, training: Training, towers: int) -> Callable[[], Any]:
    """A traced training step on one batch, of a supernet or of a network alone."""
    import tensorflow as tf

    from keras_nas.estimators.recipe import complete, make_optimizer
    from keras_nas.estimators.trainer import Trainer
    from keras_nas.supernet import AwakeOptimizer, Supernet

    settings = complete(training.space.recipe)
    optimizer = make_optimizer(settings)
    if isinstance(network, Supernet):
        optimizer = AwakeOptimizer(lambda: make_optimizer(settings), network)
    trainer = Trainer(network, towers)
    trainer.compile(optimizer=optimizer, loss=training.task.loss(), jit_compile=False)
    trainer.optimizer.build(trainer.trainable_weights)
    x, y = images("train")
    rows, targets = tf.constant(x[:BATCH]), tf.one_hot(y[:BATCH], 10)
    step = tf.function(lambda: trainer.train_step((rows, targets)), autograph=False)
    return lambda: step()["loss"].numpy()


def steps(training: Training, networks: list[Architecture], towers: int) -> dict[str, float]:
    """Seconds of a step in the supernet and alone, of the same networks; the first steps trace and are told apart."""
    from keras_nas.estimators.fused import training_copy
    from keras_nas.estimators.shared_net import make_supernet

    net = make_supernet(training)
    shared = stepper(net, training, towers)
    trace_shared = seconds_of(shared)
    shared_s: list[float] = []
    alone_s: list[float] = []
    trace_s: list[float] = []
    for architecture in networks:
        built = training.task.build(training.space, architecture, training.signature)
        alone = stepper(training_copy(built.raw, "float32"), training, towers)
        trace_s.append(seconds_of(alone))
        net.select(architecture)
        for step, spent in ((shared, shared_s), (alone, alone_s)):
            step()
            spent.append(seconds_of(lambda step=step: [step() for _ in range(STEPS)]) / STEPS)  # type: ignore[misc]
    return {
        "step_ratio": float(np.mean(shared_s) / np.mean(alone_s)),
        "step_shared_ms": 1e3 * float(np.mean(shared_s)),
        "step_alone_ms": 1e3 * float(np.mean(alone_s)),
        "trace_shared_s": trace_shared,
        "trace_alone_s": float(np.mean(trace_s)),
    }


def scores(training: Training, networks: list[Architecture], towers: int) -> dict[str, float]:
    """Networks scored in a minute, batch normalisation counted anew for each, and functions traced meanwhile."""
    from keras_nas.estimators.shared_judge import Judge
    from keras_nas.estimators.shared_net import make_supernet

    judge = Judge(training, make_supernet(training), towers)
    functions = (judge.predict, judge.calibrate.see, judge.calibrate.scale)
    judge.scores(networks[0])
    before = sum(function.experimental_get_tracing_count() for function in functions)
    spent = seconds_of(lambda: [judge.scores(architecture) for architecture in networks])
    after = sum(function.experimental_get_tracing_count() for function in functions)
    return {"archs_per_minute": 60 * len(networks) / spent, "new_traces": after - before}


def correlations(training: Training, folder: Path, count: int, given: argparse.Namespace) -> dict[str, float]:
    """Shared-weights scores against trainings alone, and against the published accuracies of CIFAR-10."""
    from keras_nas.estimators.shared_trial import _judge, run
    from keras_nas.estimators.training import train

    space = training.space
    teach = {UNTRAINED: 1.0, "shared": 1.0, "supernet": 1.0, "seconds": 60 * given.minutes}
    job: dict[str, Any] = {"training": training, "number": 0}
    run(Silent(folder / "supernet"), **job, architecture=space.sample(0), fidelity=teach, towers=2)
    judge = _judge(training, given.towers)
    cells = [space.sample(seed) for seed in range(400)]
    shared = np.array([judge.scores(cell)["val_accuracy"] for cell in cells])
    trained = [
        train(
            Silent(folder / str(n)), **job, architecture=cell, fidelity={"final": 1.0, "epochs": given.epochs}, towers=2
        )
        for n, cell in enumerate(cells[:count])
    ]
    alone = np.array([told["scores"]["val_accuracy"] for told in trained])
    params = np.array([told["scores"]["params"] for told in trained])
    low, high = interval(shared[:count], alone)
    return {
        "spearman_standalone": spearman(shared[:count], alone),
        "spearman_standalone_low": low,
        "spearman_standalone_high": high,
        "spearman_params": spearman(params, alone),
        **published(training, cells, shared),
    }


def published(training: Training, cells: list[Architecture], shared: np.ndarray) -> dict[str, float]:
    """Within the best fifth of the cells by their published accuracy: shared weights and parameters against it."""
    from keras_nas.preflight import cost_function

    table = Table.load()
    truth = np.array([table.columns["test200_c10"][table.row(by_edge(cell))] for cell in cells])
    top = np.argsort(-truth)[: len(cells) // 5]
    costs = cost_function(training.task, training.space, training.signature)
    params = np.array([costs(cells[place])["params"] for place in top])
    return {
        "top20_test200": spearman(shared[top], truth[top]),
        "top20_test200_params": spearman(params, truth[top]),
        "all_test200": spearman(shared, truth),
    }


def by_edge(cell: Architecture) -> Architecture:
    """A cell of the space with the table's names of edges."""
    return Architecture({path.rsplit("/", 1)[1]: label for path, label in cell.items()})


def interval(a: np.ndarray, b: np.ndarray, draws: int = 2_000) -> tuple[float, float]:
    """The 95 % bootstrap interval of Spearman's correlation."""
    rng = np.random.default_rng(0)
    picks = rng.integers(len(a), size=(draws, len(a)))
    low, high = np.nanquantile([spearman(a[pick], b[pick]) for pick in picks], [0.025, 0.975])
    return float(low), float(high)


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


def main() -> None:
    """Measure, print, write."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--networks", type=int, default=200, help="networks scored")
    arguments.add_argument("--alone", type=int, default=8, help="networks whose step is timed alone")
    arguments.add_argument("--towers", type=int, default=2, help="shares of a batch computed side by side")
    arguments.add_argument("--minutes", type=float, default=15.0, help="of the supernet's training, or of each search")
    arguments.add_argument("--correlate", type=int, default=0, help="cells trained alone; 0 trains nothing")
    arguments.add_argument("--epochs", type=float, default=3.0, help="of each training alone")
    arguments.add_argument("--only", choices=(*METHODS, RANDOM, "all"), action="append", help="searches to compare")
    arguments.add_argument("--run", nargs=3, metavar=("METHOD", "SECONDS", "SEED"), help="one search; for internal use")
    given = arguments.parse_args()
    if given.run:
        method, seconds, seed = given.run
        one = median_random if method == RANDOM else partial(searched, method)
        print(json.dumps(one(float(seconds), int(seed))))
        return
    if given.only:
        report(compared(given.only, given.minutes, given.json), given.json)
        return
    with tempfile.TemporaryDirectory() as name:
        training = prepared(Path(name))
        figures = scores(training, [training.space.sample(seed) for seed in range(given.networks)], given.towers)
        figures |= steps(training, [training.space.sample(seed) for seed in range(given.alone)], given.towers)
        epoch = 55_000 // BATCH * figures["step_alone_ms"] / 1e3 + figures["trace_alone_s"]
        sharing = 60 * given.minutes + 1_000 * 60 / figures["archs_per_minute"]
        figures["speedup_1000"] = 1_000 * epoch / sharing
        if given.correlate:
            figures |= correlations(training, Path(name), given.correlate, given)
    print(
        f"NAS-Bench-201's space with 8 channels and 1 cell a stage; a supernet trained for {given.minutes:g} minutes."
    )
    report(figures, given.json)


if __name__ == "__main__":
    main()
