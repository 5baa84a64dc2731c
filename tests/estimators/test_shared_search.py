"""The order of a search with shared weights, without training anything."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest

from keras_nas.decisions import Decision, Decisions, Labels
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.budgeting import Budgeting
from keras_nas.estimators.gates import LEARNT
from keras_nas.estimators.gates.derived import as_scores
from keras_nas.estimators.ready import get_estimator
from keras_nas.estimators.shared import SharedWeights
from keras_nas.estimators.shared_search import phase_of
from keras_nas.ledger import Ledger, Trial
from keras_nas.methods import methods
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import UNTRAINED, Failure, Outcome, Problem, Proposal
from keras_nas.tuners import make

SPACE = Decisions(
    (
        *(Decision(f"edge{n}", Labels(("conv", "pool", "skip"))) for n in range(4)),
        Decision("recipe/rate", Labels((1, 2, 3), ordered=True)),
    )
)
PROBLEM = Problem(SPACE, (Objective("val_accuracy", "max"),))


GATES = {"edge0": (0.1, 0.2, 0.7), "edge1": (0.6, 0.3, 0.1), "edge2": (0.2, 0.5, 0.3), "edge3": (0.4, 0.3, 0.3)}
CHOSEN = {"edge0": "skip", "edge1": "conv", "edge2": "pool", "edge3": "conv"}


def score(proposal: Proposal) -> Outcome:
    """More convolutions are better."""
    labels = list(proposal.architecture.values())
    return Outcome({"val_accuracy": labels.count("conv") / 4 + 0.01 * labels.count("pool")})


def learnt(proposal: Proposal) -> Outcome:
    """The same, the supernet telling of its gates."""
    if "supernet" not in proposal.fidelity:
        return score(proposal)
    network = SPACE[:4]
    return Outcome({"val_accuracy": 0.5, **as_scores(network, {path: np.array(own) for path, own in GATES.items()})})


def proposed(
    estimator: Any,
    clock: Any = lambda: 0.0,
    baseline: bool = False,
    outcome: Callable[[Proposal], Outcome] = score,
    screen: Any = None,
    **changes: Any,
) -> list[Proposal]:
    """All proposals of a search that are run, each observed at once."""
    told: Mapping[str, Any] = {"max_time": None, "max_trials": None, "workers": 2, **changes}
    budgeting = Budgeting(Bounds(**told), clock, baseline=baseline)
    ledger = Ledger(estimator.around(make("evolution", population=5), budgeting), PROBLEM, screen)
    found = []
    while isinstance(trial := ledger.ask(), Trial):
        found.append(trial.proposal)
        ledger.tell(trial.number, outcome(trial.proposal))
    return found


def test_the_phases_follow_one_another() -> None:
    found = proposed(SharedWeights(networks=30, checks=4, finalists=2))
    phases = [phase_of(proposal) for proposal in found]
    assert phases == sorted(phases, key=("supernet", "scored", "alone", "final").index)
    assert Counter(phases)["supernet"] == 1
    assert 10 <= Counter(phases)["scored"] <= 30
    assert Counter(phases)["alone"] == 4
    assert Counter(phases)["final"] == 2


def test_only_scores_and_the_supernet_are_no_trainings() -> None:
    for proposal in proposed(SharedWeights(networks=10, checks=3)):
        assert (UNTRAINED in proposal.fidelity) == (phase_of(proposal) in ("supernet", "scored"))


def test_finalists_are_the_best_with_the_recipe_of_the_supernet() -> None:
    found = proposed(SharedWeights(networks=40, checks=0))
    supernet, final = found[0].architecture, found[-1].architecture
    best = max((score(p).scores["val_accuracy"] for p in found[1:-1]))
    assert score(found[-1]).scores["val_accuracy"] == best
    assert final["recipe/rate"] == supernet["recipe/rate"] == 2
    assert all("recipe/rate" not in p.architecture for p in found if phase_of(p) == "scored")


def test_checks_range_from_the_best_to_the_worst() -> None:
    found = proposed(SharedWeights(networks=40, checks=3))
    scores = {
        phase: [score(p).scores["val_accuracy"] for p in found if phase_of(p) == phase] for phase in ("scored", "alone")
    }
    assert scores["alone"][0] == max(scores["scored"])
    assert scores["alone"][-1] == min(scores["scored"])


def test_the_time_is_divided() -> None:
    times = iter(range(0, 10_000, 5))
    found = proposed(SharedWeights(networks=1000, checks=4), clock=lambda: float(next(times)), max_time=600.0)
    assert found[0].fidelity["seconds"] == 270.0
    assert {p.fidelity["seconds"] for p in found if phase_of(p) == "alone"} == {45.0}
    assert 1 <= len([p for p in found if phase_of(p) == "scored"]) <= 75
    assert found[-1].fidelity["seconds"] >= 1.0


def test_what_gates_chose_is_scored_first_and_trained_from_new_weights() -> None:
    found = proposed(SharedWeights("fbnet", checks=4), outcome=learnt)
    phases = Counter(map(phase_of, found))
    assert phases == {"supernet": 1, "scored": 5, "alone": 4, "final": 1}
    assert found[0].fidelity["fbnet"] == 1.0
    assert found[1].architecture == CHOSEN
    assert {path: found[-1].architecture[path] for path in CHOSEN} == CHOSEN
    assert "shared" not in found[-1].fidelity
    assert "shared" in proposed(SharedWeights(networks=5, checks=0))[-1].fidelity


def test_what_breaks_a_limit_makes_room_for_the_next_likeliest() -> None:
    def screen(architecture: Mapping[str, Any]) -> Outcome | None:
        return Outcome(failure=Failure("infeasible", "skips")) if architecture["edge0"] == "skip" else None

    found = proposed(SharedWeights("fbnet", checks=0), outcome=learnt, screen=screen)
    chosen, final = [p for p in found if p.note.get("derived")], found[-1]
    assert len(chosen) == 1
    assert chosen[0].architecture["edge0"] == "pool"
    assert dict(final.architecture) == {**chosen[0].architecture, "recipe/rate": 2}


def test_two_workers_are_not_both_given_a_choice() -> None:
    strategy = SharedWeights("darts", checks=3).around(make("random"), Budgeting(Bounds(None, None, 2), lambda: 0.0))
    ledger = Ledger(strategy, PROBLEM)
    taught = ledger.ask()
    assert isinstance(taught, Trial)
    ledger.tell(taught.number, learnt(taught.proposal))
    asked = [ledger.ask(), ledger.ask()]
    assert [trial.proposal.note.get("derived") for trial in asked if isinstance(trial, Trial)] == [True, None]


@pytest.mark.parametrize("sampling", ["sandwich", "progressive"])
def test_all_that_uses_an_elastic_supernet_says_so(sampling: str) -> None:
    found = proposed(SharedWeights(sampling, networks=20, checks=2))
    assert found[0].fidelity[sampling] == 1.0
    assert all(p.fidelity["elastic"] == p.fidelity["shared"] == 1.0 for p in found)
    assert get_estimator("once_for_all") == SharedWeights("progressive")
    assert "elastic" not in proposed(SharedWeights(networks=5, checks=0))[-1].fidelity


def test_without_word_of_the_gates_the_strategy_chooses() -> None:
    assert Counter(map(phase_of, proposed(SharedWeights("darts", checks=3))))["final"] == 1


def test_trials_leave_room_for_the_finalists() -> None:
    assert Counter(map(phase_of, proposed(SharedWeights(networks=5), max_trials=3)))["alone"] == 2


def test_a_supernet_that_fails_ends_the_search() -> None:
    strategy = SharedWeights().around(make("random"), Budgeting(Bounds(None, None), lambda: 0.0))
    ledger = Ledger(strategy, PROBLEM)
    trial = ledger.ask()
    assert isinstance(trial, Trial)
    ledger.tell(trial.number, Outcome(failure=Failure("build_error", "'width' changes the shape")))
    assert not isinstance(ledger.ask(), Trial)


def test_the_users_own_model_is_trained_at_the_end() -> None:
    found = proposed(SharedWeights(networks=5, checks=0), baseline=True)
    assert [bool(p.note.get("baseline")) for p in found[-2:]] == [False, True]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sampling": "fare"}, "Unknown sampling 'fare'"),
        ({"networks": 0}, "networks=0: expected 1 or more."),
        ({"checks": -1}, "checks=-1: expected 0 or more."),
        ({"epochs": 0}, "epochs=0: expected a number above 0."),
    ],
)
def test_wrong_options_are_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidArgument, match=re.escape(words)):
        SharedWeights(**options)


def test_methods_have_their_rows() -> None:
    table = methods().set_index("method")
    assert table.loc["enas", "estimator"] == "enas"
    assert {*LEARNT} <= {*table["estimator"]} & {*table.index}
    assert table.loc["single_path_one_shot", "estimator"] == "shared_weights"
    assert isinstance(get_estimator("shared_weights"), SharedWeights)
