"""Watch a search in TensorBoard, and from a callback of your own.

    python examples/watch_search.py
    tensorboard --logdir watch_search/logs/tensorboard

Under HParams, each trial is a row of its decisions and scores. `MLflow` and `WeightsAndBiases` of `keras_nas.callbacks`
take TensorBoard's place, or stand beside it.
"""

from typing import Any

from sklearn.datasets import load_digits

import keras_nas
from keras_nas.callbacks import SearchCallback, TensorBoard


class Bell(SearchCallback):
    """Rings when a network is better than all before it."""

    best = 0.0

    def on_trial_end(self, trial: Any) -> None:
        accuracy = trial.outcome.scores.get("val_accuracy", 0.0)
        if accuracy > self.best:
            self.best = accuracy
            print(f"\a trial {trial.number}: {accuracy:.4f} with {dict(trial.proposal.architecture)}")


def main(directory: str = "watch_search", **options: Any) -> Any:
    """Search, watched."""
    digits = load_digits()
    data = digits.images.astype("uint8"), digits.target
    return keras_nas.search(
        "image_classification", data, directory=directory, callbacks=[TensorBoard(), Bell()], **options
    )


if __name__ == "__main__":
    main(max_time=60)
