"""Which network of a supernet each training step is given to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision, Decisions
from keras_nas.operators import sample
from keras_nas.supernet.net import Dimension, Role

Dimensions = Mapping[str, Dimension]
OPENS: dict[Role, float] = {"kernel": 0.25, "depth": 0.5, "width": 0.75}
"""Share of a training after which a kind of size is drawn at all; before it is the largest."""
ROUND = 4
"""Networks of a sandwich: the largest, the smallest, and random ones."""


class Sampling(Protocol):
    """Draws the network of a step; pure, so that a resumed training goes on as it would have."""

    def __call__(self, decisions: Decisions, seed: int, step: int, progress: float = 1.0) -> Architecture:
        """The answers at a step, `progress` being the share of the training that is over."""


class Uniform:
    """Every step a network drawn uniformly (Guo et al., arXiv 1904.00420)."""

    def __call__(self, decisions: Decisions, seed: int, step: int, progress: float = 1.0) -> Architecture:
        """Each live decision drawn by itself."""
        return sample(decisions, np.random.default_rng([seed, step]))


class Fair:
    """Every option as often as its rivals: successive steps go through a permutation of each decision's options.

    A decision with fewer options than the longest goes through them more than once, its counts in a round differing by
    one at most. Each network of a round has a step of its own, where the paper sums their gradients into one.

    Reference:
        Chu, Zhang and Xu, "FairNAS: Rethinking Evaluation Fairness of Weight Sharing NAS", arXiv 1907.01845.
    """

    def __call__(self, decisions: Decisions, seed: int, step: int, progress: float = 1.0) -> Architecture:
        """The answers of a round's network."""
        length = max((len(decision.domain.labels()) for decision in decisions), default=1)
        rng = np.random.default_rng([seed, step // length])
        orders = {decision.path: _order(decision, length, rng) for decision in decisions}
        return decisions.walk(lambda decision: decision.domain.labels()[orders[decision.path][step % length]])


@dataclass(frozen=True)
class Sandwich:
    """Successive steps train the largest network, the smallest, and two random ones.

    What is true of both ends is nearly true of all that lies between. What has no size is drawn. Each network of a
    round has a step of its own, where the paper sums their gradients into one.

    Args:
        dimensions: of the supernet.

    Reference:
        Yu and Huang, "Universally Slimmable Networks and Improved Training Techniques", arXiv 1903.05134.
    """

    dimensions: Dimensions

    def __call__(self, decisions: Decisions, seed: int, step: int, progress: float = 1.0) -> Architecture:
        """The answers of a round's network."""
        largest = {path: own.largest for path, own in self.dimensions.items()}
        least = {path: own.least for path, own in self.dimensions.items()}
        return _drawn(decisions, {0: largest, 1: least}.get(step % ROUND, {}), seed, step)


@dataclass(frozen=True)
class Progressive:
    """Progressive shrinking: all sizes are the largest at first; then kernels are drawn, then depths, then widths.

    So small networks learn from weights that are good already, and large ones are not disturbed by them from the
    beginning.

    Args:
        dimensions: of the supernet.

    Reference:
        Cai et al., "Once-for-All: Train One Network and Specialize it for Efficient Deployment", arXiv 1908.09791,
        section 3.3.
    """

    dimensions: Dimensions

    def __call__(self, decisions: Decisions, seed: int, step: int, progress: float = 1.0) -> Architecture:
        """Draws what is open, the largest of all other sizes."""
        closed = {path: own.largest for path, own in self.dimensions.items() if progress < OPENS[own.role]}
        return _drawn(decisions, closed, seed, step)


def teacher_of(decisions: Decisions, dimensions: Dimensions, student: Mapping[str, Label]) -> Architecture:
    """The largest network that answers all that has no size as another one does, where that one is asked.

    Args:
        decisions: of the supernet.
        dimensions: of the supernet.
        student: answers to the live decisions.
    """

    def pick(decision: Decision) -> Label:
        own = dimensions.get(decision.path)
        return own.largest if own else student.get(decision.path, decision.domain.labels()[0])

    return decisions.walk(pick)


def _drawn(decisions: Decisions, settled: Mapping[str, Label], seed: int, step: int) -> Architecture:
    """A network drawn uniformly but for what is settled."""
    rng = np.random.default_rng([seed, step])
    return decisions.walk(lambda d: settled[d.path] if d.path in settled else d.domain.sample(rng))


def _order(decision: Decision, length: int, rng: np.random.Generator) -> np.ndarray:
    """Permutations of a decision's options, one after the other, `(length,)`."""
    count = len(decision.domain.labels())
    return np.concatenate([rng.permutation(count) for _ in range(-(-length // count))])[:length]
