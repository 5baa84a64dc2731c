"""The space as data: a tree of very few node types, from which everything else is a traversal.

    Op(layer, **arguments)     one layer or block; any argument may be a Choice, a Range, Channels or Given
    Series(*parts)             one after the other
    Choice(name, options)      exactly one option; an option may hold choices
    Range(name, low, high)     a number
    Repeat(name, block, depths, tied)   a block in series, as often as one of `depths` says
    Graph(name, joins)         a cell, in `keras_nas.graph`
    Shared(name, part)         a part with one set of decisions wherever it stands, there too

Two traversals: `decisions` lists what is to be decided, `apply` builds what has been. A decision's path is its name
behind the names of the scopes it stands in; choices' options, repeats, graphs and named series open scopes. One
`Choice` object used in several places of one scope is one shared decision; two objects of one name are an error.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any, Protocol, TypeVar, cast

from keras_nas.architecture import Label
from keras_nas.decisions import Decision, Domain, Labels
from keras_nas.errors import SpaceError, unknown
from keras_nas.nodes import (
    Channels,
    Found,
    Given,
    Node,
    Place,
    Range,
    Stride,
    Value,
    Walk,
    checked_name,
    open_decisions,
    resolve,
)

W = TypeVar("W", bound=Walk)


class Op(Node):
    """One layer of the network.

    Args:
        layer: a Keras layer class, or a block body `body(net, x, **arguments)`.
        **arguments: its arguments; each may be a constant, a Choice, a Range, Channels, Given, or a Node, which the
            body gets as a function of a tensor.

    Example:
        >>> from keras import layers
        >>> conv = Op(layers.Conv2D, filters=Choice("filters", [16, 32]), kernel_size=3)
    """

    def __init__(self, layer: Callable[..., Any], /, **arguments: Any) -> None:
        self.function = layer
        self.arguments = arguments

    def __getstate__(self) -> tuple[Any, bool, dict[str, Any]]:
        """Its module knows a block by what makes nodes of it, not by the body."""
        maker = getattr(self.function, "node_maker", None)
        return maker or self.function, maker is not None, self.arguments

    def __setstate__(self, state: tuple[Any, bool, dict[str, Any]]) -> None:
        function, is_maker, self.arguments = state
        self.function = function.body if is_maker else function

    @property
    def label(self) -> str:
        """Name for a choice among ops."""
        return self.function.__name__

    def decisions(self, place: Place) -> Found:
        """The decisions of its arguments, in order."""
        for value in self.arguments.values():
            yield from open_decisions(value, place)

    def apply(self, walk: Walk, x: Any) -> Any:
        """Apply the layer; no signal stays no signal."""
        if x is None:
            return None
        arguments = {name: resolve(value, walk, x) for name, value in self.arguments.items()}
        if isinstance(self.function, type):
            return walk.net(self.function, x, **arguments)
        return self.function(walk.net, x, **arguments)

    def __repr__(self) -> str:
        return f"{self.label}({', '.join(f'{name}={value!r}' for name, value in self.arguments.items())})"


class Block(Protocol):
    """What `block` makes: called with its arguments it gives an `Op`; `body(net, x, ...)` serves other bodies."""

    body: Callable[..., Any]

    def __call__(self, *args: Any, **kwargs: Any) -> Op:
        """The block with its arguments, each a constant, a Choice, a Range, Channels, Given or a Node."""


def block(body: Callable[..., Any]) -> Block:
    """Make a block of a body `body(net, x, *, ...)`: calling the block with the other arguments gives an `Op`.

    The body composes stock Keras layers through `net` and returns a tensor; it serves building, counting costs,
    printing and drawing alike.

    Example:
        >>> @block
        ... def doubled(net, x, units: int = 8):
        ...     '''Two dense layers.'''
        ...     from keras import layers
        ...     return net(layers.Dense, net(layers.Dense, x, units=units), units=units)
        >>> doubled(units=Choice("units", [8, 16]))
        doubled(units=Choice('units', [8, 16]))
    """
    signature = inspect.signature(body)
    own = signature.replace(parameters=list(signature.parameters.values())[2:], return_annotation=Op)

    @wraps(body)
    def make(*args: Any, **kwargs: Any) -> Op:
        try:
            bound = own.bind(*args, **kwargs)
        except TypeError as error:
            raise SpaceError(f"{body.__name__}{own}: {error}.") from None
        return Op(body, **bound.arguments)

    made: Any = make
    made.__signature__ = own
    made.body = body
    vars(body)["node_maker"] = made
    return cast(Block, made)


class Series(Node):
    """Parts one after the other.

    Args:
        *parts: nodes, applied in order.
        name: opens a scope of that name, so that two series may use the same names inside.
        at: names the place of the layers without opening a scope, where a part that shares its decisions with another
            place stands.
    """

    def __init__(self, *parts: Node, name: str | None = None, at: str | None = None) -> None:
        self.parts = parts
        self.name = checked_name(name) if name is not None else None
        self.at = at

    def decisions(self, place: Place) -> Found:
        """The decisions of all parts."""
        for part in self.parts:
            yield from part.decisions(place.inside(self.name) if self.name else place)

    def apply(self, walk: Walk, x: Any) -> Any:
        """Apply each part to what the one before gave."""
        walk = walk.spot(self.at) if self.at else walk
        walk = walk.inside(self.name) if self.name else walk
        for part in self.parts:
            x = walk.run(part, x)
        return x

    def __repr__(self) -> str:
        return f"Series({', '.join(map(repr, self.parts))})"


class Choice(Node, Value):
    """Exactly one of several options: layers, blocks, or plain values for an argument.

    Args:
        name: names the decision in its scope.
        options: `{label: option}`, or a list, where plain values are their own labels and blocks are named after
            their function.
    """

    def __init__(self, name: str, options: Mapping[Any, Any] | Sequence[Any]) -> None:
        self.name = checked_name(name)
        pairs = list(options.items()) if isinstance(options, Mapping) else [(_label(o), o) for o in options]
        self.options: dict[Label, Any] = {label: option for label, option in pairs}
        if not pairs or len(self.options) != len(pairs):
            raise SpaceError(
                f"choice {name!r} needs one option or more with distinct labels; got {[p[0] for p in pairs]}. "
                "Give a dict {label: option}."
            )

    def decisions(self, place: Place) -> Found:
        """The decision itself, then what each option holds."""
        path = place.path(self.name)
        yield Decision(path, Labels(tuple(self.options), ordered=_ordered(self.options)), place.when), self
        for label, option in self.options.items():
            yield from open_decisions(option, self._place(place, label))

    def _place(self, place: Place, label: Label) -> Place:
        path = place.path(self.name)
        return place.given(path, frozenset({label})).inside(f"{self.name}/{label}")

    def chosen(self, walk: Walk) -> tuple[Any, Walk]:
        """The chosen option and the walk that stands in its scope."""
        label = walk.label(self.name)
        if label not in self.options:
            path = walk.place.path(self.name)
            raise SpaceError(unknown(f"option of {path!r}", label, self.options))
        return self.options[label], walk.inside(f"{self.name}/{label}")

    def resolve(self, walk: Walk, x: Any) -> Any:
        """The chosen option as an argument."""
        option, inner = self.chosen(walk)
        return resolve(option, inner, x)

    def apply(self, walk: Walk, x: Any) -> Any:
        """Apply the chosen option, which must be a node; None is a missing signal."""
        option, inner = self.chosen(walk)
        return None if option is None else inner.run(option, x)

    def __repr__(self) -> str:
        plain = all(label == option for label, option in self.options.items())
        return f"Choice({self.name!r}, {list(self.options) if plain else self.options!r})"


class Repeat(Node):
    """A block in series, as often as one of `depths` says.

    Args:
        name: opens a scope; the depth is the decision `name/depth` where there are several depths.
        block: what is repeated.
        depths: a number of copies, or the numbers to choose from; 0 passes the input on.
        tied: one set of decisions for all copies (NASNet, NAS-Bench-201) instead of one for each (MobileNet,
            Once-for-All); weights are always per copy.
    """

    def __init__(self, name: str, block: Node, depths: int | Sequence[int], *, tied: bool = False) -> None:
        counts = [depths] if isinstance(depths, int) else list(depths)
        if not counts or min(counts) < 0:
            raise SpaceError(f"repeat {name!r} needs depths of 0 or more; got {depths}.")
        self.name = checked_name(name)
        self.block = block
        self.depth = Choice("depth", sorted(set(counts)))
        self.tied = tied

    @property
    def depths(self) -> list[int]:
        """The possible numbers of copies, ascending."""
        return list(self.depth.options.values())

    def decisions(self, place: Place) -> Found:
        """The depth, then those of the copies, each live at the depths that reach it."""
        inner = place.inside(self.name)
        if len(self.depths) > 1:
            yield from self.depth.decisions(inner)
        for copy in range(min(1, max(self.depths)) if self.tied else max(self.depths)):
            reached = frozenset[Label](depth for depth in self.depths if depth > copy)
            spot = inner if len(reached) == len(self.depths) else inner.given(inner.path("depth"), reached)
            yield from self.block.decisions(spot if self.tied else spot.inside(str(copy)))

    def apply(self, walk: Walk, x: Any) -> Any:
        """Apply the copies in series."""
        inner = walk.inside(self.name)
        depth = self.depth.resolve(inner, x) if len(self.depths) > 1 else self.depths[0]
        for copy in range(depth):
            x = self.at(inner, copy).run(self.block, x)
        return x

    def at(self, walk: W, copy: int) -> W:
        """Where a copy stands, `walk` standing inside this node."""
        return walk.spot(str(copy)) if self.tied else walk.inside(str(copy))

    def __repr__(self) -> str:
        return f"Repeat({self.name!r}, {self.block!r}, {self.depths})"


def _label(option: Any) -> Label:
    """The label of an option that was given without one."""
    if isinstance(option, str | int | float | bool):
        return option
    if isinstance(option, Op):
        return option.label
    if isinstance(option, Sequence):
        return "x".join(str(member) for member in option)
    return "none" if option is None else type(option).__name__


def _ordered(options: Mapping[Label, Any]) -> bool:
    """Whether the labels are numbers in ascending order, so that neighbours are alike."""
    numbers = [label for label in options if isinstance(label, int | float) and not isinstance(label, bool)]
    return len(numbers) == len(options) and numbers == sorted(numbers)


__all__ = [
    "Block",
    "Channels",
    "Choice",
    "Domain",
    "Given",
    "Op",
    "Range",
    "Repeat",
    "Series",
    "Stride",
    "block",
]
