"""Layers of elastic size: each is made once, at its largest, and computes with masked weights.

A smaller network has the leading channels and the centre of each kernel. A masked weight is zero elsewhere, so that
what a layer gives is zero beyond the channels that count, exactly, and so is every gradient there; shapes never change.
Arithmetic on weights costs little beside arithmetic on maps, which are masked only behind activations of which zero is
no fixed point.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_nas.decisions import Decisions
from keras_nas.supernet.elastic import Elastic

WIDTH = {"Dense": "units"}
"""The argument that names the channels that a layer gives, where it is not `filters`."""
KERNEL = "kernel_size"
_CONV = {"kernel": "kio", "bias": "o"}
_DEPTHWISE = {"kernel": "ki.", "bias": "i"}
_SEPARABLE = {"depthwise_kernel": "ki.", "pointwise_kernel": "-io", "bias": "o"}
_NORM = {"gamma": "i", "beta": "i", "moving_mean": "i", "moving_variance": "i"}
WEIGHTS: dict[str, dict[str, str]] = {
    **dict.fromkeys(("Conv1D", "Conv2D", "Conv3D"), _CONV),
    **dict.fromkeys(("DepthwiseConv1D", "DepthwiseConv2D"), _DEPTHWISE),
    **dict.fromkeys(("SeparableConv1D", "SeparableConv2D"), _SEPARABLE),
    "Dense": {"kernel": "io", "bias": "o"},
    "BatchNormalization": _NORM,
}
"""The axes of each weight: `i` the channels that come in, `o` those that go out, `k` all sides of the kernel."""
RANKS = ("1D", "2D", "3D")
POOLINGS = ("MaxPooling", "AveragePooling", "GlobalMaxPooling", "GlobalAveragePooling")
MERGES = ("Add", "Multiply", "Average", "Maximum", "Subtract")
CHANNELWISE = frozenset(
    {"ReLU", "Activation", "Dropout", *MERGES, *(f"{pooling}{rank}" for pooling in POOLINGS for rank in RANKS)}
)
"""Layers without weights that treat each channel by itself."""
FIXED_AT_ZERO = frozenset(
    {"relu", "relu6", "leaky_relu", "elu", "selu", "gelu", "silu", "swish", "hard_silu", "hard_swish", "tanh", "linear"}
)
"""Activations that zero passes unchanged."""
ELEMENTWISE = FIXED_AT_ZERO | {"sigmoid", "hard_sigmoid", "softplus"}
PLAIN = {"groups": 1, "depth_multiplier": 1, "data_format": "channels_last", "axis": -1}
"""Arguments of which a mask knows one value only."""


@dataclass(frozen=True)
class Axis:
    """One axis of a weight whose size is decided.

    Args:
        axis: counted from the last, which is -1.
        size: how much of it counts.
        centred: whether that is the middle; otherwise it is the beginning.
    """

    axis: int
    size: Elastic
    centred: bool = False


@dataclass(frozen=True)
class Form:
    """One layer at its largest.

    Args:
        config: its arguments as plain values.
        out: the channels that it gives.
        axes: of its weights by their attributes, those whose size is decided.
        shown: whether what it gives has to be masked too.
    """

    config: Mapping[str, Any]
    out: Any = None
    axes: Mapping[str, Sequence[Axis]] = field(default_factory=dict)
    shown: bool = False


def form_of(layer: Any, config: Mapping[str, Any], inputs: Sequence[Any]) -> Form | None:
    """How a layer is held whose arguments, or whose inputs' channels, are decided; None where none are.

    Args:
        layer: its class.
        config: its arguments.
        inputs: the channels of each input.

    Raises:
        Mixed: where no mask makes one layer of all sizes; each is a layer of its own then.
    """
    name = layer.__name__
    sizes = [value for value in [*keras.tree.flatten(dict(config)), *inputs] if isinstance(value, Elastic)]
    if not sizes:
        return None
    wide = WIDTH.get(name, "filters")
    side: Any = config.get(KERNEL)
    known = [size for size in (config.get(wide), side, *inputs) if isinstance(size, Elastic)]
    plain = all(config.get(argument, value) == value for argument, value in PLAIN.items())
    if len(known) < len(sizes) or not (name in CHANNELWISE or name in WEIGHTS) or not plain:
        raise sizes[-1].mixed()
    if isinstance(side, Elastic) and not _centred(side, config):
        raise side.mixed()
    coming = _channels(inputs)
    letters = {"i": coming, "o": config.get(wide), "k": side}
    axes = {weight: _axes(spec, letters) for weight, spec in WEIGHTS.get(name, {}).items()}
    going = config.get(wide) if "o" in "".join(WEIGHTS.get(name, {}).values()) else coming
    activation = config.get("activation", "linear")
    if isinstance(going, Elastic) and activation not in ELEMENTWISE:
        raise going.mixed()
    largest = {key: value.largest if isinstance(value, Elastic) else value for key, value in config.items()}
    shown = isinstance(going, Elastic) and activation not in FIXED_AT_ZERO
    return Form(largest, going, {key: own for key, own in axes.items() if own}, shown)


def _centred(side: Elastic, config: Mapping[str, Any]) -> bool:
    """Whether a smaller kernel hears what the middle of the largest one hears."""
    strides = max(keras.tree.flatten(config.get("strides", 1)))
    parity = len({value % 2 for value in side.cases.values()}) == 1
    dilated = max(keras.tree.flatten(config.get("dilation_rate", 1))) > 1
    return parity and not dilated and config.get("padding") == "same" and bool(side.least >= strides)


def _channels(inputs: Sequence[Any]) -> Any:
    """Those of all inputs, but for those of a single channel, which are spread."""
    wide = [size for size in inputs if isinstance(size, Elastic) or size != 1]
    for size in wide[1:]:
        if wide[0] != size:
            raise next(own for own in wide if isinstance(own, Elastic)).mixed()
    return wide[0] if wide else 1


def _axes(spec: str, letters: Mapping[str, Any]) -> list[Axis]:
    """The axes of a weight that are decided; a kernel's first letter stands for as many axes as there are sides."""
    found = [Axis(place - len(spec), letters[own]) for place, own in enumerate(spec) if own in "io"]
    sides = [Axis(-3, letters["k"], centred=True)] if spec[0] == "k" else []
    return [axis for axis in (*sides, *found) if isinstance(axis.size, Elastic)]


