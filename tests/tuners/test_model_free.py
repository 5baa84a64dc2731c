"""What each model-free strategy promises beyond the conformance kit."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from keras_nas.architecture import Architecture
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Interval, Labels
from keras_nas.errors import InvalidArgument
from keras_nas.ledger import Ledger, Trial
from keras_nas.objectives.constraints import Constraint
from keras_nas.objectives.objective import Objective
from keras_nas.objectives.pareto import hypervolume
from keras_nas.operators import enumerate_all
from keras_nas.strategy import DONE, Outcome, Problem, Proposal, Strategy
from keras_nas.tuners import STRATEGIES, make, strategy_class
from keras_nas.tuners._population import Member, fittest
from keras_nas.tuners.controller import Reinforce
from keras_nas.tuners.evolution import RegularizedEvolution, mutate_level
from keras_nas.tuners.local_search import LocalSearch
from keras_nas.tuners.nsga2 import NSGA2, survivors
from keras_nas.tuners.random import label_at, radical_inverse

BITS = Decisions(tuple(Decision(f"b{index}", Labels((0, 1))) for index in range(8)))
ONES = Objective("ones", "max")
COST = Objective("cost", "min")


def ones(architecture: Architecture) -> Outcome:
    count = float(sum(map(int, architecture.values())))
    return Outcome({"ones": count, "cost": count**2 + 1.0})


def searched(strategy: Strategy, trials: int, problem: Problem) -> list[Trial]:
    ledger, found = Ledger(strategy, problem), []
    for _ in range(trials):
        trial = ledger.ask()
        if not isinstance(trial, Trial):
            break
        found.append(trial)
        ledger.tell(trial.number, ones(trial.proposal.architecture))
    return found


def test_an_unknown_strategy_offers_the_nearest() -> None:
    with pytest.raises(InvalidArgument, match="Unknown strategy 'evolutoin'.*Did you mean 'evolution'"):
        make("evolutoin")


def test_a_strategy_object_is_taken_as_it_is() -> None:
    strategy = make("evolution", population=3)
    assert make(strategy) is strategy


@pytest.mark.parametrize("name", STRATEGIES)
def test_names_lead_to_classes(name: str) -> None:
    import keras_nas.tuners as tuners

    found = strategy_class(name)
    assert issubclass(found, Strategy)
    assert getattr(tuners, found.__name__) is found


def test_exhaustive_search_is_the_enumeration() -> None:
    found = searched(make("exhaustive"), 1000, Problem(BITS, (ONES,)))
    assert [trial.proposal.architecture for trial in found] == list(enumerate_all(BITS))


def test_exhaustive_search_refuses_real_numbers() -> None:
    space = Decisions((Decision("rate", Interval(0.0, 1.0)),))
    with pytest.raises(InvalidArgument, match="exhaustive search needs a finite space"):
        make("exhaustive").begin(Problem(space, (ONES,)))


def test_exhaustive_search_ends_while_its_last_is_pending() -> None:
    strategy = make("exhaustive")
    strategy.begin(Problem(Decisions((Decision("op", Labels(("a",))),)), (ONES,)))
    proposal = strategy.propose(0, ())
    assert isinstance(proposal, Proposal)
    assert strategy.propose(1, (proposal,)) is DONE


def test_quasi_random_points_fill_more_evenly_than_random_ones() -> None:
    space = Decisions(tuple(Decision(f"x{index}", Interval(0.0, 1.0)) for index in range(2)))

    def emptiest(name: str) -> float:
        worst = []
        for seed in range(8):
            strategy = make(name)
            strategy.begin(Problem(space, (ONES,), seed=seed))
            points = np.array([list(strategy.propose(n, ()).architecture.values()) for n in range(64)])  # type: ignore[union-attr]
            cells = np.unique((points * 8).astype(int), axis=0)
            worst.append(64 - len(cells))
        return float(np.mean(worst))

    assert emptiest("quasi_random") < 0.8 * emptiest("random")


def test_every_label_has_an_equal_share_of_the_unit_interval() -> None:
    for domain in (Labels(("a", "b", "c")), Interval(0, 10, 4), Interval(1, 6, 1, integer=True)):
        labels = [label_at(domain, (place + 0.5) / 600) for place in range(600)]
        shares = {label: labels.count(label) for label in labels}
        assert len(shares) == domain.size
        assert set(shares.values()) == {600 // int(domain.size)}


def test_the_radical_inverse_of_a_permuted_digit_stays_below_one() -> None:
    flipped = np.tile(np.array([1, 0]), (64, 1))
    assert radical_inverse(0, 2, flipped) < 1.0


def test_the_fittest_meets_the_constraints_first_and_is_not_dominated() -> None:
    def member(loss: list[float], violation: float) -> Member:
        return Member(Architecture({"n": len(loss)}), np.array(loss), violation)

    rng = np.random.default_rng(0)
    broken, good, other, dominated = (
        member([0.0, 0.0], 0.1), member([1.0, 3.0], 0.0), member([3.0, 1.0], 0.0), member([3.0, 3.0], 0.0),
    )  # fmt: skip
    winners = {id(fittest([broken, good, other, dominated], rng)) for _ in range(50)}
    assert winners == {id(good), id(other)}
    assert fittest([broken, member([0.0, 0.0], 0.2)], rng) is broken


def test_regularized_evolution_keeps_the_youngest() -> None:
    strategy = RegularizedEvolution(population=5)
    found = searched(strategy, 30, Problem(BITS, (ONES,)))
    observed = [trial.proposal.architecture for trial in found]
    assert len(strategy.members) == 5
    assert strategy.members[-1].architecture == observed[-1]


def test_children_differ_from_a_living_parent_in_one_answer() -> None:
    strategy = RegularizedEvolution(population=5)
    searched(strategy, 20, Problem(BITS, (ONES,)))
    child = strategy.propose(999, ()).architecture
    apart = [sum(child[path] != member.architecture[path] for path in child) for member in strategy.members]
    assert 1 in apart


@pytest.mark.parametrize(("options", "message"), [({"population": 0}, "population=0: evolution needs one member")])
def test_impossible_populations_are_refused(options: dict[str, int], message: str) -> None:
    with pytest.raises(InvalidArgument, match=message):
        RegularizedEvolution(**options)
    with pytest.raises(InvalidArgument, match="population=1: NSGA-II needs two parents"):
        NSGA2(population=1)


def test_a_level_is_drawn_before_a_decision() -> None:
    deep = [Decision(f"cell/n{index}/op", Labels(("a", "b"))) for index in range(19)]
    space = Decisions((Decision("depth", Labels((1, 2))), *deep))
    parent = space.walk(lambda decision: decision.domain.labels()[0])
    rng = np.random.default_rng(0)
    top = sum(mutate_level(space, parent, rng)["depth"] == 2 for _ in range(400))
    assert 160 < top < 240


def test_local_search_finds_the_only_peak_without_a_wasted_trial() -> None:
    found = searched(LocalSearch(starts=1), 40, Problem(BITS, (ONES,)))
    best = max(ones(trial.proposal.architecture).scores["ones"] for trial in found)
    assert best == 8.0
    assert len({trial.proposal.architecture for trial in found}) == len(found)


def test_local_search_moves_to_a_better_neighbour_that_comes_late() -> None:
    strategy = LocalSearch(starts=1)
    strategy.begin(Problem(BITS, (ONES,)))
    start = Proposal(Architecture(dict.fromkeys(BITS._by_path, 0)), note={"start": True})
    strategy.observe(start, ones(start.architecture))
    first = strategy.propose(1, ())
    second = strategy.propose(2, (first,))
    assert isinstance(first, Proposal)
    assert isinstance(second, Proposal)
    strategy.observe(first, Outcome({"ones": 1.0}))
    strategy.observe(second, Outcome({"ones": 2.0}))
    assert strategy.centre is not None
    assert strategy.centre.architecture == second.architecture


def test_survivors_are_fronts_then_the_lonely_without_twins() -> None:
    losses = [[0.0, 4.0], [1.0, 2.9], [2.0, 2.0], [4.0, 0.0], [4.0, 4.0]]
    members = [Member(Architecture({"n": n}), np.array(loss)) for n, loss in enumerate(losses)]
    kept = survivors([*members, members[0]], 3)
    assert {member.architecture["n"] for member in kept[:2]} == {0, 3}
    assert len(kept) == 3
    assert 4 not in {member.architecture["n"] for member in kept}


def _front(name: str, seed: int) -> float:
    rugged = Decisions(tuple(Decision(f"d{index}", Labels(tuple(range(6)))) for index in range(10)))
    ledger = Ledger(make(name), Problem(rugged, (ONES, COST), seed=seed))
    points = []
    for _ in range(300):
        trial = ledger.ask()
        assert isinstance(trial, Trial)
        labels = [int(label) for label in trial.proposal.architecture.values()]
        gain, cost = float(sum(labels)), float(sum(a * b for a, b in zip(labels, labels[1:], strict=False)))
        ledger.tell(trial.number, Outcome({"ones": gain, "cost": cost}))
        points.append([-gain, cost])
    return hypervolume(points, [0.0, 230.0])


def test_nsga2_covers_more_of_the_front_than_random_search() -> None:
    ours, drawn = ([_front(name, seed) for seed in range(3)] for name in ("nsga2", "random"))
    assert min(ours) > max(drawn)


@pytest.mark.parametrize("name", ["evolution", "nsga2", "local_search", "reinforce", "ppo"])
def test_constraints_pull_a_search_to_where_they_hold(name: str) -> None:
    problem = Problem(BITS, (ONES,), (Constraint("cost", 10.0, "upper"),))
    found = [ones(trial.proposal.architecture).scores for trial in searched(make(name), 100, problem)]
    assert max(scores["ones"] for scores in found if scores["cost"] <= 10.0) == 3.0
    kept = np.mean([scores["cost"] <= 10.0 for scores in found[:60]])
    assert kept > 93 / 256, "random search keeps 93 of 256"


Reward = Callable[[dict[str, float]], float | None]


def reward_of(*objectives: Objective, constraints: tuple[Constraint, ...] = ()) -> Reward:
    strategy = strategy_class("reinforce")()
    strategy.begin(Problem(BITS, objectives, constraints))
    return lambda scores: strategy.reward(Outcome(scores))  # type: ignore[attr-defined,no-any-return]


def test_the_reward_is_that_of_mnasnet() -> None:
    soft = reward_of(Objective("val_accuracy"), Objective("latency_ms"))
    ratio = soft({"val_accuracy": 0.75, "latency_ms": 80.0}) / soft({"val_accuracy": 0.75, "latency_ms": 40.0})  # type: ignore[operator]
    assert ratio == pytest.approx(2**-0.07)
    hard = reward_of(Objective("val_accuracy"), constraints=(Constraint("latency_ms", 50.0, "upper"),))
    assert hard({"val_accuracy": 0.75, "latency_ms": 50.0}) == pytest.approx(0.75)
    assert hard({"val_accuracy": 0.75, "latency_ms": 100.0}) == pytest.approx(0.375)


def test_a_loss_is_rewarded_the_other_way_round() -> None:
    reward = reward_of(Objective("val_loss"), Objective("latency_ms"))
    fast = reward({"val_loss": 0.5, "latency_ms": 10.0})
    slow = reward({"val_loss": 0.5, "latency_ms": 20.0})
    worse = reward({"val_loss": 0.9, "latency_ms": 10.0})
    assert fast is not None
    assert slow is not None
    assert worse is not None
    assert fast > slow
    assert fast > worse
    assert reward({"val_loss": math.nan, "latency_ms": 1.0}) is None


def test_an_unknown_policy_offers_the_nearest() -> None:
    with pytest.raises(InvalidArgument, match="Unknown policy 'lstmm'.*Did you mean 'lstm'"):
        make("ppo", policy="lstmm")


@pytest.mark.parametrize("policy", ["lstm", "softmax"])
def test_a_controller_that_has_become_certain_still_gives_something_new(policy: str) -> None:
    strategy = Reinforce(policy)
    strategy.begin(Problem(BITS, (Objective("score", "max"),)))
    biases = strategy.actor.part["bias" if policy == "lstm" else "logits"]
    biases[:, 0] += 1e4
    certain = strategy.propose(0, ())
    strategy.observe(certain, Outcome({"score": 1.0}))
    for number in range(1, 20):
        assert strategy.propose(number, (certain,)).architecture != certain.architecture
