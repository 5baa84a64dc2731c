"""The spaces of texts: naive Bayes, bags, convolutions, recurrent layers and attention; transformers by hardware."""

from __future__ import annotations

from typing import Any

from keras_nas.architecture import Label
from keras_nas.blocks.head import pooled_head
from keras_nas.blocks.sequence import recurrent
from keras_nas.blocks.text import (
    bag_of_words,
    beside_naive_bayes,
    encoder_layer,
    naive_bayes,
    phrase_convolution,
    word_embedding,
)
from keras_nas.nodes import Given, Node
from keras_nas.space import Choice, Range, Repeat, Series
from keras_nas.spaces.base import Space

WORDS, PIECES, EVIDENCE = Given("words"), Given("pieces"), Given("evidence")

RECIPE: dict[str, Any] = {
    "optimizer": "adamw",
    "learning_rate": Range("learning_rate", 3e-4, 2e-2, log=True),
    "weight_decay": Choice("weight_decay", [1e-3, 1e-2, 1e-1, 1.0]),
    "label_smoothing": Choice("label_smoothing", [0.0, 0.1]),
    "batch_size": Choice("batch_size", [32, 64, 128]),
    "steps": 16,
}
"""The recipe of texts: AdamW under a one-cycle schedule; what keeps networks from learning texts by heart is dropout of
whole words, decay and smoothed labels."""


def text() -> Space:
    """Networks on the words and pieces of texts; naive Bayes is among them, and tried first.

    Reference:
        Joulin et al., "Bag of Tricks for Efficient Text Classification", arXiv 1607.01759; Kim, "Convolutional Neural
        Networks for Sentence Classification", arXiv 1408.5882; Vaswani et al., "Attention Is All You Need", arXiv
        1706.03762.
    """
    network = Choice(
        "network",
        {
            "naive_bayes": naive_bayes(EVIDENCE),
            "bag": _beside(_bag()),
            "convolution": _beside(Series(_embedding(padding="zero"), _convolution())),
            "recurrent": _beside(Series(_embedding(), _recurrent())),
            "attention": _beside(Series(_embedding(positions=True), _attention(), _head())),
            "transformer": _beside(Series(_embedding(positions=True), _encoder(), _head())),
        },
    )
    return Space(
        "text",
        network,
        RECIPE,
        "texts: naive Bayes, or beside it bags of words, convolutions, recurrent layers, attention, transformers",
        start=[_start("naive_bayes", 1e-2), _start("bag", 5e-3, _BAG), _start("convolution", 1e-3, _CONVOLUTION)],
    )


def text_transformer() -> Space:
    """Transformer encoders whose depth and widths are decided layer by layer, for a device.

    Reference:
        Wang et al., "HAT: Hardware-Aware Transformers for Efficient Natural Language Processing", arXiv 2005.14187.
    """
    layer = encoder_layer(
        heads=Choice("heads", [1, 2, 4, 8]),
        feed_forward=Choice("feed_forward", [64, 128, 256, 512]),
        dropout=Choice("dropout", [0.0, 0.1, 0.3]),
    )
    embedding = word_embedding(WORDS, Choice("width", [32, 64, 96, 128]), dropout=_word_dropout(), positions=True)
    layers: dict[str, Label] = {"width": 64, "word_dropout": 0.3, "layers/depth": 1, "head_dropout": 0.3}
    inner: dict[str, Label] = {"heads": 4, "feed_forward": 128, "dropout": 0.3}
    start = layers | {f"layers/0/{name}": label for name, label in inner.items()}
    return Space(
        "text_transformer",
        Series(embedding, Repeat("layers", layer, [1, 2, 3, 4, 5, 6]), _head()),
        RECIPE,
        "texts: transformer encoders for a device, whose layers differ in heads and feed-forward width (HAT)",
        start=[{**start, **_recipe(1e-3)}],
    )


def _beside(body: Node) -> Node:
    """A network alone, or with naive Bayes beside it."""
    return beside_naive_bayes(body, EVIDENCE, beside=Choice("naive_bayes", [True, False]))


def _word_dropout() -> Choice:
    return Choice("word_dropout", [0.0, 0.15, 0.3, 0.5])


def _embedding(**options: Any) -> Node:
    return word_embedding(WORDS, Choice("width", [32, 64, 128]), dropout=_word_dropout(), **options)


def _bag() -> Node:
    dropout = Choice("word_dropout", [0.0, 0.3, 0.5, 0.7])
    return bag_of_words(WORDS, PIECES, Choice("width", [4, 16, 64]), dropout=dropout)


def _convolution() -> Node:
    kernels = Choice("kernels", [[3], [1, 2, 3], [2, 3, 4], [3, 4, 5]])
    return phrase_convolution(Choice("filters", [32, 64, 128]), kernels, dropout=Choice("dropout", [0.0, 0.3, 0.5]))


def _recurrent() -> Node:
    return recurrent(
        Choice("units", [32, 64, 128]),
        cell=Choice("cell", ["gru", "lstm"]),
        bidirectional=Choice("bidirectional", [False, True]),
        dropout=Choice("dropout", [0.0, 0.3, 0.5]),
    )


def _attention() -> Node:
    """Attention among the words, and nothing behind it."""
    return encoder_layer(heads=Choice("heads", [1, 2, 4]), feed_forward=0, dropout=0.1)


def _encoder() -> Node:
    layer = encoder_layer(
        heads=Choice("heads", [2, 4]), feed_forward=Choice("feed_forward", [64, 128, 256]), dropout=0.1
    )
    return Repeat("layers", layer, [1, 2, 3], tied=True)


def _head() -> Node:
    return pooled_head(normalization="layer", dropout=Choice("head_dropout", [0.0, 0.3, 0.5]))


def _start(network: str, rate: float, inner: dict[str, Label] | None = None) -> dict[str, Label]:
    """A network with a recipe that suits it."""
    named = {f"network/{network}/{name}": label for name, label in (inner or {}).items()}
    return {"network": network, **named, **_recipe(rate)}


def _recipe(rate: float) -> dict[str, Label]:
    settings: dict[str, Label] = {"weight_decay": 1e-1, "label_smoothing": 0.1, "batch_size": 64}
    return {f"recipe/{name}": label for name, label in ({"learning_rate": rate} | settings).items()}


_BAG: dict[str, Label] = {"naive_bayes": True, "width": 16, "word_dropout": 0.5}
_CONVOLUTION: dict[str, Label] = {
    "naive_bayes": True,
    "width": 64,
    "word_dropout": 0.3,
    "kernels": "1x2x3",
    "filters": 64,
    "dropout": 0.5,
}
