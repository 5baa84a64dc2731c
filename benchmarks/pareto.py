"""Accuracy against LiteRT latency on Fashion-MNIST: one search for the whole front, and limits that the export keeps.

    python benchmarks/pareto.py --minutes 10 --seeds 1 --limit-minutes 2 --limit-seeds 10 --json pareto.json

Needs the data of Debian's package `dataset-fashion-mnist`. Accuracies are those of the 10,000 test images, latencies
are measured anew by LiteRT with one thread on one core. Hypervolumes are covered above an accuracy of 0.80 and, in the
logarithm, below four times the latency of a fixed residual network. Tables of operations are kept for one run of this
program, so that the first search pays for them.
"""

from __future__ import annotations

import json
import os
import statistics
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from _common import alone, parser, report
from fashion_mnist import images, searched

if TYPE_CHECKING:
    from keras_nas.results.result import SearchResult

LEAST_ACCURACY, REFERENCES = 0.80, 4.0
"""Where hypervolumes begin: an accuracy, and a latency in those of the fixed network."""
OBJECTIVES = ["val_accuracy", "latency_ms"]


def residual_network() -> Any:
    """The fixed network: 14 layers in three stages of 16, 32 and 64 channels (He et al., arXiv 1512.03385)."""
    import keras
    from keras import layers

    def convolution(x: Any, filters: int, stride: int = 1, kernel: int = 3) -> Any:
        x = layers.Conv2D(filters, kernel, strides=stride, padding="same", use_bias=False)(x)
        return layers.BatchNormalization()(x)

    inputs = keras.Input((28, 28))
    x = layers.Rescaling(1 / 255)(layers.Reshape((28, 28, 1))(inputs))
    x = layers.ReLU()(convolution(x, 16))
    for filters, strides in ((16, (1, 1)), (32, (2, 1)), (64, (2, 1))):
        for stride in strides:
            skip = x if stride == 1 else convolution(x, filters, stride, kernel=1)
            y = convolution(layers.ReLU()(convolution(x, filters, stride)), filters)
            x = layers.ReLU()(layers.Add()([skip, y]))
    return keras.Model(inputs, layers.Dense(10, "softmax")(layers.GlobalAveragePooling2D()(x)))


def latency_ms(model: Any) -> float:
    """Measured by LiteRT, in a process of its own."""
    from keras_nas.objectives.latency import measure_latency

    return measure_latency(model, target="litert").latency_ms


def accuracy(model: Any) -> float:
    """On the test images."""
    x, y = images("t10k")
    return float((model.predict(x, batch_size=500, verbose=0).argmax(axis=1) == y).mean())


def found_in(seconds: float, seed: int, strategy: str | None, folder: str, **asked: Any) -> SearchResult:
    """The result of one search that measures latency with LiteRT."""
    import keras_nas

    result = keras_nas.search(
        "image_classification",
        images("train"),
        latency_target="litert",
        strategy=strategy,
        max_time=seconds,
        holdout=0.0,
        seed=seed,
        directory=f"{folder}/search",
        **asked,
    )
    print(result.summary(), flush=True)
    return result


def front(seconds: float, seed: int, strategy: str | None) -> dict[str, Any]:
    """The front that one search finds: test accuracy and latency of each network on it."""
    with tempfile.TemporaryDirectory() as folder:
        result = found_in(seconds, seed, strategy, folder, objectives=OBJECTIVES)
        points = [(accuracy(candidate.model), latency_ms(candidate.model)) for candidate in result.pareto_front()]
        told = [(c.final, c.scores) for c in result.pareto_front()]
        for (correct, measured), (final, scores) in zip(points, told, strict=True):
            stage = "trained to the end" if final else "explored"
            print(f"  test accuracy {correct:.4f}, {measured:.3f} ms; {stage}, {scores}", flush=True)
        return {"points": points, "trials": len(result.trials), "reference_ms": latency_ms(residual_network())}


def limited(seconds: float, seed: int) -> dict[str, dict[str, float]]:
    """An unlimited search, one under half the latency of its winner, and random search under the same limit."""
    with tempfile.TemporaryDirectory() as folder:
        free = exported(seconds, seed, None, None, f"{folder}/free")
        half = free["latency_ms"] / 2
        held = exported(seconds, seed, None, half, f"{folder}/held")
        return {"free": free, "held": held, "random": exported(seconds, seed, "random", half, f"{folder}/random")}


