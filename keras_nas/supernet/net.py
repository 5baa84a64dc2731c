"""The net of a supernet: each layer is made once, under the answers that lead to it, and found again ever after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from keras_nas.architecture import Label
from keras_nas.errors import SpaceError
from keras_nas.net import KerasNet, Shape

Condition = tuple[str, frozenset[Label]]
Branch = tuple[Condition, ...]
"""The answers that lead to a part of the network, outermost first; empty for what all architectures share."""
Token = tuple[Branch, str, str, int]
"""What names one layer, or one choice, in every pass: its branch, its place, its kind, and which of these it is."""
Swap = Callable[[Any, Shape, Mapping[str, Any]], Any]
"""The class to use for a layer's class, the shape of its input without the batch axis, and its arguments."""


@dataclass
class Parts:
    """What the passes over one supernet share.

    Args:
        layers: made so far.
        outputs: of each choice, a tensor or a structure of them as a pattern; None where no option gives a signal.
        silent: tensors that stand for no signal in some architectures, by identity.
        skips: answers that hand on what comes in, where others compute something.
        sealed: whether all layers are made.
    """

    layers: dict[Token, Any] = field(default_factory=dict)
    outputs: dict[Token, Any] = field(default_factory=dict)
    silent: dict[int, tuple[Any, str]] = field(default_factory=dict)
    skips: set[tuple[str, Label]] = field(default_factory=set)
    sealed: bool = False


@dataclass
class Pass:
    """One traversal: how many of each kind it met at each place, and the layers it used, by their names alone."""

    tokens: Counter[tuple[Branch, str, str]] = field(default_factory=Counter)
    names: Counter[str] = field(default_factory=Counter)
    used: dict[str, Any] = field(default_factory=dict)


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
