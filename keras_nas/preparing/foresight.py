"""What is known of an architecture before it is trained: what it costs, and how long this device will take for it."""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import chain, zip_longest
from typing import Any, TypeVar

import numpy as np

from keras_nas.architecture import Architecture
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.training import build
from keras_nas.objectives.constraints import Constraint
from keras_nas.objectives.cost import CostTensor
from keras_nas.objectives.in_turn import measured_in_turn, typical
from keras_nas.objectives.latency import TARGETS
from keras_nas.objectives.latency_predictor import FEW, TELLING, LatencyPredictor
from keras_nas.objectives.latency_table import LatencyTable
from keras_nas.objectives.objective import Objective
from keras_nas.objectives.operations import Operation, operations_of
from keras_nas.predictors.structure import structure
from keras_nas.spaces import Space
from keras_nas.tasks import Signature, Task

SAMPLES = 40
"""Architectures of a space whose operations are measured; more of them have few others."""
NETWORKS, BATCH = 12, 4
"""Of these, how many are measured as a whole, to correct the sums; and how many of them in turn."""
WHOLE_SHARE, NETWORK_SECONDS = 0.3, 2.5
"""Share of the time for measuring that is kept for whole networks, and about how long each takes at least."""
SECONDS, SEARCH_SHARE, TRIAL_SECONDS = 150.0, 0.1, 1.0
"""Longest that a search measures before it begins: in all, as a share of its time, and where trials count for each."""
RELIABLE_PCT = 15.0
"""Mean error up to which a prediction stands in for the measurement of a short training's model."""

DOUBT = 2.0
"""Mean errors by which a prediction has to lie beyond a limit to be believed."""

READ = 5_000
"""Networks of which it is kept what was read."""
STATIC = ("params", "flops", "memory_mb", "size_mb")
"""Costs that follow from the architecture alone."""

Tell = Callable[[str], None]
Read = Callable[[Architecture], CostTensor]
Named = TypeVar("Named", Constraint, Objective)


def reader(task: Task, space: Space, signature: Signature) -> Read:
    """A function from an architecture to its outputs as a `CostNet` sees them; nothing is built."""
    return lambda architecture: task.counted(space, architecture, signature)


def describer(read: Read) -> Callable[[Architecture], Mapping[str, float]]:
    """A function from an architecture to what a predictor may learn from: the structure of its network."""

    @lru_cache(maxsize=READ)
    def describe(architecture: Architecture) -> Mapping[str, float]:
        return structure(read(architecture))

    return describe


@dataclass(frozen=True)
class Costs:
    """A function from an architecture to its costs, known without building it.

    Args:
        count: Tells them; `latency_ms` is among them where there is a predictor.
        predictor: Of latencies.
    """

    count: Callable[[Architecture], dict[str, float]]
    predictor: LatencyPredictor | None = None

    def __call__(self, architecture: Architecture) -> dict[str, float]:
        """The costs."""
        return self.count(architecture)

    @property
    def slack(self) -> dict[str, float]:
        """The costs that are predicted, and by what share of its limit each may seem to break it all the same."""
        return {} if self.predictor is None else {"latency_ms": DOUBT * self.predictor.error_pct / 100}

    def known(self, named: Sequence[Named]) -> list[Named]:
        """Of constraints, or of objectives, those on costs that it tells."""
        return [one for one in named if one.name in (*STATIC, *self.slack)]

    def instead(self, architecture: Architecture, final: bool = False) -> dict[str, float]:
        """Predictions that are as good as measurements between trainings; none of the user's own model.

        Of a finalist, which is measured anyhow, they are told however good they are.
        """
        reliable = self.predictor is not None and (final or self.predictor.error_pct <= RELIABLE_PCT)
        return {"latency_ms": self.count(architecture)["latency_ms"]} if reliable and architecture else {}


@dataclass(frozen=True)
class Networks:
    """A space whose latencies are to be predicted.

    Args:
        space: Architectures are drawn from it.
        read: From `reader`.
        make: The Keras model of an architecture.
    """

    space: Space
    read: Read
    make: Callable[[Architecture], Any]

    @classmethod
    def of(cls, training: Training) -> Networks:
        """Those of a search."""
        read = reader(training.task, training.space, training.signature)
        return cls(training.space, read, lambda architecture: build(training, architecture).model)

    def operations(self, architecture: Architecture) -> list[Operation]:
        """What a runtime computes."""
        return operations_of(self.read(architecture))

    def samples(self) -> list[Architecture]:
        """The same ones every time, so that they are measured once."""
        return [self.space.sample(np.random.default_rng([0, number])) for number in range(SAMPLES)]


