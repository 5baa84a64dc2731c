"""Conformance checks of strategies: each takes a `Subject` and raises `AssertionError`."""

# ruff: noqa: S101, S603
from __future__ import annotations

import copy
import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import count, islice

import cloudpickle
import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument
from keras_nas.ledger import Ledger, Trial
from keras_nas.objectives.constraints import Constraint
from keras_nas.objectives.objective import Objective
from keras_nas.operators import sample
from keras_nas.strategy import DONE, Outcome, Problem, Proposal, Signal, Strategy
from keras_nas.testing.toys import CONDITIONAL, COST, FAILURES, FLAT, SCORE, SINGLE, SPACES, outcome


@dataclass(frozen=True)
class Subject:
    """What is checked.

    Args:
        make: called without arguments, a fresh strategy: a class, or a lambda that passes options.
        learns: whether it has to beat random search.
        trials: how many trials each check runs.
        contest: how many trials it has to beat random search.
    """

    make: Callable[[], Strategy]
    learns: bool = True
    trials: int = 30
    contest: int = 100

    def ledgers(self, seed: int = 0) -> Iterator[Ledger]:
        """One begun search for each space that the strategy accepts."""
        for decisions in SPACES:
            try:
                yield self.ledger(Problem(decisions, (SCORE,), seed=seed))
            except InvalidArgument:
                continue

    def ledger(self, problem: Problem) -> Ledger:
        """A begun search."""
        return Ledger(self.make(), problem)


def run(ledger: Ledger, trials: int, told: Callable[[Architecture], Outcome] = outcome) -> list[Trial]:
    """Run up to `trials` trials, one after the other, and return those that had to be run."""
    return list(islice(_running(ledger, told), trials))


def _running(ledger: Ledger, told: Callable[[Architecture], Outcome]) -> Iterator[Trial]:
    while not isinstance(trial := ledger.ask(), Signal):
        ledger.tell(trial.number, told(trial.proposal.architecture))
        yield trial


def keys(trials: list[Trial]) -> list[str]:
    """The architectures of some trials, comparable between processes."""
    return [trial.proposal.architecture.key for trial in trials]


def check_proposals_are_valid(subject: Subject) -> None:
    """Every live decision is answered with one of its labels, and nothing else; sleeping ones never are."""
    for ledger in subject.ledgers():
        for trial in run(ledger, subject.trials):
            assert ledger.problem.decisions.validate(trial.proposal.architecture) == trial.proposal.architecture


def check_same_seed_same_run(subject: Subject) -> None:
    """Two searches of one seed try the same."""
    for first, second in zip(subject.ledgers(7), subject.ledgers(7), strict=True):
        assert keys(run(first, subject.trials)) == keys(run(second, subject.trials))


def check_same_run_in_another_process(subject: Subject) -> None:
    """So do they in another process, whose hashes differ."""
    here = [keys(run(ledger, subject.trials)) for ledger in subject.ledgers(3)]
    child = subprocess.run(
        [sys.executable, "-c", _CHILD, *sys.path],
        input=cloudpickle.dumps(subject),
        capture_output=True,
        check=False,
        timeout=240,
    )
    assert child.returncode == 0, child.stderr.decode()
    assert json.loads(child.stdout) == here


_CHILD = """
import sys
sys.path[:] = sys.argv[1:]
import json, cloudpickle
from keras_nas.testing.strategies import keys, run
subject = cloudpickle.load(sys.stdin.buffer)
print(json.dumps([keys(run(ledger, subject.trials)) for ledger in subject.ledgers(3)]))
"""


def check_propose_is_pure(subject: Subject) -> None:
    """Asking twice for one number gives the same, whatever was asked for in between."""
    for ledger in subject.ledgers():
        run(ledger, subject.trials)
        strategy, number = ledger.strategy, len(ledger.trials)
        first = strategy.propose(number, ())
        strategy.propose(number + 1, ())
        assert strategy.propose(number, ()) == first, "propose changed the strategy's state"


