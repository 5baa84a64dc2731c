import numpy as np
import pytest

from keras_nas.architecture import Architecture
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.errors import InvalidArgument
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import Problem
from keras_nas.tuners import make
from keras_nas.tuners._features import Features
from keras_nas.tuners._pool import Pool
from keras_nas.tuners._record import Observation, Record, merits_of, scalarised

ACCURACY = (Objective("val_accuracy"),)
SPACE = Decisions(
    (
        Decision("op", Labels(("conv", "pool"))),
        Decision("kernel", Labels((3, 5, 7), ordered=True), (("op", frozenset({"conv"})),)),
        Decision("rate", Interval(0.0, 1.0), (("op", frozenset({"pool"})),)),
    )
)


def merits(losses, violations=None):
    return merits_of(np.array(losses), np.zeros(len(losses)) if violations is None else np.array(violations))


def test_features_tell_a_sleeping_number_from_its_least_value_and_the_order_of_options():
    features = Features(Problem(SPACE, ACCURACY))
    rows = features.transform([{"op": "pool", "rate": 0.0}, {"op": "conv", "kernel": 5}])
    assert rows.tolist() == [[0, 1, 0, 0, 0, 0, 1, 0], [1, 0, 0, 1, 0, 0, 0, 0.5]]
    assert features.groups.tolist() == [0, 0, 1, 1, 1, 2, 2, 3]
    assert features.numeric.tolist() == [False, False, True, True]
    assert not features.told.any()


def test_what_is_told_is_standardised_and_a_group_counts_as_one():
    def describe(architecture):
        conv = float(architecture["op"] == "conv")
        return {"params": 10.0 ** (1 + 3 * conv), "path/a": conv, "path/b": 1.0 - conv, "constant": 1.0}

    features = Features(Problem(SPACE, ACCURACY, describe=describe))
    assert features.told.tolist() == [False] * 4 + [True] * 2
    conv, pool = (row[-3:] for row in features.transform([{"op": "conv", "kernel": 3}, {"op": "pool", "rate": 0.5}]))
    apart = (conv - pool) ** 2
    assert apart[0] == pytest.approx(apart[1] + apart[2], rel=0.05), "params and paths weigh alike"
    assert apart[0] == pytest.approx(2.0, rel=0.1), "half of all pairs differ, and are 2 apart"


def test_merits_keep_the_order_and_bend_what_is_bad():
    found = merits([0.1, 0.2, 0.3, 0.4, 100.0])
    assert (np.diff(found) < 0).all()
    assert found[3] - found[4] < 10 * (found[0] - found[3])
    assert found.mean() == pytest.approx(0.0) and found.std() == pytest.approx(1.0)


def test_what_breaks_a_constraint_ranks_below_what_does_not_and_failures_lowest():
    found = merits([0.9, 0.1, 0.1, np.inf, 0.5], [0.0, 0.2, 0.7, np.inf, 0.0])
    assert np.argsort(-found, kind="stable").tolist() == [4, 0, 1, 2, 3]
    assert found[2] == pytest.approx(found[3])


@pytest.mark.parametrize("losses", [[np.inf, np.inf], [0.5, 0.5], [np.inf, 0.5]])
def test_merits_without_differences_are_finite(losses):
    assert np.isfinite(merits(losses)).all()


def test_several_losses_become_one_by_their_weights():
    losses = np.array([[0.0, 10.0], [1.0, 0.0], [0.4, 4.0], [np.inf, 0.0]])
    assert np.argmin(scalarised(losses, np.array([1.0, 0.0]))) == 0
    assert np.argmin(scalarised(losses, np.array([0.0, 1.0]))) == 1
    assert np.argmin(scalarised(losses, np.array([0.5, 0.5]))) == 2
    assert np.isinf(scalarised(losses, np.array([0.5, 0.5]))[3])


def test_a_pool_of_a_large_space_climbs_to_the_best():
    space = Decisions(tuple(Decision(f"d{i}", Labels(("a", "b", "c", "d"))) for i in range(20)))
    features = Features(Problem(space, ACCURACY))
    pool = Pool(space, features.transform)
    found = pool.best(lambda rows: rows[:, ::4].sum(axis=1), [], set(), np.random.default_rng(0))
    assert list(found.values()).count("a") >= 11
    assert pool.listed == []


def test_the_first_proposals_spread_over_every_decision():
    space = Decisions((Decision("op", Labels(tuple("abcde"))), Decision("rate", Interval(0.0, 1.0))))
    strategy = make("bayesian", initial=10)
    strategy.begin(Problem(space, ACCURACY))
    first = [strategy.propose(number, ()).architecture for number in range(10)]
    assert sorted(a["op"] for a in first) == sorted("abcde" * 2)
    assert sorted(int(10 * a["rate"]) for a in first) == list(range(10))


def test_a_model_needs_two_observations():
    with pytest.raises(InvalidArgument, match="initial=1: a model needs two observations at least"):
        make("bananas", initial=1).begin(Problem(SPACE, ACCURACY))


def test_of_many_observations_the_best_and_an_even_spread_are_kept():
    observed = [
        Observation(Architecture({"x": index}), np.zeros(1), np.array([float(index)]), 0.0) for index in range(100)
    ]
    kept = [o.architecture["x"] for o in Record(observed[::-1], np.ones(1)).within(20).observed]
    assert len(kept) == 20 and kept == sorted(kept, reverse=True)
    assert set(range(10)) <= set(kept) and max(kept) == 99
