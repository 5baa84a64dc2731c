"""What happens where a supernet meets a decision: all options are built, one is picked, or a gate weighs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from keras_nas.architecture import Label
from keras_nas.encoding import Encoder
from keras_nas.errors import SpaceError
from keras_nas.supernet.elastic import merged
from keras_nas.supernet.gates import Gate
from keras_nas.supernet.net import Parts, Pass, Token, fix_it
from keras_nas.supernet.walk import Thunk


class Building:
    """Runs every option once on symbolic tensors, so that all layers are made, and refuses what differs in shape.

    Options that hand on their input, beside others that compute something, are noted as skips. In an elastic supernet
    options may differ in their channels: zeros follow those of the narrow ones.

    Args:
        parts: of the supernet.
        current: the traversal.
    """

    def __init__(self, parts: Parts, current: Pass) -> None:
        self.parts = parts
        self.current = current

    def __call__(self, token: Token, path: str, thunks: Sequence[Thunk], x: Any) -> Any:
        """A new symbolic tensor of the shape that all options give."""
        before = len(self.parts.layers)
        results = [(labels, run()) for labels, run in thunks]
        if len(self.parts.layers) > before:
            self.parts.skips.update((path, label) for labels, y in results if y is x for label in labels)
        heard = [(labels, y) for labels, y in results if y is not None]
        self.parts.outputs[token] = None
        if not heard:
            return None
        widest = heard[0]
        if self.parts.elastic and all(hasattr(own, "shape") for _, own in heard):
            widest = max(heard, key=lambda option: option[1].shape[-1] or 0)
            size = merged(path, [(labels, self._size(path, labels, own)) for labels, own in heard])
            self.parts.sizes[token] = size
            self.parts.wide(size)
        for labels, y in heard:
            self._check(path, widest, (labels, y))
        y = keras.tree.map_structure(lambda t: keras.KerasTensor(t.shape, t.dtype), widest[1])
        self.parts.outputs[token] = y
        if len(heard) < len(results) or any(id(own) in self.parts.silent for _, own in heard):
            self.parts.silent[id(y)] = (y, path)
        return y

    def _size(self, path: str, labels: frozenset[Label], y: Any) -> Any:
        """The channels of an option's output that count."""
        counting = self.current.counting.get(id(y))
        return counting[1].given(((path, labels),)) if counting else y.shape[-1]

    def _check(self, path: str, first: tuple[Any, Any], other: tuple[Any, Any]) -> None:
        shapes = [[tuple(t.shape[1:]) for t in keras.tree.flatten(y)] for _, y in (first, other)]
        if self.parts.elastic and all(hasattr(y, "shape") for _, y in (first, other)):
            shapes = [[shape[:-1] for shape in own] for own in shapes]
        if shapes[0] != shapes[1]:
            named = [" or ".join(map(repr, sorted(labels, key=str))) for labels, _ in (first, other)]
            given = [", ".join(map(str, own)) for own in shapes]
            raise SpaceError(
                f"{path!r} changes the shape: {named[0]} gives {given[0]}, {named[1]} gives {given[1]}; a supernet "
                f"holds options of one shape. {fix_it(path)}"
            )


class Picking:
    """Runs the one option that an architecture names, on symbolic tensors.

    Args:
        architecture: answers to the live decisions.
        parts: of the supernet.
    """

    def __init__(self, architecture: Mapping[str, Label], parts: Parts) -> None:
        self.architecture = architecture
        self.parts = parts

    def __call__(self, token: Token, path: str, thunks: Sequence[Thunk], x: Any) -> Any:
        """A symbol of the shape that all options have."""
        next(run for labels, run in thunks if self.architecture[path] in labels)()
        return self.parts.outputs[token]


class Gated:
    """Lets a gate weigh the options by the values of their decision.

    Args:
        gate: makes one result of options and weights.
        encoder: where each decision's values stand.
        values: of all decisions, shape `(encoder.width,)`.
        parts: of the supernet.
    """

    def __init__(self, gate: Gate, encoder: Encoder, values: Any, parts: Parts) -> None:
        self.gate = gate
        self.encoder = encoder
        self.values = values
        self.parts = parts

    def __call__(self, token: Token, path: str, thunks: Sequence[Thunk], x: Any) -> Any:
        """The gate's result."""
        pattern = self.parts.outputs[token]
        if pattern is None:
            return None
        weights = tf.stack([self.mass(path, labels) for labels, _ in thunks])
        options = [partial(_heard, run, pattern, x) for _, run in thunks]
        return self.gate.mix(weights, options, partial(silence, pattern, x))

    def mass(self, path: str, labels: frozenset[Label]) -> Any:
        """The summed weight of some labels of a decision."""
        weights, order = self.weights(path), self.encoder.decisions.named(path).domain.labels()
        return tf.add_n([weights[place] for place, label in enumerate(order) if label in labels])

    def weights(self, path: str) -> Any:
        """Those of a decision's labels, in their order."""
        return self.gate.weights(self.values[self.encoder.columns(path)])


def _heard(run: Callable[[], Any], pattern: Any, x: Any) -> Any:
    """The option's output with the pattern's static shape: zeros where it gives none, and behind its own channels."""
    y = run()
    if y is None:
        return silence(pattern, x)
    if not hasattr(y, "shape") or y.shape[-1] == pattern.shape[-1]:
        return y
    return tf.pad(y, [[0, 0]] * (len(y.shape) - 1) + [[0, pattern.shape[-1] - y.shape[-1]]])


def silence(pattern: Any, x: Any) -> Any:
    """Zeros of the pattern's shape for the rows of `x`."""
    rows = tf.shape(keras.tree.flatten(x)[0])[0]
    return keras.tree.map_structure(lambda t: tf.zeros((rows, *t.shape[1:]), t.dtype), pattern)
