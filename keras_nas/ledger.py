"""The ordered log between a strategy and whoever runs its trials.

One mechanism for our own engine and for Keras Tuner's oracle: repeats are answered from the record and never run twice,
what is pending is never handed out again, infeasible proposals are answered before they cost anything, exhaustion ends
cleanly, and replaying the log gives back the strategy's state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from keras_nas.architecture import Architecture
from keras_nas.operators import enumerate_all, sample
from keras_nas.strategy import DONE, UNTRAINED, WAIT, Outcome, Problem, Proposal, Signal, Strategy

Source = Literal["run", "repeat", "screened"]
Screen = Callable[[Architecture], Outcome | None]

REPEATS = 64
"""How many proposals in a row may repeat before the ledger draws something unseen itself."""
ENUMERABLE = 100_000
"""Largest space that is listed to find what has not been tried."""


@dataclass
class Trial:
    """One proposal and, once observed, how it ended.

    Args:
        number: counts all proposals of the search, from 0.
        proposal: what the strategy said.
        source: "run" when somebody has to run it, "repeat" when the record answered, "screened" when it was infeasible.
        outcome: None while pending.
    """

    number: int
    proposal: Proposal
    source: Source = "run"
    outcome: Outcome | None = None


def is_training(trial: Trial) -> bool:
    """Whether somebody trains a network for this trial."""
    return trial.source == "run" and UNTRAINED not in trial.proposal.fidelity


Event = tuple[Literal["propose", "observe"], int]


class Ledger:
    """Asks a strategy and tells it, keeping the record.

    Args:
        strategy: begun here, on `problem`, so that one that cannot do it says so at once.
        problem: the space, objectives, constraints and seed.
        screen: says before any work how an architecture fails that cannot do, or None when it can.
    """

    def __init__(self, strategy: Strategy, problem: Problem, screen: Screen | None = None) -> None:
        self.strategy = strategy
        self.problem = problem
        self.screen = screen
        self.trials: list[Trial] = []
        self.log: list[Event] = []
        self._known: dict[tuple[str, tuple[tuple[str, float], ...]], Trial] = {}
        self._pending: dict[int, Trial] = {}
        self._echoes: dict[int, list[Trial]] = {}
        strategy.begin(problem)

    @property
    def pending(self) -> list[Trial]:
        """Handed out and not yet told, in order."""
        return list(self._pending.values())

    def ask(self) -> Trial | Signal:
        """The next trial to run; `WAIT` when one must end first, `DONE` when nothing is left."""
        fidelity: Mapping[str, float] = {}
        for _ in range(REPEATS):
            proposal = self.strategy.propose(len(self.trials), [trial.proposal for trial in self._pending.values()])
            if isinstance(proposal, Signal):
                return DONE if proposal is DONE or not self._pending else WAIT
            trial, fidelity = self._enter(proposal), proposal.fidelity
            if trial.source == "run":
                return trial
        return self._unseen(fidelity)

    def tell(self, number: int, outcome: Outcome) -> None:
        """Record how a pending trial ended and let the strategy learn it.

        Raises:
            KeyError: when that trial is not pending (told before, or never asked for).
        """
        trial = self._pending.pop(number)
        for told in (trial, *self._echoes.pop(number, ())):
            self._observe(told, outcome)

    def restore(self, trials: Iterable[Trial], log: Iterable[Event]) -> None:
        """Replay the log of an earlier run of the same search on a fresh ledger; pending trials are pending again."""
        known: Mapping[int, Trial] = {trial.number: trial for trial in trials}
        for verb, number in log:
            trial = known[number]
            if verb == "propose":
                self._register(Trial(number, trial.proposal, trial.source))
            elif trial.outcome is not None:
                self._pending.pop(number, None)
                self._observe(self.trials[number], trial.outcome)

    def _enter(self, proposal: Proposal) -> Trial:
        """Log a proposal; answer it at once from the record or the screen where that is possible."""
        trial = Trial(len(self.trials), proposal)
        known = self._known.get(_key(proposal))
        answer = known.outcome if known else None
        if known is not None:
            trial.source = "repeat"
        elif self.screen is not None and (answer := self.screen(proposal.architecture)) is not None:
            trial.source = "screened"
        self._register(trial)
        if answer is not None:
            self._observe(trial, answer)
        return trial

    def _register(self, trial: Trial) -> None:
        trial.proposal = replace(trial.proposal, number=trial.number)
        self.trials.append(trial)
        self.log.append(("propose", trial.number))
        known = self._known.setdefault(_key(trial.proposal), trial)
        if known is not trial and known.outcome is None:
            self._echoes.setdefault(known.number, []).append(trial)
        if trial.source == "run":
            self._pending[trial.number] = trial

    def _observe(self, trial: Trial, outcome: Outcome) -> None:
        trial.outcome = outcome
        self.log.append(("observe", trial.number))
        self.strategy.observe(trial.proposal, outcome)

    def _unseen(self, fidelity: Mapping[str, float]) -> Trial | Signal:
        """Something never tried, as thoroughly as what the strategy keeps repeating; `DONE` when there is nothing."""
        rng = self.problem.rng(len(self.trials))
        seen = {key for key, _ in self._known}
        draws: Iterable[Architecture] = (sample(self.problem.decisions, rng) for _ in range(REPEATS))
        if self.problem.decisions.size <= ENUMERABLE:
            draws = enumerate_all(self.problem.decisions)
        for architecture in draws:
            if architecture.key not in seen:
                trial = self._enter(Proposal(architecture, fidelity))
                seen.add(architecture.key)
                if trial.source == "run":
                    return trial
        return WAIT if self._pending else DONE


def _key(proposal: Proposal) -> tuple[str, tuple[tuple[str, float], ...]]:
    return proposal.architecture.key, tuple(sorted(proposal.fidelity.items()))
