"""NSGA-II: evolution towards the whole Pareto front, by non-domination rank and crowding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument
from keras_nas.objectives.pareto import crowding_distance, non_dominated_sort
from keras_nas.operators import crossover, mutate, sample
from keras_nas.strategy import Outcome, Problem, Proposal, Strategy
from keras_nas.tuners._population import Member


class NSGA2(Strategy):
    """Elitist evolution for several objectives: the better half of parents and children breeds on.

    Better is a lower front, then a lonelier place on it; whoever breaks constraints comes after whoever does
    not (constraint domination). Parents win binary tournaments; children are crossed and mutated once. A
    generation ends when as many children as parents have scores, so that any number of workers may run.

    Args:
        population: parents, and children of a generation.
        crossover: probability that a child has two parents.

    Example:
        >>> from keras_nas.tuners import make
        >>> make("nsga2", population=40).population
        40

    Reference:
        Deb et al., "A fast and elitist multiobjective genetic algorithm: NSGA-II", IEEE TEC 6(2), 2002.
    """

    def __init__(self, population: int = 20, crossover: float = 0.9) -> None:
        if population < 2:
            raise InvalidArgument(f"population={population}: NSGA-II needs two parents at least, 20 say.")
        self.population = population
        self.crossover = crossover

    def begin(self, problem: Problem) -> None:
        """Start with nobody."""
        super().begin(problem)
        self.parents: list[Member] = []
        self.children: list[Member] = []

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal:
        """A random architecture in the first generation, a child of tournament winners after it."""
        rng = self.problem.rng(number)
        if not self.parents or self.problem.decisions.size < 2:
            return Proposal(sample(self.problem.decisions, rng))
        child = self._winner(rng)
        if rng.random() < self.crossover:
            child = crossover(self.problem.decisions, child, self._winner(rng), rng)
        return Proposal(mutate(self.problem.decisions, child, rng))

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Collect children; a full generation competes with its parents."""
        losses = self.loss(outcome)
        if not np.isfinite(losses).all():
            return
        self.children.append(Member(proposal.architecture, losses, self.violation(outcome)))
        if len(self.children) == self.population:
            self.parents = survivors(self.parents + self.children, self.population)
            self.children = []

    def _winner(self, rng: np.random.Generator) -> Architecture:
        """The better of two parents drawn at random; they are kept from best to worst."""
        return self.parents[int(rng.integers(len(self.parents), size=2).min())].architecture


def survivors(members: Sequence[Member], count: int) -> list[Member]:
    """The `count` best of `members` without twins, best first: by front, then by crowding distance."""
    distinct = list({member.architecture: member for member in members}.values())
    losses = np.stack([member.losses for member in distinct])
    ranks = non_dominated_sort(losses, np.array([member.violation for member in distinct]))
    crowding = np.zeros(len(distinct))
    for rank in range(int(ranks.max()) + 1):
        crowding[ranks == rank] = crowding_distance(losses[ranks == rank])
    return [distinct[int(index)] for index in np.lexsort((-crowding, ranks))[:count]]
