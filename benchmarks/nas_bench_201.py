"""Strategies on NAS-Bench-201 under the official protocol: test accuracy, regret, and the anytime curve.

    python benchmarks/nas_bench_201.py --runs 500 --strategies random,evolution,local_search --json nb201.json

`random`, `evolution` and `reinforce` run as in the official scripts, every query charged, and are
compared with the published rows; the rest as they come, repeats answered from the record.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import numpy as np
from _common import parser, report
from _nb201 import BUDGET_S, OfficialEvolution, Run, Table, simulate

from keras_nas.strategy import Strategy
from keras_nas.tuners import STRATEGIES, make


@dataclass(frozen=True)
class Variant:
    """How a row of the benchmark is run.

    Args:
        make: makes the strategy; pickled to the workers.
        options: its arguments.
        charge_repeats: whether a repeated query costs its time again.
        reference: mean and standard deviation of the published test accuracies, if there are any.
    """

    make: Callable[..., Strategy]
    options: dict[str, Any] = field(default_factory=dict)
    charge_repeats: bool = False
    reference: dict[str, tuple[float, float]] = field(default_factory=dict)


VARIANTS: dict[str, Variant] = {name: Variant(partial(make, name)) for name in STRATEGIES} | {
    "random": Variant(
        partial(make, "random"), charge_repeats=True,
        reference={"c10": (93.88, 0.26), "c100": (71.65, 0.97), "in16": (45.29, 0.98)},
    ),
    "evolution": Variant(
        OfficialEvolution, {"population": 10, "sample": 3}, charge_repeats=True,
        reference={"c10": (94.07, 0.30), "c100": (72.13, 0.87), "in16": (45.79, 0.80)},
    ),
    "reinforce": Variant(
        partial(make, "reinforce"), {"policy": "softmax", "entropy": 0.0, "fresh": False}, charge_repeats=True,
        reference={"c10": (93.93, 0.24), "c100": (71.91, 0.87), "in16": (45.59, 0.88)},
    ),
    "local_search": Variant(
        partial(make, "local_search"),
        reference={"c10": (94.28, 0.21), "c100": (72.26, 0.59), "in16": (46.12, 0.55)},
    ),
    "evolution_default": Variant(partial(make, "evolution")),
    "reinforce_lstm": Variant(partial(make, "reinforce")),
}  # fmt: skip
REFERENCE_RUNS = 500
CURVE_POINTS = 100


def measure(label: str, dataset: str, runs: int, workers: int = 1, options: dict[str, Any] | None = None) -> list[Run]:
    """Runs of one row of the benchmark.

    Args:
        label: one of `VARIANTS`.
        dataset: "c10", "c100" or "in16".
        runs: seeds 0 to runs - 1.
        workers: processes.
        options: of the strategy's constructor, over those of the row.
    """
    variant = VARIANTS[label]
    jobs = (repeat(variant.make), repeat({**variant.options, **(options or {})}), repeat(dataset))
    if workers == 1:
        pairs = list(map(_one, *jobs, range(runs), repeat(variant.charge_repeats)))
    else:
        with ProcessPoolExecutor(workers) as pool:
            seeds, charged = range(runs), repeat(variant.charge_repeats)
            pairs = list(pool.map(_one, *jobs, seeds, charged, chunksize=max(1, runs // (4 * workers))))
    return [Run(Table.load(), dataset, rows, seconds) for rows, seconds in pairs]


def _one(
    make: Callable[..., Strategy], options: dict[str, Any], dataset: str, seed: int, charge: bool
) -> tuple[np.ndarray, np.ndarray]:
    run = simulate(Table.load(), dataset, make(**options), seed, charge)
    return run.rows, run.seconds


def figures(label: str, dataset: str, runs: Sequence[Run]) -> dict[str, float]:
    """Mean test accuracy, its deviation, and mean regret, at the full budget and at half of it."""
    found: dict[str, float] = {}
    for prefix, share in (("", 1.0), ("half.", 0.5)):
        end = share * BUDGET_S[dataset]
        accuracies = [run.test_accuracy(end) for run in runs]
        name = f"{label}.{prefix}{dataset}"
        found[name] = float(np.mean(accuracies))
        found[f"{name}.sd"] = float(np.std(accuracies))
        found[f"{name}.regret"] = float(np.mean([run.regret(end) for run in runs]))
    return found


def compare(label: str, dataset: str, found: dict[str, float], runs: int) -> dict[str, float]:
    """The published row, and how many standard errors the measured one is from it."""
    if dataset not in VARIANTS[label].reference:
        return {}
    mean, deviation = VARIANTS[label].reference[dataset]
    error = np.hypot(found[f"{label}.{dataset}.sd"] / runs**0.5, deviation / REFERENCE_RUNS**0.5)
    errors = float((found[f"{label}.{dataset}"] - mean) / error)
    return {f"{label}.{dataset}.reference": mean, f"{label}.{dataset}.standard_errors": errors}


def plot(curves: dict[str, dict[str, np.ndarray]], path: Path) -> None:
    """Mean regret against simulated seconds, one panel a data set, all strategies in each."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(BUDGET_S), figsize=(5 * len(BUDGET_S), 4.5))
    for axis, (dataset, budget) in zip(axes, BUDGET_S.items(), strict=True):
        for number, (label, curve) in enumerate(curves.items()):
            style = ("-", "--", ":")[number // 10 % 3]
            axis.plot(budget * _grid() / 1000, np.maximum(curve[dataset], 1e-3), style, label=label)
        axis.set(title=dataset, xlabel="simulated time [1000 s]", ylabel="regret [points]", yscale="log")
    figure.tight_layout(rect=(0, 0.14, 1, 1))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="lower center", fontsize="small", ncols=8)
    figure.savefig(path, dpi=120)
    print(f"written: {path}")


