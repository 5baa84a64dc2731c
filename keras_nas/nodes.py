"""The basis of the space's tree: where a traversal stands (`Place`, `Walk`) and what it meets (`Node`, `Value`)."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Self

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Condition, Decision, Decisions, Interval
from keras_nas.errors import SpaceError
from keras_nas.net import KerasNet, Net

if TYPE_CHECKING:
    from keras_tuner import HyperParameters


class Undecided(SpaceError):
    """A decision without an answer was met.

    Args:
        path: of the decision.
    """

    def __init__(self, path: str) -> None:
        super().__init__(f"decision {path!r} has no answer in this architecture; decide it with `tune` or `sample`.")
        self.path = path


@dataclass(frozen=True)
class Place:
    """Where a traversal stands: the scope of decisions, the conditions to get there, and the outermost scope."""

    scope: str = ""
    when: tuple[Condition, ...] = ()
    root: str = ""

    def path(self, name: str) -> str:
        """Full path of a decision `name` here."""
        return f"{self.scope}/{name}" if self.scope else name

    def inside(self, name: str) -> Place:
        """The scope `name` below this one."""
        return replace(self, scope=self.path(name))

    def shared(self, name: str) -> Place:
        """The scope `name` right below the outermost one, whatever has to be decided to get here."""
        return Place(self.root, root=self.root).inside(name)

    def given(self, path: str, labels: frozenset[Label]) -> Place:
        """This place, reached only when `path` is answered with one of `labels`."""
        return replace(self, when=(*self.when, (path, labels)))


@dataclass(frozen=True)
class Walk:
    """Where building stands: the architecture, the net, the scope, and what enclosing nodes give."""

    architecture: Mapping[str, Label]
    net: Net
    place: Place = Place()
    position: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)

    def inside(self, name: str, position: str | None = None) -> Self:
        """One scope further in; `position` names the layers when it differs from the scope."""
        spot = f"{self.position}/{name if position is None else position}".strip("/")
        return replace(self, place=self.place.inside(name), position=spot, net=self.net.at(spot))

    def spot(self, position: str) -> Self:
        """The same scope at another position of the network (tied copies)."""
        spot = f"{self.position}/{position}".strip("/")
        return replace(self, position=spot, net=self.net.at(spot))

    def giving(self, **values: Any) -> Self:
        """The same place with values for `Given`."""
        return replace(self, given={**self.given, **values})

    def label(self, name: str) -> Label:
        """The answer to the decision `name` of this scope."""
        path = self.place.path(name)
        if path not in self.architecture:
            raise Undecided(path)
        return self.architecture[path]

    def run(self, part: Node, x: Any) -> Any:
        """The part's output here; a walk that holds many architectures at once says how."""
        return part.apply(self, x)


Found = Iterator[tuple[Decision, object]]
"""Decisions with the object that declares each."""


class Value(ABC):
    """Something that stands for a value until an architecture says which."""

    @abstractmethod
    def decisions(self, place: Place) -> Found:
        """The decisions below, parents first."""

    @abstractmethod
    def resolve(self, walk: Walk, x: Any) -> Any:
        """The value, `x` being the layer's input."""


class Node(ABC):
    """A part of a network. With nothing left to decide it can be called on a Keras tensor."""

    @abstractmethod
    def decisions(self, place: Place) -> Found:
        """The decisions below, parents first."""

    @abstractmethod
    def apply(self, walk: Walk, x: Any) -> Any:
        """The part's output for the input `x`, both of the walk's net; None stands for no signal at all."""

    def __call__(self, x: Any) -> Any:
        """Build with stock Keras layers on the Keras tensor `x`; every decision must be fixed."""
        return Fixed(self, Architecture({}))(x)

    def tune(self, hp: HyperParameters, name: str = "") -> Fixed:
        """Let Keras Tuner's `hp` decide, under the scope `name`: `block(...).tune(hp, "stem")(x)`."""
        from keras_nas.tuning import tune

        place = Place(name, root=name)
        return Fixed(self, tune(list_decisions(self, place), hp), place)

    def layer(self, input_shape: Sequence[int | None]) -> Any:
        """A `keras.Model` of this part for inputs of `input_shape` (no batch axis), all decisions being fixed."""
        return Fixed(self, Architecture({})).layer(input_shape)


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
        self.name = checked_name(name)
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

    def __init__(self, ratio: float | Value = 1, multiple: int = 1) -> None:
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


class Stride(Value):
    """A stride that spares small maps: `step` where at least `least` pixels a side are left, else 1.

    Args:
        step: the stride.
        least: pixels of the smaller side that must be left; a side of unknown length counts as long.
    """

    def __init__(self, step: int = 2, least: int = 4) -> None:
        self.step = step
        self.least = least

    def decisions(self, place: Place) -> Found:
        """None."""
        return iter(())

    def resolve(self, walk: Walk, x: Any) -> Any:
        """The stride for a map of the shape of `x`."""
        sides = [side for side in walk.net.shape(x)[:-1] if side is not None]
        return self.step if all(side >= self.step * self.least for side in sides) else 1

    def __repr__(self) -> str:
        return f"Stride({self.step}, {self.least})"


@dataclass(frozen=True)
class Fixed:
    """A node and the answers to all its decisions: a function of Keras tensors."""

    node: Node
    architecture: Mapping[str, Label]
    place: Place = Place()

    def __call__(self, x: Any) -> Any:
        """Apply to the Keras tensor `x` of shape `(batch, ...)`."""
        return self.node.apply(Walk(self.architecture, KerasNet(), self.place), x)

    def layer(self, input_shape: Sequence[int | None]) -> Any:
        """A `keras.Model` of stock layers."""
        import keras

        x = keras.Input(tuple(input_shape))
        return keras.Model(x, self(x))


def list_decisions(part: Node | Value, place: Place = Place()) -> Decisions:
    """All decisions below `part`, each once.

    Raises:
        SpaceError: when two different choices have one name in one scope; names both.
    """
    declared: dict[str, tuple[Decision, object]] = {}
    for decision, source in part.decisions(place):
        first, owner = declared.setdefault(decision.path, (decision, source))
        if owner is not source:
            raise SpaceError(
                f"two choices are named {decision.path!r}: {owner!r} and {source!r}. Rename one, put one of them into "
                "a named Series, or use one Choice object in both places to share the decision."
            )
    return Decisions(tuple(decision for decision, _ in declared.values()))


def open_decisions(value: Any, place: Place) -> Found:
    """The decisions in an argument: of a node, a value, or any of these in a list or tuple."""
    if isinstance(value, Node | Value):
        yield from value.decisions(place)
    elif isinstance(value, list | tuple):
        for member in value:
            yield from open_decisions(member, place)


def resolve(value: Any, walk: Walk, x: Any) -> Any:
    """An argument's value: choices answered, nodes as functions of a tensor, lists member by member."""
    if isinstance(value, Value):
        return value.resolve(walk, x)
    if isinstance(value, Node):
        return lambda y: walk.run(value, y)
    if isinstance(value, list | tuple):
        return type(value)(resolve(member, walk, x) for member in value)
    return value


def checked_name(name: str) -> str:
    """`name`, which may name a decision or a scope."""
    if not isinstance(name, str) or not name or "/" in name:
        raise SpaceError(f"a name must be a string of one character or more without '/'; got {name!r}.")
    return name
