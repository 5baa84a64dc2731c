"""Explore by rungs: many short trainings, of which the best go on from where they stopped; then finalists.

A strategy around a strategy, as `Stages` is, whose exploring has several lengths. The strategy inside says which
architecture enters next; those that did best are promoted by the trial that goes on from their last one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence

from keras_nas.architecture import Architecture
from keras_nas.estimators.climbing import Climb, gains, levelled
from keras_nas.estimators.division import Division
from keras_nas.estimators.ladder import PAST, RUNG, Ladder
from keras_nas.estimators.stages import Stages, best_first, refused
from keras_nas.strategy import DONE, Outcome, Problem, Proposal, Signal, Strategy

STUCK = 32
"""Repeats in a row after which the strategy inside has nothing new to say."""
MARGIN = 10
"""Trials of each rung that are kept beyond those that go on: others may turn out worse."""
WORTH = 0.6
"""Share of a trial that has to fit into the time of its rung."""
Place = tuple[int, int]
"""A bracket and a rung."""


class Rungs(Stages):
    """Successive halving, Hyperband and ASHA, by the ladder that it is given.

    Who is among the best third of a rung (with factor 3) goes on to the next. With a free worker nothing waits: as
    long as others of the rung are running, the third is that of those that have ended (ASHA's rule), and where nobody
    may go on, somebody new enters. With several objectives the best are those of the first fronts, the lonely first.

    The strategy inside learns from every architecture once, by its longest training; scores of shorter ones are made
    comparable by what training on has added for others, in the median.

    Args:
        explorer: says what enters.
        division: of the budget.
        clock: seconds of wall-clock time that the search has used.
        first: architectures that enter before the explorer is asked.
        baseline: whether the user's own model is trained as long as a finalist.
        work: of training an architecture, on any scale; several finalists share the time accordingly.
        ladder: rungs and brackets.
    """

    def __init__(
        self,
        explorer: Strategy,
        division: Division,
        clock: Callable[[], float],
        first: Sequence[Architecture],
        baseline: bool,
        work: Callable[[Architecture], float],
        ladder: Ladder,
    ) -> None:
        super().__init__(explorer, division, clock, first, baseline, work)
        self.ladder = ladder

    def begin(self, problem: Problem) -> None:
        """Nobody has entered."""
        super().begin(problem)
        self._climbs: dict[Architecture, Climb] = {}
        self._ranks: dict[Place, list[Architecture]] = {}
        self._counts: Counter[Place] = Counter()
        self._gains: list[dict[str, float]] = []
        self._entered: list[Proposal] = []
        self._lost: set[int | None] = set()
        self._repeats = 0

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """A new place on a rung, which may change what all scores below it mean; or how a finalist did."""
        if "final" in proposal.fidelity:
            super().observe(proposal, outcome)
            return
        self._explored.append((proposal, outcome))
        bracket, rung = self.ladder.place(proposal.fidelity)
        climb = self._climbs.setdefault(proposal.architecture, Climb(bracket))
        again = rung in climb.outcomes
        if again or not climb.outcomes:
            self._repeats = self._repeats + 1 if again else 0
        if not again:
            climb.outcomes[rung], climb.proposals[rung] = outcome, proposal
            self._place((climb.bracket, rung), outcome)
        self._learn(proposal, climb)

    def continues(self) -> Collection[int]:
        """The trials from which the best of each rung, or finalists, may go on; some more on rungs that still fill."""
        newest = self._newest(())
        kept = set(self.explorer.continues())
        for (bracket, rung), ranked in self._ranks.items():
            count = -(-self._counts[bracket, rung] // self.ladder.factor) + MARGIN * (bracket == newest)
            most = max(len(self._waiting(ranked[:count], rung)), self.division.finalists)
            kept |= {climb.number for climb in self._waiting(ranked, rung)[:most] if climb.number is not None}
        return kept

    def _waiting(self, ranked: Sequence[Architecture], rung: int) -> list[Climb]:
        """Those that have come no higher than a rung."""
        climbs = [self._climbs[architecture] for architecture in ranked]
        return [climb for climb in climbs if climb.top == rung]

    def _place(self, place: Place, outcome: Outcome) -> None:
        """Rank those on a rung anew; a trial that is among the best no longer, and not kept, is not gone on from."""
        self._counts[place] += not refused(outcome)
        members = [climb for climb in self._climbs.values() if climb.on(*place)]
        found = best_first(self, [(climb.proposals[place[1]], climb.outcomes[place[1]]) for climb in members])
        self._ranks[place] = [proposal.architecture for proposal in found]
        self._lost |= {climb.number for climb in self._climbs.values()} - set(self.continues())

    def _learn(self, proposal: Proposal, climb: Climb) -> None:
        """Tell the explorer: of a promoted architecture by telling it all anew, since scores below mean more now."""
        if len(climb.outcomes) == 1:
            self._entered.append(proposal)
            self.explorer.observe(proposal, levelled(climb, self._gains))
            return
        self._gains = gains(self._climbs.values())
        self.explorer.begin(self.problem)
        for entered in self._entered:
            self.explorer.observe(entered, levelled(self._climbs[entered.architecture], self._gains))

    def _newest(self, pending: Sequence[Proposal]) -> int:
        """The bracket that was begun last."""
        begun = [climb.bracket for climb in self._climbs.values()]
        return max([*begun, *(self.ladder.place(proposal.fidelity)[0] for proposal in pending)], default=0)

    def _trained(self) -> int:
        """Trainings so far: one for each rung that an architecture has climbed."""
        return self._counts.total()

    def _explore(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """Somebody goes on or enters, in the brackets in turn; the next bracket begins where a worker would wait."""
        whole = self._fidelity(pending)
        if "final" in whole:
            return self._enter(number, pending, whole) or DONE
        for bracket in range(max(self._newest(pending) + 2, len(self.ladder.brackets))):
            found = self._advance(number, pending, bracket)
            if found is not None:
                return found
        return self._spare(pending) or DONE

    def _advance(self, number: int, pending: Sequence[Proposal], bracket: int) -> Proposal | None:
        """What there is to do in a bracket: the lowest rung first, or for ASHA the highest."""
        found = self.ladder.bracket(bracket)
        if found is None:
            return None
        rungs = range(found.entry, len(self.ladder.levels))
        for rung in reversed(rungs) if self.ladder.eager else rungs:
            if rung > found.entry:
                proposal = self._promote(pending, bracket, rung)
            else:
                proposal = self._enter_bracket(number, pending, bracket)
            if proposal is not None:
                return proposal
        return None

    def _enter_bracket(self, number: int, pending: Sequence[Proposal], bracket: int) -> Proposal | None:
        found = self.ladder.bracket(bracket)
        if found is None or not self._is_open(pending, bracket):
            return None
        return self._enter(number, pending, self.ladder.fidelity(bracket, found.entry, entering=True))

    def _enter(self, number: int, pending: Sequence[Proposal], fidelity: Mapping[str, float]) -> Proposal | None:
        """A known architecture, or what the explorer says; what it said before is answered from the record."""
        running = {proposal.architecture: proposal for proposal in pending}
        for architecture in self.first:
            if architecture not in self._climbs and architecture not in running:
                return Proposal(architecture, fidelity)
        if self._repeats >= STUCK or len({*self._climbs, *running}) >= self.problem.decisions.size:
            return None
        answer = self.explorer.propose(number, [p for p in pending if p.architecture not in self._climbs])
        if isinstance(answer, Signal):
            return None
        climb = self._climbs.get(answer.architecture)
        known = next(iter(climb.proposals.values())) if climb else running.get(answer.architecture)
        return Proposal(answer.architecture, known.fidelity if known else fidelity, answer.parent, answer.note)

    def _is_open(self, pending: Sequence[Proposal], bracket: int) -> bool:
        """Whether more may enter a bracket."""
        found = self.ladder.bracket(bracket)
        if found is None:
            return False
        entering = [
            p for p in pending if self.ladder.place(p.fidelity)[0] == bracket and p.architecture not in self._climbs
        ]
        entered = self._counts[bracket, found.entry] + len(entering)
        in_time = self._in_time(pending, bracket, self.ladder.fidelity(bracket, found.entry, entering=True))
        return in_time and (found.size is None or entered < found.size)

    def _promote(self, pending: Sequence[Proposal], bracket: int, rung: int, spare: bool = False) -> Proposal | None:
        """The best on the rung below that may go on and has not; with time to spare the next best too."""
        fidelity = self.ladder.fidelity(bracket, rung, entering=False)
        if not self._in_time(pending, bracket, fidelity):
            return None
        running = {proposal.architecture for proposal in pending}
        ended, factor = self._counts[bracket, rung - 1], self.ladder.factor
        count = -(-ended // factor) if self._is_through(pending, bracket, rung - 1) else ended // factor
        ranked = self._ranks.get((bracket, rung - 1), [])
        for architecture in ranked if spare else ranked[:count]:
            climb = self._climbs[architecture]
            if climb.top == rung - 1 and architecture not in running and climb.number not in self._lost:
                return Proposal(architecture, fidelity, climb.number)
        return None

    def _is_through(self, pending: Sequence[Proposal], bracket: int, rung: int) -> bool:
        """Whether nobody will come to a rung any more."""
        places = [self.ladder.place(proposal.fidelity) for proposal in pending]
        below = [place for place in places if place[0] == bracket and place[1] <= rung]
        return not below and not self._is_open(pending, bracket)

    def _spare(self, pending: Sequence[Proposal]) -> Proposal | None:
        """The next best, for a worker that would wait for the others, and for trials that are left."""
        for bracket in range(max(self._newest(pending) + 1, len(self.ladder.brackets))):
            found = self.ladder.bracket(bracket)
            if found is None or (found.until and not pending):
                continue
            for rung in range(found.entry + 1, len(self.ladder.levels)):
                proposal = self._promote(pending, bracket, rung, spare=True)
                if proposal is not None:
                    return proposal
        return None

    def _in_time(self, pending: Sequence[Proposal], bracket: int, fidelity: Mapping[str, float]) -> bool:
        found = self.ladder.bracket(bracket)
        if found is None or not found.until or not (self._explored or pending):
            return found is not None
        return self.clock() + WORTH * fidelity["seconds"] <= found.until[int(fidelity[RUNG])]

    def _ranked(self) -> list[Proposal]:
        """The best, each with the trial that a finalist goes on from."""
        return [self._continued(last) for last in self._best()]

    def _best(self) -> list[Proposal]:
        """The last trials of all, best first: who breaks a constraint behind who does not, then who came highest."""
        places: dict[tuple[bool, int], list[tuple[Proposal, Outcome]]] = {}
        for climb in self._climbs.values():
            place = self.violation(climb.outcome) > 0, -climb.top
            places.setdefault(place, []).append((climb.last, climb.outcome))
        return [last for _, members in sorted(places.items()) for last in best_first(self, members)]

    def _continued(self, last: Proposal) -> Proposal:
        """The architecture with the trial to go on from; without one where that was not kept."""
        if last.number is None or last.number in self._lost:
            return Proposal(last.architecture)
        return Proposal(last.architecture, {PAST: last.fidelity["epochs"]}, last.number)