class Masks:
    """The masks of one pass, from the weights of labels; they have gradients for these.

    Args:
        decisions: of the supernet.
        weights: from a decision's path to 1 for the label that is chosen, 0 for all others, in the order of its labels.
    """

    def __init__(self, decisions: Decisions, weights: Callable[[str], Any]) -> None:
        self.decisions = decisions
        self.weights = weights
        self._made: dict[Any, Any] = {}

    def call(self, layer: Any, form: Form, x: Any) -> Any:
        """What the layer gives with masked weights; the moments of sleeping channels stay as they are."""
        masks = [(own, self.of(own.shape, axes)) for own, axes in sliced(layer, form)]
        y = self._masked(layer, masks, x) if masks else layer(x)
        return y * self.box(form.out, (y.shape[-1],)) if form.shown else y

    def _masked(self, layer: Any, masks: Sequence[tuple[Any, Any]], x: Any) -> Any:
        given = {id(own): own.value * mask for own, mask in masks}
        with keras.StatelessScope([(own, given[id(own)]) for own, _ in masks]) as scope:
            y = layer(x)
        for own, mask in masks:
            now = scope.get_current_value(own)
            if now is not given[id(own)]:
                own.assign(tf.where(tf.broadcast_to(mask, own.shape) > 0, now, own.value))
        return y

    def of(self, shape: Sequence[int], axes: Sequence[Axis]) -> Any:
        """Ones where a weight counts, zeros elsewhere; broadcasts to its shape."""
        mask = tf.ones([1] * len(shape))
        for axis in axes:
            places = range(len(shape) - 2) if axis.centred else [len(shape) + axis.axis]
            box = self.box(axis.size, tuple(shape[place] for place in places), axis.centred)
            mask *= tf.reshape(box, [shape[place] if place in places else 1 for place in range(len(shape))])
        return mask

    def box(self, size: Elastic, lengths: tuple[int, ...], centred: bool = False) -> Any:
        """Ones where as much as `size` of each axis counts, of shape `lengths`."""

        def made() -> Any:
            boxes = np.zeros((len(size.cases), *lengths), "float32")
            for own, value in zip(boxes, map(int, size.cases.values()), strict=True):
                firsts = [(length - value) // 2 if centred else 0 for length in lengths]
                own[tuple(slice(first, first + value) for first in firsts)] = 1.0
            return tf.tensordot(self.chosen(size), boxes, axes=1)

        return self._once((size, lengths, centred), made)

    def chosen(self, size: Elastic) -> Any:
        """1 for the case that holds, shape `(cases,)`: the product of what its answers weigh."""
        return self._once((size,), lambda: reduce(operator.mul, [self._held(size, path) for path in size.paths]))

    def _held(self, size: Elastic, path: str) -> Any:
        """What the answer to one decision weighs in each case; 1 where it is not asked."""
        labels = self.decisions.named(path).domain.labels()
        answers = [dict(case) for case in size.cases]
        places = [labels.index(own[path]) if path in own else len(labels) for own in answers]
        return tf.gather(tf.concat([self.weights(path), [1.0]], axis=0), places)

    def _once(self, what: tuple[Any, ...], make: Callable[[], Any]) -> Any:
        """What many weights have in common, made once in a graph."""
        graph = None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()
        size, *more = what
        key = (graph, tuple(size.cases.items()), *more)
        if key not in self._made:
            self._made[key] = make()
        return self._made[key]


def sliced(layer: Any, form: Form) -> list[tuple[Any, Sequence[Axis]]]:
    """The layer's variables of which only a part may count, with their axes."""
    found = [(getattr(layer, name, None), axes) for name, axes in form.axes.items()]
    return [(weight, axes) for weight, axes in found if weight is not None]


def cut(weight: np.ndarray, shape: Sequence[int]) -> np.ndarray:
    """The part of a weight that a smaller layer has: the middle of a kernel's sides, the beginning of all other axes.

    Args:
        weight: of the largest layer.
        shape: that of the smaller one's.

    Example:
        >>> cut(np.arange(5 * 2 * 4).reshape(5, 2, 4), (3, 2, 1))[:, 0, 0]
        array([ 8, 16, 24])
    """
    last = max(0, weight.ndim - 2)
    starts = [(have - want) // 2 if place < last else 0 for place, (have, want) in enumerate(zip(weight.shape, shape))]
    return weight[tuple(slice(start, start + want) for start, want in zip(starts, shape, strict=True))]
