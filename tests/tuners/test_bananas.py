import itertools

import numpy as np
import pytest

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import Outcome, Problem
from keras_nas.tuners import make
from keras_nas.tuners._forest import grow
from keras_nas.tuners.bananas import path_counts

OPS = ("none", "skip_connect", "conv", "pool")
EDGES = ("0->1", "0->2", "1->2", "0->3", "1->3", "2->3")
CELLS = Decisions(tuple(Decision(edge, Labels(OPS)) for edge in EDGES))


def describe(architecture):
    return path_counts([(*edge.split("->"), op) for edge, op in architecture.items()], "0", "3")


def test_paths_agree_with_a_walk_over_all_node_sequences():
    rng = np.random.default_rng(0)
    for _ in range(20):
        cell = dict(zip(EDGES, rng.choice(OPS, len(EDGES)), strict=True))
        expected: dict[str, float] = {}
        for inner in itertools.chain.from_iterable(itertools.combinations("12", size) for size in range(3)):
            ops = [cell[f"{a}->{b}"] for a, b in itertools.pairwise(("0", *inner, "3"))]
            if "none" not in ops:
                name = "path/" + ">".join(op for op in ops if op != "skip_connect")
                expected[name] = expected.get(name, 0.0) + 1.0
        assert describe(cell) == expected


def test_finds_a_cell_whose_worth_is_in_its_paths():
    def score(cell):
        paths = describe(cell)
        return paths.get("path/conv>conv", 0.0) + 0.5 * paths.get("path/", 0.0) - 0.1 * sum(paths.values())

    strategy = make("bananas")
    strategy.begin(Problem(CELLS, (Objective("val_accuracy"),), describe=describe))
    best = -np.inf
    for number in range(40):
        proposal = strategy.propose(number, ())
        best = max(best, score(proposal.architecture))
        strategy.observe(proposal, Outcome({"val_accuracy": score(proposal.architecture)}))
    everything = [score(dict(zip(EDGES, ops, strict=True))) for ops in itertools.product(OPS, repeat=6)]
    assert best >= np.quantile(everything, 0.998)


def test_the_ensemble_is_surer_where_it_has_seen_more():
    rng = np.random.default_rng(0)
    rows = rng.random((80, 3)) * [0.4, 1.0, 1.0]
    forest = grow(rows, np.sin(6.0 * rows[:, 0]), 50, rng)
    mean, deviation = forest.predict(np.array([[0.2, 0.5, 0.5]]))
    assert mean == pytest.approx(np.sin(1.2), abs=0.25)
    assert 0.0 < deviation < 0.4