def check_resume_continues_identically(subject: Subject) -> None:
    """A search replayed from its log, two trials pending, goes on as if it had never stopped."""
    for ledger, fresh in zip(subject.ledgers(1), subject.ledgers(1), strict=True):
        run(ledger, subject.trials // 2)
        handed = [trial for trial in (ledger.ask(), ledger.ask()) if isinstance(trial, Trial)]
        fresh.restore(copy.deepcopy(ledger.trials), list(ledger.log))
        assert [trial.number for trial in fresh.pending] == [trial.number for trial in handed]
        for one in (ledger, fresh):
            for trial in handed:
                one.tell(trial.number, outcome(trial.proposal.architecture))
        assert keys(run(ledger, subject.trials)) == keys(run(fresh, subject.trials))


def check_bad_scores_are_survived(subject: Subject) -> None:
    """NaN, infinite and missing scores, now and then or always, neither raise nor stop a search."""
    for every in (1, 3):
        for ledger in subject.ledgers():
            expected = min(subject.trials, ledger.problem.decisions.size)
            assert len(run(ledger, subject.trials, _failing(every))) == expected


def _failing(every: int) -> Callable[[Architecture], Outcome]:
    """The toy table, where one trial in `every` goes wrong, each time in another way."""
    turn = count()

    def told(architecture: Architecture) -> Outcome:
        number = next(turn)
        return outcome(architecture) if number % every else FAILURES[number // every % len(FAILURES)]

    return told


def check_inputs_are_never_mutated(subject: Subject) -> None:
    """Proposals, pending lists and scores come back as they were given."""
    for ledger in subject.ledgers():
        strategy = ledger.strategy
        for number in range(subject.trials):
            pending = [Proposal(sample(ledger.problem.decisions, np.random.default_rng(number)))]
            given = copy.deepcopy(pending)
            proposal = strategy.propose(number, pending)
            assert pending == given, "propose changed the list of pending proposals"
            if isinstance(proposal, Signal):
                break
            scores = outcome(proposal.architecture)
            before = copy.deepcopy((proposal, scores))
            strategy.observe(proposal, scores)
            assert (proposal, scores) == before, "observe changed the proposal or the outcome"


def check_plain_python_types(subject: Subject) -> None:
    """Labels are str, int, float or bool, notes are JSON: nothing of NumPy comes out."""
    for ledger in subject.ledgers():
        for trial in run(ledger, subject.trials):
            proposal = trial.proposal
            assert {type(label) for label in proposal.architecture.values()} <= {str, int, float, bool}
            assert json.loads(json.dumps(proposal.note)) == proposal.note
            assert all(type(value) in (int, float) for value in proposal.fidelity.values())
            assert proposal.parent is None or type(proposal.parent) is int


def check_pending_is_respected(subject: Subject) -> None:
    """Six workers at once get six different architectures, and may answer in any order."""
    ledger = subject.ledger(Problem(FLAT, (SCORE,)))
    for _ in range(3):
        handed = [trial for trial in (ledger.ask() for _ in range(6)) if isinstance(trial, Trial)]
        assert handed, "nothing was proposed although nothing was pending"
        assert len(set(keys(ledger.pending))) == len(ledger.pending)
        for trial in reversed(handed):
            ledger.tell(trial.number, outcome(trial.proposal.architecture))


def check_exhaustion_ends_cleanly(subject: Subject) -> None:
    """A small space is tried wholly, each architecture once, and then the search is done, also with failures."""
    for decisions in (CONDITIONAL, SINGLE):
        ledger = subject.ledger(Problem(decisions, (SCORE,)))
        found = keys(run(ledger, 1000, _failing(every=4)))
        assert len(found) == len(set(found)) == decisions.size
        assert ledger.ask() is DONE


def check_maximise_and_minimise(subject: Subject) -> None:
    """Minimising the negated score is the same search as maximising the score."""
    problem = Problem(FLAT, (SCORE,))
    up = subject.ledger(problem)
    down = subject.ledger(replace(problem, objectives=(Objective("score", "min"),)))
    negated = run(down, subject.trials, lambda a: Outcome({"score": -outcome(a).scores["score"]}))
    assert keys(run(up, subject.trials)) == keys(negated)


def check_several_objectives(subject: Subject) -> None:
    """Two objectives and a constraint, which may never hold, are searched like one."""
    for limit in (9.0, 0.5):
        problem = Problem(CONDITIONAL, (SCORE, COST), (Constraint("cost", limit, "upper"),))
        assert len(run(subject.ledger(problem), 12)) == 12


def check_beats_random(subject: Subject) -> None:
    """On the toy table the best of its trials is better than that of as many random ones, over eight seeds."""
    if not subject.learns:
        return
    found, drawn = [], []
    for seed in range(8):
        problem = Problem(FLAT, (SCORE,), seed=seed)
        found.append(max(_scores(run(subject.ledger(problem), subject.contest))))
        rng = np.random.default_rng([seed, 99])
        drawn.append(max(outcome(sample(FLAT, rng)).scores["score"] for _ in range(subject.contest)))
    assert np.mean(found) > np.mean(drawn), f"mean best score {np.mean(found)}, random search {np.mean(drawn)}"


def _scores(trials: list[Trial]) -> list[float]:
    return [outcome(trial.proposal.architecture).scores["score"] for trial in trials]


def check_no_global_randomness(subject: Subject) -> None:
    """Neither reads nor advances Python's or NumPy's global generators."""
    python, numpy = random.getstate(), repr(np.random.get_state())
    first = keys(run(subject.ledger(Problem(FLAT, (SCORE,))), subject.trials))
    assert random.getstate() == python
    assert repr(np.random.get_state()) == numpy
    np.random.seed(1)
    random.seed(1)
    assert keys(run(subject.ledger(Problem(FLAT, (SCORE,))), subject.trials)) == first


STRATEGY_CHECKS: tuple[Callable[[Subject], None], ...] = tuple(
    check for name, check in list(globals().items()) if name.startswith("check_")
)
"""All checks; each takes a `Subject` and raises `AssertionError`."""
