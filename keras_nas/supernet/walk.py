"""The traversal that builds every option: a space's own nodes, applied where decisions have no answer yet.

A part that meets an open decision is applied once for each of its labels, and the results are handed to a chooser.
Repeats and graphs are taken apart first, so that each copy and each operation stands in the network once: depth is a
chain that may be left after each copy, and a source is selected before the operation that hears it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial, reduce
from typing import Any, Protocol

from keras_nas.architecture import Label
from keras_nas.decisions import Decisions, Interval
from keras_nas.errors import SpaceError
from keras_nas.graph import Graph, Join, merge, merge_signals
from keras_nas.nodes import Node, Undecided, Walk, resolve
from keras_nas.space import Channels, Choice, Op, Range, Repeat
from keras_nas.supernet.elastic import Elastic, Mixed
from keras_nas.supernet.net import SharedNet, Token, fix_it
from keras_nas.supernet.partial import past

Labels = frozenset[Label]
Option = tuple[Labels, Callable[["SuperWalk"], Any]]
Thunk = tuple[Labels, Callable[[], Any]]


class Chooser(Protocol):
    """Makes one result of several options."""

    def __call__(self, token: Token, path: str, thunks: Sequence[Thunk], x: Any) -> Any:
        """The result at the choice `token` of the decision `path`, whose input is `x`."""


@dataclass(frozen=True, kw_only=True)
class SuperWalk(Walk):
    """A walk with open decisions.

    Args:
        decisions: of the space.
        chooser: decides what is open.
        whole: whether all channels go through options: it stands within one that hears a part of them.
    """

    net: SharedNet
    decisions: Decisions
    chooser: Chooser
    whole: bool = False

    def run(self, part: Node, x: Any) -> Any:
        """The part's output, of all its options where it meets an open decision.

        The first pass tries, and undoes what it made where the decision was met too late; the others know.
        """
        x, token, splits = self.net.cut(x), self.net.token("part"), self.net.parts.splits
        if token not in splits:
            undo = None if self.net.parts.sealed else self.net.before()
            try:
                return self._apply(part, x)
            except Undecided as undecided:
                if undo is None:
                    raise
                undo()
                splits[token] = undecided.path, self._groups(undecided)
        path, groups = splits[token]

        def among(walk: SuperWalk, x: Any) -> Any:
            return walk.choose(path, [(labels, lambda inner: inner.run(part, x)) for labels in groups], x)

        return among(self, x) if len(groups) == 1 else past(self, token, among, x)

    def _apply(self, part: Node, x: Any) -> Any:
        if isinstance(part, Graph):
            return _graph(self, part, x)
        if isinstance(part, Repeat) and len(part.depths) > 1 and self.is_open(self.inside(part.name), part.depth):
            return _repeat(self.inside(part.name), part, 0, x)
        if isinstance(part, Op) and self.net.parts.elastic:
            part = Op(part.function, **{name: self._sized(value) for name, value in part.arguments.items()})
        return part.apply(self, x)

    def _groups(self, undecided: Undecided) -> Sequence[Labels]:
        """The labels by which a part is held apart."""
        path = undecided.path
        domain = self.decisions.named(path).domain
        if isinstance(domain, Interval):
            raise SpaceError(f"{path!r} is a range of numbers, which no supernet holds. {fix_it(path)}")
        left = self.net.left(path, domain.values)
        groups = undecided.groups if isinstance(undecided, Mixed) else [frozenset({label}) for label in left]
        return [group & frozenset(left) for group in groups if not group.isdisjoint(left)]

    def _sized(self, value: Any) -> Any:
        """An argument, as a number of all its values where a decision among numbers is open."""
        if isinstance(value, Channels):
            return Channels(self._sized(value.ratio), value.multiple)
        if not isinstance(value, Choice | Range) or self.place.path(value.name) in self.architecture:
            return value
        path = self.place.path(value.name)
        domain = self.decisions.named(path).domain
        if isinstance(domain, Interval):
            return value
        options = value.options if isinstance(value, Choice) else {label: label for label in domain.values}
        if not all(isinstance(option, int | float) and not isinstance(option, bool) for option in options.values()):
            return value
        ends = sorted(options, key=lambda label: float(options[label]))
        self.net.parts.ends[path] = ends[0], ends[-1]
        return Elastic.of(path, {label: options[label] for label in self.net.left(path, domain.values)})

    def is_open(self, walk: Walk, choice: Choice) -> bool:
        """Whether a choice in the walk's scope has no answer."""
        return walk.place.path(choice.name) not in self.architecture

    def choose(self, path: str | None, options: Sequence[Option], x: Any) -> Any:
        """One of the options; a single one is no choice, but an answer."""
        if path is None or len(options) == 1:
            only, option = options[0]
            answer = {path: label for label in only} if path is not None and len(only) == 1 else {}
            return option(replace(self, architecture={**self.architecture, **answer}))
        thunks = [(labels, partial(run, self.when(path, labels))) for labels, run in options]
        token = self.net.token(f"{path}?")
        return self.net.mark(self.chooser(token, path, thunks, x), self.net.parts.sizes.get(token))

    def when(self, path: str, labels: Labels) -> SuperWalk:
        """This walk where `path` is answered with one of `labels`."""
        answers = dict.fromkeys([path], *labels) if len(labels) == 1 else {}
        return replace(self, architecture={**self.architecture, **answers}, net=self.net.when(path, labels))


