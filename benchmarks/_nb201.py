"""NAS-Bench-201 as a simulated search: the table, one run under the official protocol, what it found when.

From a script of your own, with this folder on `sys.path`:

    from _nb201 import Table, simulate
    run = simulate(Table.load(), "c10", make("local_search"), seed=0)
    run.regret(20_000), run.test_accuracy(20_000)
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, cached_property

import numpy as np
from _common import data_file

from keras_nas.architecture import Architecture
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.ledger import Ledger
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import Outcome, Problem, Signal, Strategy
from keras_nas.tuners import RegularizedEvolution
from keras_nas.tuners.bananas import path_counts

BUDGET_S = {"c10": 20_000.0, "c100": 40_000.0, "in16": 120_000.0}
"""Data sets (CIFAR-10, CIFAR-100, ImageNet16-120) and the simulated seconds of a search on each."""
EPOCHS = 12
_VALIDATION_10K = {"c10": 2.5, "c100": 0.5, "in16": 0.3}
_TRAINED_ON = {"c10": "c10valid", "c100": "c100", "in16": "in16"}


class Table:
    """All 15,625 cells: what a search may see of each, and what it is judged by.

    Args:
        columns: the arrays of nb201.npz by name.
    """

    def __init__(self, columns: dict[str, np.ndarray]) -> None:
        self.columns = columns
        self.op_names = [str(name) for name in columns["op_names"]]
        self.edges = [str(edge) for edge in columns["edges"]]
        self.radix = len(self.op_names) ** np.arange(len(self.edges))
        self.row_of = np.empty(len(columns["ops"]), dtype=int)
        self.row_of[columns["ops"].astype(int) @ self.radix] = np.arange(len(columns["ops"]))
        self.cost_s = {dataset: _cost_s(columns, dataset) for dataset in BUDGET_S}

    @classmethod
    @cache
    def load(cls) -> "Table":
        """The table in the shared data, read once."""
        with np.load(data_file("nas/nb201.npz"), allow_pickle=False) as file:
            return cls({name: file[name] for name in file.files})

    @cached_property
    def decisions(self) -> Decisions:
        """The space: one operation an edge."""
        return Decisions(tuple(Decision(edge, Labels(tuple(self.op_names))) for edge in self.edges))

    def row(self, architecture: Architecture) -> int:
        """The cell's row."""
        codes = [self.op_names.index(str(architecture[edge])) for edge in self.edges]
        return int(self.row_of[np.array(codes) @ self.radix])

    def describe(self, dataset: str) -> Callable[[Architecture], dict[str, float]]:
        """What a cell tells of itself without training: parameters, FLOPs, and its paths from input to output."""

        def told(architecture: Architecture) -> dict[str, float]:
            row = self.row(architecture)
            edges = [(*edge.split("->"), str(operation)) for edge, operation in architecture.items()]
            params, flops = (float(self.columns[f"{name}_M_{dataset}"][row]) for name in ("params", "flops"))
            return {"params": params, "flops": flops, **path_counts(edges, "0", "3")}

        return told

    def architecture(self, row: int) -> Architecture:
        """The cell of a row."""
        codes = self.columns["ops"][row]
        return Architecture({edge: self.op_names[code] for edge, code in zip(self.edges, codes, strict=True)})

    def signal(self, dataset: str) -> np.ndarray:
        """Validation accuracy after 12 epochs, per cent."""
        return self.columns[f"valid12_{dataset}"]

    def test(self, dataset: str) -> np.ndarray:
        """Test accuracy after 200 epochs, per cent."""
        return self.columns[f"test200_{dataset}"]

    def scores(self, dataset: str, row: int) -> dict[str, float]:
        """What a query tells: the signal, its cost, and what the cell tells of itself."""
        return {
            "val_accuracy": float(self.signal(dataset)[row]),
            "seconds": float(self.cost_s[dataset][row]),
            "params": 1e6 * float(self.columns[f"params_M_{dataset}"][row]),
            "flops": 1e6 * float(self.columns[f"flops_M_{dataset}"][row]),
        }


