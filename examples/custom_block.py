"""A block of your own, searched, under Keras Tuner, and as plain Keras: one function serves all three.

    python examples/custom_block.py

GhostNet's block makes half of its channels by a cheap depthwise convolution of the other half (arXiv 1911.11907).
"""

from typing import Any

from keras import layers
from sklearn.datasets import load_digits

import keras_nas
from keras_nas.blocks import convolution, pooled_head
from keras_nas.testing import check_block


@keras_nas.block
def ghost(net: keras_nas.Net, x: Any, filters: int, *, kernel: int = 3) -> Any:
    """Half of the channels by a 1x1 convolution, half as depthwise copies of these."""
    x = net(layers.Conv2D, x, filters=filters // 2, kernel_size=1, activation="relu")
    copies = net(layers.DepthwiseConv2D, x, kernel_size=kernel, padding="same", activation="relu")
    return net(layers.Concatenate, [x, copies])


node = ghost(keras_nas.Choice("filters", [16, 32, 64]), kernel=keras_nas.Choice("kernel", [3, 5]))
network = keras_nas.Series(convolution(16, 3), keras_nas.Repeat("ghosts", node, [1, 2, 3]), pooled_head())


def main(**options: Any) -> Any:
    """Test all that a block promises, then search."""
    check_block(node)
    digits = load_digits()
    data = digits.images.astype("uint8"), digits.target
    space = keras_nas.Space("ghosts", network, {"optimizer": "adamw", "learning_rate": 0.003})
    result = keras_nas.search("image_classification", data, space=space, **options)
    print(ghost(8)(layers.Input((8, 8, 3))), result.summary(), sep="\n")
    return result


if __name__ == "__main__":
    main(max_time=60)
