"""Explore by short trainings, then train the finalists well: the plain division of a budget.

A strategy around a strategy: it says how long each of the inner strategy's proposals is trained, and once exploring is
over proposes the best of them again, for the rest of the time.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.estimators.division import Division
from keras_nas.objectives.objective import spaced
from keras_nas.objectives.pareto import crowding_distance, non_dominated_sort
from keras_nas.strategy import DONE, WAIT, Outcome, Problem, Proposal, Signal, Strategy

BASELINE = "baseline"
"""The note of the proposal that trains the user's own model; its architecture is empty."""
UNDER = "budget"
"""In the note of what is trained to the end: the budget that this was the end of."""
WHOLE = 1.0
"""Passes over the rows below which a training shows how fast a network begins, not how far it gets."""


class Stages(Strategy):
    """Explore, then finalists, then done.

    Args:
        explorer: says what to explore.
        division: of the budget.
        clock: seconds of wall-clock time that the search has used.
        first: architectures to explore before the explorer is asked.
        baseline: whether the user's own model is trained as long as a finalist.
        work: of training an architecture, on any scale; several finalists share the time accordingly.
    """

    def __init__(
        self,
        explorer: Strategy,
        division: Division,
        clock: Callable[[], float],
        first: Sequence[Architecture] = (),
        baseline: bool = False,
        work: Callable[[Architecture], float] = lambda architecture: 1.0,
    ) -> None:
        self.explorer = explorer
        self.division = division
        self.clock = clock
        self.first = tuple(first)
        self.baseline = baseline
        self.work = work

    def begin(self, problem: Problem) -> None:
        """Start exploring."""
        super().begin(problem)
        self.explorer.begin(problem)
        self._explored: list[tuple[Proposal, Outcome]] = []
        self._ended: list[tuple[Proposal, Outcome]] = []

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """The explorer learns from exploring trials alone: scores of longer trainings do not compare."""
        if "final" in proposal.fidelity:
            self._ended.append((proposal, outcome))
            return
        self._explored.append((proposal, outcome))
        self.explorer.observe(proposal, outcome)

    def continues(self) -> Collection[int]:
        """What the explorer says."""
        return self.explorer.continues()

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """An exploring trial, a finalist, or neither; a larger budget than the one before has finalists of its own."""
        return noted(self._next(number, pending), {UNDER: self._budget})

    @property
    def _budget(self) -> list[float | None]:
        return [self.division.total_seconds, self.division.explore_trials]

    def _next(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        finals = [proposal for proposal in pending if "final" in proposal.fidelity]
        begun = [p for p in (*(p for p, _ in self._ended), *finals) if p.note.get(UNDER, self._budget) == self._budget]
        exploring = len(pending) - len(finals)
        if not begun and self._exploring(exploring):
            answer = self._explore(number, pending)
            if answer is not DONE:
                return answer
        if exploring or finals:
            return WAIT
        left = [proposal for proposal in self._finalists() if not _among(proposal, begun)]
        return self._final(left) if left else self._after(number)

    def _after(self, number: int) -> Proposal | Signal:
        """What to do after the finalists: explore on where all failed and there is time, else no more."""
        division = self.division
        if division.total_seconds is None or _trained_well(self._ended):
            return DONE
        enough = division.total_seconds - self.clock() >= 2 * division.explore.get("seconds", 0.0)
        return self._explore(number, ()) if enough else DONE

    def _exploring(self, running: int) -> bool:
        division = self.division
        number = division.explore_trials
        if number is not None and self._trained() + running >= number:
            return False
        if division.explore_seconds is None:
            return number is not None
        slot = division.explore.get("seconds", 0.0)
        nothing = not running and not _trained_well([*self._explored, *self._ended])
        return nothing or self.clock() + 0.6 * slot <= division.explore_seconds

    def _trained(self) -> int:
        """How many exploring trials were trained: repeats and refusals cost none."""
        return len({proposal.architecture for proposal, outcome in self._explored if not refused(outcome)})

    def _explore(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        seen = {proposal.architecture for proposal, _ in self._explored} | {p.architecture for p in pending}
        for architecture in self.first:
            if architecture not in seen:
                return Proposal(architecture, self._fidelity(pending))
        answer = self.explorer.propose(number, pending)
        if isinstance(answer, Signal):
            return answer
        return Proposal(answer.architecture, self._fidelity(pending), answer.parent, answer.note)

    def _fidelity(self, pending: Sequence[Proposal]) -> Mapping[str, float]:
        """Of an exploring trial; the first has all the time where a finalist could not have as much after it."""
        division = self.division
        if division.total_seconds is None or self._trained() or pending:
            return division.explore
        left = division.total_seconds - self.clock()
        if left >= 2 * division.explore["seconds"]:
            return division.explore
        return {"final": 1.0, "seconds": round(max(1.0, left), 1), "epochs": division.final_epochs}

    def _ranked(self) -> list[Proposal]:
        """What was explored, best first, and what is known; each with the trial that its finalist goes on from, if any.

        Of those that short scores cannot tell from the best, the one with most work to do comes first: a short training
        shows more of what a small network can do than of what a large one can. A single finalist is a known one where
        there is one among them, for known it is from long trainings. The best itself is always a finalist, where there
        are several.
        """
        best = list(dict.fromkeys(proposal.architecture for proposal in best_first(self, self._explored)))
        last = self.division.finalists - 1
        known = set() if last else set(self.first)
        alike = self._like_the_best(known) if len(self.problem.objectives) == 1 else set()
        tied = sorted((one for one in best if one in alike), key=lambda one: (one not in known, -self._doublings(one)))
        ranked = [*tied, *(one for one in best if one not in alike)]
        if last and best[:1] and best[0] not in ranked[:last]:
            ranked.remove(best[0])
            ranked.insert(last, best[0])
        tried = {proposal.architecture for proposal, _ in self._explored}
        return [Proposal(architecture) for architecture in (*ranked, *(one for one in self.first if one not in tried))]

    def _doublings(self, architecture: Architecture) -> int:
        """Its work in powers of two: of networks of about the same work the score decides."""
        return round(math.log2(max(1.0, self.work(architecture))))

    def _like_the_best(self, known: Collection[Architecture]) -> set[Architecture]:
        """Those no worse than the best by more than a standard error of the difference of scores, known ones two.

        A known one is also among them where it or the best has not seen all rows once.
        """
        score = self.problem.objectives[0].name
        good = [(p.architecture, o) for p, o in self._explored if o.ok and self.violation(o) <= 0 and score in o.errors]
        if not good:
            return set()
        best = min((outcome for _, outcome in good), key=lambda outcome: float(self.loss(outcome)[0]))

        def allowed(architecture: Architecture, outcome: Outcome) -> float:
            if architecture not in known:
                return 1.0
            return math.inf if _begun_only(outcome) or _begun_only(best) else 2.0

        def behind(outcome: Outcome) -> float:
            error = math.hypot(outcome.errors[score], best.errors[score])
            return float(self.loss(outcome)[0] - self.loss(best)[0]) / max(error, 1e-12)

        return {architecture for architecture, outcome in good if behind(outcome) <= allowed(architecture, outcome)}

    def _finalists(self) -> list[Proposal]:
        """The best explored, best first, without those that failed since; the user's baseline at the end."""
        gone = failed(self._ended)
        fit = [proposal for proposal in self._ranked() if proposal.architecture not in gone]
        own = Proposal(Architecture({}), note={BASELINE: True})
        return fit[: self.division.finalists] + [own] * self.baseline

    def _final(self, left: Sequence[Proposal]) -> Proposal | Signal:
        """The next finalist with its share of the rest; `DONE` where that is too little."""
        division = self.division
        budget = {"epochs": division.final_epochs}
        if division.total_seconds is not None:
            share = self._share(left, division.total_seconds - self.clock())
            if share < division.least_seconds:
                return DONE
            budget = {"seconds": round(max(1.0, share), 1), **budget}
        return replace(left[0], fidelity={"final": 1.0, **budget, **left[0].fidelity})

    def _share(self, left: Sequence[Proposal], seconds: float) -> float:
        """Seconds for the first of some finalists: the least for each that can have it, and the rest by their work."""
        least = self.division.least_seconds
        left = left[: max(1, int(seconds // least))] if least else left
        weights = [max(1.0, self.work(p.architecture)) for p in left if p.architecture]
        weights += [max(weights, default=1.0)] * (len(left) - len(weights))
        return float(least + (seconds - least * len(left)) * weights[0] / sum(weights))


def noted(answer: Proposal | Signal, note: Mapping[str, Any]) -> Proposal | Signal:
    """An answer with a further note where it is a training to the end; any other one as it is."""
    if isinstance(answer, Signal) or "final" not in answer.fidelity:
        return answer
    return replace(answer, note={**answer.note, **note})


def _trained_well(trials: Sequence[tuple[Proposal, Outcome]]) -> bool:
    """Whether any network was trained without failure, the user's own left aside."""
    return any(outcome.ok for proposal, outcome in trials if proposal.architecture)


def _begun_only(outcome: Outcome) -> bool:
    """Whether a training has not seen all rows once."""
    return outcome.epochs is not None and outcome.epochs < WHOLE


def _among(proposal: Proposal, begun: Sequence[Proposal]) -> bool:
    return any(other.architecture == proposal.architecture for other in begun)


def refused(outcome: Outcome) -> bool:
    """Whether a proposal cost nothing, since it was known that it cannot meet a constraint."""
    return outcome.failure is not None and outcome.failure.kind == "infeasible"


def failed(ended: Sequence[tuple[Proposal, Outcome]]) -> set[Architecture]:
    """The architectures whose training to the end failed: too slow, too large for the memory, not finite, ..."""
    return {proposal.architecture for proposal, outcome in ended if not outcome.ok}


def best_first(strategy: Strategy, explored: Sequence[tuple[Proposal, Outcome]]) -> list[Proposal]:
    """What was explored without failure, best first: by non-dominated front, then by crowding.

    Args:
        strategy: begun on the problem that says what is good.
        explored: proposals and how they did.
    """
    good = [(proposal, outcome) for proposal, outcome in explored if outcome.ok]
    if not good:
        return []
    losses = np.array([strategy.loss(outcome) for _, outcome in good])
    violations = np.array([strategy.violation(outcome) for _, outcome in good])
    fronts = np.asarray(non_dominated_sort(losses, violations))
    order: list[int] = []
    for front in sorted(set(fronts.tolist())):
        members = np.flatnonzero(fronts == front)
        apart = spaced(strategy.problem.objectives, losses[members])
        spread = crowding_distance(apart) if losses.shape[1] > 1 else -losses[members, 0]
        order.extend(int(member) for member in members[np.argsort(-spread, kind="stable")])
    return [good[index][0] for index in order]
