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
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from _common import parser, report
from _equal_minutes import METHODS, RANDOM, Silent, compared, median_random, prepared, searched
from _nb201 import Table
from fashion_mnist import images

from keras_nas.architecture import Architecture
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.shared_check import spearman
from keras_nas.strategy import UNTRAINED

BATCH = 128
STEPS = 20
"""Training steps that are timed of each network."""


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
    from keras_nas.preparing.preflight import cost_function

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
