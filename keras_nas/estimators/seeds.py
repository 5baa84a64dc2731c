"""Finalists trained again with other seeds: what chance makes of a score, where the budget has room for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from keras_nas.errors import InvalidArgument
from keras_nas.estimators.ladder import PAST
from keras_nas.estimators.stages import BASELINE, best_first, noted
from keras_nas.strategy import DONE, WAIT, Around, Outcome, Problem, Proposal, Signal, Strategy

if TYPE_CHECKING:
    from keras_nas.estimators.budgeting import Budgeting

SEED = "seed"
"""In the fidelity of a finalist that is trained again: the number of its other seed."""
BEGAN = "began"
"""In the note of what is trained to the end, one after the other: seconds of the search at which it was proposed."""
ROOM = 1.25
"""Times that a finalist took that have to be left for another training as long."""
TRIALS = 16
"""One trial in so many may go into other seeds."""


def check_seeds(seeds: int) -> None:
    """Refuse what is no number of trainings."""
    if isinstance(seeds, bool) or not isinstance(seeds, int) or seeds < 1:
        raise InvalidArgument(f"seeds={seeds!r}: expected a whole number, 1 or more.")


def trials_without_seeds(budgeting: Budgeting, finalists: int, seeds: int) -> int | None:
    """How many trials there are for exploring and for the finalists; None where time ends the search."""
    if budgeting.max_trials is None:
        return None
    trials = max(1, budgeting.max_trials - budgeting.baseline)
    return trials - reserved(trials, finalists, seeds)


def reserved(trials: int | None, finalists: int, seeds: int) -> int:
    """How many of a search's trials are kept for other seeds of its finalists: all that are wanted, or none.

    Example:
        >>> reserved(16, 1, 2), reserved(15, 1, 2), reserved(None, 3, 2)
        (1, 0, 0)
    """
    wanted = (seeds - 1) * finalists
    return wanted if trials is not None and wanted * TRIALS <= trials else 0


class Seeded(Around):
    """Once all else is done, the finalists are trained again from other weights and with other batches.

    Nothing else has less time for it: what is left is used, where networks are learnt before the search's time is over;
    and of a number of trials at most a sixteenth. The best finalist comes first.

    Args:
        inner: explores and trains the finalists.
        seeds: trainings of each finalist.
        clock: seconds of wall-clock time that the search has used.
        total_seconds: of the search, but for scoring the winner; None where trials count.
    """

    def __init__(
        self, inner: Strategy, seeds: int, clock: Callable[[], float], total_seconds: float | None = None
    ) -> None:
        super().__init__(inner)
        self.seeds = seeds
        self.clock = clock
        self.total_seconds = total_seconds

    @classmethod
    def around(cls, inner: Strategy, seeds: int, budgeting: Budgeting) -> Strategy:
        """That of an estimator, where there is to be more than one seed."""
        if seeds == 1:
            return inner
        return cls(inner, seeds, budgeting.clock, budgeting.bounds.last_training)

    def begin(self, problem: Problem) -> None:
        """Nothing is trained."""
        super().begin(problem)
        self._finalists: list[tuple[Proposal, Outcome]] = []
        self._again: list[Proposal] = []
        self._ended: list[Proposal] = []

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """What is inside learns nothing of other seeds: it knows these networks."""
        if "final" in proposal.fidelity:
            self._ended.append(proposal)
        if SEED in proposal.fidelity:
            self._again.append(proposal)
            return
        if "final" in proposal.fidelity and not proposal.note.get(BASELINE):
            self._finalists.append((proposal, outcome))
        self.inner.observe(proposal, outcome)

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """What is inside says, and when that is done a finalist with another seed."""
        own = [proposal for proposal in pending if SEED in proposal.fidelity]
        answer = DONE if own or self._again else self.inner.propose(number, pending)
        if answer is not DONE:
            return self._noted(answer)
        if pending:
            return WAIT
        begun = {(proposal.architecture, proposal.fidelity[SEED]) for proposal in self._again}
        for seed in range(1, self.seeds):
            for finalist in best_first(self, self._finalists):
                if (finalist.architecture, float(seed)) not in begun:
                    return self._noted(self._another(finalist, seed)) if self._fits(finalist) else DONE
        return DONE

    def _noted(self, answer: Proposal | Signal) -> Proposal | Signal:
        """A whole training with the time at which it begins."""
        return noted(answer, {BEGAN: round(self.clock(), 1)})

    def _another(self, finalist: Proposal, seed: int) -> Proposal:
        """The same training from its beginning, by the clock no longer than it was, and within what is left."""
        fidelity = {name: value for name, value in finalist.fidelity.items() if name != PAST}
        if self.total_seconds is not None:
            most = fidelity["seconds"] * _anew(finalist)
            fidelity["seconds"] = round(min(most, self.total_seconds - self.clock()), 1)
        return Proposal(finalist.architecture, {**fidelity, SEED: float(seed)})

    def _fits(self, finalist: Proposal) -> bool:
        """Whether there is time for a training as long as that of a finalist."""
        if self.total_seconds is None:
            return True
        return self.total_seconds - self.clock() >= ROOM * self._took(finalist) * _anew(finalist)

    def _took(self, finalist: Proposal) -> float:
        """Seconds of its training: until the next one began, or until now."""
        began = [proposal.note.get(BEGAN, 0.0) for proposal in self._ended[self._ended.index(finalist) :]]
        return float([*began, self.clock()][1] - began[0])


def _anew(finalist: Proposal) -> float:
    """How many times as long a training from the beginning is as that of a finalist, which may have gone on."""
    epochs = finalist.fidelity["epochs"]
    return epochs / max(1e-9, epochs - finalist.fidelity.get(PAST, 0.0))
