"""The ledger: repeats, pending trials, screening, exhaustion, replay."""

import copy
from collections.abc import Sequence

import pytest

from keras_nas.architecture import Architecture
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.ledger import Ledger, Trial
from keras_nas.objectives.objective import Objective
from keras_nas.strategy import DONE, WAIT, Failure, Outcome, Problem, Proposal, Signal, Strategy

SPACE = Decisions((Decision("op", Labels(("a", "b", "c", "d"))),))
PROBLEM = Problem(SPACE, (Objective("score", "max"),))


class Scripted(Strategy):
    """Proposes what a list says, by number, then its last entry for ever; keeps what it observes."""

    def __init__(self, *script: str | Signal) -> None:
        self.script = script

    def begin(self, problem: Problem) -> None:
        super().begin(problem)
        self.seen: list[tuple[str, float | None]] = []

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        entry = self.script[min(number, len(self.script) - 1)]
        return entry if isinstance(entry, Signal) else Proposal(Architecture({"op": entry}))

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        self.seen.append((str(proposal.architecture["op"]), outcome.scores.get("score")))


def begun(*script: str | Signal, **options: object) -> tuple[Ledger, Scripted]:
    strategy = Scripted(*script)
    return Ledger(strategy, PROBLEM, **options), strategy  # type: ignore[arg-type]


def asked(ledger: Ledger) -> Trial:
    trial = ledger.ask()
    assert isinstance(trial, Trial)
    return trial


def scored(value: float) -> Outcome:
    return Outcome({"score": value})


def test_a_repeat_is_answered_from_the_record_and_never_run() -> None:
    ledger, strategy = begun("a", "a", "a", "b")
    ledger.tell(asked(ledger).number, scored(1.0))
    assert asked(ledger).proposal.architecture == {"op": "b"}
    assert [trial.source for trial in ledger.trials] == ["run", "repeat", "repeat", "run"]
    assert strategy.seen == [("a", 1.0)] * 3


def test_what_is_pending_is_not_handed_out_twice() -> None:
    ledger, strategy = begun("a", "a", "b")
    first, second = asked(ledger), asked(ledger)
    assert (first.proposal.architecture["op"], second.proposal.architecture["op"]) == ("a", "b")
    assert strategy.seen == []


def test_a_repeat_of_what_is_pending_is_observed_when_that_ends() -> None:
    ledger, strategy = begun("a", "a", "b")
    first, _ = asked(ledger), asked(ledger)
    ledger.tell(first.number, scored(1.0))
    assert strategy.seen == [("a", 1.0), ("a", 1.0)]


def test_a_repeat_of_what_is_pending_is_observed_after_a_resume_too() -> None:
    ledger, _ = begun("a", "a", "b")
    first, _ = asked(ledger), asked(ledger)
    again, strategy = begun("a", "a", "b")
    again.restore(ledger.trials, ledger.log)
    again.tell(first.number, scored(1.0))
    assert strategy.seen == [("a", 1.0), ("a", 1.0)]


def test_a_strategy_that_repeats_itself_is_given_something_unseen() -> None:
    ledger, _ = begun("a")
    found = []
    while isinstance(trial := ledger.ask(), Trial):
        found.append(trial.proposal.architecture["op"])
        ledger.tell(trial.number, scored(0.0))
    assert sorted(map(str, found)) == ["a", "b", "c", "d"]
    assert trial is DONE


def test_something_unseen_is_as_thorough_as_what_was_asked_for() -> None:
    class Thorough(Scripted):
        def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
            return Proposal(Architecture({"op": "a"}), {"epochs": 3.0})

    ledger = Ledger(Thorough(), PROBLEM)
    for _ in range(2):
        ledger.tell(asked(ledger).number, scored(0.0))
    assert [trial.proposal.fidelity for trial in ledger.trials if trial.source == "run"] == [{"epochs": 3.0}] * 2
    assert [trial.proposal.number for trial in ledger.trials] == list(range(len(ledger.trials)))


def test_an_exhausted_space_waits_for_what_is_pending() -> None:
    ledger, _ = begun("a")
    trials = [asked(ledger) for _ in range(4)]
    assert ledger.ask() is WAIT
    for trial in trials:
        ledger.tell(trial.number, scored(0.0))
    assert ledger.ask() is DONE


def test_the_signals_of_a_strategy_pass_through() -> None:
    ledger, _ = begun("a", WAIT)
    trial = asked(ledger)
    assert ledger.ask() is WAIT
    ledger.tell(trial.number, scored(0.0))
    assert ledger.ask() is DONE, "a strategy that waits for nothing has ended"
    assert begun(DONE)[0].ask() is DONE


def test_what_the_screen_refuses_costs_nothing_and_is_learnt() -> None:
    refusal = Outcome({"size_mb": 9.0}, Failure("too_large", "9 MB, at most 5"))
    ledger, strategy = begun("a", "b", screen=lambda a: refusal if a["op"] == "a" else None)
    assert asked(ledger).proposal.architecture == {"op": "b"}
    assert (ledger.trials[0].source, ledger.trials[0].outcome) == ("screened", refusal)
    assert strategy.seen == [("a", None)]


def test_a_trial_is_told_once() -> None:
    ledger, _ = begun("a")
    number = asked(ledger).number
    ledger.tell(number, scored(1.0))
    with pytest.raises(KeyError):
        ledger.tell(number, scored(1.0))


def test_the_log_replays_to_the_same_state() -> None:
    script = ("a", "b", "a", "c", "d")
    ledger, strategy = begun(*script)
    first, second = asked(ledger), asked(ledger)
    ledger.tell(second.number, scored(2.0))
    third = asked(ledger)
    ledger.tell(first.number, Outcome(failure=Failure("timeout", "60 s")))
    again, replayed = begun(*script)
    again.restore(copy.deepcopy(ledger.trials), list(ledger.log))
    assert replayed.seen == strategy.seen
    assert again.log == ledger.log
    assert [trial.number for trial in again.pending] == [third.number]
    assert asked(again).proposal == asked(ledger).proposal


def test_a_changed_fidelity_is_another_trial() -> None:
    class Longer(Scripted):
        def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
            return Proposal(Architecture({"op": "a"}), {"epochs": float(number)})

    ledger = Ledger(Longer(), PROBLEM)
    assert [asked(ledger).source for _ in range(3)] == ["run"] * 3