def _told(label: str, results: dict[str, float]) -> str:
    """The regrets of one strategy, at the full budget and at half of it."""
    parts = [[results[f"{label}.{half}{dataset}.regret"] for dataset in BUDGET_S] for half in ("", "half.")]
    return "; ".join(" / ".join(f"{regret:.3f}" for regret in part) for part in parts)


def _grid() -> np.ndarray:
    return np.linspace(0.05, 1.0, CURVE_POINTS)


def main() -> None:
    """Run what the command line asks for."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--strategies", default="all", help=f"'all' or a comma list of {', '.join(VARIANTS)}")
    arguments.add_argument("--runs", type=int, default=100, help="seeds of each strategy (default: 100)")
    arguments.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    arguments.add_argument("--png", type=Path, help="write the anytime curve to this file")
    options = arguments.parse_args()
    labels = list(VARIANTS) if options.strategies == "all" else options.strategies.split(",")
    unknown = [label for label in labels if label not in VARIANTS]
    if unknown:
        arguments.error(f"unknown strategies {unknown}: expected 'all' or some of {', '.join(VARIANTS)}")
    results: dict[str, float] = {}
    curves: dict[str, dict[str, np.ndarray]] = {}
    for label in labels:
        started = time.perf_counter()
        curves[label] = {}
        for dataset, budget in BUDGET_S.items():
            runs = measure(label, dataset, options.runs, options.workers)
            found = figures(label, dataset, runs)
            results |= found | compare(label, dataset, found, len(runs))
            points = budget * _grid()
            curves[label][dataset] = np.mean([[run.regret(end) for end in points] for run in runs], axis=0)
        results[f"{label}.wall_s"] = time.perf_counter() - started
        print(f"{label}: {_told(label, results)}, {results[f'{label}.wall_s']:.0f} s", flush=True)
    report(results, options.json)
    if options.png:
        plot(curves, options.png)


if __name__ == "__main__":
    main()
