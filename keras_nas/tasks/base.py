"""A task: what stands around the searched network, and how its outputs are scored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.architecture import Label
from keras_nas.net import KerasNet, Net
from keras_nas.tasks.signature import Signature

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split
    from keras_nas.spaces import Space


@dataclass(frozen=True)
class Built:
    """One network, seen twice.

    Args:
        model: the Keras model that is scored and exported; raw rows in, probabilities or target units out.
        raw: the same layers up to what the loss sees: logits, or standardised targets.
    """

    model: Any
    raw: Any


class Task(ABC):
    """What a person wants of the data. A task never knows how its networks are searched or trained."""

    name: str
    target: str
    """ "classification" or "regression"."""
    ranks: tuple[int, ...]
    """Allowed ranks of the input array, the row axis included."""
    objective: str
    """The score that is optimised unless the user says otherwise."""
    score_names: tuple[str, ...]
    """What `scores` can compute, without the prefix `val_`."""
    default_space: str

    @abstractmethod
    def signature(self, rows: Rows, split: Split) -> Signature:
        """What models of these rows take and give."""

    @abstractmethod
    def prepare(self, net: Net, x: Any, signature: Signature) -> Any:
        """Raw rows to what the searched network expects; part of the model."""

    @abstractmethod
    def outputs(self, net: Net, x: Any, signature: Signature) -> Any:
        """The network's features to what the loss sees."""

    @abstractmethod
    def finish(self, net: Net, x: Any, signature: Signature) -> Any:
        """What the loss sees to what the user gets; no weights."""

    @abstractmethod
    def loss(self, finished: bool = False) -> Any:
        """The Keras loss between `encode`d targets and raw outputs, or finished ones."""

    @abstractmethod
    def encode(self, y: Any, signature: Signature, finished: bool = False) -> Any:
        """A batch of stored targets, a TensorFlow tensor, to the float32 `(batch, outputs)` that `loss` takes."""

    @abstractmethod
    def scores(self, y: np.ndarray, predictions: np.ndarray, names: Sequence[str] = ()) -> dict[str, float]:
        """Scores of the model's predictions: the task's own, and those of `names`; no prefix.

        Args:
            y: stored targets, `(n,)` class numbers or `(n, outputs)`.
            predictions: the model's outputs, `(n, outputs)`.
            names: further scores, by name.
        """

    def assemble(
        self, space: Space, architecture: Mapping[str, Label], signature: Signature, net: Net, x: Any
    ) -> tuple[Any, Any]:
        """Raw and finished outputs for `x`, a tensor of any net: building and counting costs are this one function."""
        features = space.features(architecture, net, self.prepare(net.at("input"), x, signature))
        raw = self.outputs(net.at("output"), features, signature)
        return raw, self.finish(net.at("output"), raw, signature)

    def build(
        self, space: Space, architecture: Mapping[str, Label], signature: Signature, dtype: str | None = "float32"
    ) -> Built:
        """The Keras model of an architecture, weights drawn by the global Keras seed.

        Args:
            space: where the architecture comes from.
            architecture: answers to the network's decisions (others are ignored).
            signature: of the data.
            dtype: Keras dtype policy of the layers; inputs and outputs stay float32.
        """
        import keras

        x = keras.Input(signature.input_shape, dtype=signature.input_dtype, name="rows")
        raw, finished = self.assemble(space, architecture, signature, KerasNet(dtype, ""), x)
        return Built(keras.Model(x, finished, name=_identifier(space.name)), keras.Model(x, raw))


def _identifier(name: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in name)
