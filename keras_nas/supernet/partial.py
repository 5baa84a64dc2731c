"""Partial channels: one of every few goes through a decision's options, the others go past them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras

from keras_nas.errors import SpaceError
from keras_nas.nodes import Undecided
from keras_nas.supernet.net import Token

if TYPE_CHECKING:
    from keras_nas.supernet.walk import SuperWalk

Among = Callable[["SuperWalk", Any], Any]
"""The choice among options that stands somewhere, on whatever goes through it."""


def past(walk: SuperWalk, token: Token, among: Among, x: Any) -> Any:
    """The choice on the first channels of `x`, the others beside them, in an order that brings others first next time.

    So a gate that computes all options needs as much less memory. Options have to keep the number of channels; where
    they do not, which the first pass finds out by trying, all channels go through.

    Args:
        walk: stands at the choice.
        token: names it.
        among: the choice.
        x: `(batch, ..., channels)`.

    Reference:
        Xu et al., "PC-DARTS: Partial Channel Connections for Memory-Efficient Architecture Search", arXiv 1907.05737.
    """
    parts = walk.net.parts
    if walk.whole or parts.partial == 1 or not _divisible(x, parts.partial):
        return among(walk, x)
    if not parts.sealed:
        return _tried(walk, token, among, x)
    strides = parts.bypassed.get(token)
    return among(walk, x) if strides is None else _joined(_heard(walk, among, x), x, strides)


def _tried(walk: SuperWalk, token: Token, among: Among, x: Any) -> Any:
    """The same in the first pass: where some channels cannot go past the options, what was made is undone."""
    undo = walk.net.before()
    try:
        heard = _heard(walk, among, x)
        strides = _strides(heard, x, walk.net.parts.partial)
    except Undecided:
        raise
    except SpaceError:
        strides = None
    if strides is None:
        undo()
        return among(walk, x)
    walk.net.parts.bypassed[token] = strides
    return _joined(heard, x, strides)


def _heard(walk: SuperWalk, among: Among, x: Any) -> Any:
    """The choice on the first channels; what stands within its options hears all of these."""
    return among(replace(walk, whole=True), x[..., : x.shape[-1] // walk.net.parts.partial])


def _divisible(x: Any, share: int) -> bool:
    """Whether `x` is a map of known size whose channels can be divided."""
    return hasattr(x, "shape") and len(x.shape) > 2 and None not in x.shape[1:] and x.shape[-1] % share == 0


def _strides(heard: Any, x: Any, share: int) -> tuple[int, ...] | None:
    """By how much the options shrink each side of a map; None where the others cannot stand beside what they give."""
    if not hasattr(heard, "shape") or len(heard.shape) != len(x.shape) or share * heard.shape[-1] != x.shape[-1]:
        return None
    sides = list(zip(x.shape[1:-1], heard.shape[1:-1], strict=True))
    strides = tuple(-(-whole // own) for whole, own in sides)
    return strides if all(-(-whole // s) == own for (whole, own), s in zip(sides, strides, strict=True)) else None


def _joined(heard: Any, x: Any, strides: Sequence[int]) -> Any:
    """What the options give and the other channels of `x`, as small as they make a map, all shuffled."""
    count = heard.shape[-1]
    others, share = x[..., count:], x.shape[-1] // count
    if max(strides) > 1:
        others = keras.ops.max_pool(others, tuple(strides), tuple(strides), padding="same")
    y = keras.ops.concatenate([heard, others], axis=-1)
    sides = y.shape[1:-1]
    apart = keras.ops.reshape(y, (-1, *sides, share, count))
    return keras.ops.reshape(keras.ops.swapaxes(apart, -1, -2), (-1, *sides, share * count))
