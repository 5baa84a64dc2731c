"""Writing a text word by word: each time the likeliest next one, until the text ends or is as long as any may be."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from keras_nas.artefact.portable import FRONT, NETWORK
from keras_nas.blocks.encoder_decoder import SOURCE, TARGET
from keras_nas.data.pairs import EDGE
from keras_nas.replay import nodes_of
from keras_nas.tasks.pairs import RESERVED, WORDS

HEAD = "output.dense"
"""The layer of the network that gives a logit for each of them."""
LEAST = 1e-12


@dataclass(frozen=True)
class Greedy:
    """A model of next words taken apart, so that what depends on the text to read alone is computed once for a text.

    Args:
        reader: from raw texts to the numbers of their words.
        network: from these and the words so far to the probabilities of each next word.
        before: the steps of the network that do not hear the words so far, in order.
        after: those that do, up to the features of each next word.
        words: by their numbers.
    """

    reader: Any
    network: Any
    before: Sequence[Any]
    after: Sequence[Any]
    words: tuple[str, ...]

    @classmethod
    def of(cls, model: Any) -> Greedy:
        """That of a model.

        Args:
            model: of the task `sequence_to_sequence`.
        """
        front, network = model.get_layer(FRONT), model.get_layer(NETWORK)
        (texts,) = (tensor for tensor in front.inputs if len(tensor.shape) == 1)
        reader = keras.Model(texts, front.output[SOURCE])
        return cls(reader, network, *_divided(network), tuple(front.get_layer(WORDS).get_vocabulary()))

    @property
    def name(self) -> str:
        """Of the input."""
        name: str = self.reader.inputs[0].name
        return name

    def numbers(self, texts: Any) -> Any:
        """The numbers of the words that are written for some texts, `(texts, words)`, 0 behind the edge.

        Args:
            texts: a tensor of strings, `(texts,)`.
        """
        known, head = self.known(self.reader(texts, training=False)), self.network.get_layer(HEAD)
        rows, length = tf.shape(texts)[0], self.network.input[TARGET].shape[1]
        places, edge = tf.range(length)[None], tf.constant(self.words.index(EDGE))

        def unfinished(place: Any, written: Any, ended: Any) -> Any:
            return (place < length) & ~tf.reduce_all(ended)

        def write(place: Any, written: Any, ended: Any) -> tuple[Any, Any, Any]:
            heard = tf.concat([tf.fill([rows, 1], edge), written[:, :-1]], axis=1)
            logits = head(self.features(known, heard)[:, place])
            likeliest = RESERVED + tf.argmax(logits[:, RESERVED:], axis=1, output_type=tf.int32)
            chosen = tf.where(ended, 0, likeliest)
            written = tf.where(places == place, chosen[:, None], written)
            return place + 1, written, ended | (chosen == edge)

        begin = (tf.constant(0), tf.zeros([rows, length], tf.int32), tf.zeros([rows], tf.bool))
        return tf.while_loop(unfinished, write, begin)[1]

    def known(self, source: Any) -> dict[int, Any]:
        """What is computed once for a text, of the numbers of its words."""
        return _computed(self.before, {id(self.network.input[SOURCE]): source})

    def features(self, known: dict[int, Any], heard: Any) -> Any:
        """Those of each next word, `(texts, words, width)`, which the head makes logits of.

        Args:
            known: of the texts to read.
            heard: numbers of the words before each one.
        """
        values = {**known, id(self.network.input[TARGET]): heard}
        return _computed(self.after, values)[id(self.network.get_layer(HEAD).input)]

    def texts(self, numbers: Any) -> Any:
        """The words of some numbers as texts, `(texts,)`."""
        shown = [word if number >= RESERVED and word != EDGE else "" for number, word in enumerate(self.words)]
        return tf.strings.strip(tf.strings.reduce_join(tf.gather(tf.constant(shown), numbers), axis=1))


def _divided(network: Any) -> tuple[list[Any], list[Any]]:
    """The calls of layers in a network that do not depend on the words to write, and those that do, up to the head."""
    dependent: set[int] = {id(network.input[TARGET])}
    before: list[Any] = []
    after: list[Any] = []
    for node in (node for node in nodes_of(network) if not node.is_input):
        hears = any(id(tensor) in dependent for tensor in node.input_tensors)
        dependent.update(map(id, node.outputs) if hears else ())
        (after if hears else before).append(node)
    heads = [number for number, node in enumerate(after) if node.operation.name == HEAD]
    return before, after[: heads[0]]


def _computed(nodes: Sequence[Any], values: dict[int, Any]) -> dict[int, Any]:
    """The values of a network's tensors by their identity, those that are given and those that follow."""
    found = dict(values)
    for node in nodes:
        args, kwargs = node.arguments.fill_in(found)
        found.update(zip(map(id, node.outputs), keras.tree.flatten(node.operation(*args, **kwargs)), strict=True))
    return found


