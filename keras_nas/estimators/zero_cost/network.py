"""Networks at initialisation that compute at once: what all zero-cost scores look at.

`AtOnce` is a `Net`, so that a space's or a block's body runs on it as on any other, but on numbers: no model is built
and nothing is traced. Its layers come out of `Weights`, by where they stand in the network: architectures that share a
part share its layers, as the paths of a supernet do, so that after some networks there is nothing left to build.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf
from keras import layers

from keras_nas.estimators.zero_cost.weights import Weights
from keras_nas.net import KerasNet, Net

NORMALIZATIONS = (
    layers.BatchNormalization,
    layers.LayerNormalization,
    layers.GroupNormalization,
    layers.UnitNormalization,
)
ACTIVATIONS = (layers.Activation, layers.ReLU, layers.LeakyReLU, layers.PReLU, layers.ELU)
ACTIVATED = (
    *(layers.Dense, layers.EinsumDense, layers.Conv1D, layers.Conv2D, layers.Conv3D),
    *(layers.SeparableConv1D, layers.SeparableConv2D, layers.DepthwiseConv1D, layers.DepthwiseConv2D),
    *(layers.Conv1DTranspose, layers.Conv2DTranspose, layers.Conv3DTranspose),
)
"""Layers whose argument `activation` is a layer of its own here, so that what enters it can be seen."""

APPLY = KerasNet()


@dataclass(frozen=True)
class Variant:
    """In which form a network is looked at.

    Args:
        draw: of the kernels: "glorot", as Keras draws them; "positive", their absolute values; "normal", standard
            normal.
        normalized: whether there is normalisation; by the batch's own statistics.
        thin: whether all convolutions have one filter.
        copy: counts independent draws.
        dtype: of all numbers.
    """

    draw: str = "glorot"
    normalized: bool = True
    thin: bool = False
    copy: int = 0
    dtype: str = "float32"


@dataclass
class Run:
    """What a network left behind when it computed.

    Args:
        kernels: the variables of rank 2 or more that were used; biases and scales are not among them.
        maps: outputs of the layers with kernels, `(rows, ...)`.
        signals: inputs of the activations, `(rows, ...)`.
        variances: of the batch before each batch normalisation, `(channels,)`.
        features: the last output of a layer that is more than a vector a row; the outputs where there is none.
        outputs: of the network, `(rows, outputs)`.
    """

    kernels: list[Any] = field(default_factory=list)
    maps: list[Any] = field(default_factory=list)
    signals: list[Any] = field(default_factory=list)
    variances: list[Any] = field(default_factory=list)
    features: Any = None
    outputs: Any = None


@dataclass(frozen=True)
class Batch:
    """Rows, for the scores that look at data.

    Args:
        x: float32 `(rows, ...)`, as the searched network gets them: scaled.
        y: `(rows, outputs)`, as the loss gets them.
        loss: of targets and the network's outputs, a number.
    """

    x: Any
    y: Any
    loss: Callable[[Any, Any], Any]


@dataclass(frozen=True)
class Network:
    """One architecture at initialisation, a function of numbers.

    Args:
        body: applies the network, `body(net, x)`; the outputs `(rows, outputs)` are what the loss sees.
        weights: where its layers come from; the same for all networks that are compared.

    Example:
        >>> from keras_nas.spaces.nas_bench_201 import nas_bench_201
        >>> space = nas_bench_201(channels=4, cells=1, stages=1)
        >>> network = Network(lambda net, x: space.features(space.sample(0), net, x), Weights(seed=0))
        >>> network(tf.ones((2, 8, 8, 3))).outputs.shape
        TensorShape([2, 4])
    """

    body: Callable[[Net, Any], Any]
    weights: Weights

    def __call__(self, x: Any, variant: Variant = Variant()) -> Run:
        """Compute.

        Args:
            x: `(rows, ...)`.
            variant: form of the network.
        """
        run = Run()
        run.outputs = self.body(AtOnce(self.weights, variant, run, "", Counter()), tf.cast(x, variant.dtype))
        run.features = run.outputs if run.features is None else run.features
        return run


class AtOnce(KerasNet):
    """A `Net` on numbers.

    Args:
        weights: where layers come from.
        variant: form of the network.
        run: gathers what is left behind.
        place: prefix of the layers' names.
        counts: shared by all places of one network.
    """

    def __init__(self, weights: Weights, variant: Variant, run: Run, place: str, counts: Counter[str]) -> None:
        super().__init__(variant.dtype, place, counts)
        self.weights = weights
        self.variant = variant
        self.run = run

    def at(self, place: str) -> AtOnce:
        """The same net at another place."""
        return AtOnce(self.weights, self.variant, self.run, place, self.counts)

    def __call__(self, layer: Any, x: Any, call: Any = None, /, **config: Any) -> Any:
        """A layer's output."""
        if issubclass(layer, NORMALIZATIONS) and not self.variant.normalized:
            return x
        activation = config.get("activation")
        if issubclass(layer, ACTIVATED) and activation not in (None, "linear"):
            return self(layers.Activation, self(layer, x, **{**config, "activation": None}), activation=activation)
        if issubclass(layer, ACTIVATIONS) and activation != "softmax":
            self.run.signals.append(x)
        if layer is layers.BatchNormalization:
            y = self._standardized(x, config.get("epsilon", 1e-3))
        else:
            y = self._computed(layer, x, call, config)
        if not isinstance(y, list | tuple) and len(y.shape) > 2:
            self.run.features = y
        return y

    def _computed(self, layer: Any, x: Any, call: Any, config: dict[str, Any]) -> Any:
        """The output of a layer of the shared ones."""
        variant = self.variant
        if variant.thin and "filters" in config:
            config["filters"] = 1

        def make() -> Any:
            made = layer(**{**config, "dtype": variant.dtype})
            APPLY(lambda: made, x, call)
            return made

        shapes = [tuple(tensor.shape[1:]) for tensor in (x if isinstance(x, list | tuple) else [x])]
        place = (self._name(layer), repr(shapes), repr([(name, _spelled(own)) for name, own in sorted(config.items())]))
        made, kernels = self.weights.layer(make, place, (variant.draw, variant.dtype), variant.copy)
        y = APPLY(lambda: made, x, call)
        self.run.kernels += kernels
        self.run.maps += [y] if kernels else []
        return y

    def _standardized(self, x: Any, epsilon: float) -> Any:
        """Batch normalisation at initialisation: zero mean and unit variance over all axes but the last."""
        channels = x.shape[-1]
        y, _, variance, *_ = tf.raw_ops.FusedBatchNormV3(
            x=tf.reshape(x, (-1, 1, 1, channels)),
            scale=tf.ones(channels),
            offset=tf.zeros(channels),
            mean=tf.zeros(0),
            variance=tf.zeros(0),
            epsilon=epsilon,
            is_training=True,
        )
        self.run.variances.append(variance)
        return tf.reshape(y, x.shape)


def _spelled(argument: Any) -> Any:
    """An argument as it reads in every process; an object of Keras by its class and its own arguments."""
    if isinstance(argument, type) or not hasattr(argument, "get_config"):
        return argument
    config = argument.get_config()
    return type(argument).__name__, [(name, _spelled(config[name])) for name in sorted(config) if name != "name"]
