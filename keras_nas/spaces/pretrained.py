"""Spaces behind a pretrained backbone: how it is trained, and the head that is searched on its map of features."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras_nas.architecture import Label
from keras_nas.backbone import Backbone
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.blocks.pretrained import pretrained as copied
from keras_nas.blocks.tabular import dense
from keras_nas.nodes import Given, Node
from keras_nas.space import Choice, Range, Repeat, Series
from keras_nas.spaces.base import Space

RECIPE: dict[str, Any] = {
    "optimizer": "adamw",
    "learning_rate": Range("learning_rate", 5e-4, 5e-3, log=True),
    "weight_decay": Choice("weight_decay", [1e-4, 1e-2]),
    "label_smoothing": Choice("label_smoothing", [0.0, 0.1]),
    "batch_size": Choice("batch_size", [32, 64]),
    "augmentation": Choice("augmentation", ["none", "flip", "shift", "flip_shift"]),
    "steps": 8,
}
"""The recipe of a new head on trained features: AdamW, and batches small enough for few images."""
RATES = [0.01, 0.1]
"""What a backbone learns at, as shares of the head's learning rate."""
START: dict[str, Label] = {
    "recipe/learning_rate": 2e-3,
    "recipe/weight_decay": 1e-2,
    "recipe/label_smoothing": 0.0,
    "recipe/batch_size": 32,
    "recipe/augmentation": "none",
}
TRAINED: dict[str, dict[str, Label]] = {
    "frozen": {"recipe/backbone": "frozen"},
    "fine_tuned": {"recipe/backbone": "fine_tuned", "recipe/backbone/fine_tuned/rate": 0.1},
}
HEAD: dict[str, Label] = {"convolutions/depth": 0, "pooling": "average", "dropout": 0.2, "layers/depth": 0}
MAPS: dict[str, Label] = {"convolutions/depth": 1, "convolutions/width": 64, "convolutions/kernel": 3}


def pretrained(backbone: Backbone, head: Space | None = None, maps: bool = False) -> Space:
    """Networks that begin with a trained one.

    Args:
        backbone: whose layers all networks begin with.
        head: whose networks stand on its map of features, under the recipe of this space; None for convolutions,
            pooling and dense layers.
        maps: whether networks end in a map, as a segmentation needs it.

    Example:
        >>> import keras
        >>> pixels = keras.Input((32, 32, 3))
        >>> space = pretrained(Backbone(keras.Model(pixels, keras.layers.Conv2D(8, 3)(pixels))))
        >>> [decision.path for decision in space.recipe_decisions][-2:]
        ['recipe/backbone', 'recipe/backbone/fine_tuned/rate']
    """
    stem = Series(copied(backbone, mean=Given("input_mean", ()), std=Given("input_std", ())), at="backbone")
    own = Space("pretrained", _map_head() if maps else _head()) if head is None else head
    return Space(
        own.name,
        Series(stem, own.network),
        {**RECIPE, "fine_tuning": _training(backbone.training)},
        f"a pretrained backbone ({backbone.name}), frozen or fine-tuned, and a head on its map of features",
        start=[
            {**known, **START, **answers} for known in _known(head, maps) for answers in _answers(backbone.training)
        ],
        backbone=backbone,
    )


def _training(how: str | None) -> Any:
    """The share of the learning rate that the backbone learns at."""
    ways: dict[Any, Any] = {"frozen": 0.0, "fine_tuned": Choice("rate", RATES)}
    return Choice("backbone", ways) if how is None else ways[how]


def _answers(how: str | None) -> list[dict[str, Label]]:
    """What is known to be good of the backbone's training: the cheapest first."""
    if how is None:
        return [*TRAINED.values()]
    return [{"recipe/rate": 0.1} if how == "fine_tuned" else {}]


def _known(head: Space | None, maps: bool) -> list[Mapping[str, Label]]:
    """Good heads, without their recipes."""
    if head is None:
        return [MAPS if maps else HEAD]
    return [{path: x for path, x in start.items() if not path.startswith("recipe/")} for start in head.start[:1]]


def _convolutions(least: int) -> Node:
    width, kernel = Choice("width", [64, 128, 256]), Choice("kernel", [1, 3])
    return Repeat("convolutions", convolution(width, kernel), range(least, 3), tied=True)


def _head() -> Node:
    layer = dense(Choice("units", [64, 256]), dropout=Choice("dropout", [0.0, 0.2]))
    pooling = Choice("pooling", ["average", "max", "both"])
    return Series(
        _convolutions(0),
        pooled_head(pooling=pooling, dropout=Choice("dropout", [0.0, 0.2, 0.5])),
        Repeat("layers", layer, [0, 1], tied=True),
    )


def _map_head() -> Node:
    return _convolutions(1)
