"""What the oracle's tests share: trials that cost nothing."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras_tuner
import pytest

from keras_nas.operators import sample
from keras_nas.oracle import StrategyOracle
from keras_nas.strategy import Outcome, Proposal, Strategy

QUIET = pytest.mark.filterwarnings(
    "ignore:currentThread:DeprecationWarning",
    "ignore:getName:DeprecationWarning",
    "ignore:All-NaN:RuntimeWarning",
)
"""What Keras Tuner itself warns of."""

Scores = dict[str, float]


class Spy(Strategy):
    """Random search that remembers what it was told, with answers of its own where it has some."""

    def __init__(self, answers: Sequence[Any] = ()) -> None:
        self.answers = list(answers)
        self.begun = 0

    def begin(self, problem: Any) -> None:
        super().begin(problem)
        self.begun += 1
        self.seen: list[tuple[Proposal, Outcome]] = []

    def propose(self, number: int, pending: Sequence[Proposal]) -> Any:
        if self.answers:
            return self.answers.pop(0)
        return Proposal(sample(self.problem.decisions, self.problem.rng(number)))

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        self.seen.append((proposal, outcome))


def small(hp: Any) -> Scores:
    """Twelve architectures, the best scoring 5."""
    kind = hp.Choice("kind", ["mlp", "cnn"])
    with hp.conditional_scope("kind", ["cnn"]):
        kernel = hp.Int("kernel", 1, 5)
    wide = hp.Boolean("wide")
    return {"score": (kernel if kind == "cnn" else 0) - float(wide)}


def oracle_in(directory: Path, strategy: Any = "random", objective: Any = None, **options: Any) -> StrategyOracle:
    """An oracle with a directory, of the maximised `score` unless told otherwise, quiet."""
    objective = objective or keras_tuner.Objective("score", "max")
    oracle = StrategyOracle(strategy, objective, **{"seed": 0, "max_trials": 100} | options)
    oracle._set_project_dir(directory, "project")
    oracle.verbose = 0
    return oracle


def finish(oracle: StrategyOracle, trial: Any, build: Callable[[Any], Scores] = small) -> None:
    """Run a trial and end it."""
    try:
        oracle.update_trial(trial.trial_id, build(trial.hyperparameters))
        trial.status = "COMPLETED"
    except ArithmeticError as error:
        trial.status, trial.message = "INVALID", repr(error)
    oracle.end_trial(trial)


def run(
    oracle: StrategyOracle,
    build: Callable[[Any], Scores] = small,
    trials: int = 1000,
    declare: Callable[[Any], Any] | None = None,
) -> list[dict[str, Any]]:
    """Search with one worker for some trials, or until the end; returns the values of each."""
    if not oracle.start_order:
        hp = oracle.get_space()
        (declare or build)(hp)
        oracle.update_space(hp)
    values = []
    for _ in range(trials):
        trial = oracle.create_trial("tuner0")
        if trial.status != "RUNNING":
            break
        values.append(dict(trial.hyperparameters.values))
        finish(oracle, trial, build)
    return values
