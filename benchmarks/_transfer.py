"""What earlier searches are worth to a new one, on NAS-Bench-201.

    python benchmarks/cheap_estimates.py --only transfer_trials_ratio --json transfer_trials_ratio.json

For each seed a search on CIFAR-10 and one on CIFAR-100, 100 queries each, are the history; a search on ImageNet16-120
begins with what the library takes from it. All three are ageing evolution ("evolution", repeats answered from the
record), a strategy without a model of its own. A query tells the validation accuracy after 12 epochs. The level to
reach is the mean best accuracy of cold searches after 100 queries; `transfer_trials_ratio` is how many queries it
takes searches with a history, in the mean, to reach it, over 100. `transfer_trials_ratio_shuffled` is the same where
the scores in the history are shuffled among its architectures: what a useless history costs.
`transfer_trials_ratio_repeat` is that of other cold searches, that is, how exactly such a ratio is known.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np
from _nb201 import Table

from keras_nas.architecture import Architecture
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.budgeting import Budgeting
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.history import Facts, Past, beginning, nearest
from keras_nas.ledger import Ledger
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import Outcome, Problem, Signal
from keras_nas.tuners import make

TRIALS = 100
LONGEST = 150
STRATEGY = "evolution"
FACTS = {
    "c10": Facts("image_classification", "nas_bench_201", ("val_accuracy", "max"), 50_000, 10, (32, 32, 3)),
    "c100": Facts("image_classification", "nas_bench_201", ("val_accuracy", "max"), 50_000, 100, (32, 32, 3)),
    "in16": Facts("image_classification", "nas_bench_201", ("val_accuracy", "max"), 151_700, 120, (16, 16, 3)),
}


def searched(dataset: str, seed: int, trials: int, first: Sequence[Architecture] = ()) -> dict[Architecture, float]:
    """The cells that a search queries, with their accuracies, in order."""
    table = Table.load()
    around = FullTraining().around(make(STRATEGY), Budgeting(Bounds(None, trials), lambda: 0.0, first))
    ledger = Ledger(around, Problem(table.decisions, (Objective("val_accuracy", "max"),), seed=seed))
    found: dict[Architecture, float] = {}
    while len(found) < trials and not isinstance(trial := ledger.ask(), Signal):
        cell = trial.proposal.architecture
        found[cell] = float(table.signal(dataset)[table.row(cell)])
        ledger.tell(trial.number, Outcome({"val_accuracy": found[cell]}))
    return found


@cache
def earlier(dataset: str, seed: int) -> dict[Architecture, float]:
    """A finished search, of which a history keeps the scores as they are, or shuffled."""
    return searched(dataset, seed, TRIALS)


def remembered(dataset: str, seed: int, shuffled: bool) -> Past:
    """A search as the library keeps it."""
    found = earlier(dataset, seed)
    scores = np.array(list(found.values()))
    if shuffled:
        scores = np.random.default_rng([seed, 1]).permutation(scores)
    cells = list(found)
    order = np.argsort(-scores, kind="stable")
    return Past.of(FACTS[dataset], {cells[place]: float(scores[place]) for place in order})


def curve(seed: int, history: Sequence[Past]) -> np.ndarray:
    """The best accuracy on ImageNet16-120 after each query, shape `(LONGEST,)`."""
    first = beginning(nearest(history, FACTS["in16"]), Table.load().decisions)
    return np.maximum.accumulate(list(searched("in16", seed, LONGEST, first).values()))


def ratio(curves: np.ndarray, level: float) -> float:
    """Queries until the mean of the curves reaches a level, over 100; infinite where it does not."""
    reached = np.flatnonzero(curves.mean(axis=0) >= level)
    return (1 + float(reached[0])) / TRIALS if len(reached) else float("inf")


def transfer_trials_ratio(seeds: int = 500) -> dict[str, float]:
    """The figures.

    Args:
        seeds: searches of each kind, 0 to seeds - 1; other seeds make their histories, and repeat the cold ones.
    """
    drawn = range(seeds)
    cold = np.array([curve(seed, ()) for seed in drawn])
    again = np.array([curve(seed + seeds, ()) for seed in drawn])
    level = float(cold[:, TRIALS - 1].mean())

    def warm(shuffled: bool) -> np.ndarray:
        pasts = ([remembered(d, seed + 2 * seeds, shuffled) for d in ("c10", "c100")] for seed in drawn)
        return np.array([curve(seed, history) for seed, history in zip(drawn, pasts, strict=True)])

    return {
        "transfer_trials_ratio": ratio(warm(shuffled=False), level),
        "transfer_trials_ratio_shuffled": ratio(warm(shuffled=True), level),
        "transfer_trials_ratio_repeat": ratio(again, level),
        "transfer_level": level,
    }
