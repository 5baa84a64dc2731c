"""Your own `build(hp)` under Keras Tuner, with a strategy of keras_nas.

    python examples/keras_tuner_build_hp.py                    # a short search on scikit-learn's digits
    python examples/keras_tuner_build_hp.py --smoke            # seconds, for a test
    python examples/keras_tuner_build_hp.py --strategy bayesian --trials 30 --objectives val_accuracy params

Only the oracle changes: `build`, the stock `keras_tuner.Tuner` and everything you do with it stay as they are.
"""

from __future__ import annotations

import argparse
import tempfile
from typing import Any

import keras
import keras_tuner
import numpy as np
from keras import layers

from keras_nas.callbacks import CostCallback
from keras_nas.oracle import StrategyOracle


def build(hp: keras_tuner.HyperParameters) -> keras.Model:
    """A dense or a convolutional classifier of 8 x 8 digits; each kind has hyperparameters of its own."""
    inputs = x = keras.Input((8, 8, 1))
    x = layers.Rescaling(1 / 16)(x)
    kind = hp.Choice("kind", ["dense", "conv"])
    with hp.conditional_scope("kind", ["dense"]):
        if kind == "dense":
            x = layers.Flatten()(x)
            x = layers.Dense(hp.Int("units", 16, 128, step=16), activation="relu")(x)
            x = layers.Dropout(hp.Float("dropout", 0.0, 0.5, step=0.1))(x)
    with hp.conditional_scope("kind", ["conv"]):
        if kind == "conv":
            for block in range(2):
                filters = hp.Int(f"filters_{block}", 8, 32, sampling="log")
                x = layers.Conv2D(filters, hp.Choice(f"kernel_{block}", [3, 5]), padding="same", activation="relu")(x)
            x = layers.GlobalAveragePooling2D()(x)
    if hp.Boolean("normalize"):
        x = layers.BatchNormalization()(x)
    model = keras.Model(inputs, layers.Dense(10, activation="softmax")(x))
    rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log")
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def digits(rows: int) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Training and validation parts, x of shape (rows, 8, 8, 1), y of shape (rows,)."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    order = np.random.default_rng(0).permutation(len(bunch.target))[:rows]
    x, y = bunch.images[order][..., None].astype("float32"), bunch.target[order]
    split = int(0.8 * len(x))
    return (x[:split], y[:split]), (x[split:], y[split:])


def search(options: argparse.Namespace) -> keras_tuner.Tuner:
    """Run the search and return its tuner."""
    (x, y), validation_data = digits(options.rows)
    objective: Any = options.objectives[0] if len(options.objectives) == 1 else options.objectives
    tuner = keras_tuner.Tuner(
        oracle=StrategyOracle(options.strategy, objective, max_trials=options.trials, seed=options.seed),
        hypermodel=build,
        directory=options.directory or tempfile.mkdtemp(),
        project_name="digits",
    )
    tuner.search(x, y, validation_data=validation_data, epochs=options.epochs, callbacks=[CostCallback()], verbose=0)
    return tuner


def main(arguments: list[str] | None = None) -> keras_tuner.Tuner:
    """Parse the command line, search, and print the best trials."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strategy", default="evolution")
    parser.add_argument("--objectives", nargs="+", default=["val_accuracy"])
    parser.add_argument("--trials", type=int, default=12)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rows", type=int, default=1797)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--directory", help="where to keep the search; run again to continue it")
    parser.add_argument("--smoke", action="store_true", help="two trials of one epoch")
    options = parser.parse_args(arguments)
    if options.smoke:
        options.trials, options.epochs, options.rows = 2, 1, 200
    tuner = search(options)
    for trial in tuner.oracle.get_best_trials(5):
        told = ", ".join(f"{name} {trial.metrics.get_last_value(name):.4g}" for name in options.objectives)
        print(f"trial {trial.trial_id}: {told}  {trial.hyperparameters.values}")
    return tuner


if __name__ == "__main__":
    main()