@keras.saving.register_keras_serializable("keras_nas")
class Translator(keras.Model):
    """Raw texts in, the texts that a model writes for them out.

    As a SavedModel it is plain TensorFlow, the loop over the words included.

    Args:
        model: of the task `sequence_to_sequence`, as a search finds it: `result.best_model`.
    """

    def __init__(self, model: Any, **options: Any) -> None:
        super().__init__(**{"name": "translator", **options})
        self.model = model
        self.greedy = Greedy.of(model)
        self.built = True

    @property
    def input(self) -> Any:
        """The raw texts by name."""
        return {self.greedy.name: self.greedy.reader.inputs[0]}

    @property
    def inputs(self) -> Any:
        """The same in a list."""
        return self.greedy.reader.inputs

    def call(self, texts: Any, training: bool = False) -> Any:
        """The texts written, a tensor of strings `(texts,)`.

        Args:
            texts: a tensor of strings `(texts,)`, by the name of the input.
            training: not used.
        """
        return self.written(texts[self.greedy.name])

    @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])  # type: ignore[untyped-decorator]
    def written(self, texts: Any) -> Any:
        """The same, compiled."""
        return self.greedy.texts(self.greedy.numbers(texts))

    def export(self, filepath: Any, **options: Any) -> None:
        """Write a SavedModel; see `keras.Model.export`."""
        texts = tf.TensorSpec([None], tf.string, name=self.greedy.name)
        super().export(filepath, **{"input_signature": [{self.greedy.name: texts}], **options})

    def get_config(self) -> dict[str, Any]:
        """The model, serialised."""
        return {"name": self.name, "model": keras.saving.serialize_keras_object(self.model)}

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Any = None) -> Translator:
        """From what `get_config` gave."""
        model = keras.saving.deserialize_keras_object(config["model"], custom_objects=custom_objects)
        return cls(model, name=config["name"])


@dataclass(frozen=True)
class Judge:
    """What is seen of a model on texts with their targets.

    Args:
        model: of the task.
        greedy: the model taken apart.
        writes: whether texts are to be written too.
    """

    model: Any
    greedy: Greedy
    writes: bool

    def __call__(self, x: Any, training: bool = False) -> dict[str, Any]:
        """Of each place, `(texts, words)`: how likely the word that is wanted there was behind those wanted
        before, whether it was the likeliest, and the number of the word that the model wrote there by itself.

        The probabilities of all words are held in memory for a place at a time.

        Args:
            x: raw texts, and tokens to write.
            training: not used.
        """
        front, greedy = self.model.get_layer(FRONT), self.greedy
        (given,) = (tensor.name for tensor in front.inputs if len(tensor.shape) == 2)
        numbers, head = front(x, training=False), greedy.network.get_layer(HEAD)
        length = numbers[TARGET].shape[1]
        truth = tf.cast(front.get_layer(WORDS)(x[given])[:, :length], tf.int32)
        features = greedy.features(greedy.known(numbers[SOURCE]), numbers[TARGET])

        def judged(place: Any) -> tuple[Any, Any]:
            logs, wanted = tf.nn.log_softmax(head(features[:, place])), truth[:, place]
            right = tf.argmax(logs, axis=1, output_type=tf.int32) == wanted
            return tf.maximum(tf.gather(logs, wanted, batch_dims=1), math.log(LEAST)), right

        likely, right = map(
            tf.transpose, tf.map_fn(judged, tf.range(length), fn_output_signature=(tf.float32, tf.bool))
        )
        written = greedy.numbers(x[greedy.name]) if self.writes else tf.zeros_like(truth)
        return {
            "likely": likely * tf.cast(truth > 0, tf.float32),
            "right": tf.cast(right & (truth >= RESERVED), tf.float32),
            "written": tf.cast(written, tf.float32),
        }
