"""A task of your own: quantiles of a number instead of its mean, that is, an interval for each prediction.

    python examples/custom_task.py

A task says what stands around the searched network: here three outputs, another loss, other scores. All else, the
reading of columns, the space, the export, is that of the ready task which it derives from.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from keras import ops
from sklearn.datasets import load_diabetes

import keras_nas
from keras_nas.tasks.tabular import TabularRegression

LEVELS = np.array([0.1, 0.5, 0.9], "float32")


def pinball(truth: Any, quantiles: Any) -> Any:
    """The loss whose minimum is at the quantiles (Koenker and Bassett, 1978)."""
    error = truth - quantiles
    return ops.mean(ops.maximum(LEVELS * error, (LEVELS - 1) * error), axis=-1)


class Quantiles(TabularRegression):
    """The 10, 50 and 90 % quantiles of one number."""

    name, objective, score_names = "quantiles", "val_loss", ("loss", "coverage")

    def signature(self, rows: Any, split: Any) -> Any:
        return replace(super().signature(rows, split), outputs=len(LEVELS))

    def loss(self, finished: bool = False) -> Any:
        return pinball

    def scores(self, y: Any, predictions: Any, signature: Any, names: Any = ()) -> dict[str, float]:
        inside = (y[:, 0] >= predictions[:, 0]) & (y[:, 0] <= predictions[:, 2])
        return {"loss": float(np.mean(pinball(y, predictions))), "coverage": float(inside.mean())}


def main(**options: Any) -> Any:
    """Search, and show intervals; about 80 % of the truth should lie in them."""
    frame = load_diabetes(as_frame=True, scaled=False).frame
    result = keras_nas.search(Quantiles(), frame, target="target", **options)
    rows = result.rows.schema.rows(frame.head(4))
    print(result.summary(), np.round(result.best_model.predict(rows, verbose=0)), frame["target"].head(4), sep="\n")
    return result


if __name__ == "__main__":
    main(max_time=60)
