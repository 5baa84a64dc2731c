"""The space of tables: how numbers are embedded, and plain, residual, wide or attending networks behind."""

from __future__ import annotations

from typing import Any

from keras import layers

from keras_nas.architecture import Label
from keras_nas.blocks.columns import (
    code_embedding,
    column_dense,
    columns,
    number_linear,
    number_periodic,
    number_piecewise,
)
from keras_nas.blocks.tabular import column_attention, dense, dense_residual, pooled_columns, wide_and_deep
from keras_nas.nodes import Given, Node
from keras_nas.space import Choice, Op, Range, Repeat, Series
from keras_nas.spaces.base import Space

VOCABULARY = Given("vocabulary")

RECIPE: dict[str, Any] = {
    "optimizer": "adamw",
    "learning_rate": Range("learning_rate", 3e-4, 5e-3, log=True),
    "weight_decay": Choice("weight_decay", [1e-3, 1e-2, 1e-1]),
    "batch_size": Choice("batch_size", [128, 256, 512]),
    "steps": 16,
}
"""The recipe of tables: AdamW under a one-cycle schedule."""


def tabular() -> Space:
    """Networks on numbers and codes, as the front of a table's model makes them.

    Reference:
        Gorishniy et al., "Revisiting Deep Learning Models for Tabular Data", arXiv 2106.11959, and "On Embeddings for
        Numerical Features in Tabular Deep Learning", arXiv 2203.05556; Cheng et al., "Wide & Deep Learning for
        Recommender Systems", arXiv 1606.07792.
    """
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
    dense_numbers = column_dense(Choice("width", [4, 8, 16]), activation="relu")
    embedding = Choice("embedding", {"none": Series(), "dense": dense_numbers})
    codes = Series(code_embedding(VOCABULARY, Choice("code_width", [4, 8, 16])), Op(layers.Flatten))
    plain = Repeat("layers", dense(width, dropout=dropout), [1, 2, 3, 4], tied=True)
    blocks = Repeat("blocks", dense_residual(dropout=dropout), [1, 2, 3], tied=True)
    body = Choice("body", {"plain": plain, "residual": Series(dense(width, activation="none"), blocks)})
    deep = Series(columns(Series(_numbers(), embedding, Op(layers.Flatten)), codes), body)
    return wide_and_deep(deep, VOCABULARY, Given("outputs"), wide=Choice("wide", [False, True]))


def _tokens() -> Node:
    """One token a column, attention among them: FT-Transformer, reading out the mean of the tokens."""
    width = Choice("width", [32, 64, 96])
    body = column_attention(heads=4, dropout=Choice("dropout", [0.0, 0.1, 0.2]))
    return Series(
        columns(Series(_numbers(), column_dense(width)), code_embedding(VOCABULARY, width), axis=1),
        Repeat("blocks", body, [1, 2, 3], tied=True),
        pooled_columns(),
    )


def _numbers() -> Node:
    """Each number as a vector."""
    periodic = number_periodic(Choice("frequencies", [8, 16, 32]), scale=Choice("scale", [0.05, 0.1, 0.2, 0.5]))
    piecewise = number_piecewise(Choice("bins", [8, 16, 32, 48]))
    return Choice("numbers", {"linear": number_linear(), "piecewise": piecewise, "periodic": periodic})


def _start() -> dict[str, Label]:
    """A plain network on piecewise linear numbers; dropout so strong that long trainings do no harm."""
    inner: dict[str, Label] = {
        "wide": False,
        "numbers": "piecewise",
        "numbers/piecewise/bins": 48,
        "embedding": "dense",
        "embedding/dense/width": 16,
        "code_width": 8,
        "body": "plain",
        "body/plain/layers/depth": 2,
        "body/plain/layers/width": 512,
        "body/plain/layers/dropout": 0.5,
    }
    recipe: dict[str, Label] = {"learning_rate": 2e-3, "weight_decay": 0.1, "batch_size": 256}
    return {
        "network": "dense",
        **{f"network/dense/{name}": label for name, label in inner.items()},
        **{f"recipe/{name}": label for name, label in recipe.items()},
    }