def prepare_predictor(
    networks: Networks, table: LatencyTable, seconds: float | None = None, tell: Tell = lambda text: None
) -> LatencyPredictor:
    """A predictor for a space; what its table lacks is measured first, the most important operations before others.

    A few whole networks come first of all: with them a sum of usual times can be corrected.

    Args:
        networks: Of the space.
        table: Of the device.
        seconds: Longest time for measuring; None takes all that is needed, some minutes.
        tell: Called with a line of text when there is something to wait for, and after it.
    """
    end = math.inf if seconds is None else time.monotonic() + seconds
    drawn = [(architecture, networks.operations(architecture)) for architecture in networks.samples()]
    order = spanning([sum(map(_guess, operations)) for _, operations in drawn])
    samples, read = zip(*(drawn[place] for place in order), strict=True)
    missing = [operation for operation in by_importance(read) if table.lacks(operation)]
    whole = _unknown([Counter(operation.key for operation in read[number]) for number in range(NETWORKS)], table)

    def learn(some: Sequence[int], until: float) -> None:
        affordable = (end - time.monotonic()) / NETWORK_SECONDS
        some = some[: int(max(0.0, min(affordable, len(some))))]
        models = (networks.make(samples[number]) for number in some)
        setting = table.setting
        measured = measured_in_turn(models, setting.target, setting.batch_size, until - time.monotonic())
        for number, rounds in zip(some, measured, strict=True):
            table.learn(read[number], typical(rounds).latency_ms)

    if (missing or whole) and (seconds is None or seconds > 0):
        limit = "" if seconds is None else f" for at most {seconds:.0f} s"
        tell(f"Measuring up to {len(missing)} operations and {len(whole)} networks by {table.setting}{limit} ...")
        reserve = 0.0 if seconds is None else WHOLE_SHARE * seconds
        first = min(BATCH, max(0, TELLING - len(table.networks)))
        learn(whole[:first], time.monotonic() + (reserve or math.inf))
        table.measure(missing, end - reserve - time.monotonic())
        for start in range(first, len(whole), BATCH):
            learn(whole[start : start + BATCH], end)
        table.save()
    predictor = LatencyPredictor(table)
    if len(table.networks) >= TELLING:
        tell(f"Latencies are predicted to {predictor.error_pct:.0f} % on average, by {table.setting} ({table.file}).")
    else:
        tell(f"How well latencies are predicted by {table.setting} is not known: too few networks were measured.")
    return predictor


def _unknown(counted: Sequence[Counter[str]], table: LatencyTable) -> list[int]:
    """Places of the networks, each once, that a table does not hold."""
    known = [network.operations for network in table.networks]
    return [place for place, own in enumerate(counted) if own not in [*known, *counted[:place]]]


def by_importance(networks: Sequence[Sequence[Operation]]) -> list[Operation]:
    """The operations of some networks, each once: the networks in turn name the one that matters most to them.

    So that operations of small networks are among the first, and those that are never measured lie between others.
    """
    operations = {operation.key: operation for network in networks for operation in network}
    weight: Counter[str] = Counter()
    for network in networks:
        for operation in network:
            weight[operation.key] += _guess(operation)
    own = [dict.fromkeys(operation.key for operation in network) for network in networks]
    turns = zip_longest(*(sorted(keys, key=lambda key: -weight[key]) for keys in own))
    return [operations[key] for key in dict.fromkeys(chain.from_iterable(turns)) if key is not None]


def spanning(sizes: Sequence[float]) -> list[int]:
    """Positions of some numbers: the smallest and the largest, what lies halfway between, and so on.

    Example:
        >>> spanning([5.0, 1.0, 4.0, 2.0, 3.0])
        [1, 0, 4, 3, 2]
    """
    ranked, last = np.argsort(sizes, kind="stable"), len(sizes) - 1
    parts = (Fraction(odd, 2**depth) for depth in range(1, last.bit_length() + 2) for odd in range(1, 2**depth, 2))
    places = (int(part * last) for part in (Fraction(0), Fraction(1), *parts))
    return [int(ranked[place]) for place in dict.fromkeys(places)]


def _guess(operation: Operation) -> int:
    """Time in multiply-adds: a moved number is worth a few, and every operation costs something."""
    return operation.flops + 4 * operation.moved + 20_000


def predictor_for(
    training: Training, max_time: float | None, max_trials: int | None, tell: Tell
) -> LatencyPredictor | None:
    """The predictor of a search; None where no latency is asked for, or none that tables can be made of.

    Args:
        training: Of the search; its options name the target.
        max_time: Of the search, in seconds, or None.
        max_trials: Of the search, or None.
        tell: Takes lines of text.
    """
    target = training.options.costing.latency_target
    if "latency_ms" not in training.options.costing.limits:
        return None
    if target not in TARGETS:
        tell("Latencies of a function of yours are not predicted: what is too slow shows when a network is measured.")
        return None
    affordable = (
        [SECONDS, TRIAL_SECONDS * (max_trials or 0)] if max_time is None else [SECONDS, SEARCH_SHARE * max_time]
    )
    predictor = prepare_predictor(Networks.of(training), LatencyTable(target), min(affordable), tell)
    return predictor if len(predictor.table.networks) >= FEW else None
