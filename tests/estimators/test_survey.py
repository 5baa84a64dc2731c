"""Networks of all costs come before a strategy's own."""

import numpy as np

from keras_nas.decisions import Decision, Decisions, Labels
from keras_nas.estimators.survey import Surveyed, spread
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import Outcome, Problem, Proposal
from keras_nas.tuners import make

SPACE = Decisions(tuple(Decision(f"width{n}", Labels((1, 2, 4, 8), ordered=True)) for n in range(6)))


def work(architecture: object) -> float:
    return float(np.prod(list(dict(architecture).values())))  # type: ignore[call-overload]


def test_they_reach_from_the_least_to_the_most() -> None:
    found = sorted(map(work, spread(SPACE, work, 12, seed=0)))
    assert (found[0], found[-1]) == (1.0, 8.0**6)
    assert len(set(found)) > 5


def test_a_strategy_follows_and_has_learnt_from_all() -> None:
    problem = Problem(SPACE, (Objective("val_accuracy", "max"),), seed=1)
    surveyed = Surveyed(make("evolution", population=5), work, count=6)
    surveyed.begin(problem)
    proposals = []
    for number in range(12):
        proposal = surveyed.propose(number, ())
        assert isinstance(proposal, Proposal)
        proposals.append(proposal)
        surveyed.observe(proposal, Outcome({"val_accuracy": -work(proposal.architecture)}))
    assert {own.architecture for own in proposals[:6]} == set(spread(SPACE, work, 6, seed=1))
    small = np.median([work(own.architecture) for own in proposals[6:]])
    assert small < np.median([work(own.architecture) for own in proposals[:6]])


def test_pending_ones_are_not_proposed_twice() -> None:
    surveyed = Surveyed(make("random"), work, count=6)
    surveyed.begin(Problem(SPACE, (Objective("val_accuracy", "max"),)))
    first = surveyed.propose(0, ())
    assert isinstance(first, Proposal)
    second = surveyed.propose(1, [first])
    assert second != first
    assert surveyed.propose(0, ()) == first


def test_none_are_asked_for() -> None:
    assert spread(SPACE, work, 0, seed=0) == []
