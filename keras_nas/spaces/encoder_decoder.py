"""The space of texts that become other texts: encoders and decoders, with what evolved of the Transformer."""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.architecture import Label
from keras_nas.blocks.encoder_decoder import EncoderDecoder, evolved_layer, joint_embedding
from keras_nas.nodes import Given, Node
from keras_nas.space import Choice, Op, Range, Repeat, Series
from keras_nas.spaces.base import Space

RECIPE: dict[str, Any] = {
    "optimizer": "adamw",
    "learning_rate": Range("learning_rate", 3e-4, 1e-2, log=True),
    "weight_decay": Choice("weight_decay", [1e-3, 1e-2, 1e-1]),
    "batch_size": Choice("batch_size", [32, 64, 128]),
}


def encoder_decoder() -> Space:
    """Encoders and decoders of one to four layers, each with its heads, widths, gate and convolution.

    Reference:
        So et al., "The Evolved Transformer", arXiv 1901.11117; Wang et al., "HAT: Hardware-Aware Transformers for
        Efficient Natural Language Processing", arXiv 2005.14187; Wu et al., "Lite Transformer with Long-Short Range
        Attention", arXiv 2004.11886.
    """
    network = EncoderDecoder(
        joint_embedding(Given("words"), Choice("width", [64, 128, 192, 256]), dropout=Given("dropout")),
        _layers(),
        _layers(),
        Choice("dropout", [0.1, 0.2, 0.3]),
    )
    return Space(
        "encoder_decoder",
        network,
        RECIPE,
        "texts to texts: transformers whose layers differ in heads, widths, gates and convolutions beside attention",
        start=[_start(), _start(gated=True, convolution=7, activation="swish")],
    )


def _layers() -> Node:
    """Layers one after the other, and the last normalisation."""
    layer = evolved_layer(
        heads=Choice("heads", [2, 4, 8]),
        feed_forward=Choice("feed_forward", [128, 256, 512]),
        gated=Choice("gated", [False, True]),
        convolution=Choice("convolution", [0, 3, 7, 11]),
        activation=Choice("activation", ["relu", "swish"]),
        **{name: Given(name) for name in ("dropout", "seen", "there", "memory")},
    )
    return Series(Repeat("layers", layer, [1, 2, 3, 4]), Op(layers.LayerNormalization))


def _start(**evolved: Label) -> dict[str, Label]:
    """Two layers on either side, alike."""
    layer: dict[str, Label] = {"heads": 4, "feed_forward": 256, "gated": False, "convolution": 0, "activation": "relu"}
    inner = {
        f"{side}/layers/{number}/{name}": label
        for side in ("encoder", "decoder")
        for number in range(2)
        for name, label in {**layer, **evolved}.items()
    }
    depths: dict[str, Label] = {"encoder/layers/depth": 2, "decoder/layers/depth": 2}
    recipe: dict[str, Label] = {"recipe/learning_rate": 2e-3, "recipe/weight_decay": 1e-2, "recipe/batch_size": 64}
    return {"width": 128, "dropout": 0.1, **depths, **inner, **recipe}
