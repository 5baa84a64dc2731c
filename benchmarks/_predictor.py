"""The learned predictor on NAS-Bench-201: trained on 100 cells, how well does it order all the others?

    python benchmarks/cheap_estimates.py --only predictor_tau --json predictor_tau.json

For each seed 100 cells are drawn and the accuracies of the other 15,525 on CIFAR-10 (validation, after 200 epochs) are
foretold; figures are Kendall's tau, the mean over the seeds. `predictor_tau` is the library's `Ranker` on the
decisions and on what `structure` reads of the cell between the benchmark's stem and head: no network is built, and
nothing is known of the benchmark but its space. Beside it: `predictor_tau_decisions`, the same model on the decisions,
parameters and multiply-adds; `predictor_tau_zero_cost`, with three published zero-cost scores of each cell besides;
`predictor_tau_boosted`, gradient boosting on what `predictor_tau` sees; and `predictor_tau_plain`, gradient boosting
on decisions, parameters and multiply-adds. `predictor_covered` is the share of the cells whose rank lies within two of
the deviations that the predictor gives.

What there was to choose (features, ranks as targets) was chosen on accuracies on CIFAR-100 and with other seeds, 100 to
103. The strategy's own model was taken as it was.
"""

from collections.abc import Callable, Mapping
from functools import cache

import numpy as np
from _common import data_file
from _nb201 import Table
from scipy.stats import kendalltau, rankdata

from keras_nas.architecture import Architecture
from keras_nas.decisions import Decisions
from keras_nas.objectives.cost import CostNet
from keras_nas.predictors.ranker import Ranker, standardised_ranks
from keras_nas.predictors.structure import structure
from keras_nas.spaces.nas_bench_201 import architecture_of, nas_bench_201

TRAINED = 100
DATASET = "c10"
ZERO_COST = ("naswot", "synflow", "logsynflow")
Told = Mapping[str, float]


class Cells:
    """All cells, and what can be told of each without training.

    Args:
        dataset: "c10", "c100" or "in16".
    """

    def __init__(self, dataset: str = DATASET) -> None:
        table, space = Table.load(), nas_bench_201(cells=1, stages=1)
        self.decisions: Decisions = space.decisions
        self.architectures = [architecture_of(cell.decode()) for cell in table.columns["arch_str"]]
        self.accuracy = table.columns[f"valid200_{dataset}"]
        self.costs = {name: table.columns[f"{name}_M_{dataset}"] for name in ("params", "flops")}
        with np.load(data_file("nas/nb201_zerocost.npz")) as file:
            self.scores = {name: rankdata(file[f"{name}_{dataset}"]) for name in ZERO_COST}
        self.place = {architecture: row for row, architecture in enumerate(self.architectures)}
        self.read = cache(lambda architecture: structure(_outputs(space, architecture)))

    def plain(self, architecture: Architecture) -> Told:
        """Parameters and multiply-adds."""
        row = self.place[architecture]
        return {name: float(values[row]) for name, values in self.costs.items()}

    def structured(self, architecture: Architecture) -> Told:
        """What `structure` reads."""
        return self.read(architecture)

    def scored(self, architecture: Architecture) -> Told:
        """That, and the ranks of zero-cost scores."""
        row = self.place[architecture]
        return {**self.structured(architecture), **{name: float(values[row]) for name, values in self.scores.items()}}

    def split(self, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """The rows to train on and the others."""
        order = np.random.default_rng(seed).permutation(len(self.architectures))
        return order[:TRAINED], order[TRAINED:]


def _outputs(space, architecture):
    """The cell between stem and head, as `CostNet` sees it."""
    net = CostNet()
    return space.features(architecture, net, net.input((32, 32, 3)))


def ranked(cells: Cells, describe: Callable[[Architecture], Told], seed: int) -> tuple[float, float]:
    """Kendall's tau of a `Ranker`, and the share of the ranks that lie where it thought."""
    known, others = cells.split(seed)
    rows = _rows(cells, describe)
    ranker = _ranker(cells, describe).fit_rows(rows[known], cells.accuracy[known].tolist())
    mean, deviation = ranker.predict_rows(rows[others])
    ranks = standardised_ranks(cells.accuracy)[others]
    return _tau(mean, cells.accuracy[others]), float(np.mean(np.abs(ranks - mean) < 2 * deviation))


@cache
def _ranker(cells: Cells, describe: Callable[[Architecture], Told]) -> Ranker:
    """One for all seeds, since what it makes of the space is the same for all."""
    return Ranker(cells.decisions, describe)


def boosted(cells: Cells, describe: Callable[[Architecture], Told], seed: int) -> float:
    """Kendall's tau of gradient boosting, as scikit-learn has it by default."""
    from sklearn.ensemble import GradientBoostingRegressor

    known, others = cells.split(seed)
    rows = _rows(cells, describe)
    model = GradientBoostingRegressor(random_state=seed).fit(rows[known], cells.accuracy[known])
    return _tau(model.predict(rows[others]), cells.accuracy[others])


@cache
def _rows(cells: Cells, describe: Callable[[Architecture], Told]) -> np.ndarray:
    return _ranker(cells, describe).features.transform(cells.architectures)


def _tau(foretold: np.ndarray, accuracy: np.ndarray) -> float:
    return float(kendalltau(foretold, accuracy).statistic)


def predictor_tau(seeds: int = 10) -> dict[str, float]:
    """The figures.

    Args:
        seeds: draws of the cells that are trained on, 0 to seeds - 1.
    """
    cells, drawn = Cells(), range(seeds)
    own = np.array([ranked(cells, cells.structured, seed) for seed in drawn])
    figures = dict(zip(("predictor_tau", "predictor_covered"), own.mean(axis=0).tolist(), strict=True))
    figures["predictor_tau_least"] = float(own[:, 0].min())
    print(figures, flush=True)
    for name, describe in (("zero_cost", cells.scored), ("decisions", cells.plain)):
        figures[f"predictor_tau_{name}"] = float(np.mean([ranked(cells, describe, seed)[0] for seed in drawn]))
    for name, describe in (("boosted", cells.structured), ("plain", cells.plain)):
        figures[f"predictor_tau_{name}"] = float(np.mean([boosted(cells, describe, seed) for seed in drawn]))
    return figures
