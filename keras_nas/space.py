"""The space as data: a tree of very few node types, from which everything else is a traversal.

    Op(layer, **arguments)     one layer or block; any argument may be a Choice, a Range, Channels or Given
    Series(*parts)             one after the other
    Choice(name, options)      exactly one option; an option may hold choices
    Range(name, low, high)     a number
    Repeat(name, block, depths, tied)   a block in series, as often as one of `depths` says
    Graph(name, joins)         a cell, in `keras_nas.graph`

Two traversals: `decisions` lists what is to be decided, `apply` builds what has been. A decision's path is its name
behind the names of the scopes it stands in; choices' options, repeats, graphs and named series open scopes. One
`Choice` object used in several places of one scope is one shared decision; two objects of one name are an error.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from typing import Any

from keras_nas.architecture import Label
from keras_nas.decisions import Decision, Domain, Interval, Labels
from keras_nas.errors import SpaceError, unknown
from keras_nas.nodes import Found, Node, Place, Value, Walk, open_decisions, resolve


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


def block(body: Callable[..., Any]) -> Callable[..., Op]:
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

    make.__signature__ = own  # type: ignore[attr-defined]
    return make


class Series(Node):
    """Parts one after the other.

    Args:
        *parts: nodes, applied in order.
        name: opens a scope of that name, so that two series may use the same names inside.
    """

    def __init__(self, *parts: Node, name: str | None = None) -> None:
        self.parts = parts
        self.name = _checked(name) if name is not None else None

    def decisions(self, place: Place) -> Found:
        """The decisions of all parts."""
        for part in self.parts:
            yield from part.decisions(place.inside(self.name) if self.name else place)

    def apply(self, walk: Walk, x: Any) -> Any:
        """Apply each part to what the one before gave."""
        walk = walk.inside(self.name) if self.name else walk
        for part in self.parts:
            x = part.apply(walk, x)
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
        self.name = _checked(name)
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
        return None if option is None else option.apply(inner, x)

    def __repr__(self) -> str:
        plain = all(label == option for label, option in self.options.items())
        return f"Choice({self.name!r}, {list(self.options) if plain else self.options!r})"


class Range(Value):
    """A number between two bounds, both included.

    Args:
        name: names the decision in its scope.
        low: the least value; with an integer `low` and `high` and no `log` the step is 1 unless given.
        high: the largest value.
        step: distance between values; None for a real number.
        log: whether to spread it evenly in the logarithm.
    """

    def __init__(self, name: str, low: float, high: float, *, step: float | None = None, log: bool = False) -> None:
        integer = isinstance(low, int) and isinstance(high, int) and isinstance(step, int | None)
        self.name = _checked(name)
        self.interval = Interval(low, high, 1 if integer and step is None else step, log, integer)

    def decisions(self, place: Place) -> Found:
        """The decision itself."""
        yield Decision(place.path(self.name), self.interval, place.when), self

    def resolve(self, walk: Walk, x: Any) -> Any:
        """The number."""
        return walk.label(self.name)

    def __repr__(self) -> str:
        return f"Range({self.name!r}, {self.interval.low}, {self.interval.high})"


class Channels(Value):
    """A multiple of the number of channels that the layer's input has.

    Args:
        ratio: the factor, or a Choice of it.
        multiple: the result is rounded to a multiple of this, and is at least this.
    """

    def __init__(self, ratio: float | Choice | Range = 1, multiple: int = 1) -> None:
        self.ratio = ratio
        self.multiple = multiple

    def decisions(self, place: Place) -> Found:
        """Those of the ratio."""
        yield from open_decisions(self.ratio, place)

    def resolve(self, walk: Walk, x: Any) -> Any:
        """The number of channels."""
        wanted = resolve(self.ratio, walk, x) * walk.net.channels(x)
        return max(self.multiple, round(wanted / self.multiple) * self.multiple)

    def __repr__(self) -> str:
        return f"Channels({self.ratio!r})"


class Given(Value):
    """A value that an enclosing node gives: a reduction cell gives its edges their `stride`.

    Args:
        name: what is given.
        default: the value where nothing encloses.
    """

    def __init__(self, name: str, default: Any = None) -> None:
        self.name = name
        self.default = default

    def decisions(self, place: Place) -> Found:
        """None."""
        return iter(())

    def resolve(self, walk: Walk, x: Any) -> Any:
        """What the nearest enclosing node gives."""
        return walk.given.get(self.name, self.default)

    def __repr__(self) -> str:
        return f"Given({self.name!r})"


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
        self.name = _checked(name)
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
            x = self.block.apply(inner.spot(str(copy)) if self.tied else inner.inside(str(copy)), x)
        return x

    def __repr__(self) -> str:
        return f"Repeat({self.name!r}, {self.block!r}, {self.depths})"


def _checked(name: str) -> str:
    if not isinstance(name, str) or not name or "/" in name:
        raise SpaceError(f"a name must be a string of one character or more without '/'; got {name!r}.")
    return name


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


__all__ = ["Channels", "Choice", "Domain", "Given", "Op", "Range", "Repeat", "Series", "block"]
