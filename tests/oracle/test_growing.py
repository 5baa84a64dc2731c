"""A ledger over a space that grows while it is searched, and its log as JSON."""

import json
from typing import Any

import keras_tuner

from keras_nas.architecture import Architecture
from keras_nas.objectives import Objective
from keras_nas.oracle.growing import GrowingLedger
from keras_nas.strategy import DONE, WAIT, Failure, Outcome, Problem, Proposal
from tests.oracle.fakes import Spy


def ledger(spy: Spy) -> GrowingLedger:
    return GrowingLedger(spy, lambda decisions: Problem(decisions, (Objective("score", "max"),)))


def space(*, more: bool = False) -> Any:
    hp = keras_tuner.HyperParameters()
    hp.Choice("op", ["conv", "pool"])
    if more:
        hp.Int("size", 1, 2, default=2)
    return hp


def test_waits_for_what_is_pending_and_ends() -> None:
    spy = Spy()
    feed = ledger(spy)
    values = [feed.ask(trial_id, space()) for trial_id in "ab"]
    assert sorted(v["op"] for v in values) == ["conv", "pool"]
    assert feed.ask("c", space()) is WAIT and feed.ask("c", space()) is WAIT
    for trial_id, known in zip("ab", values, strict=True):
        feed.observe(trial_id, space(), known, Outcome({"score": 1.0}))
    assert feed.ask("c", space()) is DONE


def test_is_not_done_while_a_trial_may_find_more() -> None:
    feed = ledger(Spy([Proposal(Architecture({"op": "pool"})), DONE]))
    values = feed.ask("a", space())
    assert feed.ask("b", space()) is WAIT
    feed.observe("a", space(more=True), {**values, "size": 2}, Outcome({"score": 1.0}))
    assert feed.ask("b", space(more=True)) in ({"op": op, "size": size} for op in ("conv", "pool") for size in (1, 2))


def test_what_was_not_known_is_answered_with_the_default() -> None:
    spy = Spy()
    feed = ledger(spy)
    first, second = feed.ask("a", space()), feed.ask("b", space())
    feed.observe("a", space(), first, Outcome({"score": 1.0}))
    feed.observe("b", space(more=True), {**second, "size": 1}, Outcome(failure=Failure("error", "no")))
    assert spy.begun > 1
    seen = dict.fromkeys(proposal.architecture for proposal, _ in spy.seen)  # repeats of what was pending come too
    assert [dict(architecture) for architecture in seen] == [{**first, "size": 2}, {**second, "size": 1}]
    assert len({feed.ask("c", space(more=True))["op"], feed.ask("d", space(more=True))["op"]}) == 2
    assert feed.ask("e", space(more=True)) is WAIT


def test_a_trial_is_told_once() -> None:
    spy = Spy()
    feed = ledger(spy)
    values = feed.ask("a", space())
    feed.observe("a", space(), values, Outcome({"score": 1.0}))
    feed.observe("a", space(), values, Outcome({"score": 2.0}))
    assert [outcome.scores for _, outcome in spy.seen] == [{"score": 1.0}]


def test_a_trial_of_somebody_elses_enters_the_log() -> None:
    spy = Spy()
    feed = ledger(spy)
    feed.observe("mine", space(), {"op": "pool"}, Outcome({"score": 1.0}))
    assert [proposal.architecture for proposal, _ in spy.seen] == [{"op": "pool"}]
    assert feed.ask("a", space()) == {"op": "conv"}


def test_the_log_survives_json() -> None:
    first, second = Spy(), Spy()
    feed, again = ledger(first), ledger(second)
    values = feed.ask("a", space())
    outcome = Outcome(failure=Failure("timeout", "too long", "trace"))
    feed.observe("a", space(), values, outcome)
    pending = feed.ask("b", space())
    ran = {"a": (values, outcome), "b": (pending, None)}
    again.from_json(json.loads(json.dumps(feed.to_json(ran))), space(), ran)
    assert second.seen == first.seen and again.to_json(ran) == feed.to_json(ran)
    again.observe("b", space(), pending, Outcome({"score": 1.0}))
    assert again.ask("c", space()) is DONE


def test_the_log_holds_what_keras_tuners_trials_do_not() -> None:
    spy = Spy()
    feed = ledger(spy)
    first = feed.ask("a", space())
    other = Proposal(Architecture({"op": "conv" if first["op"] == "pool" else "pool"}), note={"why": "new"})
    spy.answers = [Proposal(Architecture(first)), other]
    feed.observe("a", space(), first, Outcome({"score": 1.0}))
    feed.ask("b", space())
    assert feed.to_json("a") == {
        "trials": [
            {"trial": "a"},
            {"repeats": 0},
            {"architecture": dict(other.architecture), "source": "run", "outcome": None, "note": {"why": "new"}},
        ],
        "log": [0, -1, 1, -2, 2],
    }
