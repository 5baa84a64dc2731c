import numpy as np
import pytest

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.objectives.constraints import Constraint
from keras_nas.objectives.objective import Objective
from keras_nas.objectives.pareto import hypervolume
from keras_nas.strategy import Outcome, Problem
from keras_nas.tuners import make
from keras_nas.tuners.auto import Auto, share_of

SPACE = Decisions(
    (
        Decision("depth", Labels((1, 2, 3), ordered=True)),
        Decision("rate", Interval(1e-4, 1e-1, log=True)),
        *(
            Decision(f"block{i}", Labels(("conv", "separable", "attention", "identity")), (("depth", deeper),))
            for i, deeper in enumerate((frozenset({1, 2, 3}), frozenset({2, 3}), frozenset({3})))
        ),
    )
)


def scores(architecture):
    """Best at depth 3 with attention after convolutions and a rate of 1e-2; each block has its cost."""
    blocks = [architecture[f"block{i}"] for i in range(3) if f"block{i}" in architecture]
    worth = 0.3 * len(blocks) + 0.5 * (blocks[-2:] == ["conv", "attention"]) - 0.3 * blocks.count("identity")
    cost = sum({"conv": 3.0, "separable": 1.0, "attention": 4.0, "identity": 0.0}[block] for block in blocks)
    return {"val_accuracy": worth - 0.1 * abs(np.log10(architecture["rate"]) + 2), "latency_ms": cost}


def run(strategy, queries, objectives=("val_accuracy",), constraints=(), seed=0):
    strategy.begin(Problem(SPACE, tuple(map(Objective, objectives)), constraints, seed=seed))
    found = []
    for number in range(queries):
        proposal = strategy.propose(number, ())
        found.append(scores(proposal.architecture))
        strategy.observe(proposal, Outcome(found[-1]))
    return found


def test_finds_what_works_only_in_company():
    assert max(found["val_accuracy"] for found in run(Auto(), 40)) > 1.37


def test_keeps_a_constraint():
    found = run(Auto(), 40, constraints=(Constraint("latency_ms", 6.0, "upper"),))
    late = found[20:]
    assert sum(one["latency_ms"] <= 6.0 for one in late) >= 0.7 * len(late)
    assert max(one["val_accuracy"] for one in found if one["latency_ms"] <= 6.0) > 0.8


def test_covers_the_front_of_two_objectives_better_than_random():
    def volume(strategy, seed):
        found = run(strategy, 40, ("val_accuracy", "latency_ms"), seed=seed)
        return hypervolume([[-one["val_accuracy"], one["latency_ms"]] for one in found], [0.0, 12.0])

    ours, drawn = ([volume(make_one(), seed) for seed in range(3)] for make_one in (Auto, lambda: make("random")))
    assert np.mean(ours) > np.mean(drawn)


def test_the_share_of_the_trees_is_what_errs_least():
    truth = np.linspace(-1.0, 1.0, 20)
    wrong = truth + np.where(np.arange(20) % 2, 1.0, -1.0)
    assert share_of(truth, truth, wrong) == 0.0
    assert share_of(truth, wrong, truth) == 0.6
    assert share_of(truth, wrong, 2.0 * truth - wrong) == pytest.approx(0.4, abs=0.21)
    assert share_of(truth, truth, np.full(20, np.nan)) == 0.0
