"""The space of series to classify: residual, Inception, dilated and recurrent networks."""

from __future__ import annotations

from typing import Any

from keras_nas.architecture import Label
from keras_nas.blocks.convnext import patches
from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.blocks.sequence import inception, recurrent, temporal_convolution
from keras_nas.blocks.skip import residual
from keras_nas.nodes import Node
from keras_nas.space import Channels, Choice, Range, Repeat, Series
from keras_nas.spaces.base import Space

RECIPE: dict[str, Any] = {
    "optimizer": "adamw",
    "learning_rate": Range("learning_rate", 5e-4, 1e-2, log=True),
    "weight_decay": Choice("weight_decay", [1e-3, 1e-2, 1e-1]),
    "label_smoothing": Choice("label_smoothing", [0.0, 0.1]),
    "batch_size": Choice("batch_size", [16, 32, 64]),
    "steps": 10,
}
"""The recipe of series: AdamW under a one-cycle schedule, in batches of a tenth of the rows where these are few, as in
Wang et al., arXiv 1611.06455."""


def sequences() -> Space:
    """Networks on series `(steps, channels)`.

    Reference:
        Wang, Yan and Oates, "Time Series Classification from Scratch with Deep Neural Networks", arXiv 1611.06455;
        Ismail Fawaz et al., "InceptionTime", arXiv 1909.04939; Bai, Kolter and Koltun, "An Empirical Evaluation of
        Generic Convolutional and Recurrent Networks for Sequence Modeling", arXiv 1803.01271.
    """
    network = Choice(
        "network",
        {
            "residual": Series(_stem(), Repeat("blocks", _residual(), [1, 2, 3]), _head()),
            "inception": Series(_stem(), Repeat("blocks", _inception(), [1, 2], tied=True), _head()),
            "dilated": Series(_stem(), _dilated(), _head()),
            "recurrent": Series(_patches(), _recurrent()),
        },
    )
    return Space(
        "sequences",
        network,
        RECIPE,
        "series to classify: residual, Inception, dilated and recurrent networks behind a stem that may shorten them",
        start=[_start("residual", _RESIDUAL), _start("inception", _INCEPTION)],
    )


def _stem() -> Node:
    """A convolution that makes channels, and where it strides a shorter series."""
    return convolution(Choice("stem", [32, 64]), 7, stride=Choice("stride", [1, 2, 4]))


def _residual() -> Node:
    """The block of ResNet for series: kernels of 8, 5 and 3 steps (Wang et al., arXiv 1611.06455)."""
    kernel = Choice("kernel", [5, 8, 11])
    wide = [convolution(Choice("filters", [32, 64, 128]), kernel), convolution(Channels(), 5)]
    return residual(Series(*wide, convolution(Channels(), 3, activation="none")))


def _inception() -> Node:
    """Three Inception modules and the sum with what went in."""
    module = inception(Choice("filters", [16, 32]), kernel=Choice("kernel", [20, 40]))
    return residual(Series(module, module, module))


def _dilated() -> Node:
    return temporal_convolution(
        Choice("filters", [32, 64]),
        Choice("kernel", [3, 5, 7]),
        levels=Choice("levels", [3, 4, 5, 6]),
        causal=False,
        normalization="batch",
        dropout=Choice("dropout", [0.0, 0.1, 0.3]),
    )


def _recurrent() -> Node:
    return recurrent(
        Choice("units", [32, 64, 128]),
        cell=Choice("cell", ["gru", "lstm"]),
        bidirectional=Choice("bidirectional", [False, True]),
        dropout=Choice("dropout", [0.0, 0.2, 0.5]),
    )


def _patches() -> Node:
    return patches(Choice("channels", [32, 64]), Choice("patch", [1, 4, 8]), normalization="none")


def _head() -> Node:
    return pooled_head(pooling=Choice("pooling", ["average", "both"]), dropout=Choice("head_dropout", [0.0, 0.2, 0.5]))


def _start(network: str, inner: dict[str, Label]) -> dict[str, Label]:
    """A published network, made narrow, with a recipe that rarely fails; like those, it drops and smooths nothing."""
    common: dict[str, Label] = {"stem": 32, "stride": 2, "pooling": "average", "head_dropout": 0.0}
    recipe: dict[str, Label] = {
        "learning_rate": 3e-3,
        "weight_decay": 1e-2,
        "label_smoothing": 0.0,
        "batch_size": 16,
    }
    return {
        "network": network,
        **{f"network/{network}/{name}": label for name, label in {**common, **inner}.items()},
        **{f"recipe/{name}": label for name, label in recipe.items()},
    }


_RESIDUAL: dict[str, Label] = {
    "blocks/depth": 3,
    **{f"blocks/{block}/filters": filters for block, filters in enumerate((64, 128, 128))},
    **{f"blocks/{block}/kernel": 8 for block in range(3)},
}
_INCEPTION: dict[str, Label] = {"blocks/depth": 2, "blocks/filters": 32, "blocks/kernel": 40}
