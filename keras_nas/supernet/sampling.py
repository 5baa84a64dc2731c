"""Which network of a supernet each training step is given to."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.decisions import Decision, Decisions
from keras_nas.operators import sample


class Sampling(Protocol):
    """Draws the network of a step; pure, so that a resumed training goes on as it would have."""

    def __call__(self, decisions: Decisions, seed: int, step: int) -> Architecture:
        """The answers at a step."""


class Uniform:
    """Every step a network drawn uniformly (Guo et al., arXiv 1904.00420)."""

    def __call__(self, decisions: Decisions, seed: int, step: int) -> Architecture:
        """Each live decision drawn by itself."""
        return sample(decisions, np.random.default_rng([seed, step]))


class Fair:
    """Every option as often as its rivals: successive steps go through a permutation of each decision's options.

    A decision with fewer options than the longest goes through them more than once, its counts in a round differing by
    one at most. Each network of a round has a step of its own, where the paper sums their gradients into one.

    Reference:
        Chu, Zhang and Xu, "FairNAS: Rethinking Evaluation Fairness of Weight Sharing NAS", arXiv 1907.01845.
    """

    def __call__(self, decisions: Decisions, seed: int, step: int) -> Architecture:
        """The answers of a round's network."""
        length = max((len(decision.domain.labels()) for decision in decisions), default=1)
        rng = np.random.default_rng([seed, step // length])
        orders = {decision.path: _order(decision, length, rng) for decision in decisions}
        return decisions.walk(lambda decision: decision.domain.labels()[orders[decision.path][step % length]])


def _order(decision: Decision, length: int, rng: np.random.Generator) -> np.ndarray:
    """Permutations of a decision's options, one after the other, `(length,)`."""
    count = len(decision.domain.labels())
    return np.concatenate([rng.permutation(count) for _ in range(-(-length // count))])[:length]
