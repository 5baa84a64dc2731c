"""What evolutionary strategies share: members of a population, and who of a few is the fittest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from keras_nas.architecture import Architecture


@dataclass(frozen=True, eq=False)
class Member:
    """An evaluated architecture.

    Args:
        architecture: the answers.
        losses: the objectives, minimised, shape `(objectives,)`.
        violation: by how much it breaks the constraints, 0 when all hold.
    """

    architecture: Architecture
    losses: np.ndarray
    violation: float = 0.0


def fittest(members: Sequence[Member], rng: np.random.Generator) -> Member:
    """The best of a few: the least loss with one objective, one that nobody dominates, at random, with several.

    Whoever breaks no constraint beats whoever does, and less beats more.
    """
    violations = np.array([member.violation for member in members])
    eligible = np.flatnonzero(violations == violations.min())
    losses = np.stack([members[int(index)].losses for index in eligible])
    no_worse = (losses[:, None] <= losses[None]).all(axis=2)
    dominated = (no_worse & ~no_worse.T).any(axis=0)
    return members[int(rng.choice(eligible[~dominated]))]
