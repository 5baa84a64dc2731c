"""Which layers belong together: the scopes of a network's names as nested groups that a picture can frame."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import dropwhile

from keras_nas.drawing.steps import Step

DEPTH = 2
"""Frames within frames at most; what is deeper stands in the innermost one."""
LEAST = 3
"""Layers of a scope that is worth a frame."""


@dataclass
class Scope:
    """A group of layers.

    Args:
        place: its name, outermost first.
        parts: numbers of layers, and groups within.
    """

    place: tuple[str, ...] = ()
    parts: list[int | Scope] = field(default_factory=list)

    @property
    def steps(self) -> list[int]:
        """The numbers of all layers below, in order."""
        return sorted(step for part in self.parts for step in (part.steps if isinstance(part, Scope) else [part]))

    @property
    def scopes(self) -> list[Scope]:
        """The groups right within."""
        return [part for part in self.parts if isinstance(part, Scope)]


def grouped(steps: Sequence[Step]) -> Scope:
    """All layers in nested groups.

    A scope is no group of its own where it would tell nothing: it is but a series of other scopes, holds few layers,
    or has a mere number for a name. Nor where it cannot be framed: what leaves it comes back.

    Args:
        steps: of the network.
    """
    root = Scope()
    for number, step in enumerate(steps):
        _home(root, step.place).parts.append(number)
    _settle(root, steps, DEPTH)
    _chain(root, steps, Counter(heard for step in steps for heard in step.inputs))
    return root


def _home(root: Scope, place: tuple[str, ...]) -> Scope:
    """The scope of that place, made where it is new."""
    scope = root
    for end in range(1, len(place) + 1):
        inner = next((found for found in scope.scopes if found.place == place[:end]), None)
        if inner is None:
            inner = Scope(place[:end])
            scope.parts.append(inner)
        scope = inner
    return scope


def _settle(scope: Scope, steps: Sequence[Step], depth: int) -> None:
    """Leave the groups that are worth a frame, down to a depth."""
    while idle := [inner for inner in scope.scopes if depth == 0 or _tells_nothing(inner, scope, steps)]:
        _open(scope, idle)
    while entangled := _entangled(scope, steps):
        _open(scope, entangled)
    for inner in scope.scopes:
        _settle(inner, steps, depth - 1)


def _open(scope: Scope, idle: Sequence[Scope]) -> None:
    """Put what some groups hold in their stead."""
    parts: list[int | Scope] = []
    for part in scope.parts:
        opened = isinstance(part, Scope) and any(part is one for one in idle)
        parts += part.parts if opened and isinstance(part, Scope) else [part]
    scope.parts = parts


def _tells_nothing(scope: Scope, within: Scope, steps: Sequence[Step]) -> bool:
    if len(scope.steps) < LEAST or len(scope.parts) == 1 or _is_chain(scope.steps, steps):
        return True
    if label(scope.place, within.place).isdigit():
        return True
    return len(scope.scopes) == len(scope.parts) and _is_series(scope, steps)


def _chain(scope: Scope, steps: Sequence[Step], listeners: Counter[int]) -> None:
    """Put layers of one place that follow each other into one group each, which has no groups within: a box."""
    chains: dict[int, Scope] = {}
    parts: list[int | Scope] = []
    for part in scope.parts:
        if isinstance(part, Scope):
            _chain(part, steps, listeners)
            parts.append(part)
            continue
        step, before = steps[part], steps[part].inputs[-1] if steps[part].inputs else -1
        joins = before in chains and len(step.inputs) == 1 and listeners[before] == 1
        if not (joins and chains[before].place == step.place and steps[before].kind != "InputLayer"):
            chains[part] = Scope(step.place, [part])
            parts.append(chains[part])
            continue
        chains[part] = chains[before]
        chains[part].parts.append(part)
    scope.parts = parts


def _is_chain(numbers: Sequence[int], steps: Sequence[Step]) -> bool:
    """Whether each layer hears just the one before."""
    return all(steps[b].inputs == (a,) for a, b in zip(numbers, numbers[1:], strict=False))


def _is_series(scope: Scope, steps: Sequence[Step]) -> bool:
    """Whether each part hears just the one before, as blocks in a row do."""
    heard = links(scope, steps)
    return all(heard[part] <= {part - 1} for part in range(len(scope.parts)))


def links(scope: Scope, steps: Sequence[Step]) -> dict[int, set[int]]:
    """Which parts of a group hear which others, by position."""
    home = {step: position for position, part in enumerate(scope.parts) for step in _members(part)}
    return {
        position: {home[heard] for step in _members(part) for heard in steps[step].inputs if heard in home} - {position}
        for position, part in enumerate(scope.parts)
    }


def _members(part: int | Scope) -> list[int]:
    return part.steps if isinstance(part, Scope) else [part]


def _entangled(scope: Scope, steps: Sequence[Step]) -> list[Scope]:
    """Groups of a circle: one hears another that hears it."""
    try:
        TopologicalSorter(links(scope, steps)).prepare()
    except CycleError as error:
        parts = [scope.parts[position] for position in dict.fromkeys(error.args[1])]
        return [part for part in parts if isinstance(part, Scope)]
    return []


def ordered(heard: dict[int, set[int]]) -> list[int]:
    """Positions in an order in which each stands behind those it hears, the given one as far as it can be."""
    sorter = TopologicalSorter(heard)
    sorter.prepare()
    return list(_ready(sorter))


def _ready(sorter: TopologicalSorter[int]) -> Iterator[int]:
    while sorter.is_active():
        for position in sorted(sorter.get_ready()):
            yield position
            sorter.done(position)


def label(place: Sequence[str], within: Sequence[str] = ()) -> str:
    """A place for people, seen from an outer one; numbers that lead it say nothing where a name follows.

    Example:
        >>> label(("stage0", "blocks", "1"), ("stage0",)), label(("cell", "0", "1", "pool"), ("cell",))
        ('blocks 1', 'pool')
    """
    parts = tuple(place[len(within) :])
    named = tuple(dropwhile(str.isdigit, parts)) or parts
    return " ".join(named)


def likeness(scope: Scope, steps: Sequence[Step]) -> tuple[object, ...]:
    """What two groups share that are the same but for the number of channels and the size of the maps."""
    numbers = scope.steps
    base = (steps[numbers[-1]].shape or (1,))[-1] or 1
    inner = {step: position for position, step in enumerate(numbers)}
    outer: dict[int, int] = {}
    rows = []
    for number in numbers:
        step = steps[number]
        heard = tuple(inner[n] if n in inner else -1 - outer.setdefault(n, len(outer)) for n in step.inputs)
        rows.append((step.form, round(((step.shape or (1,))[-1] or 1) / base, 3), heard))
    return tuple(rows)
