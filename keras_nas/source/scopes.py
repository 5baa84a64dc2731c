"""The scopes of a network's calls, from the names of its layers, in an order in which they can be written down."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush

from keras_nas.source.calls import Call


@dataclass
class Scope:
    """The calls at one place.

    Args:
        place: The names of the scopes, outermost first.
        parts: Numbers of calls, and scopes within, in order.
        use: Number of the call of a function that stands for all of them.
    """

    place: tuple[str, ...]
    parts: "list[int | Scope]"
    use: int | None = None

    @property
    def members(self) -> set[int]:
        """The numbers of all calls below."""
        return {n for part in self.parts for n in (part.members if isinstance(part, Scope) else {part})}

    @property
    def lines(self) -> list[int]:
        """The numbers of the calls that stand here, in order, once functions have taken theirs."""
        if self.use is not None:
            return [self.use]
        return [n for part in self.parts for n in (part.lines if isinstance(part, Scope) else [part])]

    @property
    def height(self) -> int:
        """How many scopes stand within each other below."""
        return max((1 + part.height for part in self.parts if isinstance(part, Scope)), default=0)


def tree_of(calls: Sequence[Call]) -> Scope:
    """All calls in scopes within scopes; one that only holds another is no scope of its own."""
    root = Scope((), [])
    scopes: dict[tuple[str, ...], Scope] = {(): root}
    for number, call in enumerate(calls):
        for end in range(1, len(call.place) + 1):
            if call.place[:end] not in scopes:
                scopes[call.place[:end]] = Scope(call.place[:end], [])
                scopes[call.place[: end - 1]].parts.append(scopes[call.place[:end]])
        scopes[call.place].parts.append(number)
    _join(root)
    return root


def _join(scope: Scope) -> None:
    for number, part in enumerate(scope.parts):
        if isinstance(part, Scope):
            _join(part)
            only = part.parts[0]
            if len(part.parts) == 1 and isinstance(only, Scope):
                scope.parts[number] = only


def arrange(scope: Scope, calls: Sequence[Call]) -> None:
    """Put the parts of a scope, and of those within, into an order in which each stands after what it hears."""
    while (order := _order(scope, calls)) is None:
        inner = max((part for part in scope.parts if isinstance(part, Scope)), key=lambda part: len(part.members))
        position = scope.parts.index(inner)
        scope.parts[position : position + 1] = inner.parts
    scope.parts = [scope.parts[position] for position in order]
    for part in scope.parts:
        if isinstance(part, Scope):
            arrange(part, calls)


def _order(scope: Scope, calls: Sequence[Call]) -> list[int] | None:
    """The positions of the parts in order, early calls first; None where two scopes hear each other."""
    members = [part.members if isinstance(part, Scope) else {part} for part in scope.parts]
    home = {number: position for position, group in enumerate(members) for number in group}
    waits = [{home[v.maker] for n in group for v in calls[n].inputs if v.maker in home} for group in members]
    waits = [heard - {position} for position, heard in enumerate(waits)]
    ready: list[tuple[int, int]] = []
    for position, heard in enumerate(waits):
        if not heard:
            heappush(ready, (min(members[position]), position))
    order: list[int] = []
    while ready:
        _, done = heappop(ready)
        order.append(done)
        for position, heard in enumerate(waits):
            if done in heard:
                heard.remove(done)
                if not heard:
                    heappush(ready, (min(members[position]), position))
    return order if len(order) == len(members) else None


def scopes(scope: Scope, height: int) -> Iterable[Scope]:
    """The scopes of one height below another one."""
    for part in scope.parts:
        if isinstance(part, Scope):
            if part.height == height:
                yield part
            yield from scopes(part, height)
