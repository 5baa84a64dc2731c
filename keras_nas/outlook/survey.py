"""A sample of a space: how many of its networks meet the constraints, and what a typical one has to do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.data import Split
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.pace import Work
from keras_nas.estimators.recipe import complete
from keras_nas.estimators.training import EXPLORE_ROWS
from keras_nas.objectives.constraints import Constraint
from keras_nas.preparing.foresight import STATIC
from keras_nas.preparing.preflight import SAMPLES, Costs
from keras_nas.spaces import Space

LONGEST = 3.0
"""Seconds that sampling may take."""
FEWEST = 10
"""Networks that are sampled however long it takes."""


@dataclass(frozen=True)
class Survey:
    """What a sample of networks costs.

    Args:
        costs: of each sampled network.
        batches: rows in a batch of each.
        constraints: those that are known without training.
    """

    costs: Sequence[Mapping[str, float]]
    batches: Sequence[int]
    constraints: Sequence[Constraint] = ()

    def meeting(self, *constraints: Constraint) -> list[int]:
        """Positions of the sampled networks that meet all of some constraints."""
        return [
            place
            for place, costs in enumerate(self.costs)
            if all(constraint.violation(costs) == 0 for constraint in constraints)
        ]

    @property
    def tightest(self) -> Constraint | None:
        """The constraint that the fewest meet; None where all meet every one."""
        if not self.constraints:
            return None
        counts = [len(self.meeting(constraint)) for constraint in self.constraints]
        return self.constraints[int(np.argmin(counts))] if min(counts) < len(self.costs) else None


def survey(
    space: Space,
    costs: Costs,
    constraints: Sequence[Constraint],
    seed: int,
    clock: Callable[[], float] = time.monotonic,
) -> Survey:
    """Sample a space: 200 networks or all that there are, or as many as a few seconds allow.

    Args:
        space: where from.
        costs: of an architecture.
        constraints: of the search; those that only a training tells are left out.
        seed: of the sample.
        clock: seconds, monotonic.
    """
    until = clock() + LONGEST
    found: list[Mapping[str, float]] = []
    batches: list[int] = []
    for architecture in some(space, seed):
        found.append(costs(architecture))
        batches.append(int(complete(space.settings(architecture))["batch_size"]))
        if len(found) >= FEWEST and clock() > until:
            break
    return Survey(found, batches, [constraint for constraint in constraints if constraint.name in STATIC])


def some(space: Space, seed: int) -> Iterator[Architecture]:
    """All architectures of a small space, else a sample."""
    if space.size <= SAMPLES:
        return space.enumerate()
    return (space.sample(np.random.default_rng([seed, number])) for number in range(SAMPLES))


def typical_work(sample: Survey, training: Training) -> Work:
    """What the training of a typical network that meets the constraints has to do.

    Args:
        sample: of the space.
        training: knows the rows.
    """
    split = Split.load(training.data)
    chosen = sample.meeting(*sample.constraints) or range(len(sample.costs))

    def middle(name: str) -> float:
        return float(median(sample.costs[place][name] for place in chosen))

    batch = int(median(sample.batches[place] for place in chosen))
    network = {name: middle(name) for name in ("layers", "flops", "depthwise", "params", "activations")}
    rows = len(split.train)
    return Work(network, min(batch, rows), rows, min(EXPLORE_ROWS, len(split.validation)))
