"""What strategies with a model share: the record, the features of an architecture, the pool the model ranks.

A model-based strategy is one sentence: draw a few at random, then fit a model to all that was observed and
propose the architecture of the pool that it promises most of. The sentence stands in `ModelBased`; a strategy
adds its model.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import dataclass
from itertools import islice

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Domain, Interval, Labels
from keras_nas.encoding import Encoder
from keras_nas.errors import InvalidArgument
from keras_nas.operators import enumerate_all, mutable, mutate, neighbours, sample
from keras_nas.strategy import DONE, WAIT, Outcome, Problem, Proposal, Signal, Strategy
from keras_nas.tuners.random import label_at

Encode = Callable[[Sequence[Architecture]], np.ndarray]
Merit = Callable[[np.ndarray], np.ndarray]

LISTED = 20_000
"""Largest space of which every architecture is ranked; of a larger one, a pool is drawn."""
PAIRS = 5_000_000
"""Pairs of listed and taken architectures beyond which a pool is drawn as well, to keep proposals quick."""
TRIES = 5_000
"""Draws in a row that are all taken before a space of unknown size counts as exhausted."""
DRAWN = 400
"""Architectures that a pool draws at random."""
ROUNDS = 4
"""How often the best of a pool are replaced by the best of their neighbours."""
LEADERS = 8
"""Architectures whose neighbours join a pool."""


@dataclass(frozen=True, eq=False)
class Observation:
    """What is known of one architecture.

    Args:
        architecture: its answers.
        losses: the objectives, minimised; infinite where it failed. Shape `(objectives,)`.
        violation: by how much it breaks the constraints, 0 when all hold, infinite where it failed.
    """

    architecture: Architecture
    losses: np.ndarray
    violation: float

    @property
    def usable(self) -> bool:
        """Whether it has losses to learn from."""
        return bool(np.isfinite(self.losses).all())


class ModelBased(Strategy):
    """Base: `initial` random architectures, then whatever the model promises most of, never one twice.

    Failures rank below everything else, and what breaks a constraint below what does not, so that the model
    learns to keep away from both. Several objectives are one at a time: each proposal draws its own weights
    for them (ParEGO), and the sequence of proposals covers the front.

    Args:
        initial: random architectures before the first fit.

    Reference:
        Knowles, "ParEGO", IEEE TEC 10(1), 2006.
    """

    def __init__(self, initial: int) -> None:
        self.initial = initial

    def begin(self, problem: Problem) -> None:
        """Start with nothing observed."""
        if self.initial < 2:
            raise InvalidArgument(f"initial={self.initial}: a model needs two observations at least, 10 say.")
        super().begin(problem)
        self.seen: dict[str, Observation] = {}
        self.features = Features(problem.decisions)
        self.pool = Pool(problem.decisions, self.features.transform)
        rng = np.random.default_rng([problem.seed])
        self.strata = {decision.path: rng.permutation(self.initial) for decision in problem.decisions}

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Keep the outcome; a second one of the same architecture replaces the first."""
        architecture = proposal.architecture
        self.seen[architecture.key] = Observation(architecture, self.loss(outcome), self.violation(outcome))

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """Random at first, then the best of the pool that was neither observed nor is pending."""
        rng = self.problem.rng(number)
        waiting = [proposal.architecture for proposal in pending]
        taken = self.seen.keys() | {architecture.key for architecture in waiting}
        if len(taken) >= self.problem.decisions.size:
            return WAIT if pending else DONE
        observed = list(self.seen.values())
        if len(taken) < self.initial or sum(observation.usable for observation in observed) < 2:
            found = self.pool.unless(taken, self._spread(number, rng), rng)
        else:
            merits = merits_of(observed, rng)
            leaders = [observed[index].architecture for index in np.argsort(-merits, kind="stable")[:LEADERS]]
            rows = self.features.transform([observation.architecture for observation in observed])
            merit = self.fit(rows, merits, self.features.transform(waiting), rng)
            found = self.pool.best(merit, leaders, taken, rng)
        exhausted = WAIT if pending else DONE
        return exhausted if found is None else Proposal(found)

    def _spread(self, number: int, rng: np.random.Generator) -> Architecture:
        """A row of a Latin hypercube: in the first `initial` proposals each decision meets its whole range."""

        def pick(decision: Decision) -> Label:
            place = self.strata[decision.path][number % self.initial]
            return label_at(decision.domain, (place + rng.random()) / self.initial)

        return self.problem.decisions.walk(pick)

    @abstractmethod
    def fit(self, rows: np.ndarray, merits: np.ndarray, waiting: np.ndarray, rng: np.random.Generator) -> Merit:
        """Fit the model and return what it promises of other rows, the higher the better.

        Args:
            rows: what was observed, encoded, in the order in which it became known, shape `(observed, columns)`.
            merits: the higher the better, standardised, shape `(observed,)`.
            waiting: what is proposed and not yet observed, encoded, shape `(waiting, columns)`.
            rng: draws all.
        """


