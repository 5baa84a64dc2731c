"""The space of tables: how numbers are embedded, and plain, residual, wide or attending networks behind."""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.architecture import Label
from keras_nas.blocks.columns import code_embedding, columns, number_linear, number_periodic, number_piecewise
from keras_nas.blocks.tabular import column_attention, dense, dense_residual, pooled_columns, wide_and_deep
from keras_nas.nodes import Given, Node
from keras_nas.space import Choice, Op, Range, Repeat, Series
from keras_nas.spaces.base import Space

VOCABULARY = Given("vocabulary")

RECIPE: dict[str, Any] = {
    "optimizer": "adamw",
    "learning_rate": Range("learning_rate", 3e-4, 5e-3, log=True),
    "weight_decay": Choice("weight_decay", [1e-4, 1e-2, 1e-1]),
    "batch_size": Choice("batch_size", [128, 256, 512]),
}
"""The recipe of tables: AdamW under a one-cycle schedule."""


def tabular() -> Space:
    """Networks on numbers and codes, as the front of a table's model makes them."""
    network = Choice("network", {"dense": _vectors(), "attention": _tokens()})
    return Space(
        "tabular",
        Series(network),
        RECIPE,
        "networks for tables: linear, piecewise linear or periodic numbers; plain, residual, wide or attending bodies",
        start=[_start()],
    )


def _vectors() -> Node:
    """All columns in one vector, then dense layers or residual blocks; a linear model beside where wide."""
    dropout = Choice("dropout", [0.0, 0.1, 0.2, 0.35, 0.5])
    width = Choice("width", [64, 128, 256, 384, 512])
    numbers = Choice("numbers", {"linear": Series(), "piecewise": _piecewise(), "periodic": _periodic()})
    codes = Series(code_embedding(VOCABULARY, Choice("code_width", [4, 8, 16])), Op(layers.Flatten))
    plain = Repeat("layers", dense(width, dropout=dropout), [1, 2, 3, 4], tied=True)
    residual = Series(
        dense(width, activation="none"), Repeat("blocks", dense_residual(dropout=dropout), [1, 2, 3], tied=True)
    )
    body = Series(columns(numbers, codes), Choice("body", {"plain": plain, "residual": residual}))
    return wide_and_deep(body, VOCABULARY, wide=Choice("wide", [False, True]))


def _piecewise() -> Node:
    embedding = number_piecewise(Choice("bins", [8, 16, 32, 48]), Choice("number_width", [0, 4, 8, 16]))
    return Series(embedding, Op(layers.Flatten))


def _periodic() -> Node:
    embedding = number_periodic(
        Choice("frequencies", [8, 16, 32]),
        Choice("number_width", [4, 8, 16]),
        scale=Choice("scale", [0.05, 0.1, 0.3, 1.0]),
    )
    return Series(embedding, Op(layers.Flatten))


def _tokens() -> Node:
    """One token a column, attention among them: FT-Transformer, reading out the mean of the tokens."""
    width, dropout = Choice("width", [32, 64, 96]), Choice("dropout", [0.0, 0.1, 0.2])
    numbers = Choice(
        "numbers",
        {
            "linear": number_linear(width),
            "piecewise": number_piecewise(Choice("bins", [8, 16, 32]), width, activation="linear"),
        },
    )
    return Series(
        columns(numbers, code_embedding(VOCABULARY, width), axis=1),
        Repeat("blocks", column_attention(heads=4, dropout=dropout), [1, 2, 3], tied=True),
        pooled_columns(),
    )


def _start() -> dict[str, Label]:
    """A plain network on piecewise linear numbers, with a recipe that rarely fails."""
    inner: dict[str, Label] = {
        "wide": False,
        "numbers": "piecewise",
        "numbers/piecewise/bins": 32,
        "numbers/piecewise/number_width": 8,
        "code_width": 8,
        "body": "plain",
        "body/plain/layers/depth": 3,
        "body/plain/layers/width": 256,
        "body/plain/layers/dropout": 0.2,
    }
    recipe: dict[str, Label] = {"learning_rate": 1e-3, "weight_decay": 1e-2, "batch_size": 256}
    return {
        "network": "dense",
        **{f"network/dense/{name}": label for name, label in inner.items()},
        **{f"recipe/{name}": label for name, label in recipe.items()},
    }
