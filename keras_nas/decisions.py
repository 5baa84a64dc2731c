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

from keras_nas.architecture import Architecture, Label
from keras_nas.domains import Domain, Interval, Labels
from keras_nas.errors import InvalidArgument, unknown

Condition = tuple[str, frozenset[Label]]
Pick = Callable[["Decision"], Label]


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
        """Return `architecture`, checked: every live decision answered with one of its labels, as it was declared.

        Raises:
            InvalidArgument: naming the path that is missing, left over or wrongly answered.
        """

        def answer(decision: Decision) -> Label:
            label = architecture.get(decision.path)
            if label is None or label not in decision.domain:
                raise InvalidArgument(
                    f"decision {decision.path!r} needs one of {decision.domain.shown()}; got {label!r}."
                )
            return decision.domain.own(label)

        checked = self.walk(answer)
        extra = sorted(set(architecture) - set(checked))
        if extra:
            raise InvalidArgument(f"{extra} are not live decisions of this architecture; leave them out.")
        return checked

    @cached_property
    def size(self) -> float:
        """How many architectures there are: an exact integer, or infinity with a real-valued range."""
        return _count(self.items, {})


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
        joined = list({id(group): group for group in (group_of[path] for path, _ in decision.when)}.values())
        merged = [member for group in joined for member in group] + [decision]
        group_of.update((member.path, merged) for member in merged)
    order = {decision.path: place for place, decision in enumerate(items)}
    for group in {id(group): group for group in group_of.values()}.values():
        yield tuple(sorted(group, key=lambda member: order[member.path]))


__all__ = ["Condition", "Decision", "Decisions", "Domain", "Interval", "Labels", "given"]
