"""Inside a Keras training pipeline that you have: your tf.data, callbacks and own `fit`; only the network is new.

    python examples/existing_pipeline.py

The search takes the data sets as they are, trains your network beside its own (`baseline_model`), and hands back a
plain Keras model. Here it goes through the same `train` as before, from new weights, as any network of yours would.
"""

from typing import Any

import keras
import tensorflow as tf
from keras import layers
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import keras_nas


def datasets() -> tuple[tf.data.Dataset, tf.data.Dataset]:
    """Batches of images `(rows, 8, 8)` uint8 and class numbers, to train on and to validate on."""
    digits = load_digits()
    parts = train_test_split(digits.images.astype("uint8"), digits.target, test_size=0.2, random_state=0)
    x, x_val, y, y_val = parts
    return tuple(tf.data.Dataset.from_tensor_slices(pair).batch(32) for pair in ((x, y), (x_val, y_val)))


def network() -> keras.Model:
    """The network so far."""
    dense = [layers.Flatten(), layers.Dense(32, "relu"), layers.Dense(10, "softmax")]
    return keras.Sequential([keras.Input((8, 8)), layers.Rescaling(1 / 16), *dense])


def callbacks() -> list[keras.callbacks.Callback]:
    """What every training has, those of the search too."""
    return [keras.callbacks.TerminateOnNaN()]


def train(model: keras.Model, epochs: int) -> float:
    """The training so far; its validation accuracy."""
    train_set, validation_set = datasets()
    model.compile(keras.optimizers.Adam(2e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    stop = keras.callbacks.EarlyStopping("val_loss", patience=5, restore_best_weights=True)
    arguments = {"validation_data": validation_set, "callbacks": [stop, *callbacks()], "verbose": 0}
    history = model.fit(train_set.shuffle(100), epochs=epochs, **arguments)
    return max(history.history["val_accuracy"])


def main(epochs: int = 30, **options: Any) -> tuple[float, float]:
    """Accuracy of the network so far, and of the one that was found, by the same training."""
    before = train(network(), epochs)
    train_set, validation_set = datasets()
    result = keras_nas.search(
        "image_classification",
        train_set,
        validation_data=validation_set,
        baseline_model=network,
        callbacks=callbacks(),
        **options,
    )
    print(result.leaderboard().iloc[:, :6].to_string(index=False))
    found = keras.models.clone_model(result.best_model)  # the network with new weights
    after = train(found, epochs)
    print(f"your training: {before:.4f} with your network, {after:.4f} with the one that was found")
    return before, after


if __name__ == "__main__":
    main(max_time=90)
