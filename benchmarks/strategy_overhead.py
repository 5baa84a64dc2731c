"""What a strategy costs a trial: the time to propose and to observe, as trials grow, on a space of 40 decisions.

    python benchmarks/strategy_overhead.py --strategies random,evolution,nsga2 --json overhead.json

Each strategy runs through the ledger on a table that answers at once, until it has had its trials or its time is up.
Keras Tuner's own oracles run on the same space beside them.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import tempfile
import time
from collections.abc import Iterator

import numpy as np
from _common import parser, report

from keras_nas.architecture import Architecture
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.ledger import Ledger
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import Outcome, Problem, Signal
from keras_nas.tuners import STRATEGIES, make

MODEL_FREE = (
    "random", "quasi_random", "exhaustive", "local_search", "evolution", "hierarchical_evolution", "nsga2",
    "reinforce", "ppo",
)  # fmt: skip
MARKS = (100, 300, 1_000, 3_000, 10_000)
WINDOW = 0.1
"""A figure at n trials is the median of the last tenth of them."""


def space() -> Decisions:
    """Ten cells of four decisions: an operation, its kernel where it is a convolution, a width, a switch."""
    decisions: list[Decision] = []
    for cell in range(10):
        op = f"cell_{cell}/op"
        decisions += [
            Decision(op, Labels(("conv", "separable", "pool", "skip", "none"))),
            Decision(f"{op}/kernel", Labels((3, 5, 7)), ((op, frozenset({"conv", "separable"})),)),
            Decision(f"cell_{cell}/width", Interval(8, 128, 8, integer=True)),
            Decision(f"cell_{cell}/gate", Labels((False, True))),
        ]
    return Decisions(tuple(decisions))


def score(architecture: Architecture) -> float:
    """Some smooth, some rugged: wide convolutions are good, and so are cells that differ from the one before."""
    total, before = 0.0, None
    for cell in range(10):
        op = architecture[f"cell_{cell}/op"]
        total += (op in ("conv", "separable")) + (op != before) + float(architecture[f"cell_{cell}/width"]) / 128
        before = op
    return total + 0.1 * float(architecture.get("cell_3/op/kernel", 0))


def timed(name: str) -> Iterator[float]:
    """Seconds of each trial of one of our strategies: asking, telling, and all that the ledger does."""
    ledger = Ledger(make(name), Problem(space(), (Objective("score", "max"),), seed=1))
    while True:
        started = time.perf_counter()
        trial = ledger.ask()
        asked = time.perf_counter()
        if isinstance(trial, Signal):
            return
        outcome = Outcome({"score": score(trial.proposal.architecture)})
        told = time.perf_counter()
        ledger.tell(trial.number, outcome)
        yield time.perf_counter() - told + asked - started


def timed_keras_tuner(oracle_class: str, folder: str) -> Iterator[float]:
    """Seconds of each trial of one of Keras Tuner's oracles."""
    import keras_tuner

    parameters = keras_tuner.HyperParameters()
    for decision in space():
        domain = decision.domain
        if isinstance(domain, Interval):
            parameters.Int(decision.path, int(domain.low), int(domain.high), step=int(domain.step or 1))
        else:
            parameters.Choice(decision.path, list(domain.values), ordered=False)
    oracle = getattr(keras_tuner.oracles, f"{oracle_class}Oracle")(
        objective=keras_tuner.Objective("score", "max"), max_trials=MARKS[-1], hyperparameters=parameters, seed=1
    )
    oracle._set_project_dir(folder, oracle_class)
    oracle._display.verbose = 0
    oracle.verbose = 0
    while True:
        started = time.perf_counter()
        trial = oracle.create_trial("tuner0")
        asked = time.perf_counter()
        value = score(Architecture(trial.hyperparameters.values))
        told = time.perf_counter()
        oracle.update_trial(trial.trial_id, {"score": value})
        trial.status = "COMPLETED"
        oracle.end_trial(trial)
        yield time.perf_counter() - told + asked - started


def figures(label: str, seconds: Iterator[float], trials: int, limit_s: float) -> dict[str, float]:
    """`<label>.ms_at_<n>`: the median milliseconds of a trial at each of `MARKS` reached within the limit."""
    spent: list[float] = []
    ends = time.perf_counter() + limit_s
    for one in seconds:
        spent.append(one)
        if len(spent) == trials or time.perf_counter() > ends:
            break
    return {
        f"{label}.ms_at_{mark}": 1000 * float(np.median(spent[int((1 - WINDOW) * mark) : mark]))
        for mark in MARKS
        if len(spent) >= mark
    }


def main() -> None:
    """Run what the command line asks for."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--strategies", default="all", help="'all' or a comma list")
    arguments.add_argument("--trials", type=int, default=MARKS[-1], help="trials of each (default: 10000)")
    arguments.add_argument("--limit-s", type=float, default=300.0, help="seconds for each (default: 300)")
    arguments.add_argument("--keras-tuner", default="RandomSearch,BayesianOptimization", help="its oracles")
    options = arguments.parse_args()
    results: dict[str, float] = {}
    names = list(STRATEGIES) if options.strategies == "all" else options.strategies.split(",")
    for name in names:
        found = figures(name, timed(name), options.trials, options.limit_s)
        print(", ".join(f"{figure} {value:.4g}" for figure, value in found.items()), flush=True)
        results |= found
        if name not in MODEL_FREE and f"{name}.ms_at_1000" in results:
            results[f"{name}.s_at_1000"] = results[f"{name}.ms_at_1000"] / 1000
    for oracle in filter(None, options.keras_tuner.split(",")):
        with tempfile.TemporaryDirectory() as folder:
            seconds = timed_keras_tuner(oracle, folder)
            results |= figures(f"keras_tuner.{oracle}", seconds, options.trials, options.limit_s)
    report(results, options.json)


if __name__ == "__main__":
    main()
