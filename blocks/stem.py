"""Stems: pixels to the first feature map."""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.blocks.convolution import convolution
from keras_nas.net import Net
from keras_nas.space import block


@block
def convolution_stem(
    net: Net,
    x: Any,
    filters: int = 32,
    kernel: int = 3,
    *,
    stride: int = 1,
    depth: int = 1,
    pool: bool = False,
    activation: str = "relu",
    normalization: str = "batch",
) -> Any:
    """One convolution or several (ResNet's, and ResNet-D's of three), then pooling where the images are large.

    Args:
        net: builds the layers.
        x: `(height, width, channels)`.
        filters: output channels; all but the last convolution have half as many.
        kernel: side of the kernels, in pixels.
        stride: of the first convolution.
        depth: how many convolutions.
        pool: whether a 3 x 3 max pooling of stride 2 follows.
        activation: of each convolution.
        normalization: of each convolution: "batch", "layer", "group" or "none".
    """
    for number in range(depth):
        width = filters if number == depth - 1 else max(1, filters // 2)
        x = convolution.body(
            net,
            x,
            width,
            kernel,
            stride=stride if number == 0 else 1,
            activation=activation,
            normalization=normalization,
        )
    return net(layers.MaxPooling2D, x, pool_size=3, strides=2, padding="same") if pool else x