def merits_of(observed: Sequence[Observation], rng: np.random.Generator) -> np.ndarray:
    """One number an observation, the higher the better, standardised.

    Loss is measured from the median in units of how far the best tenth is from it, and grows with the logarithm
    beyond the median: a model should tell the good from one another, not learn how bad the bad are. What breaks a
    constraint ranks below all that does not, the more the lower; failures lowest of all.
    """
    losses = scalarised(np.array([observation.losses for observation in observed]), rng)
    violations = np.array([observation.violation for observation in observed])
    usable = np.isfinite(losses)
    feasible = usable & (violations <= 0)
    merits = np.full(len(losses), -np.inf)
    merits[feasible] = _bent(-losses[feasible])
    low = merits[feasible].min(initial=0.0)
    broken = usable & ~feasible
    merits[broken] = low - 0.1 - 0.9 * _shares(violations[broken])
    merits[~usable] = merits[usable].min(initial=low)
    return np.asarray((merits - merits.mean()) / (merits.std() or 1.0))


def _bent(values: np.ndarray) -> np.ndarray:
    """Values about their median, the upper half as it is, the lower half logarithmic."""
    if not len(values):
        return values
    centre, high = np.quantile(values, (0.5, 0.9))
    scaled = (values - centre) / (high - centre or np.ptp(values) or 1.0)
    return np.asarray(np.where(scaled < 0, -np.log1p(-np.minimum(scaled, 0.0)), scaled))


def _shares(values: np.ndarray) -> np.ndarray:
    """Ranks in (0, 1]; equal values share theirs."""
    order = np.unique(values, return_inverse=True)[1] + 1.0
    return np.asarray(order / order.max(initial=1.0))


