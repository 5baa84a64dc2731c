import numpy as np
import pytest
from scipy.stats import norm

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.errors import InvalidArgument
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import DONE, WAIT, Failure, Outcome, Problem, Proposal
from keras_nas.tuners import make
from keras_nas.tuners._gaussian import GaussianProcess, Kernel, Projection, _negative_evidence, expected_improvement
from keras_nas.tuners._gaussian import squared_distances as squared

ACCURACY = (Objective("val_accuracy"),)
SMALL = Decisions(tuple(Decision(f"op{i}", Labels(("a", "b", "c"))) for i in range(4)))
MIXED = Decisions(
    (
        Decision("block", Labels(("conv", "attention", "none"))),
        Decision("block/kernel", Labels((3, 5, 7), ordered=True), (("block", frozenset({"conv"})),)),
        Decision("block/heads", Interval(1, 16, step=1, integer=True), (("block", frozenset({"attention"})),)),
        Decision("rate", Interval(1e-4, 1e-1, log=True)),
    )
)


def toy(architecture):
    """Additive effects and one interaction; the optimum is (conv, 5, 1e-2) or (a, b, a, b)."""
    score = sum(0.1 * (label == "ab"[i % 2]) for i, label in enumerate(architecture.values()))
    score += 0.2 * (architecture.get("block") == "conv") + 0.1 * (architecture.get("block/kernel") == 5)
    if "rate" in architecture:
        score -= 0.05 * abs(np.log10(architecture["rate"]) + 2)
    return score


def run(strategy, space, queries, seed=0, score=toy):
    strategy.begin(Problem(space, ACCURACY, seed=seed))
    found = []
    for number in range(queries):
        proposal = strategy.propose(number, ())
        if not isinstance(proposal, Proposal):
            return found
        space.validate(proposal.architecture)
        found.append(proposal.architecture)
        strategy.observe(proposal, Outcome({"val_accuracy": score(proposal.architecture)}))
    return found


def test_finds_the_optimum_of_a_small_space():
    assert max(map(toy, run(make("bayesian", initial=6), SMALL, 20))) == pytest.approx(0.4)


def test_conditional_and_numeric_decisions():
    assert max(map(toy, run(make("bayesian", initial=6), MIXED, 30))) > 0.28


def test_all_of_a_space_once_and_then_done():
    strategy = make("bayesian", initial=3)
    tiny = Decisions(SMALL.items[:2])
    assert len({a.key for a in run(strategy, tiny, 50)}) == 9
    assert strategy.propose(9, ()) is DONE


def test_pending_is_never_proposed_and_the_last_one_waits():
    strategy = make("bayesian", initial=2)
    tiny = Decisions(SMALL.items[:2])
    run(strategy, tiny, 4)
    pending = []
    while isinstance(proposal := strategy.propose(4 + len(pending), pending), Proposal):
        pending.append(proposal)
    assert proposal is WAIT
    assert len({p.architecture.key for p in pending}) == 5


def test_failures_are_kept_away_from():
    strategy = make("bayesian", initial=8)
    strategy.begin(Problem(SMALL, ACCURACY))
    broken = 0
    for number in range(30):
        proposal = strategy.propose(number, ())
        bad = proposal.architecture["op0"] == "c"
        broken += bad and number >= 12
        failure = Failure("out_of_memory", "too big") if bad else None
        strategy.observe(proposal, Outcome({"val_accuracy": toy(proposal.architecture)}, failure))
    assert broken <= 4


def test_propose_is_pure():
    strategy = make("bayesian", acquisition="nei")
    run(strategy, MIXED, 14)
    first = strategy.propose(14, ())
    strategy.propose(15, ())
    assert strategy.propose(14, ()) == first


@pytest.mark.parametrize("objective", [float("nan"), float("inf")])
def test_scores_that_are_not_finite_are_survived(objective):
    assert len(run(make("bayesian", initial=3), SMALL, 12, score=lambda a: objective)) == 12


def test_unknown_acquisition_is_refused():
    with pytest.raises(InvalidArgument, match="Unknown acquisition 'ie': expected one of 'ei', 'nei'"):
        make("bayesian", acquisition="ie").begin(Problem(SMALL, ACCURACY))


