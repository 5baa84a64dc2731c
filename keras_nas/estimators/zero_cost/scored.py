"""Score many networks at initialisation, then train the best: a strategy before a strategy."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Domain, Interval
from keras_nas.estimators.stages import best_first
from keras_nas.estimators.zero_cost import rank_average
from keras_nas.objectives.objective import Objective
from keras_nas.operators import repair
from keras_nas.spaces.base import RECIPE
from keras_nas.strategy import DONE, UNTRAINED, WAIT, Outcome, Problem, Proposal, Signal, Strategy

COUNTED = ("params", "flops", "memory_mb", "size_mb")
"""Costs that are known of a network that was never trained."""
SCORE = Objective("zero_cost", "max")
"""What drives the explorer: the mean rank among all that was scored, from 0 to 1."""
SCOPE = f"{RECIPE.scope}/"
STUCK = 32
"""Repeats in a row after which an explorer has nothing new to say."""


@dataclass(frozen=True)
class Scoring:
    """How networks are scored.

    Args:
        scores: their names; several are averaged by rank.
        rows: of the batch.
        networks: how many are scored at most.
        seconds: of wall-clock time, from the first score on, after which no more are; None where the number ends it.
        best: how many go on.
    """

    scores: tuple[str, ...]
    rows: int
    networks: int
    seconds: float | None
    best: int

    @property
    def fidelity(self) -> Mapping[str, float]:
        """Of the trials that score."""
        return {UNTRAINED: float(self.rows), **dict.fromkeys(self.scores, 1.0)}


class Scored(Strategy):
    """Let an explorer be driven by scores at initialisation; then hand the best to a strategy that trains.

    A score sees the network alone, so that the explorer decides nothing else: recipes are left to those who train. And
    what it is told are ranks, which change as more is scored: before it proposes it is told all anew.

    Args:
        explorer: says what to score.
        scoring: how.
        clock: seconds of wall-clock time that the search has used.
        then: makes the strategy that trains, from the best, best first.
        known: an architecture whose recipe the best are given; none for the middle of what is possible.
    """

    def __init__(
        self,
        explorer: Strategy,
        scoring: Scoring,
        clock: Callable[[], float],
        then: Callable[[Sequence[Architecture]], Strategy],
        known: Sequence[Architecture] = (),
    ) -> None:
        self.explorer = explorer
        self.scoring = scoring
        self.clock = clock
        self.then = then
        self.known = known

    def begin(self, problem: Problem) -> None:
        """Start scoring."""
        super().begin(problem)
        self._scored: list[tuple[Proposal, Outcome]] = []
        self._since: float | None = None
        self._trainer: Strategy | None = None
        self._untrained = untrained(problem, self.scoring.networks)
        self._tell()

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """A score, or what came of training one of the best."""
        if UNTRAINED in proposal.fidelity:
            self._scored.append((proposal, outcome))
            self._since = self.clock() if self._since is None else self._since
        else:
            self._training().observe(proposal, outcome)

    def continues(self) -> Collection[int]:
        """What the strategy that trains says."""
        return () if self._trainer is None else self._trainer.continues()

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """A network to score while there is time, then what the strategy that trains says."""
        scoring = [proposal for proposal in pending if UNTRAINED in proposal.fidelity]
        if self._trainer is None and len(scoring) == len(pending):
            if self._goes_on(len(scoring)):
                self._tell()
                answer = self.explorer.propose(number, pending)
                if answer is not DONE:
                    return answer if isinstance(answer, Signal) else replace(answer, fidelity=self.scoring.fidelity)
            if scoring:
                return WAIT
        return self._training().propose(number, pending)

    def _goes_on(self, running: int) -> bool:
        seen: set[Architecture] = set()
        stuck = 0
        for proposal, _ in self._scored:
            stuck = stuck + 1 if proposal.architecture in seen else 0
            seen.add(proposal.architecture)
        limit = self.scoring.seconds
        in_time = limit is None or self._since is None or self.clock() < self._since + limit
        return in_time and stuck < STUCK and len(seen) + running < self.scoring.networks

    def _tell(self) -> list[tuple[Proposal, Outcome]]:
        """Tell the explorer, begun anew, all that was scored, by its mean rank; also returned.

        A forecast's trials have no scores: they count as the worst.
        """
        good = [outcome.scores for _, outcome in self._scored if outcome.ok]
        table = {name: [scores.get(name, -math.inf) for scores in good] for name in self.scoring.scores}
        ranks = iter(rank_average(table))
        told = [
            (proposal, Outcome({**outcome.scores, SCORE.name: float(next(ranks))}) if outcome.ok else outcome)
            for proposal, outcome in self._scored
        ]
        self.explorer.begin(self._untrained)
        for proposal, outcome in told:
            self.explorer.observe(proposal, outcome)
        return told

    def _training(self) -> Strategy:
        """The strategy that trains; begun when scoring is over."""
        if self._trainer is None:
            ranked = best_first(self.explorer, self._tell())
            networks = list(dict.fromkeys(proposal.architecture for proposal in ranked))[: self.scoring.best]
            known = self.known[0] if self.known else {}
            self._trainer = self.then([with_recipe(self.problem.decisions, network, known) for network in networks])
            self._trainer.begin(self.problem)
        return self._trainer


class Recipes(Strategy):
    """Some networks again and again, each time under a recipe drawn at random: what no score at initialisation sees.

    Args:
        architectures: of the networks.
    """

    def __init__(self, architectures: Sequence[Architecture]) -> None:
        self.architectures = architectures

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """One of the networks; nothing where there is no recipe to decide."""
        if not self.architectures or not any(map(in_recipe, self.problem.decisions)):
            return DONE
        chosen = self.architectures[number % len(self.architectures)]
        network = {path: label for path, label in chosen.items() if not path.startswith(SCOPE)}
        return Proposal(repair(self.problem.decisions, network, self.problem.rng(number)))

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Nothing is learnt."""


