"""The order of a search with shared weights: the supernet, then scores, then the check, then finalists."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.estimators.division import FINAL_EPOCHS, MOST_EPOCHS
from keras_nas.estimators.gates import FORMS, LEARNT
from keras_nas.estimators.gates.derived import drawn, from_scores
from keras_nas.estimators.stages import BASELINE, best_first, failed
from keras_nas.estimators.zero_cost.scored import STUCK, with_recipe, without_recipe
from keras_nas.strategy import DONE, UNTRAINED, WAIT, Outcome, Problem, Proposal, Signal, Strategy

SHARED = "shared"
"""In the fidelity of all trials that use the supernet."""
ELASTIC = "elastic"
"""In the fidelity of those that use one with layers of elastic size."""
SIZED = ("sandwich", "progressive")
"""The ways to draw networks of elastic size, in the fidelity of the supernet's own training."""
SUPERNET, ALONE, FINAL = "supernet", "alone", "final"
"""In the fidelity of the supernet's own training, of networks trained alone to check it, of finalists."""
Phase = Literal["supernet", "scored", "alone", "final"]
DERIVED = "derived"
"""The note of a network that the supernet's own gates chose, and what comes first among the finalists."""
DRAWS = 32
"""Networks that learnt gates are asked for at most until one meets the limits."""


@dataclass(frozen=True)
class Sharing:
    """How a budget is divided.

    Args:
        supernet: fidelity of the supernet's training.
        networks: scored at most.
        checks: networks trained alone.
        finalists: networks fine-tuned.
        alone: fidelity of each check.
        score_until: wall-clock seconds of the search after which no more are scored; None where the number ends it.
        total_seconds: until all finalists are trained; None for 20 epochs each.
    """

    supernet: Mapping[str, float]
    networks: int
    checks: int
    finalists: int
    alone: Mapping[str, float] = field(default_factory=lambda: {"epochs": 3.0})
    score_until: float | None = None
    total_seconds: float | None = None

    @property
    def shared(self) -> dict[str, float]:
        """In the fidelity of all trials that use the supernet."""
        sized = [] if self.supernet.keys().isdisjoint(SIZED) else [ELASTIC]
        return dict.fromkeys([SHARED, *sized, *(mark for mark in FORMS if mark in self.supernet)], 1.0)

    @property
    def inherit(self) -> bool:
        """Whether finalists begin with the shared weights: those of a mixture are no network's own."""
        return self.supernet.keys().isdisjoint(LEARNT)