def _repeat(walk: SuperWalk, repeat: Repeat, copy: int, x: Any) -> Any:
    """The copies from number `copy` on; the chain may be left where the depth is reached."""
    walk.net.parts.deep(walk.place.path(repeat.depth.name), repeat.depths)
    further = frozenset[Label](depth for depth in repeat.depths if depth > copy)
    if not further:
        return x

    def go_on(inner: SuperWalk) -> Any:
        return _repeat(inner, repeat, copy + 1, repeat.at(inner, copy).run(repeat.block, x))

    stop: list[Option] = [(frozenset[Label]({copy}), lambda _: x)] if copy in repeat.depths else []
    return walk.choose(walk.place.path(repeat.depth.name), [*stop, (further, go_on)], x)


@dataclass(frozen=True)
class _Slot:
    """Where one operation of a join may hear: sources with the labels of `path` that mean each."""

    path: str | None
    sources: dict[int, Labels]


def _graph(walk: SuperWalk, graph: Graph, x: Any) -> Any:
    """The joins in order; see `Graph.apply`."""
    walk = walk.inside(graph.name)
    states: list[Any] = list(x) if graph.inputs > 1 else [x]
    stride = resolve(graph.stride, walk, states[0])
    used: set[int] = set()
    for number, join in enumerate(graph.joins):
        inner = walk.inside(str(number))
        slots = _slots(inner, join)
        used.update(source for slot in slots for source in slot.sources)
        _refuse_loose(graph, slots)
        signals = [_edge(inner, graph, stride, edge, slot, join.ops[edge], states) for edge, slot in enumerate(slots)]
        first = next(iter(slots[0].sources))
        y = merge_signals(inner, join, signals, states[first], stride if first < graph.inputs else 1)
        walk.net.parts.silent.pop(id(y), None)
        states.append(y)
    if graph.output == "last":
        return states[-1]
    numbers = range(graph.inputs, len(states))
    return merge(walk, [states[n] for n in numbers if graph.output == "all" or n not in used], "concat")


def _refuse_loose(graph: Graph, slots: Sequence[_Slot]) -> None:
    opened = [slot.path for slot in slots if slot.path is not None]
    if opened and graph.output == "loose":
        raise SpaceError(
            f"{opened[0]!r} decides which nodes of the graph {graph.name!r} are loose ends, and so how many channels "
            f"it gives; a supernet holds one shape. {fix_it(opened[0])} A graph with output='all' can be held."
        )


def _slots(walk: SuperWalk, join: Join) -> list[_Slot]:
    """The sources of each operation, those of open choices by label."""
    if isinstance(join.sources, Choice) and walk.is_open(walk, join.sources):
        path, options = walk.place.path(join.sources.name), join.sources.options
        return [_Slot(path, _by_source({k: v[slot] for k, v in options.items()})) for slot in range(len(join.ops))]
    if isinstance(join.sources, Choice):
        return [_Slot(None, {source: frozenset()}) for source in join.chosen(walk)]
    return [_slot(walk, source) for source in join.sources]


def _slot(walk: SuperWalk, source: int | Choice) -> _Slot:
    if isinstance(source, Choice) and walk.is_open(walk, source):
        return _Slot(walk.place.path(source.name), _by_source(source.options))
    return _Slot(None, {resolve(source, walk, None): frozenset()})


def _by_source(options: dict[Label, int]) -> dict[int, Labels]:
    return {
        source: frozenset(label for label, own in options.items() if own == source)
        for source in sorted(set(options.values()))
    }


def _edge(
    walk: SuperWalk, graph: Graph, stride: int, edge: int, slot: _Slot, operation: Node, states: Sequence[Any]
) -> Any:
    """One operation on what it hears: the sources of one stride are selected from, then heard by one operation."""
    here = walk.spot(str(edge))
    groups: dict[int, list[int]] = {}
    for source in slot.sources:
        groups.setdefault(stride if source < graph.inputs else 1, []).append(source)

    def hear(step: int, sources: Sequence[int], inner: SuperWalk) -> Any:
        options: list[Option] = [(slot.sources[source], partial(_given, states[source])) for source in sources]
        heard = inner.choose(slot.path, options, states[sources[0]])
        return inner.giving(stride=step).run(operation, heard)

    return here.choose(
        slot.path,
        [(_union(slot, sources), partial(hear, step, sources)) for step, sources in groups.items()],
        states[next(iter(slot.sources))],
    )


def _union(slot: _Slot, sources: Sequence[int]) -> Labels:
    return reduce(frozenset.union, (slot.sources[source] for source in sources))


def _given(state: Any, _: SuperWalk) -> Any:
    return state
