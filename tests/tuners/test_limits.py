import numpy as np
import pytest

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.objectives.constraints import Constraint
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import Failure, Outcome, Problem, Proposal
from keras_nas.tuners import make
from keras_nas.tuners._gaussian import Kernel
from keras_nas.tuners._limits import chance
from keras_nas.tuners._record import Observation, Record
from keras_nas.tuners._refitted import Refitted

WIDTHS = Decisions(tuple(Decision(f"width{i}", Labels((8, 16, 32, 64), ordered=True)) for i in range(5)))
ACCURACY = (Objective("val_accuracy"),)
LIMIT = Constraint("params", 120, "upper")


def size(architecture):
    return float(sum(architecture.values()))


def quality(architecture):
    """More of it is better, the first decision twice as much, so that the best lies at the limit."""
    return float(sum(np.log2(w) * (2 if i == 0 else 1) for i, w in enumerate(architecture.values())))


def searched(strategy, queries, seed, refuses):
    """What was trained under the limit; what breaks it is refused beforehand, or trained and found out."""
    strategy.begin(Problem(WIDTHS, ACCURACY, (LIMIT,), seed=seed))
    tried, refused = [], 0
    for number in range(queries):
        proposal = strategy.propose(number, ())
        assert isinstance(proposal, Proposal)
        scores = {"params": size(proposal.architecture)}
        if refuses and LIMIT.violation(scores):
            refused += 1
            strategy.observe(proposal, Outcome(scores, Failure("infeasible", "too many params")))
            continue
        scores["val_accuracy"] = quality(proposal.architecture)
        tried.append(scores)
        strategy.observe(proposal, Outcome(scores))
    return max(s["val_accuracy"] for s in tried if not LIMIT.violation(s)), refused


@pytest.mark.parametrize("strategy", ["bayesian", "auto"])
@pytest.mark.parametrize("refuses", [True, False])
def test_the_best_within_a_limit_is_found_at_the_limit(strategy, refuses):
    best = max(quality(a) for a in _all() if size(a) <= LIMIT.limit)
    found, refused = searched(make(strategy, initial=8), 40, 0, refuses)
    assert found >= best - 1
    assert refused <= 20, "what is refused teaches where the limit is"


def test_a_limit_that_nothing_keeps_is_approached():
    """Without anything to improve on, the likeliest to keep the limit is tried."""
    strategy = make("bayesian", initial=4)
    strategy.begin(Problem(WIDTHS, ACCURACY, (Constraint("params", 48, "upper"),)))
    sizes = []
    for number in range(16):
        proposal = strategy.propose(number, ())
        sizes.append(size(proposal.architecture))
        strategy.observe(proposal, Outcome({"params": sizes[-1], "val_accuracy": 0.5}))
    assert min(sizes[4:]) <= 48 < min(sizes[:4])


def test_chances_are_those_of_the_room():
    rows = np.linspace(0, 1, 9)[:, None]
    room = (rows[:, 0] - 0.5)[:, None]
    observed = [Observation({}, row, np.zeros(1), 0.0, left) for row, left in zip(rows, room, strict=True)]
    model = Refitted(Kernel.prior(np.zeros(1, int), np.array([True]), np.array([False])), np.zeros((0, 1)))
    chances = np.exp(chance([model], Record(observed, np.ones(1)), np.zeros((0, 1)))(np.array([[0.0], [0.5], [1.0]])))
    assert chances[0] < 0.05 and 0.2 < chances[1] < 0.8 and chances[2] > 0.95


def test_what_is_known_of_nothing_changes_nothing():
    observed = [Observation({}, np.zeros(1), np.zeros(1), 0.0, np.array([np.nan])) for _ in range(3)]
    model = Refitted(Kernel.prior(np.zeros(1, int), np.array([True]), np.array([False])), np.zeros((0, 1)))
    assert chance([model], Record(observed, np.ones(1)), np.zeros((0, 1)))(np.zeros((2, 1))).tolist() == [0.0, 0.0]


def _all():
    from keras_nas.operators import enumerate_all

    return list(enumerate_all(WIDTHS))
