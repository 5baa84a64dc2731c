"""Encoder and decoder: one table of vectors for both sides, a memory, and nothing heard that is yet to be written."""

from typing import Any

import keras
import numpy as np
import pytest

from keras_nas import blocks
from keras_nas.blocks.encoder_decoder import EncoderDecoder
from keras_nas.net import KerasNet
from keras_nas.nodes import Given, Node, Walk
from keras_nas.objectives.cost import CostNet, cost_of_model
from keras_nas.space import Choice, Series
from keras_nas.supernet.net import Parts, Pass, SharedNet

SHAPES = {"source": 5, "target": 4}
GIVEN = {name: Given(name) for name in ("dropout", "seen", "there", "memory")}
ROWS = {"source": np.array([[2, 3, 4, 0, 0], [5, 6, 7, 8, 2]]), "target": np.array([[2, 3, 4, 0], [2, 5, 6, 7]])}


def network(**options: Any) -> Node:
    layer = blocks.evolved_layer(heads=2, head_width=3, feed_forward=5, **options, **GIVEN)
    return EncoderDecoder(blocks.joint_embedding(9, 4, dropout=Given("dropout")), layer, Series(layer, layer), 0.1)


def built(node: Node) -> Any:
    x = {name: keras.Input((length,), dtype="int32", name=name) for name, length in SHAPES.items()}
    return keras.Model(x, node.apply(Walk({}, KerasNet(None, "")), x))


@pytest.mark.parametrize(
    "options", [{}, {"gated": True, "convolution": 3, "activation": "swish"}], ids=["plain", "evolved"]
)
def test_it_is_counted_as_it_is_built(options: dict[str, Any]) -> None:
    model, net = built(network(**options)), CostNet()
    counted = network(**options).apply(Walk({}, net), {name: net.input((length,)) for name, length in SHAPES.items()})
    assert net.shape(counted) == model.output.shape[1:] == (4, 4)
    assert net.cost(counted).params == model.count_params() and net.cost(counted).flops == cost_of_model(model).flops
    assert sum(isinstance(layer, keras.layers.Embedding) for layer in model.layers) == 1
    again = keras.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_allclose(again(ROWS), model(ROWS), atol=1e-6)


def test_a_word_hears_the_text_to_read_and_the_words_before() -> None:
    model = built(network(gated=True, convolution=3))
    before = np.asarray(model(ROWS))
    later = {**ROWS, "target": np.where(np.arange(4) < 2, ROWS["target"], 8)}
    np.testing.assert_allclose(np.asarray(model(later))[:, :2], before[:, :2], atol=1e-5)
    other = {**ROWS, "source": ROWS["source"][::-1]}
    assert abs(np.asarray(model(other)) - before).max(axis=2).min() > 1e-4


def test_its_decisions_stand_in_scopes_of_both_sides() -> None:
    layer = blocks.evolved_layer(heads=Choice("heads", [1, 2]), **GIVEN)
    node = EncoderDecoder(
        blocks.joint_embedding(9, Choice("width", [4, 8])), layer, layer, Choice("dropout", [0.1, 0.3])
    )
    from keras_nas.nodes import list_decisions

    assert [decision.path for decision in list_decisions(node)] == [
        "dropout",
        "width",
        "encoder/heads",
        "decoder/heads",
    ]
    assert repr(node).startswith("EncoderDecoder(joint_embedding(vocabulary=9")


def test_every_net_applies_one_layer_to_several_tensors() -> None:
    x = [keras.Input((3,)), keras.Input((3,))]
    for net in (KerasNet(), SharedNet(Parts(), Pass())):
        first, second = net.each(keras.layers.Dense, x, units=2)
        assert first._keras_history.operation is second._keras_history.operation
    counting = CostNet()
    parts = counting.each(keras.layers.Dense, [counting.input((3,)), counting.input((5, 3))], units=2)
    assert [part.shape for part in parts] == [(2,), (5, 2)]
    assert counting.cost(parts).params == 8 and counting.cost(parts).flops == 8 + 40
