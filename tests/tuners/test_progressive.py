import numpy as np
import pytest

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.errors import InvalidArgument
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import Outcome, Problem
from keras_nas.tuners import make
from keras_nas.tuners.progressive import simplest

SPACE = Decisions(tuple(Decision(f"cell{i}", Labels(("identity", "conv", "pool", "attention"))) for i in range(6)))


def score(architecture):
    return sum(label == "conv" for label in architecture.values()) + 0.5 * (architecture["cell5"] == "pool")


def tried(strategy, queries):
    strategy.begin(Problem(SPACE, (Objective("val_accuracy"),)))
    found = []
    for number in range(queries):
        proposal = strategy.propose(number, ())
        found.append(proposal.architecture)
        strategy.observe(proposal, Outcome({"val_accuracy": score(proposal.architecture)}))
    return found


def test_decisions_open_level_by_level():
    found = tried(make("progressive", beam=6, levels=3), 18)
    for number, architecture in enumerate(found):
        closed = [f"cell{i}" for i in range(6) if i // 2 > number // 6]
        assert all(architecture[path] == "identity" for path in closed), f"trial {number}: {architecture}"


def test_each_level_extends_what_was_best_and_the_optimum_is_found():
    found = tried(make("progressive", beam=8, levels=3), 60)
    means = [np.mean([score(a) for a in found[start : start + 8]]) for start in (0, 8, 16)]
    assert means == sorted(means)
    assert max(map(score, found)) == pytest.approx(6.0)


def test_the_simplest_number_is_the_least():
    assert simplest(Decision("depth", Interval(1, 8, step=1, integer=True))) == 1


def test_no_level_at_all_is_refused():
    with pytest.raises(InvalidArgument, match="levels=0: decisions are opened at one level at least"):
        make("progressive", levels=0).begin(Problem(SPACE, (Objective("val_accuracy"),)))
