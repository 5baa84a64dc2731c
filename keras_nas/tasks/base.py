"""A task: what stands around the searched network, and how its outputs are scored."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from keras_nas.architecture import Label
from keras_nas.artefact.portable import NETWORK
from keras_nas.data.trees import leaves, mapped
from keras_nas.errors import InvalidArgument
from keras_nas.net import KerasNet, Net
from keras_nas.tasks.signature import Input, Signature

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split
    from keras_nas.data.answers import Answer
    from keras_nas.data.glance import Glance
    from keras_nas.data.windows import Framing
    from keras_nas.objectives.cost import CostTensor
    from keras_nas.objectives.objective import Objective
    from keras_nas.spaces import Space


@dataclass(frozen=True)
class Built:
    """One network, seen three times.

    Args:
        model: the Keras model that is scored and exported; raw rows in, probabilities or target units out.
        network: what is trained of it, from stored inputs (`Rows.inputs`) to the same outputs; the model itself where
            raw rows are stored.
        raw: the network up to what the loss sees: logits, or standardised targets.
    """

    model: Any
    network: Any
    raw: Any


class Task(ABC):
    """What a person wants of the data. A task never knows how its networks are searched or trained."""

    name: str
    target: str
    """ "classification", "regression", "multilabel", "segmentation" or "texts": what kind of targets there are."""
    ranks: Collection[int]
    """Allowed ranks of the input array, the row axis included, which a mapping gives names; (1,) for the columns of a
    table."""
    framing: Framing | None = None
    """How a series becomes rows; None where the data is rows."""
    objective: str | Objective
    """What is optimised unless the user says otherwise: a score whose direction its name tells, or an `Objective`."""
    score_names: tuple[str, ...]
    """What `scores` can compute, without the prefix `val_`."""
    holdout_scores: tuple[str, ...] = ()
    """Scores that are told of the winner on the hold-out, too dear for every training."""
    takes_own: bool = True
    """Whether a loss, metrics or a baseline of the user's own can stand in for the task's."""
    default_space: str
    default_estimator: str = "finalists"
    """How much work trials are given, unless the user or a method says otherwise."""

    @classmethod
    def takes(cls, seen: Glance) -> str | None:
        """Why rows that look so may be this task's, in words that go on from "since"; None where they are not."""
        return None

    @classmethod
    def predicts(cls, answer: Answer) -> str | None:
        """Why such targets may be this task's; None where they are not."""
        return None

    @classmethod
    def suits(cls, seen: Glance) -> str | None:
        """Why data that look so may be this task's, for `search("auto", data)`; None where they are not.

        Args:
            seen: what `glance` makes of the data.
        """
        rows = cls.takes(seen)
        targets = cls.predicts(seen.answer) if rows and seen.answer else None
        return f"{rows} and {targets}" if targets else None

    def settled(self, data: Any, target: Any = None) -> tuple[Self, tuple[str, ...]]:
        """This task with what it leaves to the data to say, and what is to be told of that; it leaves nothing.

        Args:
            data: as `keras_nas.search` takes it.
            target: names of a table's columns to predict, or None.
        """
        return self, ()

    def given(self, data: Any, target: Any = None, first: Any = None) -> Any:
        """The user's data as `collect` takes it: as it is.

        Args:
            data: as `keras_nas.search` takes it.
            target: names of a table's columns to predict, or None.
            first: what this method made of the data that this data has to be like.
        """
        return data

    def space(self, given: str | Space) -> Space:
        """A space by its name, which is one of the ready task that this one is or derives from."""
        from keras_nas.spaces import get_space
        from keras_nas.tasks import family

        return get_space(given, family(self))

    def taking(self, given: Mapping[str, Any], rows: Rows, split: Split) -> tuple[Self, dict[str, Any]]:
        """This task with what the user says of losses, metrics and class weights, and what of that it leaves to others.

        Args:
            given: arguments of `keras_nas.search`, by name.
            rows: as stored.
            split: of the rows.

        Raises:
            InvalidArgument: metrics come by target where there is one.
        """
        if isinstance(given["metrics"], Mapping):
            raise InvalidArgument(f"metrics={given['metrics']!r}: {self.name} has one target; expected a list.")
        return self, dict(given)

    @property
    def pictures(self) -> tuple[str, ...]:
        """Of several inputs by name those that are images, which can be flipped and shifted."""
        return ()

    @property
    def is_told_by_data(self) -> bool:
        """Whether the name of a ready task and the stored data say all, so that a folder can hold it."""
        return True

    @abstractmethod
    def signature(self, rows: Rows, split: Split) -> Signature:
        """What models of these rows take and give."""

    def front(self, signature: Signature) -> Any:
        """The Keras model that makes stored inputs of raw rows; None where raw rows are what is stored."""
        return None

    def specification(self, signature: Signature) -> dict[str, Any] | None:
        """What the front does, as plain data for runtimes without look-ups; None where there is none, or no words."""
        return None

    def remarks(self, rows: Rows, split: Split) -> list[str]:
        """Sentences on what is strange about the data, for the account."""
        return []

    @abstractmethod
    def prepare(self, net: Net, x: Any, signature: Signature) -> Any:
        """Stored inputs to what the searched network expects; part of the network."""

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

    def asked(self, model: Any, names: Sequence[str]) -> Any:
        """What is called on raw rows, and whose outputs `evidence` takes: the model.

        Args:
            model: as `build` made it.
            names: of the scores that are wanted beside the task's usual ones.
        """
        return model

    def served(self, model: Any, file_format: str) -> Any:
        """What is exported of a model: all of it.

        Args:
            model: as `build` made it.
            file_format: to be written.

        Raises:
            ExportError: that format cannot hold it.
        """
        return model

    def evidence(self, y: np.ndarray, predictions: np.ndarray, signature: Signature) -> np.ndarray:
        """What `scores` needs to know of each row: its prediction, unless a task says it in less."""
        return predictions

    @abstractmethod
    def scores(
        self, y: np.ndarray, predictions: np.ndarray, signature: Signature, names: Sequence[str] = ()
    ) -> dict[str, float]:
        """Scores of the model's predictions: the task's own, and those of `names`; no prefix.

        Args:
            y: stored targets, `(n,)` class numbers or `(n, outputs)`.
            predictions: the model's outputs, `(n, outputs)`, or what `evidence` makes of them.
            signature: of the data.
            names: further scores, by name.
        """

    def made_up(self, signature: Signature) -> tuple[np.ndarray, np.ndarray]:
        """Stored targets and a model's outputs for a few rows that there might be, every class among them."""
        outputs, shape = signature.outputs, signature.output_shape
        classes = outputs if self.target != "regression" and len(shape) < 3 else 1
        count = max(4 * classes, 8)
        y, predictions = np.random.default_rng(0).normal(size=(2, count, *shape)).astype(np.float32)
        if self.target == "regression":
            return y, predictions
        likely = np.exp(predictions) / np.exp(predictions).sum(axis=-1, keepdims=True)
        if self.target == "multilabel":
            return np.indices((count, outputs)).sum(axis=0) % 2, likely
        return np.arange(likely[..., 0].size).reshape(likely.shape[:-1]) % outputs, likely

    def assemble(
        self, space: Space, architecture: Mapping[str, Label], signature: Signature, net: Net, x: Any
    ) -> tuple[Any, Any]:
        """Raw and finished outputs for `x`, tensors of any net: building and counting costs are this one function."""
        prepared = self.prepare(net.at("input"), x, signature)
        features = space.features(architecture, net, prepared, signature.facts)
        raw = self.outputs(net.at("output"), features, signature)
        return raw, self.finish(net.at("output"), raw, signature)

    def counted(self, space: Space, architecture: Mapping[str, Label], signature: Signature) -> CostTensor:
        """The finished outputs of a network as a `CostNet` sees them, several side by side; nothing is built."""
        from keras import layers

        from keras_nas.objectives.cost import CostNet

        net = CostNet()
        inputs = mapped(lambda given: net.input(given.shape), signature.inputs)
        outputs: list[CostTensor] = leaves(self.assemble(space, architecture, signature, net, inputs)[1])
        return net(layers.Concatenate, outputs) if len(outputs) > 1 else outputs[0]

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

        x = _inputs(signature)
        raw, finished = self.assemble(space, architecture, signature, KerasNet(dtype, ""), x)
        front, name = self.front(signature), _identifier(space.name)
        network = keras.Model(x, finished, name=name if front is None else NETWORK)
        return Built(network if front is None else joined(front, network, name), network, keras.Model(x, raw))


def joined(front: Any, network: Any, name: str) -> Any:
    """One model of a front and the network behind it, its layers `FRONT` and `NETWORK`."""
    import keras

    x = {key: keras.Input(tensor.shape[1:], dtype=tensor.dtype, name=key) for key, tensor in front.input.items()}
    return keras.Model(x, network(front(x)), name=name)


def _inputs(signature: Signature) -> Any:
    """The network's Keras inputs, one or several by name."""
    import keras

    def made(given: Input, name: str) -> Any:
        return keras.Input(given.shape, dtype=given.dtype, name=name)

    inputs = signature.inputs
    if isinstance(inputs, Input):
        return made(inputs, "rows")
    return {name: made(given, name) for name, given in inputs.items()}


def _identifier(name: str) -> str:
    return "".join(character if character.isalnum() else "_" for character in name)
