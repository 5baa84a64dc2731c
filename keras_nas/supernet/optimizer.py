"""Sleeping weights do not move, whatever the optimizer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from keras_nas.errors import InvalidArgument
from keras_nas.supernet.model import Supernet
from keras_nas.supernet.net import Branch


@dataclass
class _Group:
    """A branch's variables and their optimizer.

    Args:
        branch: the answers that lead to it.
        optimizer: built for the variables.
        variables: of the branch.
        slices: the variables of which only a part may count, each with what the optimizer remembers of it.
    """

    branch: Branch
    optimizer: Any
    variables: list[Any]
    slices: list[tuple[Any, list[Any]]] = field(default_factory=list)


@dataclass
class _Groups:
    """All groups, in an object that Keras does not look into for variables."""

    net: Supernet
    make: Callable[[], Any]
    members: list[_Group]


class AwakeOptimizer(keras.optimizers.Optimizer):
    """Gives each branch of a supernet an optimizer of its own, which is called only while the branch is awake.

    A sleeping branch has a gradient of zero, but an optimizer's momentum, weight decay and averages would move it all
    the same, and its step counter would run on. One that is not called moves nothing and forgets nothing: a branch is
    trained as if its own steps were all there are. A norm over all gradients (`global_clipnorm`) is one over each
    branch's. Of a layer of elastic size the part that sleeps is put back after each step, with what the optimizer
    remembers of it; only the count of steps is the layer's.

    Args:
        make: makes an optimizer, the same for every branch; its learning rate is where this one's starts.
        net: the supernet.

    Example:
        >>> import keras
        >>> from keras_nas.spaces.nas_bench_201 import nas_bench_201
        >>> from keras_nas.supernet import AwakeOptimizer, supernet
        >>> net = supernet(nas_bench_201(channels=4, cells=1, stages=1), (8, 8, 3))
        >>> net.compile(AwakeOptimizer(lambda: keras.optimizers.Adam(0.01), net), "mse")
    """

    def __init__(self, make: Callable[[], Any], net: Supernet, name: str = "awake_optimizer") -> None:
        super().__init__(learning_rate=float(make().learning_rate), name=name)
        self.groups = _Groups(net, make, [])

    def build(self, variables: Sequence[Any]) -> None:
        """Make the branches' optimizers, for all of `variables`."""
        if self.built:
            return
        super().build(list(variables))
        wanted = {id(variable) for variable in variables}
        for branch, layers in self.groups.net.branches().items():
            own = [weight for layer in layers for weight in layer.trainable_weights if id(weight) in wanted]
            self._add(branch, own)
            wanted -= {id(weight) for weight in own}
        self._add((), [variable for variable in variables if id(variable) in wanted])

    def _add(self, branch: Branch, variables: list[Any]) -> None:
        if variables:
            optimizer = self.groups.make()
            optimizer.build(variables)
            slices = self.groups.net.parts.slices
            remembered = _remembered(optimizer, variables)
            partial = [(own, [own, *remembered[id(own)]]) for own in variables if id(own) in slices]
            self.groups.members.append(_Group(branch, optimizer, variables, partial))

    @property
    def variables(self) -> list[Any]:
        """The step counter, the learning rate, and all branches' own."""
        own = [variable for group in self.groups.members for variable in group.optimizer.variables]
        return [*super().variables, *own]

    def apply(self, grads: Sequence[Any], trainable_variables: Sequence[Any] | None = None) -> None:
        """One step of the branches that are awake."""
        if trainable_variables is None:
            raise InvalidArgument("AwakeOptimizer.apply got no variables: pass them with their gradients.")
        self.build(trainable_variables)
        gradients = {id(variable): grad for variable, grad in zip(trainable_variables, grads, strict=True)}
        for group in self.groups.members:
            own = [gradients[id(variable)] for variable in group.variables]
            step = partial(self._step, group, own)
            if group.branch:
                tf.cond(self.groups.net.awake(group.branch), step, lambda: tf.constant(False))
            else:
                step()
        self._iterations.assign_add(1)

    def _step(self, group: _Group, gradients: list[Any]) -> Any:
        net, masks = self.groups.net, self.groups.net.masks() if group.slices else None
        counts = [(net.counts(variable, masks) > 0, followers) for variable, followers in group.slices]
        before = [(awake, own, tf.identity(own.value)) for awake, followers in counts for own in followers]
        group.optimizer.learning_rate.assign(self.learning_rate)
        group.optimizer.apply(gradients, group.variables)
        for awake, own, old in before:
            own.assign(tf.where(awake, own.value, old))
        return tf.constant(True)


def _remembered(optimizer: Any, variables: Sequence[Any]) -> dict[int, list[Any]]:
    """What an optimizer keeps of each variable, by the variable's identity; Keras names it after its path."""
    names = {variable.path.replace("/", "_"): variable for variable in variables}
    found: dict[int, list[Any]] = {id(variable): [] for variable in variables}
    for slot in optimizer.variables:
        owners = [name for name in names if slot.name.startswith(f"{name}_") and slot.shape == names[name].shape]
        if owners:
            found[id(names[max(owners, key=len)])].append(slot)
    return found
