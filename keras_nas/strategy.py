"""The contract of a search strategy: two verbs, `propose` and `observe`.

A strategy never knows what it searches (it sees `Decisions`) nor how candidates are scored. `propose` reads the
strategy's state and draws from a generator keyed by (seed, number); `observe` is the only thing that changes state. So
a search is resumed by observing its log again, in order, and nothing of a strategy is ever stored.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Literal

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.decisions import Decisions
from keras_nas.objectives.constraints import Constraint
from keras_nas.objectives.objective import Objective

FailureKind = Literal[
    "out_of_memory",
    "not_finite",
    "build_error",
    "error",
    "timeout",
    "killed",
    "too_large",
    "too_slow",
    "infeasible",
]


class Signal(Enum):
    """What `propose` says when it has nothing to propose."""

    WAIT = "wait"
    DONE = "done"


WAIT = Signal.WAIT
"""Nothing to propose until a pending trial ends."""
DONE = Signal.DONE
"""Nothing left to propose."""
UNTRAINED = "untrained"
"""In the fidelity of a proposal whose network is judged without training: it is no training, and nothing to keep."""


@dataclass(frozen=True)
class Problem:
    """What a strategy is told before it begins.

    Args:
        decisions: the space.
        objectives: one or several, each with its direction.
        constraints: limits on measured values, possibly none.
        seed: keys all randomness.
        budget: how many trials there will be, or None when time alone ends the search.
        describe: tells of an architecture, without training it, what a model may learn from: named finite numbers
            (parameters, FLOPs, how many paths of a kind a cell has), quickly (a search asks for thousands) and always
            the same. Names that share what stands before the first slash are one group; a name left out is 0.
    """

    decisions: Decisions
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...] = ()
    seed: int = 0
    budget: int | None = None
    describe: Callable[[Architecture], Mapping[str, float]] | None = None

    def rng(self, number: int) -> np.random.Generator:
        """The generator of proposal `number`."""
        return np.random.default_rng([self.seed, number])


@dataclass(frozen=True)
class Proposal:
    """What to try next.

    Args:
        architecture: answers to the live decisions.
        fidelity: how much work to spend, in the estimator's words, `{"epochs": 4}` say; empty means its default.
        parent: number of the trial whose training to continue, if any; of one of another architecture the weights are
            taken that fit.
        note: what the strategy wants back when it observes (JSON types only).
        number: of the trial that it became; the ledger fills it in, so that a later proposal can name it as parent.
    """

    architecture: Architecture
    fidelity: Mapping[str, float] = field(default_factory=dict)
    parent: int | None = None
    note: Mapping[str, Any] = field(default_factory=dict)
    number: int | None = field(default=None, compare=False)


@dataclass(frozen=True)
class Failure:
    """Why a trial has no scores.

    Args:
        kind: one of `FailureKind`.
        message: one line for people.
        traceback: the first traceback, or "".
    """

    kind: FailureKind
    message: str
    traceback: str = ""


@dataclass(frozen=True)
class Outcome:
    """How a trial ended: with `scores`, or with a `failure`.

    Args:
        scores: by name.
        failure: why there are none.
        errors: standard errors of the scores, where they are known: what other rows of the same kind would change.
        epochs: passes over its rows that the training made, where there was one.
    """

    scores: Mapping[str, float] = field(default_factory=dict)
    failure: Failure | None = None
    errors: Mapping[str, float] = field(default_factory=dict)
    epochs: float | None = None

    @property
    def ok(self) -> bool:
        """Whether there are scores to learn from."""
        return self.failure is None


class Strategy(ABC):
    """Base of all strategies. Constructors only store their options; `begin` sets up state.

    A subclass implements `propose`, and `learn` where it keeps state beyond the record of what was observed.
    """

    problem: Problem
    starts_warm = True
    """Whether a search may try known good architectures before it asks this strategy; a yardstick says no."""

    def begin(self, problem: Problem) -> None:
        """Start afresh on `problem`. Subclasses that set up state call this first."""
        self.problem = problem

    @abstractmethod
    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """The next thing to try, `WAIT` or `DONE`; pure in the strategy's state.

        Args:
            number: counts the proposals of the search; keys the randomness, `self.problem.rng(number)`.
            pending: what was proposed and not yet observed.
        """

    @abstractmethod
    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Learn how `proposal` did. Failures are information too, never an error."""

    def continues(self) -> Collection[int]:
        """Numbers of the trials that a later proposal may name as its parent, so that their folders are kept."""
        return ()

    def loss(self, outcome: Outcome) -> np.ndarray:
        """The objectives as losses (all minimised), shape `(objectives,)`; infinite where failed or not finite."""
        if not outcome.ok:
            return np.full(len(self.problem.objectives), np.inf)
        values = [objective.loss(outcome.scores) for objective in self.problem.objectives]
        return np.array([value if np.isfinite(value) else np.inf for value in values])

    def violation(self, outcome: Outcome) -> float:
        """By how much the constraints are broken, summed, each relative to its limit; 0 when all hold."""
        if not outcome.ok:
            return float("inf")
        return float(sum(constraint.violation(outcome.scores) for constraint in self.problem.constraints))

    def room(self, outcome: Outcome) -> np.ndarray:
        """What each constraint leaves, as a share of its limit, shape `(constraints,)`; not a number where unknown."""
        known = outcome.scores
        return np.array([c.margin(known) if c.name in known else np.nan for c in self.problem.constraints])


class Around(Strategy):
    """A strategy around another one: begins with it, and keeps the folders that it asks for.

    Args:
        inner: the other one.
    """

    def __init__(self, inner: Strategy) -> None:
        self.inner = inner

    def begin(self, problem: Problem) -> None:
        """Both begin."""
        super().begin(problem)
        self.inner.begin(problem)

    def continues(self) -> Collection[int]:
        """What is inside says."""
        return self.inner.continues()
