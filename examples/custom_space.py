"""A space of your own: stock Keras layers and ready blocks, with a choice wherever you are not sure.

    python examples/custom_space.py

It is data: count it, sample it, draw it, give it to `search` or to any Keras Tuner tuner.
"""

from typing import Any

from keras import layers
from sklearn.datasets import load_digits

import keras_nas
from keras_nas import Choice, Op, Range, Repeat, Series, Space
from keras_nas.blocks import convolution, inverted_residual, pooled_head, residual

body = Choice(
    "body",
    {
        "plain": residual(convolution(Choice("width", [16, 32]), 3)),
        "inverted": inverted_residual(32, expansion=Choice("expansion", [2, 4])),
    },
)
network = Series(
    Op(layers.Conv2D, filters=32, kernel_size=Choice("patch", [1, 2, 3]), padding="same", use_bias=False),
    Repeat("blocks", body, [1, 2, 3]),
    pooled_head(dropout=Choice("dropout", [0.0, 0.2])),
)
recipe = {"learning_rate": Range("learning_rate", 0.01, 0.2, log=True), "batch_size": 64, "augmentation": "shift"}
space = Space("mine", network, recipe)


def main(**options: Any) -> Any:
    """Look at the space, then search it."""
    print(space, dict(space.sample(0)), f"{len(list(space.neighbours(space.sample(0), 0)))} neighbours", sep="\n")
    digits = load_digits()
    data = digits.images.astype("uint8"), digits.target
    result = keras_nas.search("image_classification", data, space=space, **options)
    print(result.summary())
    return result


if __name__ == "__main__":
    main(max_time=60)