def scalarised(losses: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One loss a row: the only one, or the augmented Chebyshev norm of all with weights drawn here.

    Args:
        losses: shape `(observations, objectives)`; rows with an infinite entry stay infinite.
        rng: draws the weights, uniformly from the simplex.
    """
    if losses.shape[1] == 1:
        return np.asarray(losses[:, 0])
    usable = np.isfinite(losses).all(axis=1)
    low, high = losses[usable].min(axis=0), losses[usable].max(axis=0)
    weighted = rng.dirichlet(np.ones(losses.shape[1])) * (losses - low) / np.where(high > low, high - low, 1.0)
    weighted = np.where(usable[:, None], weighted, np.inf)
    return np.asarray(weighted.max(axis=1) + 0.05 * weighted.sum(axis=1))


class Features:
    """Architectures as rows for models: the encoding, and what it leaves out.

    That is a column that says whether a number is live, and one with the place of an option among ordered ones.

    Args:
        decisions: the space.

    Attributes:
        groups: the number of the decision (or of its ordered place) that each column belongs to.
        numeric: whether each of those is a number.
    """

    def __init__(self, decisions: Decisions) -> None:
        self.encoder = Encoder(decisions)
        numbers = [group for group, decision in enumerate(decisions) if isinstance(decision.domain, Interval)]
        ordered = [group for group, decision in enumerate(decisions) if _is_ordered(decision.domain)]
        encoded = [group for group, decision in enumerate(decisions) for _ in range(decision.domain.width)]
        self.extra = [decisions[group] for group in numbers + ordered]
        self.groups = np.array(encoded + numbers + [len(decisions) + place for place in range(len(ordered))])
        self.numeric = np.isin(np.arange(len(decisions) + len(ordered)), numbers)
        self.numeric[len(decisions) :] = True

    def transform(self, architectures: Sequence[Architecture]) -> np.ndarray:
        """Shape `(len(architectures), columns)`, in [0, 1]; all zeros where a decision sleeps."""
        extra = np.zeros((len(architectures), len(self.extra)))
        for column, decision in enumerate(self.extra):
            extra[:, column] = [
                _place(decision.domain, a[decision.path]) if decision.path in a else 0.0 for a in architectures
            ]
        return np.hstack([self.encoder.transform(architectures), extra])


def _is_ordered(domain: Domain) -> bool:
    return isinstance(domain, Labels) and domain.ordered and domain.size > 2


def _place(domain: Domain, label: Label) -> float:
    """Of an ordered option its place in [0, 1]; of a number that it is there."""
    return domain.index(label) / (domain.size - 1) if isinstance(domain, Labels) else 1.0


class Pool:
    """Where the best of a merit is looked for: all of a small space; of a large one, draws and neighbours.

    Args:
        decisions: the space.
        encode: architectures as the rows that a merit judges.
    """

    def __init__(self, decisions: Decisions, encode: Encode) -> None:
        self.decisions = decisions
        self.encode = encode
        self.listed = list(enumerate_all(decisions)) if decisions.size <= LISTED else []
        self.rows = encode(self.listed)

    def unless(self, taken: Set[str], wish: Architecture, rng: np.random.Generator) -> Architecture | None:
        """`wish` unless it is taken, else one drawn at random."""
        return wish if wish.key not in taken else self.draw(rng, taken)

    def draw(self, rng: np.random.Generator, taken: Set[str]) -> Architecture | None:
        """An architecture at random that is not taken, or None when there seems to be none."""
        draws = _shuffled(self.listed, rng) if self.listed else islice(self._draws(rng), TRIES)
        return next((architecture for architecture in draws if architecture.key not in taken), None)

    def best(
        self, merit: Merit, leaders: Sequence[Architecture], taken: Set[str], rng: np.random.Generator
    ) -> Architecture | None:
        """The architecture with the most merit that is not taken, or None when there seems to be none."""
        if self.listed and len(self.listed) * len(taken) <= PAIRS:
            order = np.argsort(-merit(self.rows), kind="stable")
            return next((self.listed[index] for index in order if self.listed[index].key not in taken), None)
        found: dict[str, tuple[float, Architecture]] = {}
        fresh = [*islice(self._draws(rng), DRAWN), *self._around(leaders, rng)]
        for _ in range(ROUNDS):
            fresh = list({a.key: a for a in fresh if a.key not in taken and a.key not in found}.values())
            if fresh:
                found |= {a.key: (float(m), a) for a, m in zip(fresh, merit(self.encode(fresh)), strict=True)}
            tops = sorted(found.values(), key=lambda pair: -pair[0])[:LEADERS]
            fresh = list(self._around([architecture for _, architecture in tops], rng))
        return max(found.values(), key=lambda pair: pair[0])[1] if found else self.draw(rng, taken)

    def _draws(self, rng: np.random.Generator) -> Iterator[Architecture]:
        while True:
            yield sample(self.decisions, rng)

    def _around(self, centres: Iterable[Architecture], rng: np.random.Generator) -> Iterator[Architecture]:
        """Neighbours of each centre, a hundred at most, and a few two changes away."""
        for centre in centres:
            if mutable(self.decisions, centre):
                yield from islice(neighbours(self.decisions, centre, rng), 100)
                yield from (mutate(self.decisions, mutate(self.decisions, centre, rng), rng) for _ in range(8))


def _shuffled(items: Sequence[Architecture], rng: np.random.Generator) -> Iterator[Architecture]:
    return (items[int(index)] for index in rng.permutation(len(items)))
