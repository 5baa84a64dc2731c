import numpy as np
import pytest

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.errors import InvalidArgument
from keras_nas.objectives.objective import Objective
from keras_nas.operators import sample
from keras_nas.predictors.ranker import MOST, Ranker, standardised_ranks
from keras_nas.predictors.screened import Screened
from keras_nas.strategy import DONE, Failure, Outcome, Problem, Proposal
from keras_nas.testing import STRATEGY_CHECKS, Subject
from keras_nas.tuners import make

SPACE = Decisions(tuple(Decision(name, Labels(("conv", "pool", "none"))) for name in "abcdef"))


def draw(count, seed=0):
    rng = np.random.default_rng(seed)
    return [sample(SPACE, rng) for _ in range(count)]


def convolutions(architecture):
    return list(architecture.values()).count("conv")


def tau(ranker, architectures, truth):
    from scipy.stats import kendalltau

    return kendalltau(ranker.predict(architectures)[0], list(map(truth, architectures))).statistic


def test_it_foretells_ranks_whatever_the_scale_of_the_scores():
    known, others = draw(40), draw(200, seed=1)
    plain = Ranker(SPACE).fit(known, [convolutions(a) for a in known])
    bent = Ranker(SPACE).fit(known, [1e6 ** convolutions(a) for a in known])
    assert tau(plain, others, convolutions) > 0.8
    assert np.array_equal(plain.predict(others)[0], bent.predict(others)[0])


def test_what_is_told_of_architectures_is_learnt_from():
    """Whether two decisions agree: nothing that single decisions say."""

    def same(architecture):
        return sum(architecture[first] == architecture[second] for first, second in ("ab", "cd", "ef"))

    known, others = draw(40), draw(200, seed=1)
    alone = Ranker(SPACE).fit(known, list(map(same, known)))
    told = Ranker(SPACE, lambda architecture: {"same": float(same(architecture))}).fit(known, list(map(same, known)))
    assert tau(told, others, same) > max(0.8, tau(alone, others, same))


def test_it_is_less_sure_of_what_it_has_not_seen():
    known = [a for a in draw(300) if a["a"] == a["b"] == a["c"] == "conv"]
    ranker = Ranker(SPACE).fit(known, [convolutions(a) for a in known])
    _, seen = ranker.predict(known)
    _, unseen = ranker.predict([a for a in draw(300) if "conv" not in (a["a"], a["b"], a["c"])])
    assert unseen.mean() > 1.5 * seen.mean()


def test_of_many_architectures_as_many_as_it_can_hold_are_learnt_from():
    known = draw(MOST + 100)
    ranker = Ranker(SPACE).fit(known, [convolutions(a) for a in known])
    assert tau(ranker, draw(100, seed=1), convolutions) > 0.8


def test_ranks_are_shared_and_constant_scores_are_no_error():
    assert standardised_ranks(np.array([3.0, 3.0])).tolist() == [0.0, 0.0]
    known = draw(5)
    mean, deviation = Ranker(SPACE).fit(known, [1.0] * 5).predict(draw(3, seed=1))
    assert np.isfinite(mean).all() and (deviation > 0).all()


def test_errors_say_what_is_expected():
    known = draw(3)
    with pytest.raises(InvalidArgument, match="3 architectures and 2 finite merits: expected two"):
        Ranker(SPACE).fit(known, [0.1, 0.2, float("nan")])
    with pytest.raises(InvalidArgument, match="1 architectures and 1 finite merits"):
        Ranker(SPACE).fit(known[:1], [0.1])
    with pytest.raises(InvalidArgument, match="call fit"):
        Ranker(SPACE).predict(known)


def search(strategy, trials, seed=0, score=convolutions):
    strategy.begin(Problem(SPACE, (Objective("val_accuracy", "max"),), seed=seed))
    scores = []
    for number in range(trials):
        proposal = strategy.propose(number, ())
        scores.append(score(proposal.architecture))
        strategy.observe(proposal, Outcome({"val_accuracy": float(scores[-1])}))
    return scores


def test_screened_proposals_are_better_than_the_strategy_s_own():
    plain = [search(make("random"), 20, seed) for seed in range(2)]
    screened = [search(Screened(make("random"), None, candidates=60), 20, seed) for seed in range(2)]
    assert [scores[:10] for scores in plain] == [scores[:10] for scores in screened], "until there is a model"
    assert np.mean(screened, axis=0)[10:].mean() > np.mean(plain, axis=0)[10:].mean() + 1


@pytest.mark.slow
@pytest.mark.parametrize("check", STRATEGY_CHECKS, ids=lambda check: check.__name__)
def test_screening_keeps_the_rules_of_a_strategy(check):
    check(Subject(screened_evolution, learns=False, trials=10))


def screened_evolution():
    return Screened(make("evolution", population=4), None, candidates=8, initial=5)


def test_a_strategy_that_ends_or_repeats_itself_is_left_to_do_so():
    class Fixed(type(make("random"))):
        def propose(self, number, pending):
            return Proposal(draw(1)[0]) if number == 0 else DONE

    strategy = Screened(Fixed(), None, candidates=2, initial=2)
    strategy.begin(Problem(SPACE, (Objective("val_accuracy", "max"),)))
    for architecture in draw(4, seed=3):
        strategy.observe(Proposal(architecture), Outcome({"val_accuracy": 0.5}))
    assert strategy.propose(5, ()) is DONE
    only = strategy.propose(0, ())
    strategy.observe(only, Outcome(failure=Failure("error", "no")))
    assert strategy.propose(0, ()).architecture == only.architecture, "which the ledger answers from its record"


def test_a_strategy_with_a_model_of_its_own_is_refused():
    with pytest.raises(
        InvalidArgument, match="Auto ranks what it proposes by a model of its own.*strategy='evolution'"
    ):
        Screened(make("auto"), None)
