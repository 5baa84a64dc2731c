"""Segmentation for `tasks.py`: the Dice coefficient of the nuclei of DSB 2018, and a plain U-Net beside the search."""

from __future__ import annotations

from typing import Any

import numpy as np

EPOCHS, BATCH = 20, 16


def dice(outputs: np.ndarray, y: np.ndarray, classes: Any) -> float:
    """Of the second class, of the pixels of all images together."""
    guess, truth = np.asarray(classes)[outputs.argmax(axis=-1)] == classes[1], y == classes[1]
    return float(2 * (guess & truth).sum() / (guess.sum() + truth.sum()))


def by_plain_unet(parts: dict[str, np.ndarray]) -> dict[str, float]:
    """The Dice coefficient of a U-Net as textbooks have it, trained with Keras' defaults for 20 epochs."""
    import keras

    keras.utils.set_random_seed(0)
    model = plain_unet(parts["x_train"].shape[1:])
    model.compile("adam", "sparse_categorical_crossentropy")
    model.fit(parts["x_train"], parts["y_train"], batch_size=BATCH, epochs=EPOCHS, verbose=0)
    outputs = model.predict(parts["x_test"], batch_size=BATCH, verbose=0)
    return {"plain_unet": dice(outputs, parts["y_test"], (0, 1))}


def plain_unet(shape: tuple[int, ...], width: int = 16, levels: int = 3) -> Any:
    """Two convolutions a level, max pooling, transposed convolutions, skips side by side."""
    import keras
    from keras import layers

    def twice(x: Any, filters: int) -> Any:
        for _ in range(2):
            x = layers.Conv2D(filters, 3, padding="same", activation="relu")(x)
        return x

    inputs = keras.Input(shape)
    x, seen = layers.Rescaling(1 / 255)(layers.Reshape((*shape, 1))(inputs)), []
    for level in range(levels):
        seen.append(twice(x, width * 2**level))
        x = layers.MaxPooling2D()(seen[-1])
    x = twice(x, width * 2**levels)
    for level in reversed(range(levels)):
        x = layers.Conv2DTranspose(width * 2**level, 2, strides=2)(x)
        x = twice(layers.Concatenate()([seen[level], x]), width * 2**level)
    return keras.Model(inputs, layers.Conv2D(2, 1, activation="softmax")(x))
