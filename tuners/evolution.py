"""Evolution by tournament and mutation: with ageing (AmoebaNet), and over hierarchical spaces."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decisions
from keras_nas.errors import InvalidArgument
from keras_nas.operators import crossover, mutable, mutate, repair, sample
from keras_nas.strategy import Outcome, Problem, Proposal, Strategy
from keras_nas.tuners._population import Member, fittest

ENTRANTS = 100
"""Largest tournament over a population that grows; its winner is among the best 3 % in 95 of 100 cases."""


class TournamentEvolution(Strategy):
    """Base: fill a population at random; then, again and again, the fittest of a few drawn becomes a parent.

    The population is what has been observed, so that any number of workers may run at once. With several
    objectives the tournament's winner is one that nobody in it dominates; who breaks a constraint loses
    to who does not.

    Args:
        population: how many members there are before the first tournament.
    """

    def __init__(self, population: int) -> None:
        if population < 1:
            raise InvalidArgument(f"population={population}: evolution needs one member at least, 20 say.")
        self.population = population

    def begin(self, problem: Problem) -> None:
        """Start with nobody."""
        super().begin(problem)
        self.members: list[Member] = []

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal:
        """A random architecture while the population fills, then a winner's child."""
        rng = self.problem.rng(number)
        filling = len(self.members) + len(pending) < self.population
        if filling or not self.members or self.problem.decisions.size < 2:
            return Proposal(sample(self.problem.decisions, rng))
        return self.descendant(rng)

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Whoever has scores joins the population."""
        losses = self.loss(outcome)
        if np.isfinite(losses).all():
            self.join(Member(proposal.architecture, losses, self.violation(outcome)))

    def tournament(self, entrants: int, rng: np.random.Generator) -> Architecture:
        """The fittest of `entrants` members drawn with replacement."""
        drawn = rng.integers(len(self.members), size=entrants)
        return fittest([self.members[int(index)] for index in drawn], rng).architecture

    def descendant(self, rng: np.random.Generator) -> Proposal:
        """What is proposed once the population is filled."""
        return Proposal(self.child(rng))

    @abstractmethod
    def child(self, rng: np.random.Generator) -> Architecture:
        """A changed copy of a tournament's winner."""

    @abstractmethod
    def join(self, member: Member) -> None:
        """Let `member` in, and out who has to go."""


class RegularizedEvolution(TournamentEvolution):
    """Ageing evolution: the tournament's winner is copied with one mutation, and the oldest member dies.

    Since everybody dies, what lasts are architectures whose descendants do well when they are evaluated
    themselves; one lucky score does not last.

    Args:
        population: members alive at once. The paper's 100 suits thousands of trials; with a few hundred
            trials a smaller population converges sooner.
        sample: entrants of a tournament, drawn with replacement.
        crossover: probability that the child has a second parent, the winner of another tournament,
            before it mutates.

    Example:
        >>> from keras_nas.tuners import make
        >>> make("evolution", population=100, sample=25).sample
        25

    Reference:
        Real et al., "Regularized evolution for image classifier architecture search", arXiv 1802.01548.
    """

    def __init__(self, population: int = 20, sample: int = 5, crossover: float = 0.0) -> None:
        super().__init__(population)
        self.sample = sample
        self.crossover = crossover

    def child(self, rng: np.random.Generator) -> Architecture:
        """A changed copy of the winner."""
        return self.changed(self.tournament(self.sample, rng), rng)

    def changed(self, parent: Architecture, rng: np.random.Generator) -> Architecture:
        """A parent, perhaps crossed with another one, with one decision answered otherwise."""
        if rng.random() < self.crossover:
            parent = crossover(self.problem.decisions, parent, self.tournament(self.sample, rng), rng)
        return mutate(self.problem.decisions, parent, rng)

    def join(self, member: Member) -> None:
        """Append the youngest, drop the oldest."""
        self.members.append(member)
        del self.members[: -self.population]


class InheritingEvolution(RegularizedEvolution):
    """Ageing evolution whose children begin with their parents' weights.

    So the weights of a line of descent are trained on and on, and a child needs fewer epochs to show what it is worth
    than a network that begins at random. What a child takes is told in `keras_nas.estimators.heirs`; whoever is trained
    to the end begins anew.

    Args:
        population: members alive at once, whose weights are kept.
        sample: entrants of a tournament, drawn with replacement.
        crossover: probability that the child has a second parent; weights are those of the first.

    Example:
        >>> from keras_nas.tuners import make
        >>> make("inheriting_evolution", population=10).population
        10

    Reference:
        Real et al., "Large-scale evolution of image classifiers", arXiv 1703.01041; for ageing, arXiv 1802.01548.
    """

    def begin(self, problem: Problem) -> None:
        """Start with nobody."""
        super().begin(problem)
        self._trained: dict[Architecture, int] = {}

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Note who was trained where: what is answered from the record has no weights of its own."""
        if proposal.number is not None:
            self._trained.setdefault(proposal.architecture, proposal.number)
        super().observe(proposal, outcome)

    def descendant(self, rng: np.random.Generator) -> Proposal:
        """The changed copy, with the trial whose weights it takes."""
        parent = self.tournament(self.sample, rng)
        return Proposal(self.changed(parent, rng), parent=self._trained.get(parent))

    def continues(self) -> Collection[int]:
        """Whoever lives may become a parent."""
        living = {member.architecture for member in self.members}
        return {number for architecture, number in self._trained.items() if architecture in living}


class HierarchicalEvolution(TournamentEvolution):
    """Evolution over a hierarchical space: nobody dies, tournaments are large, a mutation first draws its level.

    A decision's level is the depth of its path (`cell/node_1/op` stands two below `depth`), so that the
    few decisions at the top are changed as often as the many at the bottom.

    Args:
        population: random members before the first tournament.
        share: entrants of a tournament as a part of the population.

    Reference:
        Liu et al., "Hierarchical representations for efficient architecture search", arXiv 1711.00436.
    """

    def __init__(self, population: int = 20, share: float = 0.05) -> None:
        super().__init__(population)
        self.share = share

    def child(self, rng: np.random.Generator) -> Architecture:
        """The winner of a tournament among a share of all, mutated at one level."""
        entrants = min(max(2, round(self.share * len(self.members))), ENTRANTS)
        return mutate_level(self.problem.decisions, self.tournament(entrants, rng), rng)

    def join(self, member: Member) -> None:
        """Everybody stays."""
        self.members.append(member)


def mutate_level(decisions: Decisions, parent: Mapping[str, Label], rng: np.random.Generator) -> Architecture:
    """As `mutate`, but a level is drawn first and a decision of that level second.

    Args:
        decisions: the space.
        parent: what is changed; never returned.
        rng: draws all.
    """
    levels: dict[int, list[str]] = {}
    for decision in mutable(decisions, parent):
        levels.setdefault(decision.path.count("/"), []).append(decision.path)
    if not levels:
        return mutate(decisions, parent, rng)
    level = levels[sorted(levels)[int(rng.integers(len(levels)))]]
    path = level[int(rng.integers(len(level)))]
    other = decisions.named(path).domain.mutate(parent[path], rng)
    return repair(decisions, {**parent, path: other}, rng)
