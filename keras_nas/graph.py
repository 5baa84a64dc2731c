"""The graph node: a cell whose nodes pick their inputs and an operation on each; and parts that cells share.

NAS-Bench-201, NASNet, DARTS, hierarchical cells and searched skips are all this one node with other joins.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from keras_nas.errors import SpaceError
from keras_nas.nodes import Found, Node, Place, Value, Walk, checked_name, open_decisions, resolve
from keras_nas.space import Choice

Output = Literal["last", "loose", "all"]
Merge = Literal["add", "concat"]


@dataclass(frozen=True)
class Join:
    """One node of a graph: operations on earlier nodes, merged.

    Args:
        sources: numbers of earlier nodes, the graph's inputs first, one for each operation; each may be a Choice, and
            so may the whole (of tuples), for distinct inputs.
        ops: one operation for each source. An operation that gives no signal drops out of the merge.
        merge: "add" or "concat" (along the channels).
    """

    sources: Sequence[int | Choice] | Choice
    ops: Sequence[Node]
    merge: Merge = "add"

    def decisions(self, place: Place) -> Found:
        """Sources first, then operations."""
        sources = self.sources if isinstance(self.sources, Choice) else list(self.sources)
        yield from open_decisions(sources, place)
        yield from open_decisions(list(self.ops), place)

    def chosen(self, walk: Walk) -> list[int]:
        """The numbers of the sources."""
        sources = self.sources if isinstance(self.sources, Choice) else list(self.sources)
        return list(resolve(sources, walk, None))


class Graph(Node):
    """A directed acyclic graph of joins.

    Args:
        name: opens a scope, each join the scope of its number in it.
        joins: the nodes behind the inputs, in order; node `i` of the graph is join `i - inputs`.
        inputs: how many inputs; with several, the graph is applied to a list of tensors.
        output: "last" join, "all" joins concatenated, or the "loose" ends (used by no other join) concatenated.
        stride: given (`Given("stride")`) to the operations on inputs; 1 is given to all others. A `Stride` spares
            small maps.
    """

    def __init__(
        self, name: str, joins: Sequence[Join], *, inputs: int = 1, output: Output = "last", stride: int | Value = 1
    ) -> None:
        if not joins or any(not isinstance(j.sources, Choice) and len(j.sources) != len(j.ops) for j in joins):
            raise SpaceError(f"graph {name!r} needs one join or more, each with one operation for each source.")
        self.name = checked_name(name)
        self.joins = tuple(joins)
        self.inputs = inputs
        self.output = output
        self.stride = stride

    def decisions(self, place: Place) -> Found:
        """Join by join."""
        for number, join in enumerate(self.joins):
            yield from join.decisions(place.inside(self.name).inside(str(number)))

    def apply(self, walk: Walk, x: Any) -> Any:
        """Compute the joins in order and gather the output."""
        walk = walk.inside(self.name)
        states: list[Any] = list(x) if self.inputs > 1 else [x]
        stride = resolve(self.stride, walk, states[0])
        used: set[int] = set()
        for number, join in enumerate(self.joins):
            inner = walk.inside(str(number))
            sources = join.chosen(inner)
            used.update(sources)
            strides = [stride if source < self.inputs else 1 for source in sources]
            states.append(_join(inner, join, [states[source] for source in sources], strides))
        return self._gather(walk, states, used)

    def _gather(self, walk: Walk, states: list[Any], used: set[int]) -> Any:
        if self.output == "last":
            return states[-1]
        numbers = range(self.inputs, len(states))
        return merge(walk, [states[n] for n in numbers if self.output == "all" or n not in used], "concat")

    def __repr__(self) -> str:
        return f"Graph({self.name!r}, {len(self.joins)} joins)"


class Shared(Node):
    """A part whose decisions are one set wherever it stands: a motif that many edges of a cell may choose.

    Its decisions are live in every architecture, those that use it nowhere too.

    Args:
        name: scope of its decisions, right below the outermost scope.
        part: what stands in several places; use the same object (or `Shared`) in all of them.
    """

    def __init__(self, name: str, part: Node) -> None:
        self.name = checked_name(name)
        self.part = part

    def decisions(self, place: Place) -> Found:
        """Those of the part."""
        yield from self.part.decisions(place.shared(self.name))

    def apply(self, walk: Walk, x: Any) -> Any:
        """Apply the part; its layers are named after where it is used."""
        return replace(walk.spot(self.name), place=walk.place.shared(self.name)).run(self.part, x)

    def __repr__(self) -> str:
        return f"Shared({self.name!r}, {self.part!r})"


def _join(walk: Walk, join: Join, inputs: list[Any], strides: list[int]) -> Any:
    """One node: each operation on its input, then the merge."""
    signals = [
        walk.spot(str(edge)).giving(stride=stride).run(op, x)
        for edge, (op, x, stride) in enumerate(zip(join.ops, inputs, strides, strict=True))
    ]
    return merge_signals(walk, join, signals, inputs[0], strides[0])


def merge_signals(walk: Walk, join: Join, signals: Sequence[Any], x: Any, stride: int) -> Any:
    """What a node gives for its operations' signals, zeros where there is none; `x` and `stride` of the first."""
    heard = [signal for signal in signals if signal is not None]
    return merge(walk, heard, join.merge) if heard else _silence(walk, x, stride)


def merge(walk: Walk, signals: list[Any], how: Merge) -> Any:
    """Signals added, or side by side along the channels."""
    from keras import layers

    if len(signals) == 1:
        return signals[0]
    return walk.net(layers.Add if how == "add" else layers.Concatenate, signals)


def _silence(walk: Walk, x: Any, stride: int) -> Any:
    """All zeros in the shape that the join's operations would give."""
    from keras import layers

    if stride > 1:
        x = walk.net(layers.AveragePooling2D, x, pool_size=stride, padding="same")
    return walk.net(layers.Rescaling, x, scale=0.0)