def test_the_gradient_of_the_evidence_is_its_slope():
    rng = np.random.default_rng(0)
    rows, values = rng.random((12, 5)), rng.standard_normal(12)
    groups, component = np.array([0, 0, 1, 2, 2]), np.array([0, 0, 1])
    kernel = Kernel.prior(groups, np.array([True, False, True]), component == 1)
    distances = np.stack([squared(rows[:, groups == g], rows[:, groups == g]) for g in range(3)])
    _, gradient = _negative_evidence(kernel, distances, values)
    for index in range(len(kernel.vector)):
        step = 1e-5 * np.eye(len(kernel.vector))[index]
        above, below = (
            _negative_evidence(kernel.at(kernel.vector + sign * step), distances, values)[0] for sign in (1, -1)
        )
        assert gradient[index] == pytest.approx((above - below) / 2e-5, rel=1e-3, abs=1e-6)


def test_what_is_pending_loses_its_uncertainty_and_keeps_its_mean():
    rng = np.random.default_rng(0)
    rows, values, waiting = rng.random((8, 3)), rng.standard_normal(8), rng.random((2, 3))
    kernel = Kernel.prior(np.arange(3), np.ones(3, dtype=bool), np.zeros(3, dtype=bool))
    mean, deviation = GaussianProcess(kernel, rows, values, waiting[:0]).predict(waiting)
    believed, left = GaussianProcess(kernel, rows, values, waiting).predict(waiting)
    assert believed == pytest.approx(mean, abs=1e-9)
    assert (left < deviation).all()


def test_expected_values_of_the_observations_are_the_posterior_mean():
    rng = np.random.default_rng(1)
    rows, values, waiting = rng.random((8, 3)), rng.standard_normal(8), rng.random((2, 3))
    kernel = Kernel.prior(np.arange(3), np.ones(3, dtype=bool), np.zeros(3, dtype=bool))
    process = GaussianProcess(kernel, rows, values, waiting)
    assert process.expected() == pytest.approx(process.predict(np.vstack([rows, waiting]))[0], abs=1e-4)


def test_what_is_left_out_is_predicted_from_the_others():
    rng = np.random.default_rng(3)
    rows, values = rng.random((7, 2)), rng.standard_normal(7)
    kernel = Kernel.prior(np.arange(2), np.ones(2, dtype=bool), np.zeros(2, dtype=bool))
    left_out = GaussianProcess(kernel, rows, values, rows[:0]).left_out()
    for index in range(7):
        others = np.arange(7) != index
        process = GaussianProcess(kernel, rows[others], values[others], rows[:0])
        assert left_out[index] == pytest.approx(process.predict(rows[[index]])[0][0], abs=1e-6)


def test_a_projection_gives_what_a_fresh_prediction_gives():
    rng = np.random.default_rng(2)
    rows, values, pool = rng.random((9, 3)), rng.standard_normal(9), rng.random((20, 3))
    kernel = Kernel.prior(np.arange(3), np.ones(3, dtype=bool), np.zeros(3, dtype=bool))
    projection = Projection(pool)
    for observed, waiting in ((4, [4, 5]), (6, [8]), (6, []), (9, [])):
        process = GaussianProcess(kernel, rows[:observed], values[:observed], rows[waiting])
        for kept, fresh in zip(process.predict(projection), process.predict(pool), strict=True):
            assert kept == pytest.approx(fresh, abs=1e-8)


def test_log_expected_improvement_agrees_with_the_formula_and_does_not_underflow():
    mean, deviation = np.array([0.3, -1.0, -4.9, -5.1]), np.array([0.5, 2.0, 1.0, 1.0])
    u = mean / deviation
    formula = np.log(deviation * (u * norm.cdf(u) + norm.pdf(u)))
    assert expected_improvement(mean, deviation, 0.0) == pytest.approx(formula, rel=1e-6)
    tail = expected_improvement(np.array([-30.0, -40.0]), np.ones(2), 0.0)
    assert np.isfinite(tail).all() and tail[0] > tail[1]
