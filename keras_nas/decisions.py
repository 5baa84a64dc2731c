"""What a search decides: an ordered list of named, conditional decisions, independent of any layer.

Everything a strategy may know of a space is here. A decision is *live* when all its conditions hold; parents stand
before their children, so that one pass in order (`Decisions.walk`) visits exactly the live ones. Sampling, mutating,
crossing, enumerating, encoding and Keras Tuner's conditional scopes are all that one pass with another `pick`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.errors import InvalidArgument, unknown

Condition = tuple[str, frozenset[Label]]
Pick = Callable[["Decision"], Label]


@dataclass(frozen=True)
class Labels:
    """A decision among named options.

    Args:
        values: the labels, distinct, in the order in which the space declares them.
        ordered: whether neighbouring labels are similar (numbers), which encodings and mutations may use.
    """

    values: tuple[Label, ...]
    ordered: bool = False

    @property
    def size(self) -> float:
        """Number of labels."""
        return len(self.values)

    @property
    def width(self) -> int:
        """Length of `encode`'s vector."""
        return len(self.values)

    @cached_property
    def _index(self) -> dict[Label, int]:
        return {value: index for index, value in enumerate(self.values)}

    def __contains__(self, label: object) -> bool:
        return isinstance(label, str | int | float | bool) and label in self._index

    def index(self, label: Label) -> int:
        """Position of `label` among the values."""
        return self._index[label]

    def sample(self, rng: np.random.Generator) -> Label:
        """A label, uniformly."""
        return self.values[int(rng.integers(len(self.values)))]

    def mutate(self, label: Label, rng: np.random.Generator) -> Label:
        """Another label than `label`, uniformly."""
        step = 1 + int(rng.integers(len(self.values) - 1))
        return self.values[(self._index[label] + step) % len(self.values)]

    def labels(self) -> tuple[Label, ...]:
        """All labels."""
        return self.values

    def encode(self, label: Label) -> np.ndarray:
        """One-hot vector of shape `(size,)`."""
        code = np.zeros(self.width)
        code[self._index[label]] = 1.0
        return code


@dataclass(frozen=True)
class Interval:
    """A decision for a number in `[low, high]`, real unless `step` is given.

    Args:
        low: the least value.
        high: the largest value, included.
        step: distance between neighbouring values, or None for a real number.
        log: whether it is spread evenly in the logarithm.
        integer: whether values are `int`.
    """

    low: float
    high: float
    step: float | None = None
    log: bool = False
    integer: bool = False

    def __post_init__(self) -> None:
        if not self.low < self.high or (self.log and self.low <= 0):
            raise InvalidArgument(
                f"a range needs low < high, and low > 0 with log=True; got low={self.low}, high={self.high}, "
                f"log={self.log}. Give other bounds."
            )

    @property
    def size(self) -> float:
        """Number of values; infinite for a real number."""
        if self.step is None:
            return math.inf
        return math.floor((self.high - self.low) / self.step + 1e-9) + 1

    @property
    def width(self) -> int:
        """Length of `encode`'s vector."""
        return 1

    def __contains__(self, label: object) -> bool:
        if isinstance(label, bool) or not isinstance(label, int | float):
            return False
        tolerance = 1e-9 * max(1.0, abs(self.high))
        if not self.low - tolerance <= label <= self.high + tolerance:
            return False
        return self.step is None or abs(self._snap(label) - label) <= tolerance

    def _snap(self, value: float) -> float | int:
        if self.step is not None:
            steps = min(round((value - self.low) / self.step), int(self.size) - 1)
            value = self.low + max(steps, 0) * self.step
        value = min(max(value, self.low), self.high)
        return round(value) if self.integer else float(value)

    def unit(self, label: Label) -> float:
        """The label's place in [0, 1]."""
        place, low, high = (self._scale(v) for v in (float(label), self.low, self.high))
        return (place - low) / (high - low)

    def at(self, unit: float) -> float | int:
        """The label nearest to a place in [0, 1]."""
        low, high = self._scale(self.low), self._scale(self.high)
        value = low + unit * (high - low)
        return self._snap(math.exp(value) if self.log else value)

    def _scale(self, value: float) -> float:
        return math.log(value) if self.log else value

    def sample(self, rng: np.random.Generator) -> Label:
        """A value, uniformly (in the logarithm when `log`)."""
        if math.isinf(self.size) or self.log:
            return self.at(float(rng.random()))
        return self._snap(self.low + int(rng.integers(int(self.size))) * float(self.step or 0))

    def mutate(self, label: Label, rng: np.random.Generator) -> Label:
        """Another value, most often a near one (a normal step of a fifth of the range)."""
        for _ in range(16):
            unit = self.unit(label) + 0.2 * float(rng.standard_normal())
            other = self.at(min(max(unit, 0.0), 1.0))
            if other != label:
                return other
        return self.at(0.0) if self.at(0.0) != label else self.at(1.0)

    def labels(self) -> tuple[Label, ...]:
        """All values; refused for a real number."""
        if self.step is None:
            raise InvalidArgument("a real-valued range cannot be enumerated; give it a step or use random search.")
        return tuple(self._snap(self.low + i * self.step) for i in range(int(self.size)))

    def encode(self, label: Label) -> np.ndarray:
        """The place in [0, 1], shape `(1,)`."""
        return np.array([self.unit(label)])


