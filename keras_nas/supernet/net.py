"""The net of a supernet: each layer is made once, under the answers that lead to it, and found again ever after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field
from typing import Any, Literal

from keras_nas.architecture import Label
from keras_nas.errors import SpaceError
from keras_nas.net import KerasNet, Shape
from keras_nas.supernet.elastic import Elastic
from keras_nas.supernet.masks import Axis, Form, Masks, form_of, sliced

Condition = tuple[str, frozenset[Label]]
Branch = tuple[Condition, ...]
"""The answers that lead to a part of the network, outermost first; empty for what all architectures share."""
Token = tuple[Branch, str, str, int]
"""What names one layer, or one choice, in every pass: its branch, its place, its kind, and which of these it is."""
Role = Literal["kernel", "depth", "width"]
Swap = Callable[[Any, Shape, Mapping[str, Any]], Any]
"""The class to use for a layer's class, the shape of its input without the batch axis, and its arguments."""


@dataclass(frozen=True)
class Dimension:
    """A decision on a size.

    Args:
        role: what it is the size of.
        least: the label of the smallest.
        largest: that of the largest.
    """

    role: Role
    least: Label
    largest: Label


@dataclass
class Parts:
    """What the passes over one supernet share.

    Args:
        elastic: whether numbers that are decided make layers of elastic size.
        partial: one of how many channels goes through the options of a decision.
        layers: made so far.
        outputs: of each choice, a tensor or a structure of them as a pattern; None where no option gives a signal.
        sizes: of each choice, the channels of its output that count, where they are decided.
        splits: of each part that no single body can stand for, the decision by which it is held apart, and how.
        slices: the variables of elastic layers by identity, with the axes of which only a part may count.
        ends: of each decision among numbers, the label of the least and of the largest.
        roles: what decides a size, and what of.
        bypassed: the choices that some channels go past, with the strides of their options.
        silent: tensors that stand for no signal in some architectures, by identity.
        skips: answers that hand on what comes in, where others compute something.
        sealed: whether all layers are made.
    """

    elastic: bool = False
    partial: int = 1
    layers: dict[Token, Any] = field(default_factory=dict, init=False)
    outputs: dict[Token, Any] = field(default_factory=dict, init=False)
    sizes: dict[Token, Any] = field(default_factory=dict, init=False)
    splits: dict[Token, tuple[str, Sequence[frozenset[Label]]]] = field(default_factory=dict, init=False)
    slices: dict[int, tuple[Any, Sequence[Axis]]] = field(default_factory=dict, init=False)
    ends: dict[str, tuple[Label, Label]] = field(default_factory=dict, init=False)
    roles: dict[str, Role] = field(default_factory=dict, init=False)
    bypassed: dict[Token, tuple[int, ...]] = field(default_factory=dict, init=False)
    silent: dict[int, tuple[Any, str]] = field(default_factory=dict, init=False)
    skips: set[tuple[str, Label]] = field(default_factory=set, init=False)
    sealed: bool = field(default=False, init=False)

    def seal(self) -> None:
        """All layers are made."""
        self.sealed = True
        self.silent.clear()
        if self.partial > 1 and not self.bypassed:
            raise SpaceError(
                f"partial={self.partial}: no decision has options that keep the channels of a map, as many as can be "
                f"divided by {self.partial}; expected some, as in the cells of darts. Use partial=1."
            )

    def keep(self, layer: Any, form: Form) -> None:
        """Note what an elastic layer consists of, and what decides it."""
        self.slices.update((id(weight), (weight, axes)) for weight, axes in sliced(layer, form))
        for axis in (axis for axes in form.axes.values() for axis in axes):
            self.wide(axis.size)
            self.roles.update(dict.fromkeys(axis.size.paths if axis.centred else (), "kernel"))

    def wide(self, size: Any) -> None:
        """Note what decides a number of channels."""
        for path in size.paths if isinstance(size, Elastic) else ():
            self.roles.setdefault(path, "width")

    def deep(self, path: str, depths: Sequence[int]) -> None:
        """Note what decides a depth."""
        self.roles[path] = "depth"
        self.ends[path] = min(depths), max(depths)

    def dimensions(self) -> dict[str, Dimension]:
        """The decisions on a size, by path; what is chosen among layers of different width is none."""
        return {path: Dimension(role, *self.ends[path]) for path, role in self.roles.items() if path in self.ends}


@dataclass
class Pass:
    """One traversal.

    Args:
        masks: of elastic layers; None where all are called at their largest, on symbols.
        tokens: how many of each kind it met at each place.
        names: the same by the layers' names alone.
        used: the layers by their names.
        counting: the tensors of which only the leading channels count, by identity, with the number that does.
    """

    masks: Masks | None = None
    tokens: Counter[tuple[Branch, str, str]] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    used: dict[str, Any] = field(default_factory=dict)
    counting: dict[int, tuple[Any, Elastic]] = field(default_factory=dict)


