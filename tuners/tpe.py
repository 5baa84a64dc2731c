"""TPE: the densities of what the good and the rest answered, decision by decision."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision
from keras_nas.domains import Interval, Labels
from keras_nas.errors import InvalidArgument
from keras_nas.strategy import Problem
from keras_nas.tuners._record import Record
from keras_nas.tuners._surrogate import ModelBased


class TPE(ModelBased):
    """Propose, of a few drawn from the density of the good, the one that the rest made least likely.

    The observations are split into the best part and the rest; each live decision has a density for both, from
    those observations in which it was live: counts of options with a prior of one, a mixture of Gaussians for
    numbers. Their ratio ranks as the expected improvement does. What is pending counts among the rest, which keeps
    parallel proposals apart.

    Args:
        initial: random architectures before the first split.
        share: part of the observations that is good.
        candidates: drawn from the good's density for each proposal.

    Example:
        >>> from keras_nas.tuners import make
        >>> make("tpe", share=0.25).share
        0.25

    Reference:
        Bergstra et al., "Algorithms for hyper-parameter optimization", NeurIPS 2011; Watanabe, "Tree-structured
        Parzen estimator", arXiv 2304.11127.
    """

    def __init__(self, initial: int = 10, share: float = 0.25, candidates: int = 24) -> None:
        super().__init__(initial)
        self.share = share
        self.candidates = candidates

    def begin(self, problem: Problem) -> None:
        """Start with nothing observed."""
        if not 0.0 < self.share < 1.0:
            raise InvalidArgument(f"share={self.share}: the good are a part of all, between 0 and 1, 0.15 say.")
        super().begin(problem)

    def choose(
        self, record: Record, waiting: Sequence[Architecture], taken: Set[str], rng: np.random.Generator
    ) -> Architecture | None:
        """The candidate with the greatest ratio of the densities."""
        ranked = record.best(len(record.observed))
        cut = max(1, round(self.share * len(ranked)))
        models = {
            decision.path: (density(decision, ranked[:cut]), density(decision, [*ranked[cut:], *waiting]))
            for decision in self.problem.decisions
        }

        def ratio(architecture: Mapping[str, Label]) -> float:
            return sum(models[path][0].log(label) - models[path][1].log(label) for path, label in architecture.items())

        def draw() -> Architecture:
            return self.problem.decisions.walk(lambda decision: models[decision.path][0].sample(rng))

        fresh = [a for a in (draw() for _ in range(self.candidates)) if a.key not in taken]
        return max(fresh, key=ratio) if fresh else self.pool.draw(rng, taken)


@dataclass(frozen=True, eq=False)
class Counts:
    """How often each option was chosen, with a prior of one observation spread over all.

    Args:
        domain: the options.
        shares: their probabilities, shape `(options,)`.
    """

    domain: Labels
    shares: np.ndarray

    def log(self, label: Label) -> float:
        """The logarithm of its probability."""
        return float(np.log(self.shares[self.domain.index(label)]))

    def sample(self, rng: np.random.Generator) -> Label:
        """An option."""
        return self.domain.values[int(rng.choice(len(self.shares), p=self.shares))]


@dataclass(frozen=True, eq=False)
class Mixture:
    """A Gaussian about each observed place in [0, 1], and a flat one for what was not observed.

    Args:
        domain: the numbers.
        centres: observed places, shape `(observed,)`.
        width: standard deviation of each Gaussian.
    """

    domain: Interval
    centres: np.ndarray
    width: float

    def log(self, label: Label) -> float:
        """The logarithm of the density at its place."""
        distances = (self.domain.unit(label) - self.centres) / self.width
        peaks = np.exp(-0.5 * distances**2) / (self.width * np.sqrt(2.0 * np.pi))
        return float(np.log((1.0 + peaks.sum()) / (1 + len(self.centres))))

    def sample(self, rng: np.random.Generator) -> Label:
        """A number."""
        chosen = int(rng.integers(1 + len(self.centres)))
        if chosen == len(self.centres):
            return self.domain.sample(rng)
        place = self.centres[chosen] + self.width * float(rng.standard_normal())
        return self.domain.at(float(np.clip(place, 0.0, 1.0)))


def density(decision: Decision, architectures: Sequence[Architecture]) -> Counts | Mixture:
    """The density of a decision's answers in those architectures in which it is live.

    Example:
        >>> kernel = Decision("kernel", Labels((3, 5)))
        >>> density(kernel, [Architecture({"kernel": 3}), Architecture({})]).shares
        array([0.75, 0.25])
    """
    answers = [architecture[decision.path] for architecture in architectures if decision.path in architecture]
    domain = decision.domain
    if isinstance(domain, Labels):
        counts = np.full(len(domain.values), 1.0 / len(domain.values))
        np.add.at(counts, [domain.index(answer) for answer in answers], 1.0)
        return Counts(domain, counts / counts.sum())
    places = np.array([domain.unit(answer) for answer in answers])
    return Mixture(domain, places, max(0.02, 0.3 * (1 + len(places)) ** -0.4))
