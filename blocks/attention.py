"""Attention: over channels."""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.net import Net
from keras_nas.space import block


@block
def squeeze_excitation(net: Net, x: Any, *, ratio: int = 4, activation: str = "relu", gate: str = "sigmoid") -> Any:
    """Channels weighted by what the whole map holds (Hu et al., arXiv 1709.01507).

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        ratio: how many times fewer channels the squeezed layer has.
        activation: of the squeezed layer.
        gate: "sigmoid" or "hard_sigmoid" (MobileNetV3).
    """
    channels = net.channels(x)
    s = net(layers.GlobalAveragePooling2D, x, keepdims=True)
    s = net(layers.Conv2D, s, filters=max(1, channels // ratio), kernel_size=1, activation=activation)
    s = net(layers.Conv2D, s, filters=channels, kernel_size=1, activation=gate)
    return net(layers.Multiply, [x, s])