Domain = Labels | Interval


@dataclass(frozen=True)
class Decision:
    """One question of a space.

    Args:
        path: the name, unique in its space, scopes separated by `/`.
        domain: the possible answers.
        when: conditions `(path of an earlier decision, labels)`; all must hold for this decision to be live.
    """

    path: str
    domain: Domain
    when: tuple[Condition, ...] = ()

    def live_in(self, labels: Mapping[str, Label]) -> bool:
        """Whether all conditions hold, `labels` being the answers so far."""
        return all(path in labels and labels[path] in values for path, values in self.when)


@dataclass(frozen=True)
class Decisions(Sequence[Decision]):
    """All decisions of a space, parents before children.

    Example:
        >>> space = Decisions((Decision("op", Labels(("conv", "pool"))),
        ...                    Decision("kernel", Labels((3, 5)), (("op", frozenset({"conv"})),))))
        >>> space.size
        3
        >>> dict(space.walk(lambda decision: decision.domain.labels()[0]))
        {'op': 'conv', 'kernel': 3}
    """

    items: tuple[Decision, ...]
    _by_path: dict[str, Decision] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_by_path", {decision.path: decision for decision in self.items})
        seen: set[str] = set()
        for decision in self.items:
            missing = [path for path, _ in decision.when if path not in seen]
            if decision.path in seen or missing:
                raise InvalidArgument(
                    f"decision {decision.path!r} stands twice or before a decision that it depends on {missing}; "
                    "paths must be unique and parents come first."
                )
            seen.add(decision.path)

    def __len__(self) -> int:
        return len(self.items)

    def __getitem__(self, index: Any) -> Any:
        return self.items[index]

    def __iter__(self) -> Iterator[Decision]:
        return iter(self.items)

    def named(self, path: str) -> Decision:
        """The decision of that path."""
        if path not in self._by_path:
            raise InvalidArgument(unknown("decision", path, self._by_path))
        return self._by_path[path]

    def walk(self, pick: Pick) -> Architecture:
        """Ask `pick` at each live decision, in order, and return the answers."""
        labels: dict[str, Label] = {}
        for decision in self.items:
            if decision.live_in(labels):
                labels[decision.path] = pick(decision)
        return Architecture(labels)

    def live(self, architecture: Mapping[str, Label]) -> list[Decision]:
        """The decisions that are live in `architecture`."""
        return [decision for decision in self.items if decision.path in architecture]

    def validate(self, architecture: Mapping[str, Label]) -> Architecture:
        """Return `architecture`, checked: every live decision answered with one of its labels, nothing else.

        Raises:
            InvalidArgument: naming the path that is missing, left over or wrongly answered.
        """

        def answer(decision: Decision) -> Label:
            label = architecture.get(decision.path)
            if label is None or label not in decision.domain:
                raise InvalidArgument(
                    f"decision {decision.path!r} needs one of {_shown(decision.domain)}; got {label!r}."
                )
            return label

        checked = self.walk(answer)
        extra = sorted(set(architecture) - set(checked))
        if extra:
            raise InvalidArgument(f"{extra} are not live decisions of this architecture; leave them out.")
        return checked

    @cached_property
    def size(self) -> float:
        """How many architectures there are: an exact integer, or infinity with a real-valued range."""
        return _count(self.items, {})


def _shown(domain: Domain) -> str:
    if isinstance(domain, Labels):
        return str(list(domain.values))
    return f"[{domain.low}, {domain.high}]" + (f" in steps of {domain.step}" if domain.step else "")


def _count(items: tuple[Decision, ...], memo: dict[tuple[Decision, ...], float]) -> float:
    """Count by components: independent groups multiply, and a group is split on the labels of its first decision."""
    if items not in memo:
        groups = list(_components(items))
        if len(groups) == 1:
            memo[items] = _count_group(groups[0], memo)
        else:
            memo[items] = math.prod(_count(group, memo) for group in groups)
    return memo[items]


def _count_group(group: tuple[Decision, ...], memo: dict[tuple[Decision, ...], float]) -> float:
    root, rest = group[0], group[1:]
    if not rest:
        return root.domain.size
    return sum(_count(given(rest, root.path, label), memo) for label in root.domain.labels())


def given(items: Iterable[Decision], path: str, label: Label) -> tuple[Decision, ...]:
    """What is left once `path` has been answered: dead decisions dropped, satisfied conditions removed."""
    left: list[Decision] = []
    dead: set[str] = set()
    for decision in items:
        if any(p in dead or (p == path and label not in values) for p, values in decision.when):
            dead.add(decision.path)
        else:
            left.append(Decision(decision.path, decision.domain, tuple(c for c in decision.when if c[0] != path)))
    return tuple(left)


def _components(items: tuple[Decision, ...]) -> Iterator[tuple[Decision, ...]]:
    """Groups of decisions that no condition ties to one another, each in order."""
    group_of: dict[str, list[Decision]] = {}
    for decision in items:
        merged = [decision]
        for member in {id(g): g for p, _ in decision.when for g in [group_of[p]]}.values():
            merged = member + merged
        for member in merged:
            group_of[member.path] = merged
    order = {decision.path: place for place, decision in enumerate(items)}
    for group in {id(g): g for g in group_of.values()}.values():
        yield tuple(sorted(group, key=lambda d: order[d.path]))