def exported(seconds: float, seed: int, strategy: str | None, limit: float | None, folder: str) -> dict[str, float]:
    """A search's winner as a LiteRT file: its latency in a fresh process, its accuracy."""
    from keras_nas.export import measure_export

    constraints = None if limit is None else {"latency_ms": limit}
    result = found_in(seconds, seed, strategy, folder, constraints=constraints)
    result.export(f"{folder}/model", format="litert")
    measured = measure_export(f"{folder}/model").latency_ms
    met = limit is not None and measured <= limit
    return {"latency_ms": measured, "met": float(met), "accuracy": accuracy(result.best_model)}


def covered(points: list[list[float]], reference_ms: float) -> float:
    """Hypervolume of a front."""
    from keras_nas.objectives.pareto import hypervolume

    losses = [(-correct, float(np.log(latency))) for correct, latency in points]
    return hypervolume(losses, (-LEAST_ACCURACY, float(np.log(REFERENCES * reference_ms))))


RUNS = {
    "front": lambda seconds, seed: front(seconds, seed, None),
    "random_front": lambda seconds, seed: front(seconds, seed, "random"),
    "single": lambda seconds, seed: searched(seconds, seed, None),
    "limit": limited,
}


def timed(run: str, minutes: float, seed: int) -> dict[str, Any]:
    """One run in a process of its own, and a line on it."""
    found: dict[str, Any] = alone(run, 60 * minutes, seed)
    print(f"{run}, seed {seed}: {found}", flush=True)
    return found


def fronts(minutes: float, seed: int) -> dict[str, float]:
    """The figures of one seed's three searches."""
    found, random = timed("front", minutes, seed), timed("random_front", minutes, seed)
    single = timed("single", minutes, seed)
    latencies = [latency for _, latency in found["points"]]
    volumes = [covered(run["points"], found["reference_ms"]) for run in (found, random)]
    return {
        "front_size": len(found["points"]),
        "span": max(latencies) / min(latencies),
        "best_accuracy": max(correct for correct, _ in found["points"]),
        "single_accuracy": single["accuracy"],
        "best_accuracy_gap": 100 * (single["accuracy"] - max(correct for correct, _ in found["points"])),
        "hypervolume": volumes[0],
        "random_hypervolume": volumes[1],
        "hypervolume_ratio": volumes[0] / volumes[1],
        "reference_ms": found["reference_ms"],
    }


def limits(minutes: float, seeds: int) -> dict[str, float]:
    """How many exports keep half the latency, and their accuracy beside random search's."""
    runs = [timed("limit", minutes, seed) for seed in range(seeds)]
    return {
        "limit_seeds": seeds,
        "limit_met": sum(run["held"]["met"] for run in runs),
        "random_limit_met": sum(run["random"]["met"] for run in runs),
        "free_accuracy": statistics.mean(run["free"]["accuracy"] for run in runs),
        "limit_accuracy": statistics.mean(run["held"]["accuracy"] for run in runs),
        "random_limit_accuracy": statistics.mean(run["random"]["accuracy"] for run in runs),
    }


def main() -> None:
    """Run what was asked for."""
    arguments = parser(__doc__ or "")
    arguments.add_argument("--minutes", type=float, default=10.0, help="of each search for a front (default: 10)")
    arguments.add_argument("--seeds", type=int, default=1, help="of the fronts (default: 1)")
    arguments.add_argument("--limit-minutes", type=float, default=2.0, help="of each search for a limit (default: 2)")
    arguments.add_argument("--limit-seeds", type=int, default=10, help="of the limits (default: 10)")
    arguments.add_argument("--run", nargs=3, metavar=("RUN", "SECONDS", "SEED"), help="one run; for internal use")
    parsed = arguments.parse_args()
    if parsed.run:
        run, seconds, seed = parsed.run
        print(json.dumps(RUNS[run](float(seconds), int(seed))))
        return
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("KERAS_NAS_CACHE", str(Path(folder) / "cache"))
        found = [fronts(parsed.minutes, seed) for seed in range(parsed.seeds)]
        for name in found[0] if found else ():
            figures[name] = statistics.mean(figure[name] for figure in found)
        if parsed.limit_seeds:
            figures.update(limits(parsed.limit_minutes, parsed.limit_seeds))
    report(figures, parsed.json)


if __name__ == "__main__":
    main()
