"""Accuracy against latency on NAS-Bench-201: hypervolume of the front found, and regret under a latency limit.

    python benchmarks/nas_bench_201_pareto.py --runs 50 --strategies random,nsga2,bayesian --json pareto.json

Latencies are those that HELP measured (Lee et al., NeurIPS 2021), accuracies CIFAR-10's after 12 epochs. The figures
`<strategy>.<device>.hypervolume` are shares of what the table's own front covers, up to its worst values; the figures
`<strategy>.<device>.limited.regret` are points below the best cell among the fastest 30 per cent.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")

from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import repeat

import numpy as np
from _common import data_file, parser, report
from _nb201 import Table

from keras_nas.ledger import Ledger
from keras_nas.objectives.constraints import Constraint
from keras_nas.objectives.objective import Objective
from keras_nas.objectives.pareto import hypervolume, pareto_front
from keras_nas.strategy import Outcome, Problem, Signal
from keras_nas.tuners import STRATEGIES, make

DEVICES = ("raspi4", "1080ti_1", "fpga")
DATASET = "c10"
LIMIT_QUANTILE = 0.3
ACCURACY, LATENCY = Objective("val_accuracy", "max"), Objective("latency_ms", "min")


@dataclass(frozen=True)
class Device:
    """The table's signal and one device's latencies.

    Args:
        latency_ms: shape `(cells,)`.
        accuracy: per cent, shape `(cells,)`.
    """

    latency_ms: np.ndarray
    accuracy: np.ndarray

    @staticmethod
    @cache
    def load(name: str) -> "Device":
        """One of HELP's devices."""
        with np.load(data_file("nas/nb201_latency.npz"), allow_pickle=False) as file:
            place = [str(device) for device in file["help_devices"]].index(name)
            return Device(file["help_latency_ms"][:, place].astype(float), Table.load().signal(DATASET))

    @cached_property
    def losses(self) -> np.ndarray:
        """Negated accuracy and latency, shape `(cells, 2)`."""
        return np.stack([-self.accuracy, self.latency_ms], axis=1)

    @cached_property
    def front(self) -> np.ndarray:
        """The table's own Pareto front."""
        return self.losses[pareto_front(self.losses)]

    @cached_property
    def limit_ms(self) -> float:
        """The latency that 30 per cent of the cells keep."""
        return float(np.quantile(self.latency_ms, LIMIT_QUANTILE))

    def covered(self, rows: list[int]) -> float:
        """The share of the front's hypervolume that some cells cover."""
        corner = self.front.max(axis=0)
        return hypervolume(self.losses[rows], corner) / hypervolume(self.front, corner)

    def regret(self, rows: list[int]) -> float:
        """Points between the best cell within the limit and the best of some cells within it."""
        within = self.latency_ms <= self.limit_ms
        found = [self.accuracy[row] for row in rows if within[row]]
        return float(self.accuracy[within].max() - max(found, default=0.0))


def queried(strategy: str, device: Device, seed: int, queries: int, limited: bool) -> list[int]:
    """The cells that a search asks for.

    Args:
        strategy: its name.
        device: what is measured.
        seed: of the run.
        queries: how many.
        limited: whether accuracy is maximised under the limit, instead of both objectives at once.
    """
    table = Table.load()
    objectives = (ACCURACY,) if limited else (ACCURACY, LATENCY)
    limits = (Constraint("latency_ms", device.limit_ms, "upper"),) if limited else ()
    ledger, rows = Ledger(make(strategy), Problem(table.decisions, objectives, limits, seed=seed)), []
    while len(rows) < queries and not isinstance(trial := ledger.ask(), Signal):
        rows.append(table.row(trial.proposal.architecture))
        scores = {
            "val_accuracy": float(device.accuracy[rows[-1]]),
            "latency_ms": float(device.latency_ms[rows[-1]]),
        }
        ledger.tell(trial.number, Outcome(scores))
    return rows


def one(strategy: str, name: str, queries: int, seed: int) -> tuple[float, float]:
    """Hypervolume of one run, and regret of one under the limit."""
    device = Device.load(name)
    covered = device.covered(queried(strategy, device, seed, queries, limited=False))
    return covered, device.regret(queried(strategy, device, seed, queries, limited=True))


def main() -> None:
    """Run what the command line asks for."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--strategies", default="random,nsga2,bayesian", help=f"of {', '.join(STRATEGIES)}")
    arguments.add_argument("--runs", type=int, default=50, help="seeds of each strategy (default: 50)")
    arguments.add_argument("--queries", type=int, default=200, help="trials of a run (default: 200)")
    arguments.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    options = arguments.parse_args()
    results: dict[str, float] = {}
    with ProcessPoolExecutor(options.workers) as pool:
        for strategy in options.strategies.split(","):
            for name in DEVICES:
                jobs = repeat(strategy), repeat(name), repeat(options.queries), range(options.runs)
                covered, regret = np.array(list(pool.map(one, *jobs))).T
                results[f"{strategy}.{name}.hypervolume"] = float(covered.mean())
                results[f"{strategy}.{name}.hypervolume.sd"] = float(covered.std())
                results[f"{strategy}.{name}.limited.regret"] = float(regret.mean())
    report(results, options.json)


if __name__ == "__main__":
    main()