def untrained(problem: Problem, budget: int) -> Problem:
    """A problem as far as it can be seen without training.

    Args:
        problem: of the whole search.
        budget: networks that will be scored.
    """
    costs = [objective for objective in problem.objectives if objective.name in COUNTED]
    return replace(
        problem,
        decisions=without_recipe(problem.decisions),
        objectives=(SCORE, *costs),
        constraints=tuple(constraint for constraint in problem.constraints if constraint.name in COUNTED),
        budget=budget,
    )


def in_recipe(decision: Decision) -> bool:
    """Whether it is about training rather than the network."""
    return decision.path.startswith(SCOPE)


def without_recipe(decisions: Decisions) -> Decisions:
    """Those about the network."""
    return Decisions(tuple(decision for decision in decisions if not in_recipe(decision)))


def with_recipe(decisions: Decisions, network: Mapping[str, Label], known: Mapping[str, Label]) -> Architecture:
    """A network with a recipe: the labels of a known architecture, or else the middle of what is possible.

    Args:
        decisions: of the space.
        network: answers to the network's decisions.
        known: an architecture whose recipe is good, possibly empty.

    Example:
        >>> from keras_nas.domains import Labels
        >>> rate = Decision("recipe/rate", Interval(0, 100))
        >>> dict(with_recipe(Decisions((Decision("op", Labels(("conv", "pool"))), rate)), {"op": "conv"}, {}))
        {'op': 'conv', 'recipe/rate': 50.0}
    """
    recipe = {path: label for path, label in known.items() if path.startswith(SCOPE)}
    return decisions.walk(lambda decision: {**recipe, **network}.get(decision.path, _middle(decision.domain)))


def _middle(domain: Domain) -> Label:
    """The middle of numbers; of options in no order, the first."""
    if isinstance(domain, Interval):
        return domain.at(0.5)
    return domain.values[(len(domain.values) - 1) // 2 if domain.ordered else 0]
