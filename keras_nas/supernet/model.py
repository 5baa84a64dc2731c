"""A supernet: one Keras model that holds every network of a space, and the gates that choose among them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import keras
import tensorflow as tf

from keras_nas.architecture import Architecture, Label
from keras_nas.decisions import Decision, Decisions, Interval, Labels, given
from keras_nas.encoding import Encoder
from keras_nas.errors import InvalidArgument, SpaceError
from keras_nas.spaces import Space
from keras_nas.supernet.choosers import Building, Gated, Picking
from keras_nas.supernet.elastic import MOST, Mixed
from keras_nas.supernet.gates import Gate, OneHot, StraightThrough
from keras_nas.supernet.masks import Masks
from keras_nas.supernet.net import Branch, Dimension, Parts, Pass, SharedNet, Swap, fix_it
from keras_nas.supernet.walk import Chooser, SuperWalk

Body = Callable[[Callable[[Any, Any], Any], Any, Any], Any]
"""`body(features, net, x)`: what stands around the network, `features(net, x)` being the network itself."""


def supernet(
    space: Space,
    input_shape: Sequence[int | None],
    gate: Gate | None = None,
    *,
    fixed: Mapping[str, Label] | None = None,
    body: Body | None = None,
    swap: Swap | None = None,
    dtype: str | None = None,
    elastic: bool = False,
    partial: int = 1,
) -> Supernet:
    """One Keras model that holds every option of a space once.

    The model computes what its `gates` say, a variable with one value for each label of each decision. With the default
    gate that is one network at a time: `select(architecture)` sets it, and no other is computed.

    Args:
        space: the networks; their recipe plays no part.
        input_shape: of one row, without the batch axis.
        gate: makes one result of a decision's options; `OneHot()` by default.
        fixed: answers to decisions that are not to be held, by path.
        body: what stands around the network, `body(features, net, x)`; nothing by default.
        swap: the class to use for a layer's, given also its input's shape and its arguments: same weights and function,
            but faster.
        dtype: Keras dtype policy of the layers.
        elastic: whether a choice among numbers, as a layer's argument, makes one layer of elastic size instead of one
            for each number. Needs a gate of one path.
        partial: one of how many channels goes through the options of a decision, the others past them: as much less
            memory for a gate that computes all options. Networks cannot leave such a supernet with their weights.

    Raises:
        SpaceError: for a decision that cannot be held, by its path: one that changes a shape (of an elastic supernet
            the number of channels aside), or a range of real numbers.
        InvalidArgument: for a fixed decision or label that the space does not know.

    Example:
        >>> import numpy as np
        >>> from keras_nas.spaces.nas_bench_201 import nas_bench_201
        >>> space = nas_bench_201(channels=4, cells=1, stages=1)
        >>> net = supernet(space, (8, 8, 3))
        >>> net.select(space.sample(0))
        >>> net(np.zeros((2, 8, 8, 3))).shape
        TensorShape([2, 4])

    Reference:
        Pham et al., "Efficient Neural Architecture Search via Parameter Sharing", arXiv 1802.03268; Bender et al.,
        "Understanding and Simplifying One-Shot Architecture Search", ICML 2018; Xu et al., "PC-DARTS", arXiv
        1907.05737, for partial channels.
    """
    gate = gate or OneHot()
    _check_form(gate, elastic, partial)
    made = Supernet(space, gate, dict(fixed or {}), body or (lambda features, net, x: features(net, x)))
    made.make(tuple(input_shape), (dtype, swap), Parts(elastic, partial))
    return made


def _check_form(gate: Gate, elastic: bool, partial: int) -> None:
    """Refuse what no supernet can be at once."""
    if elastic and not isinstance(gate, OneHot | StraightThrough):
        raise InvalidArgument(
            f"gate={gate!r}: an elastic supernet computes one path; expected OneHot(), StraightThrough() or "
            "Superkernel()."
        )
    if partial < 1 or (elastic and partial > 1):
        raise InvalidArgument(
            f"partial={partial!r}, elastic={elastic!r}: expected 1 or more, of an elastic supernet 1."
        )


@dataclass
class Teacher:
    """The gates of a network that others learn from; they are no weights of the supernet."""

    values: Any


class Supernet(keras.Model):
    """What `supernet` makes.

    Args:
        space: the networks.
        gate: makes one result of a decision's options.
        fixed: answers that all networks share.
        body: what stands around the network.
    """

    def __init__(self, space: Space, gate: Gate, fixed: Mapping[str, Label], body: Body) -> None:
        super().__init__()
        self.space = space
        self.gate = gate
        self.fixed = Architecture(fixed)
        self.body = body
        self.teacher: Teacher | None = None

    def make(self, input_shape: tuple[int | None, ...], options: tuple[str | None, Swap | None], parts: Parts) -> None:
        """Make all layers, once, and the gates; the first architecture is selected."""
        self.listed = _listed(self.space.network_decisions) if parts.elastic else self.space.network_decisions
        self.decisions = _open(self.listed, self.fixed)
        self.encoder = Encoder(self.decisions)
        self.parts = parts
        self.options = options
        self.rows = keras.KerasTensor((None, *input_shape), "float32")
        current = Pass()
        try:
            self.run(Building(self.parts, current), current, self.rows)
        except Mixed as mixed:
            raise SpaceError(
                f"{mixed.path!r} decides how many channels there are, which what stands around the network does not "
                f"take as they come. {fix_it(mixed.path)}"
            ) from None
        self.parts.seal()
        self.held = list(dict.fromkeys(self.parts.layers.values()))
        self.gates = self.add_weight(shape=(self.encoder.width,), initializer="zeros", name="gates", trainable=False)
        self.built = True
        self.select(self.decisions.walk(lambda decision: decision.domain.labels()[0]))

    def run(self, chooser: Chooser, current: Pass, x: Any) -> Any:
        """One traversal of the space on `x`."""
        net = SharedNet(self.parts, current, *self.options)
        walk = SuperWalk(self.fixed, net=net, decisions=self.listed, chooser=chooser)
        return self.body(lambda net, x: replace(walk, net=net).run(self.space.network, x), net, x)

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        """What the gates say; in training what the teacher says stands beside it, where there is one.

        The teacher is another network of this supernet, on the same rows: distillation in place.
        """
        y = self._computed(self._gated(), inputs)
        if not training or self.teacher is None:
            return y
        other = self._gated(self.teacher.values)
        alike = tf.reduce_all(other.values == self.gates.value)
        taught = tf.cond(alike, lambda: y, lambda: self._computed(other, inputs))
        return tf.concat([y, tf.stop_gradient(taught)], axis=-1)

    def _computed(self, gated: Gated, x: Any) -> Any:
        return self.run(gated, Pass(Masks(self.decisions, gated.weights)), x)

    def _gated(self, values: Any = None) -> Gated:
        values = tf.convert_to_tensor((self.gates if values is None else values).value)
        return Gated(self.gate, self.encoder, values, self.parts)

    def answers(self, architecture: Mapping[str, Label]) -> Architecture:
        """The answers of an architecture to the open decisions, checked.

        Raises:
            InvalidArgument: when it answers a fixed decision otherwise, or not all that are live.
        """
        other = {
            path: architecture[path] for path, label in self.fixed.items() if architecture.get(path, label) != label
        }
        if other:
            raise InvalidArgument(f"{other} differ from what this supernet holds: {dict(self.fixed)} are fixed.")
        known = {path: label for path, label in architecture.items() if path in {d.path for d in self.decisions}}
        return self.decisions.validate(known)

    def select(self, architecture: Mapping[str, Label]) -> None:
        """Gate one architecture: the values are 1 for its labels, 0 for all others."""
        self.gates.assign(self.encoder.transform([self.answers(architecture)])[0])

    def teach(self, architecture: Mapping[str, Label]) -> None:
        """Let one architecture be the teacher of all others, from the next training on."""
        row = self.encoder.transform([self.answers(architecture)])[0]
        if self.teacher is None:
            self.teacher = Teacher(keras.Variable(row, trainable=False, dtype="float32", name="teacher"))
        self.teacher.values.assign(row)

    def whole(self, architecture: Mapping[str, Label]) -> Architecture:
        """The architecture of the space's network, fixed decisions included."""
        answers = {**self.fixed, **self.answers(architecture)}
        return self.listed.walk(lambda decision: answers[decision.path])

    def layers_of(self, architecture: Mapping[str, Label]) -> dict[str, Any]:
        """The layers of one network, by the names that they have in the model that the space builds of it."""
        current = Pass()
        self.run(Picking(self.whole(architecture), self.parts), current, self.rows)
        return current.used

    def branches(self) -> dict[Branch, list[Any]]:
        """The layers by the answers that lead to them; `()` are those of all networks."""
        found: dict[Branch, list[Any]] = {}
        for (branch, *_), layer in self.parts.layers.items():
            found.setdefault(branch, []).append(layer)
        return found

    def dimensions(self) -> dict[str, Dimension]:
        """The decisions on the size of a kernel, on a depth or a width, by path."""
        return self.parts.dimensions()

    def skips(self) -> set[tuple[str, Label]]:
        """The answers that hand on what comes in, where others compute something: what DARTS may collapse onto."""
        return set(self.parts.skips)

    def masks(self) -> Masks:
        """Those of the gates as they are."""
        return Masks(self.decisions, self._gated().weights)

    def counts(self, weight: Any, masks: Masks | None = None) -> Any:
        """Which of a variable's numbers the gates let take part, 1 or 0 in its shape; None where all always do."""
        if id(weight) not in self.parts.slices:
            return None
        mask = (masks or self.masks()).of(weight.shape, self.parts.slices[id(weight)][1])
        return tf.broadcast_to(mask, weight.shape)

    def awake(self, branch: Branch) -> Any:
        """Whether the gates let a branch take part, a boolean tensor."""
        gated = self._gated()
        return tf.reduce_all([gated.mass(path, labels) > 0 for path, labels in branch] or [tf.constant(True)])


def _listed(decisions: Decisions) -> Decisions:
    """The same with ranges of few numbers as lists of them."""

    def few(decision: Decision) -> bool:
        return isinstance(decision.domain, Interval) and decision.domain.size <= MOST

    return Decisions(
        tuple(replace(d, domain=Labels(d.domain.labels(), ordered=True)) if few(d) else d for d in decisions)
    )


def _open(decisions: Decisions, fixed: Mapping[str, Label]) -> Decisions:
    """The decisions that are left when some are answered."""
    items = tuple(decisions)
    for path, label in fixed.items():
        if label not in decisions.named(path).domain:
            shown = decisions.named(path).domain.shown()
            raise InvalidArgument(f"fixed={{{path!r}: {label!r}}}: expected one of {shown}.")
        items = tuple(decision for decision in given(items, path, label) if decision.path != path)
    return Decisions(items)
