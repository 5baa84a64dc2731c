"""Blocks of texts: what stands behind the end of a text says nothing, and each is counted as it is built."""

from typing import Any

import keras
import numpy as np
import pytest

from keras_nas import blocks
from keras_nas.net import KerasNet
from keras_nas.nodes import Node, Walk
from keras_nas.objectives.cost import CostNet
from keras_nas.space import Series

TEXTS = [[2, 3, 4], [5, 2], [6]]
EVIDENCE = {"words": np.arange(16, dtype=np.float32).reshape(8, 2), "pieces": np.ones((8, 2), np.float32)}
LENGTH = 6


def padded(length: int) -> np.ndarray:
    return np.array([text + [0] * (length - len(text)) for text in TEXTS], np.int32)


def built(node: Node, length: int = LENGTH) -> Any:
    """A model of a node on words and pieces, counted as it is built, and loaded again from its configuration."""
    x = {name: keras.Input((length,), dtype="int32", name=name) for name in EVIDENCE}
    model = keras.Model(x, node.apply(Walk({}, KerasNet(None, "")), x))
    net = CostNet()
    counted = node.apply(Walk({}, net), {name: net.input((length,)) for name in EVIDENCE})
    assert net.shape(counted) == model.output.shape[1:]
    assert net.cost(counted).params == model.count_params()
    again = keras.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(outputs(again, length), outputs(model, length))
    return model


def outputs(model: Any, length: int) -> np.ndarray:
    return np.asarray(model({name: padded(length) for name in EVIDENCE}))


def embedded(*parts: Node, padding: str = "masked", **options: Any) -> Node:
    return Series(blocks.word_embedding(8, 4, dropout=0.5, padding=padding, **options), *parts)


ENCODER = blocks.encoder_layer(heads=2, head_width=3, feed_forward=5, dropout=0.1)
ATTENTION = blocks.encoder_layer(heads=1, feed_forward=0)
NETWORKS = {
    "naive_bayes": blocks.naive_bayes(EVIDENCE),
    "bag": blocks.bag_of_words(8, 8, 3, dropout=0.5),
    "convolution": embedded(blocks.phrase_convolution(5, [1, 3], dropout=0.5), padding="zero"),
    "recurrent": embedded(blocks.recurrent(3, bidirectional=True)),
    "encoder": embedded(ENCODER, ENCODER, blocks.pooled_head(normalization="layer"), positions=True),
    "beside": blocks.beside_naive_bayes(embedded(blocks.recurrent(3, cell="lstm")), EVIDENCE),
    "alone": blocks.beside_naive_bayes(blocks.bag_of_words(8, 8, 3), EVIDENCE, beside=False),
}


@pytest.mark.parametrize("name", NETWORKS)
def test_what_stands_behind_the_end_says_nothing(name: str) -> None:
    node = NETWORKS[name]
    short, long = built(node), built(node, 2 * LENGTH)
    long.set_weights(short.get_weights())
    found = outputs(short, LENGTH)
    assert len(found.shape) == 2 and np.isfinite(found).all()
    assert np.ptp(found, axis=0).max() > 0, "all texts give the same features"
    np.testing.assert_allclose(outputs(long, 2 * LENGTH), found, atol=1e-5)


def test_naive_bayes_is_the_mean_of_what_tokens_say_and_learns_nothing() -> None:
    model = built(NETWORKS["naive_bayes"])
    means = [EVIDENCE["words"][text].mean(axis=0) + 1 for text in TEXTS]
    np.testing.assert_allclose(outputs(model, LENGTH), means, rtol=1e-6)
    assert not model.trainable_weights


def test_whole_words_are_dropped_and_whole_texts_of_naive_bayes() -> None:
    rows = {name: np.full((64, LENGTH), 2, np.int32) for name in EVIDENCE}
    words = {"words": keras.Input((LENGTH,), dtype="int32", name="words")}
    embedding = keras.Model(words, embedded().apply(Walk({}, KerasNet(None, "")), words))
    vectors = np.asarray(embedding({"words": rows["words"]}, training=True)) != 0
    assert (vectors.all(axis=2) | ~vectors.any(axis=2)).all() and 0.3 < vectors.mean() < 0.7
    hidden = np.asarray(built(NETWORKS["beside"])(rows, training=True))[:, :2] == 0
    assert (hidden[:, 0] == hidden[:, 1]).all() and 0.3 < hidden.mean() < 0.7


def test_positions_tell_the_order() -> None:
    for positions in (False, True):
        model = built(embedded(ATTENTION, blocks.pooled_head(), positions=positions))
        swapped = {name: np.array([[2, 3, 0, 0, 0, 0], [3, 2, 0, 0, 0, 0]], np.int32) for name in EVIDENCE}
        one, other = np.asarray(model(swapped))
        assert np.allclose(one, other, atol=1e-6) != positions
