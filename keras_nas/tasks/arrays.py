"""Rows that are one array of numbers, with or without channels: standardised inside the network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from keras_nas.net import Net
from keras_nas.tasks.base import Task
from keras_nas.tasks.signature import ScaledSignature, Signature, scaled_signature

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split


class ArrayTask(Task):
    """What all tasks on arrays share; of the two ranks that they take, the lower one has no channels."""

    def signature(self, rows: Rows, split: Split) -> ScaledSignature:
        """Shape, dtype and statistics of the arrays."""
        return scaled_signature(rows, split, min(self.ranks))

    def prepare(self, net: Net, x: Any, signature: Signature) -> Any:
        """Standardised float32 numbers with a channel axis, whatever the user's dtype and rank."""
        from keras import layers

        assert isinstance(signature, ScaledSignature)  # noqa: S101 - made by this task
        if len(signature.input_shape) + 1 == min(self.ranks):
            x = net(layers.Reshape, x, target_shape=(*signature.input_shape, 1))
        return standardised(net, x, signature.input_mean, signature.input_std)


def standardised(net: Net, x: Any, mean: Sequence[float], std: Sequence[float]) -> Any:
    """Each channel less its mean, by its standard deviation: one layer, in float32."""
    return rescaled(net, x, [1 / s for s in std], [-m / s for m, s in zip(mean, std, strict=True)])


def rescaled(net: Net, x: Any, scale: Sequence[float], offset: Sequence[float]) -> Any:
    """Each channel times a number, plus another: one layer, in float32."""
    from keras import layers

    single = len(scale) == 1
    return net(
        layers.Rescaling,
        x,
        scale=scale[0] if single else [*scale],
        offset=offset[0] if single else [*offset],
        dtype="float32",
    )
