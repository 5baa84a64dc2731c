"""The training step: one batch in several shares that are computed at the same time.

Shares are replicas, one a device with its own copy of the weights, and within a replica towers, which have the same
weights. On a CPU the convolutions of a small network do not fill two cores; as many towers as there are cores do:
TensorFlow's executor runs them side by side. Batch normalisation sees a share of the batch.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import keras
import tensorflow as tf

from keras_nas.data.trees import leaves, mapped
from keras_nas.estimators.fine_tuning import slowed


class Trainer(keras.Model):
    """Trains `network` under `fit`.

    Args:
        network: a Keras model; its weights are what is trained.
        towers: shares of a batch computed side by side, 1 for the ordinary step.
        slow: of its variables, those that learn slowly.
        pace: at which share of the learning rate they do.

    Attributes:
        schedule: of the training that runs, for callbacks that ask how far it is; None before.
    """

    def __init__(self, network: Any, towers: int = 1, slow: Sequence[Any] = (), pace: float = 1.0) -> None:
        super().__init__()
        self.network = network
        self.towers = towers
        self.slow = tuple(slow)
        self.pace = pace
        self.schedule: Any = None
        self.built = True

    def call(self, inputs: Any, training: bool = False) -> Any:
        """The network's outputs."""
        return self.network(inputs, training=training)

    @property
    def inputs(self) -> Any:
        """The network's inputs, for callbacks that ask the model what it takes."""
        return self.network.inputs

    @property
    def input(self) -> Any:
        """The network's only input, or the list of all."""
        inputs = self.network.inputs
        return inputs[0] if len(inputs) == 1 else inputs

    def train_step(self, data: Any) -> dict[str, Any]:
        """One update on one batch; the loss is the mean over the rows, whichever share they were in.

        Keras divides each replica's loss by the number of replicas and sums their gradients: their rows are as many.
        """
        with tf.GradientTape() as tape:
            loss = self.mean_loss(data)
            scaled = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled, self.trainable_weights)
        with slowed(self.slow, self.pace):
            self.optimizer.apply(gradients, self.trainable_weights)
        self._loss_tracker.update_state(loss * tf.distribute.get_strategy().num_replicas_in_sync)
        return {"loss": self._loss_tracker.result()}

    def mean_loss(self, data: Any) -> Any:
        """The loss of a batch in training, the mean over its rows."""
        losses, rows = [], []
        for x, y, weight in self._shares(*keras.utils.unpack_x_y_sample_weight(data)):
            outputs = self.network(x, training=True)
            losses.append(self.compute_loss(x=x, y=y, y_pred=outputs, sample_weight=weight))
            rows.append(tf.cast(tf.shape(leaves(y)[0])[0], losses[-1].dtype))
        return tf.add_n([own * count for own, count in zip(losses, rows, strict=True)]) / tf.add_n(rows)

    def _shares(self, x: Any, y: Any, weight: Any) -> Iterator[tuple[Any, Any, Any]]:
        """The towers' parts of the replica's rows."""
        size = tf.shape(leaves(y)[0])[0]
        for tower in range(self.towers):
            part = slice(size * tower // self.towers, size * (tower + 1) // self.towers)
            own_x, own_y = (mapped(lambda array: array[part], tree) for tree in (x, y))
            yield own_x, own_y, None if weight is None else weight[part]