@dataclass(frozen=True)
class Run:
    """One search.

    Args:
        table: what was searched.
        dataset: and on what.
        rows: the cells in the order of their queries.
        seconds: simulated time at the end of each query.
    """

    table: Table
    dataset: str
    rows: np.ndarray
    seconds: np.ndarray

    @cached_property
    def best(self) -> np.ndarray:
        """The row with the best signal so far, after each query."""
        signal = self.table.signal(self.dataset)[self.rows]
        leads = np.concatenate([[True], signal[1:] > np.maximum.accumulate(signal)[:-1]])
        return self.rows[np.maximum.accumulate(np.where(leads, np.arange(len(signal)), 0))]

    def found(self, seconds: float) -> int:
        """The row a search that ends then would return (the first query's if none has ended)."""
        return int(self.best[max(int(np.searchsorted(self.seconds, seconds, side="right")) - 1, 0)])

    def regret(self, seconds: float) -> float:
        """The best signal in the table minus the best found, points."""
        signal = self.table.signal(self.dataset)
        return float(signal.max() - signal[self.found(seconds)])

    def test_accuracy(self, seconds: float) -> float:
        """Test accuracy of the cell with the best signal, per cent."""
        return float(self.table.test(self.dataset)[self.found(seconds)])


class OfficialEvolution(RegularizedEvolution):
    """Regularized evolution as the official script has it: a mutation draws the node first, then one of its edges.

    So the first node's only edge changes as often as the last node's three together.

    Reference:
        Dong et al., "NATS-Bench: benchmarking NAS algorithms for architecture topology and size", arXiv 2009.00437.
    """

    def child(self, rng: np.random.Generator) -> Architecture:
        """The winner with one operation changed."""
        parent = self.tournament(self.sample, rng)
        node = int(rng.integers(1, 4))
        edge = f"{int(rng.integers(node))}->{node}"
        return parent.replace({edge: self.problem.decisions.named(edge).domain.mutate(parent[edge], rng)})


def _cost_s(columns: dict[str, np.ndarray], dataset: str) -> np.ndarray:
    """Simulated seconds of one query: 12 epochs of training and one validation pass."""
    training = EPOCHS * columns[f"train_s_per_epoch_{_TRAINED_ON[dataset]}"]
    return np.asarray(training + _VALIDATION_10K[dataset] * columns["eval_s_per_10k"])


def simulate(table: Table, dataset: str, strategy: Strategy, seed: int, charge_repeats: bool = False) -> Run:
    """Search until the data set's budget is spent.

    Args:
        table: the benchmark.
        dataset: "c10", "c100" or "in16".
        strategy: fresh; begun here.
        seed: of the run.
        charge_repeats: whether asking for a cell again costs its training again, as in the official runs,
            or is answered from the record.
    """
    objectives = (Objective("val_accuracy", "max"),)
    problem = Problem(table.decisions, objectives, seed=seed, describe=table.describe(dataset))
    queries = _charged(strategy, problem) if charge_repeats else _recorded(strategy, problem)
    rows, spent = [], [0.0]
    answer = next(queries)
    while isinstance(answer, Architecture) and spent[-1] < BUDGET_S[dataset]:
        rows.append(table.row(answer))
        spent.append(spent[-1] + table.cost_s[dataset][rows[-1]])
        answer = queries.send(Outcome(table.scores(dataset, rows[-1])))
    return Run(table, dataset, np.array(rows), np.array(spent[1:]))


def _charged(strategy: Strategy, problem: Problem):
    """Every proposal is a query."""
    strategy.begin(problem)
    number = 0
    while not isinstance(proposal := strategy.propose(number, ()), Signal):
        strategy.observe(proposal, (yield proposal.architecture))
        number += 1
    yield proposal


def _recorded(strategy: Strategy, problem: Problem):
    """Repeats are answered from the record, as in a real search."""
    ledger = Ledger(strategy, problem)
    while not isinstance(trial := ledger.ask(), Signal):
        ledger.tell(trial.number, (yield trial.proposal.architecture))
    yield trial
