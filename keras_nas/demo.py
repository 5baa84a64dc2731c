"""The demonstration: a search on scikit-learn's digits, beside two baselines, to an exported model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.results.result import SearchResult

SNIPPET = """import tensorflow as tf
model = tf.saved_model.load({path!r})
probabilities = model.serve(images)  # uint8 (n, 8, 8), as they came"""
COLUMNS = ["trial", "stage", "val_accuracy", "val_loss", "params", "epochs"]


def demo(directory: str | Path, max_time: float = 120.0, seed: int = 0) -> SearchResult:
    """Search, compare, export; prints as it goes.

    Args:
        directory: a new folder for the search and the exported model.
        max_time: seconds of the search.
        seed: keys all randomness.

    Returns:
        The search's result.
    """
    import keras_nas

    folder = Path(directory)
    images, digits = load_digits()
    print(f"Digits of scikit-learn: {len(images):,} images of 8 x 8 pixels in 10 classes; {max_time:.0f} seconds.")
    result = keras_nas.search(
        "image_classification",
        (images, digits),
        max_time=max_time,
        baseline_model=plain_cnn,
        directory=folder / "search",
        seed=seed,
    )
    print(result.leaderboard()[COLUMNS].head(8).to_string(index=False, float_format="%.4f"))
    print(result.summary())
    for name, accuracy in holdout_accuracies(result).items():
        print(f"  hold-out accuracy  {accuracy:.4f}  {name}")
    export = result.export(folder / "model")
    print(export)
    print(f"\nLoad it anywhere, without keras_nas:\n\n{SNIPPET.format(path=str(export.path))}")
    return result


def load_digits() -> tuple[np.ndarray, np.ndarray]:
    """Raw pixels uint8 `(1797, 8, 8)` and class numbers `(1797,)`."""
    from sklearn import datasets

    digits = datasets.load_digits()
    return (digits.images * 15).astype(np.uint8), digits.target


def plain_cnn() -> Any:
    """The network that one would write by hand: two convolutions, pooling, one dense layer."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input((8, 8), dtype="uint8"),
            layers.Rescaling(1 / 255.0),
            layers.Reshape((8, 8, 1)),
            layers.Conv2D(32, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(64, activation="relu"),
            layers.Dense(10, activation="softmax"),
        ]
    )


def holdout_accuracies(result: SearchResult) -> dict[str, float]:
    """The winner beside a plain network and logistic regression, all trained on the same rows."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    from keras_nas.data import Split

    rows, split = result.rows, Split.load(result.directory / "data")
    x, y = np.asarray(rows.x), np.asarray(rows.y)
    linear = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
    linear.fit(x[split.train].reshape(len(split.train), -1), y[split.train])
    held = split.holdout
    found = {"keras_nas' winner": result.holdout["accuracy"]}
    if result.baseline is not None:
        guesses = result.baseline.model.predict(x[held], verbose=0).argmax(axis=1)
        found["plain CNN, trained as long as the winner"] = float((guesses == y[held]).mean())
    found["logistic regression"] = float(linear.score(x[held].reshape(len(held), -1), y[held]))
    return found
