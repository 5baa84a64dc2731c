"""A ledger over a Keras Tuner space, which may grow while it is searched.

Keras Tuner finds hyperparameters when a trial's model asks for them. The strategy is then begun anew on the grown
space and observes its log again: an earlier trial answers what it did not know with the default, which is what Keras
Tuner gives to a trial that asks for something new.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import replace
from typing import Any

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decisions
from keras_nas.ledger import Event, Ledger, Trial
from keras_nas.oracle.hyperparameters import HyperSpace, hyper_space
from keras_nas.oracle.record import Json, log_from_json, log_to_json, trial_from_json, trial_to_json
from keras_nas.strategy import DONE, WAIT, Outcome, Problem, Proposal, Signal, Strategy

Ended = tuple[Mapping[str, Any], Outcome | None]
"""The values by name of a trial and how it ended, None while it runs."""


class GrowingLedger:
    """Asks a strategy for Keras Tuner's trials and tells it how they ended.

    Args:
        strategy: what proposes.
        pose: the problem for some decisions.
    """

    def __init__(self, strategy: Strategy, pose: Callable[[Decisions], Problem]) -> None:
        self.strategy = strategy
        self.pose = pose
        self.numbers: dict[str, int] = {}
        self._ledger: Ledger | None = None
        self._space = HyperSpace(Decisions(()), {}, {})
        self._entries = 0
        self._written: list[Json] = []
        self._originals: dict[tuple[Any, ...], int] = {}
        self._waiting = False

    def ask(self, trial_id: str, hyperparameters: Any) -> dict[str, Label] | Signal:
        """The values of the next proposal, to be run as trial `trial_id`; `WAIT` or `DONE`.

        Its fidelity stands beside the hyperparameters as Keras Tuner's Hyperband has it, `tuner/epochs`. After `WAIT`
        the strategy is not asked again before a trial has ended. Nothing is done while a trial is running, which may
        yet find hyperparameters that nobody knows.
        """
        if self._waiting:
            return WAIT
        ledger = self._in(hyperparameters)
        answer = ledger.ask()
        self._waiting = isinstance(answer, Signal) and bool(ledger.pending)
        if isinstance(answer, Signal):
            return WAIT if self._waiting else DONE
        self.numbers[trial_id] = answer.number
        proposal = answer.proposal
        work = {f"tuner/{name}": _plain(amount) for name, amount in proposal.fidelity.items()}
        return self._space.values(proposal.architecture) | work

    def observe(self, trial_id: str, hyperparameters: Any, values: Mapping[str, Any], outcome: Outcome) -> None:
        """How trial `trial_id` ended, with the values it ran with, whoever chose them. Once told, told for good.

        Args:
            trial_id: Keras Tuner's; a trial that was never asked for enters the log as well.
            hyperparameters: the space as it is now.
            values: by name of hyperparameter.
            outcome: scores, or why it failed.
        """
        self._waiting = False
        ledger = self._in(hyperparameters)
        ran = self._space.architecture(values)
        number = self.numbers.setdefault(trial_id, len(ledger.trials))
        if number == len(ledger.trials):
            ledger.restore([Trial(number, Proposal(ran))], [("propose", number)])
        if ledger.trials[number].outcome is not None:
            return
        if ledger.trials[number].proposal.architecture != ran:
            ledger = self._begin(hyperparameters, ledger.trials, ledger.log, {number: ran})
        ledger.tell(number, outcome)

    def to_json(self, known: Container[str]) -> dict[str, Any]:
        """The log, in JSON types, beside `known`, the ids of Keras Tuner's trials, which tell the rest."""
        trials = [] if self._ledger is None else self._ledger.trials
        ids = {number: trial_id for trial_id, number in self.numbers.items() if trial_id in known}
        for trial in trials[len(self._written) :]:
            key = (trial.proposal.architecture.key, *sorted(trial.proposal.fidelity.items()))
            original = self._originals.get(key) if trial.source == "repeat" else None
            if trial.source != "repeat":
                self._originals[key] = trial.number
            self._written.append(trial_to_json(trial, ids.get(trial.number), original))
        log = log_to_json([] if self._ledger is None else self._ledger.log)
        return {"trials": self._written, "log": log}

    def from_json(self, written: Mapping[str, Any], hyperparameters: Any, ended: Mapping[str, Ended]) -> None:
        """Take up an earlier log.

        Args:
            written: by `to_json`.
            hyperparameters: the space as it is now.
            ended: the values by name of Keras Tuner's trials and how they ended, by id.
        """
        self.numbers = {trial["trial"]: n for n, trial in enumerate(written["trials"]) if "trial" in trial}
        space = self._space = hyper_space(hyperparameters)
        ran = {trial_id: (space.architecture(values), outcome) for trial_id, (values, outcome) in ended.items()}
        trials: list[Trial] = []
        for trial in written["trials"]:
            trials.append(trial_from_json(trial, trials, ran))
        self._begin(hyperparameters, trials, log_from_json(written["log"]))

    def _in(self, hyperparameters: Any) -> Ledger:
        """The ledger, begun anew if the space has grown."""
        if self._ledger is None:
            return self._begin(hyperparameters, [], [])
        if self._entries != len(hyperparameters.space):
            return self._begin(hyperparameters, self._ledger.trials, self._ledger.log)
        return self._ledger

    def _begin(
        self,
        hyperparameters: Any,
        trials: Iterable[Trial],
        log: Iterable[Event],
        ran: Mapping[int, Architecture] | None = None,
    ) -> Ledger:
        """A fresh ledger on the space as it is now, with the log replayed; `ran` says what some trials really were."""
        before, self._space = self._space, hyper_space(hyperparameters)
        self._entries = len(hyperparameters.space)
        self._written, self._originals = [], {}
        now = dict(ran or {})
        for trial in trials:
            values = before.values(trial.proposal.architecture)
            now.setdefault(trial.number, self._space.architecture(values))
        self._ledger = Ledger(self.strategy, self.pose(self._space.decisions))
        self._ledger.restore(
            [replace(trial, proposal=replace(trial.proposal, architecture=now[trial.number])) for trial in trials],
            list(log),
        )
        return self._ledger


def _plain(amount: float) -> float:
    return int(amount) if float(amount).is_integer() else float(amount)