class SharedNet(KerasNet):
    """Builds and finds the layers of a supernet.

    Args:
        parts: what is there.
        current: the traversal.
        dtype: dtype or policy name for all layers that do not name their own.
        swap: another class for some layers: same weights, same function, faster.
        place: prefix of the layers' names.
        branch: where the traversal stands.
    """

    def __init__(
        self,
        parts: Parts,
        current: Pass,
        dtype: str | None = None,
        swap: Swap | None = None,
        place: str = "",
        branch: Branch = (),
    ) -> None:
        super().__init__(dtype, place, current.names)
        self.parts = parts
        self.current = current
        self.swap = swap
        self.branch = branch

    def __call__(
        self, layer: Callable[..., Any], x: Any, call: Mapping[str, Any] | None = None, /, **config: Any
    ) -> Any:
        """Apply the layer that stands here, masked where its size is decided."""
        x = self.cut(x)
        form = form_of(layer, config, [self.size(own) for own in (x if isinstance(x, list) else [x])])
        if form is None:
            return super().__call__(layer, x, call, **config)
        made, masks = self.make(layer, x, dict(form.config)), self.current.masks
        y = made(x) if masks is None else masks.call(made, form, x)
        if not self.parts.sealed:
            self.parts.keep(made, form)
        return self.mark(y, form.out)

    def mark(self, y: Any, size: Any) -> Any:
        """`y`, of which as many of the channels count."""
        if isinstance(size, Elastic):
            self.current.counting[id(y)] = (y, size)
        return y

    def size(self, x: Any) -> Any:
        """How many channels of a tensor count here; None for what has none."""
        if id(x) in self.current.counting:
            return self.current.counting[id(x)][1].given(self.branch)
        return x.shape[-1] if hasattr(x, "shape") and len(x.shape) else None

    def shape(self, x: Any) -> Shape:
        """Shape without the batch axis, of the channels that count."""
        shape = super().shape(x)
        return (*shape[:-1], self.size(x)) if id(x) in self.current.counting else shape

    def channels(self, x: Any) -> Any:
        """The channels that count."""
        return self.size(x)

    def cut(self, x: Any) -> Any:
        """The channels that count, where it is settled here how many do; of each tensor in a list."""
        if isinstance(x, list | tuple):
            return [self.cut(own) for own in x]
        size = self.size(x)
        if id(x) not in self.current.counting or isinstance(size, Elastic) or size == x.shape[-1]:
            return x
        y = x[..., :size]
        if id(x) in self.parts.silent:
            self.parts.silent[id(y)] = (y, self.parts.silent[id(x)][1])
        return y

    def containers(self) -> list[Any]:
        """All that a part of the traversal changes, so that it can be undone; what labels stand for stays known."""
        own = [*vars(self.parts).values(), *vars(self.current).values()]
        return [
            container for container in own if isinstance(container, dict | set) and container is not self.parts.ends
        ]

    def before(self) -> Callable[[], None]:
        """A function that undoes what happens from now on."""
        kept = [(container, copy(container)) for container in self.containers()]

        def undo() -> None:
            for container, old in kept:
                container.clear()
                container.update(old)

        return undo

    def make(self, layer: Callable[..., Any], x: Any, config: dict[str, Any]) -> Any:
        """The layer that stands here, new only in the first pass."""
        self._hear(layer, x)
        token, name = self.token(layer.__name__), self._name(layer)
        if token not in self.parts.layers:
            if self.parts.sealed:
                raise SpaceError(f"no layer {name!r} was made at {token}: a block must make the same ones every time.")
            kind = self.swap(layer, self.shape(x), config) if self.swap and hasattr(x, "shape") else layer
            dtype = {} if self.dtype is None else {"dtype": self.dtype}
            self.parts.layers[token] = kind(**{**dtype, "name": name, **config})
        self.current.used[name] = self.parts.layers[token]
        return self.parts.layers[token]

    def at(self, place: str) -> SharedNet:
        """The same net at another place."""
        return SharedNet(self.parts, self.current, self.dtype, self.swap, place, self.branch)

    def when(self, path: str, labels: frozenset[Label]) -> SharedNet:
        """The same place, reached only when `path` is answered with one of `labels`."""
        branch = (*self.branch, (path, labels))
        return SharedNet(self.parts, self.current, self.dtype, self.swap, self.place or "", branch)

    def left(self, path: str, labels: Sequence[Label]) -> list[Label]:
        """Of a decision's labels those that lead here."""
        met = [own for known, own in self.branch if known == path]
        return [label for label in labels if all(label in own for own in met)]

    def token(self, kind: str) -> Token:
        """The name of the next thing of a kind here, the same in every pass."""
        where = (self.branch, self.place or "", kind)
        self.current.tokens[where] += 1
        return (*where, self.current.tokens[where])

    def _hear(self, layer: Callable[..., Any], x: Any) -> None:
        """Refuse a layer that would take zeros for a missing signal; a sum may."""
        inputs = x if isinstance(x, list | tuple) else [x]
        paths = [self.parts.silent[id(tensor)][1] for tensor in inputs if id(tensor) in self.parts.silent]
        if paths and layer.__name__ != "Add":
            raise SpaceError(
                f"an option of {paths[0]!r} gives no signal, which {layer.__name__} at {self.place!r} would take for "
                f"zeros; a supernet holds missing signals only where they are added. {fix_it(paths[0])}"
            )


def fix_it(path: str) -> str:
    """What to do about a decision that cannot be held."""
    return f"Fix it, `fixed={{{path!r}: ...}}`, or leave it out of the space."
