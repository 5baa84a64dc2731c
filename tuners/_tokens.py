"""A space as a sequence of tokens, for controllers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeGuard

import numpy as np

from keras_nas.architecture import Label
from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Domain, Interval, Labels

BINS = 10
"""A number with more values than this is chosen as one of this many equal bins, then uniformly inside it."""


class Vocabulary:
    """The decisions as a sequence of tokens: each option a number from 0, -1 for a decision that sleeps.

    Args:
        decisions: the space; decisions of equal domains share a group, that is, their embeddings and their head.
    """

    def __init__(self, decisions: Decisions) -> None:
        self.decisions = decisions
        self.place = {decision.path: place for place, decision in enumerate(decisions)}
        self.sizes = np.array([_options(decision.domain) for decision in decisions], dtype=int)
        self.width = int(self.sizes.max(initial=1))
        domains = list(dict.fromkeys(decision.domain for decision in decisions))
        self.groups = np.array([domains.index(decision.domain) for decision in decisions], dtype=int)
        self.valid = np.arange(self.width) < self.sizes[:, None]

    def tokens(self, architecture: Mapping[str, Label]) -> np.ndarray:
        """The architecture as tokens, shape `(decisions,)`."""
        row = np.full(len(self.decisions), -1)
        for path, label in architecture.items():
            row[self.place[path]] = _token(self.decisions.named(path).domain, label)
        return row

    def label(self, decision: Decision, token: int, rng: np.random.Generator) -> Label:
        """The label that a token stands for."""
        if _is_binned(decision.domain):
            return decision.domain.at((token + float(rng.random())) / BINS)
        return decision.domain.labels()[token]


def _is_binned(domain: Domain) -> TypeGuard[Interval]:
    return isinstance(domain, Interval) and domain.size > BINS


def _options(domain: Domain) -> int:
    return BINS if _is_binned(domain) else int(domain.size)


def _token(domain: Domain, label: Label) -> int:
    if isinstance(domain, Labels):
        return domain.index(label)
    if _is_binned(domain):
        return min(int(domain.unit(label) * BINS), BINS - 1)
    return int(np.argmin([abs(float(value) - float(label)) for value in domain.labels()]))
