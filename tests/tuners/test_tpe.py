import numpy as np
import pytest

from keras_nas.architecture import Architecture
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.errors import InvalidArgument
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import Outcome, Problem
from keras_nas.tuners import make
from keras_nas.tuners.tpe import density

SPACE = Decisions(
    (
        Decision("op", Labels(("conv", "pool", "skip"))),
        Decision("op/rate", Interval(1e-4, 1e-1, log=True), (("op", frozenset({"conv"})),)),
        *(Decision(f"width{i}", Labels((8, 16, 32, 64), ordered=True)) for i in range(4)),
    )
)


def score(architecture):
    rate = -abs(np.log10(architecture["op/rate"]) + 2) if "op/rate" in architecture else -2.0
    return rate + sum(architecture[f"width{i}"] == 32 for i in range(4))


def best(name, queries, seed):
    strategy = make(name)
    strategy.begin(Problem(SPACE, (Objective("val_accuracy"),), seed=seed))
    scores = []
    for number in range(queries):
        proposal = strategy.propose(number, ())
        scores.append(score(proposal.architecture))
        strategy.observe(proposal, Outcome({"val_accuracy": scores[-1]}))
    return max(scores)


def test_beats_random_search_on_a_conditional_space():
    found = np.mean([best("tpe", 50, seed) for seed in range(6)])
    assert found > np.mean([best("random", 50, seed) for seed in range(6)]) + 0.3


def test_density_of_options_counts_only_where_the_decision_is_live():
    kernel = Decision("kernel", Labels((3, 5)))
    counts = density(kernel, [Architecture({"kernel": 3}), Architecture({}), Architecture({"kernel": 3})])
    assert counts.shares == pytest.approx([2.5 / 3, 0.5 / 3])


def test_density_of_a_number_integrates_to_about_one_and_peaks_where_it_was_observed():
    rate = Decision("rate", Interval(0.0, 1.0))
    mixture = density(rate, [Architecture({"rate": 0.5})] * 3)
    places = np.linspace(0.0, 1.0, 401)
    heights = np.exp([mixture.log(float(place)) for place in places])
    assert places[np.argmax(heights)] == pytest.approx(0.5)
    assert heights.mean() == pytest.approx(1.0, abs=0.05)
    drawn = [mixture.sample(np.random.default_rng(seed)) for seed in range(200)]
    assert np.mean(drawn) == pytest.approx(0.5, abs=0.06)


def test_a_share_that_is_not_a_part_is_refused():
    with pytest.raises(InvalidArgument, match="share=1.5: the good are a part of all, between 0 and 1"):
        make("tpe", share=1.5).begin(Problem(SPACE, (Objective("val_accuracy"),)))