class SharedSearch(Strategy):
    """Let a strategy be driven by scores under shared weights.

    The explorer sees the network's decisions alone: one recipe trains the supernet, the first known one or the middle
    of what is possible, and the finalists keep it. Where the supernet's training has learnt its gates, what they chose
    is scored first and is the first finalist, and the explorer's networks are there to be compared with.

    Args:
        explorer: says what to score.
        sharing: of the budget.
        clock: seconds of wall-clock time that the search has used.
        first: architectures to score before the explorer is asked.
        baseline: whether the user's own model is trained as long as a finalist.
    """

    def __init__(
        self,
        explorer: Strategy,
        sharing: Sharing,
        clock: Callable[[], float],
        first: Sequence[Architecture] = (),
        baseline: bool = False,
    ) -> None:
        self.explorer = explorer
        self.sharing = sharing
        self.clock = clock
        self.first = tuple(first)
        self.baseline = baseline

    def begin(self, problem: Problem) -> None:
        """Nothing is trained yet."""
        super().begin(problem)
        network = without_recipe(problem.decisions)
        self._told: dict[Phase, list[tuple[Proposal, Outcome]]] = {name: [] for name in PHASES}
        self._first = [Architecture({d.path: a[d.path] for d in network.live(a)}) for a in self.first]
        self._derived: list[Architecture] = []
        self.explorer.begin(replace(problem, decisions=network, budget=self.sharing.networks))

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """The explorer learns from scores under shared weights alone."""
        self._told[phase_of(proposal)].append((proposal, outcome))
        if phase_of(proposal) == "supernet":
            self._derived = self._derive(outcome)
        if phase_of(proposal) == "scored":
            self.explorer.observe(proposal, outcome)

    def continues(self) -> Collection[int]:
        """Nothing: what is shared lies beside the trials."""
        return ()

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """What the first phase that has something left says; a phase begins when the one before has ended."""
        running = {name: [p for p in pending if phase_of(p) == name] for name in PHASES}
        taught = self._told["supernet"]
        if not taught:
            return WAIT if running["supernet"] else self._supernet()
        if not taught[0][1].ok:
            return DONE
        begun = {name: [*running[name], *(proposal for proposal, _ in self._told[name])] for name in PHASES}
        if not begun["alone"] and not begun["final"]:
            answer = self._score(number, running["scored"])
            if answer is not DONE:
                return answer
        checks = _left(self._checks(), begun["alone"])
        if checks and not begun["final"]:
            return Proposal(checks[0], {**self.sharing.shared, ALONE: 1.0, **self.sharing.alone})
        if running["alone"] or running["final"]:
            return WAIT
        return self._final(begun["final"])

    def _derive(self, outcome: Outcome) -> list[Architecture]:
        """What learnt gates chose, the likeliest first; nothing where none were learnt."""
        decisions = self.explorer.problem.decisions
        chances = from_scores(decisions, outcome.scores)
        rng = np.random.default_rng([self.problem.seed, 0, 3])
        return [] if chances is None else list(drawn(decisions, chances, rng, DRAWS - 1))

    def _supernet(self) -> Proposal:
        """Its training; the architecture stands for the recipe, and for a network to score at the end.

        It is a known one, the last of which meet the constraints, so that nobody refuses it.
        """
        known = self._first[-1] if self._first else {}
        decisions = self.explorer.problem.decisions
        network = decisions.walk(lambda decision: known.get(decision.path, decision.domain.labels()[0]))
        fidelity = {UNTRAINED: 1.0, **self.sharing.shared, SUPERNET: 1.0, **self.sharing.supernet}
        return Proposal(self._whole(network), fidelity)

    def _whole(self, network: Architecture) -> Architecture:
        return with_recipe(self.problem.decisions, network, self.first[0] if self.first else {})

    def _score(self, number: int, running: Sequence[Proposal]) -> Proposal | Signal:
        """A network to score while there is time; DONE when all are scored."""
        told = [proposal.architecture for proposal, _ in self._told["scored"]]
        refused = sum(not outcome.ok for proposal, outcome in self._told["scored"] if proposal.note.get(DERIVED))
        seen = {*told, *(proposal.architecture for proposal in running)}
        until = self.sharing.score_until
        in_time = until is None or not seen or self.clock() < until
        news = len(set(told)) > len(set(told[:-STUCK])) or len(told) < STUCK
        if len(seen) - refused < self.sharing.networks and in_time and news:
            answer = self._next(number, running, seen)
            if answer is not DONE:
                return answer
        return WAIT if running else DONE

    def _next(self, number: int, running: Sequence[Proposal], seen: set[Architecture]) -> Proposal | Signal:
        fidelity = {UNTRAINED: 1.0, **self.sharing.shared}
        tried = [proposal for proposal, outcome in self._told["scored"] if outcome.ok]
        chosen = any(proposal.note.get(DERIVED) for proposal in (*tried, *running))
        for architecture in [] if chosen else self._derived:
            if architecture not in seen:
                return Proposal(architecture, fidelity, note={DERIVED: True})
        for architecture in self._first:
            if architecture not in seen:
                return Proposal(architecture, fidelity)
        answer = self.explorer.propose(number, running)
        return answer if isinstance(answer, Signal) else replace(answer, fidelity=fidelity)

    def _ranked(self) -> list[Architecture]:
        """What was scored, best first, after what the gates chose."""
        best = best_first(self, self._told["scored"])
        best.sort(key=lambda proposal: not proposal.note.get(DERIVED))
        return list(dict.fromkeys(proposal.architecture for proposal in best))

    def _checks(self) -> list[Architecture]:
        """Networks from the best to the worst that were scored, evenly spaced."""
        ranked = self._ranked()
        places = np.unique(np.linspace(0, len(ranked) - 1, min(self.sharing.checks, len(ranked))).round().astype(int))
        return [self._whole(ranked[place]) for place in places]

    def _final(self, begun: Sequence[Proposal]) -> Proposal | Signal:
        """The next finalist with its share of what is left of the budget."""
        gone = failed(self._told["final"])
        ranked = (self._whole(network) for network in self._ranked())
        best = [network for network in ranked if network not in gone][: self.sharing.finalists]
        left = _left([*best, *[Architecture({})] * self.baseline], begun)
        if not left:
            return DONE
        budget = {"epochs": FINAL_EPOCHS}
        if self.sharing.total_seconds is not None:
            seconds = self.sharing.total_seconds - self.clock()
            budget = {"seconds": round(max(1.0, seconds / len(left)), 1), "epochs": MOST_EPOCHS}
        if left[0] not in best:
            return Proposal(left[0], {FINAL: 1.0, **budget}, note={BASELINE: True})
        return Proposal(left[0], {FINAL: 1.0, **(self.sharing.shared if self.sharing.inherit else {}), **budget})


PHASES: tuple[Phase, ...] = ("supernet", "scored", "alone", "final")


def phase_of(proposal: Proposal) -> Phase:
    """What a trial is for."""
    found = [name for name in PHASES if name in proposal.fidelity]
    return found[0] if found else "scored"


def _left(wanted: Sequence[Architecture], begun: Sequence[Proposal]) -> list[Architecture]:
    taken = {proposal.architecture for proposal in begun}
    return [architecture for architecture in wanted if architecture not in taken]
