"""The interface block bodies are written against, and the one that builds Keras layers.

A body says `net(layers.Conv2D, x, filters=16, kernel_size=3)` and asks `net.shape(x)`. With `KerasNet` that makes stock
Keras layers; another net counts costs or prints source from the same body.
"""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

Shape = tuple[int | None, ...]


class Net(Protocol):
    """What a block's body may use. `Any` is the net's own kind of tensor."""

    def __call__(
        self, layer: Callable[..., Any], x: Any, call: Mapping[str, Any] | None = None, /, **config: Any
    ) -> Any:
        """Apply a new `layer(**config)` to `x`, a tensor or a list of tensors, with the arguments `call` (masks)."""

    def each(self, layer: Callable[..., Any], parts: Sequence[Any], **config: Any) -> list[Any]:
        """Apply one new `layer(**config)` to each of several tensors, which so share its weights."""

    def shape(self, x: Any) -> Shape:
        """Shape of `x` without the batch axis, `(height, width, channels)` for images."""

    def channels(self, x: Any) -> int:
        """The last entry of the shape."""

    def at(self, place: str) -> Net:
        """The same net, naming what it makes after `place`."""


class KerasNet:
    """Builds stock Keras layers.

    Args:
        dtype: dtype or policy name for all layers that do not name their own, None for Keras' global policy.
        place: prefix of the layers' names, "" at the root of a model; None lets Keras name them.
        counts: shared by all places of one model, so that names are unique.
    """

    def __init__(self, dtype: str | None = None, place: str | None = None, counts: Counter[str] | None = None) -> None:
        self.dtype = dtype
        self.place = place
        self.counts: Counter[str] = Counter() if counts is None else counts

    def __call__(
        self, layer: Callable[..., Any], x: Any, call: Mapping[str, Any] | None = None, /, **config: Any
    ) -> Any:
        """Apply a new layer; a list's members are arguments of their own where the layer wants several (attention)."""
        made, options = self.make(layer, x, config), call or {}
        return made(*x, **options) if isinstance(x, list | tuple) and _takes_several(made) else made(x, **options)

    def each(self, layer: Callable[..., Any], parts: Sequence[Any], **config: Any) -> list[Any]:
        """Apply one new layer to each of several tensors."""
        made = self.make(layer, parts[0], config)
        return [made(part) for part in parts]

    def make(self, layer: Callable[..., Any], x: Any, config: dict[str, Any]) -> Any:
        """The new layer for the input `x`."""
        if self.dtype is not None:
            config.setdefault("dtype", self.dtype)
        if self.place is not None:
            config.setdefault("name", self._name(layer))
        return layer(**config)

    def shape(self, x: Any) -> Shape:
        """Shape of a Keras tensor without the batch axis."""
        return tuple(x.shape[1:])

    def channels(self, x: Any) -> int:
        """Size of the last axis."""
        return int(x.shape[-1])

    def at(self, place: str) -> KerasNet:
        """A net that prefixes its layers' names with `place` (where it names them at all)."""
        return KerasNet(self.dtype, None if self.place is None else place, self.counts)

    def _name(self, layer: Callable[..., Any]) -> str:
        kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", layer.__name__).lower()
        stem = re.sub(r"[^A-Za-z0-9_.]+", ".", f"{self.place}/{kind}".strip("/"))
        self.counts[stem] += 1
        count = self.counts[stem]
        return stem if count == 1 else f"{stem}_{count}"


def _takes_several(layer: Any) -> bool:
    """Whether the layer is called with two tensors or more instead of one list."""
    arguments = inspect.signature(layer.call).parameters.values()
    return sum(a.default is a.empty and a.kind is a.POSITIONAL_OR_KEYWORD for a in arguments) > 1
