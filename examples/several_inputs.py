"""Several inputs and targets in one model: an image and a table of each digit; which digit it is, and how much ink.

    python examples/several_inputs.py [--seconds 60] [--directory several_inputs]

Each input has the networks of its kind, and how they are joined is searched too. The exported model takes the raw
inputs by name, text and gaps included, and gives each target by name.
"""

import argparse
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
from sklearn.datasets import load_digits

import keras_nas


def digits() -> tuple[dict[str, Any], dict[str, Any]]:
    """Each digit as an image, and some of its pixels as the columns of a table, one in words, some missing."""
    pixels, digit = load_digits(return_X_y=True)
    pixels = pixels.reshape(-1, 8, 8)
    table = pd.DataFrame(pixels[:, 1:7, 4], columns=[f"row {row}" for row in range(1, 7)])
    table["corner"] = np.where(pixels[:, 1, 6] > 4, "dark", "light")
    table.loc[::10, "row 2"] = None
    return {"image": pixels.astype("uint8"), "table": table}, {"digit": digit, "ink": pixels.sum(axis=(1, 2))}


def main(argv: list[str] | None = None, **options: Any) -> Any:
    """Search, export, predict; returns the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--trials", type=int, help="instead of seconds")
    parser.add_argument("--directory", default="several_inputs")
    arguments = parser.parse_args(argv)
    x, y = digits()
    result = keras_nas.search(
        keras_nas.Several(weights={"ink": 0.5}),
        (x, y),
        max_time=None if arguments.trials else arguments.seconds,
        max_trials=arguments.trials,
        directory=f"{arguments.directory}/search",
        **options,
    )
    print(result.summary())
    print(result.export(f"{arguments.directory}/model"))

    rows = result.rows.joint.rows({name: part[:5] for name, part in x.items()})  # a dict of arrays, checked
    model = tf.saved_model.load(f"{arguments.directory}/model")
    found = model.serve(rows)
    print("digits", found["digit"].numpy().argmax(axis=1), "true", y["digit"][:5])
    print("ink", found["ink"].numpy()[:, 0].round(), "true", y["ink"][:5])
    return result


if __name__ == "__main__":
    main()
