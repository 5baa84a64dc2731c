"""The space of forecasts: naive, linear, N-BEATS, dilated convolutions, recurrent layers and attention."""

from __future__ import annotations

from typing import Any

from keras_nas.architecture import Label
from keras_nas.blocks.attention import transformer
from keras_nas.blocks.convnext import patches
from keras_nas.blocks.forecasting import (
    beside_linear,
    linear_forecast,
    n_beats,
    naive_forecast,
    recent,
    reversible,
)
from keras_nas.blocks.head import pooled_head
from keras_nas.blocks.sequence import recurrent, temporal_convolution
from keras_nas.nodes import Given, Node
from keras_nas.space import Choice, Range, Repeat, Series
from keras_nas.spaces.base import Space

HORIZON, SERIES = Given("horizon"), Given("outputs")

RECIPE: dict[str, Any] = {
    "optimizer": "adamw",
    "learning_rate": Range("learning_rate", 3e-4, 1e-2, log=True),
    "weight_decay": Choice("weight_decay", [1e-3, 1e-2, 1e-1, 1.0]),
    "batch_size": Choice("batch_size", [32, 64, 128]),
    "steps": 16,
}
"""The recipe of forecasts: AdamW under a one-cycle schedule."""


def timeseries() -> Space:
    """Networks on windows `(lookback, columns)`; the naive ones and a linear one are among them, and tried first.

    Reference:
        Oreshkin et al., "N-BEATS", arXiv 1905.10437; Zeng et al., "Are Transformers Effective for Time Series
        Forecasting?", arXiv 2205.13504; Bai, Kolter and Koltun, "An Empirical Evaluation of Generic Convolutional and
        Recurrent Networks for Sequence Modeling", arXiv 1803.01271.
    """
    network = Choice(
        "network",
        {
            "naive": naive_forecast(HORIZON, SERIES),
            "seasonal_naive": naive_forecast(HORIZON, SERIES, Given("season")),
            "linear": _framed(_linear()),
            "n_beats": _framed(_n_beats()),
            "convolution": _framed(beside_linear(_convolution(), HORIZON, SERIES)),
            "recurrent": _framed(beside_linear(_recurrent(), HORIZON, SERIES)),
            "attention": _framed(beside_linear(_attention(), HORIZON, SERIES)),
        },
    )
    return Space(
        "timeseries",
        network,
        RECIPE,
        "forecasts: naive, linear, N-BEATS; dilated convolutions, recurrent layers or attention beside a linear one",
        start=[_start("linear", _LINEAR), _start("seasonal_naive"), _start("naive"), _start("n_beats", _N_BEATS)],
    )


def _framed(inner: Node) -> Node:
    """How far back a network looks, and how each window is normalised."""
    lookback = recent(Choice("lookback", [0.25, 0.5, 0.75, 1.0]))
    return Series(lookback, reversible(inner, kind=Choice("normalization", ["instance", "last", "none"])))


def _linear() -> Node:
    decomposition, individual = Choice("decomposition", [0, 25]), Choice("individual", [False, True])
    return linear_forecast(HORIZON, SERIES, decomposition=decomposition, individual=individual)


def _n_beats() -> Node:
    blocks, depth = Choice("blocks", [1, 2, 3]), Choice("depth", [1, 2, 3])
    return n_beats(HORIZON, SERIES, blocks=blocks, depth=depth, width=Choice("width", [64, 128, 256, 512]))


def _convolution() -> Node:
    body = temporal_convolution(
        Choice("filters", [16, 32, 64]),
        Choice("kernel", [3, 5, 7]),
        levels=Choice("levels", [3, 4, 5, 6]),
        dropout=Choice("dropout", [0.0, 0.1, 0.3]),
    )
    return Series(body, Choice("features", {"last": recent(0.0), "all": Series()}), pooled_head())


def _recurrent() -> Node:
    """A recurrent layer over patches: a long window is too many steps for it."""
    body = recurrent(
        Choice("units", [32, 64, 128]), cell=Choice("cell", ["gru", "lstm"]), dropout=Choice("dropout", [0.0, 0.1, 0.3])
    )
    return Series(_patches(), body)


def _attention() -> Node:
    block = transformer(heads=Choice("heads", [2, 4, 8]), dropout=Choice("dropout", [0.0, 0.1, 0.3]))
    return Series(
        _patches(), Repeat("blocks", block, [1, 2, 3], tied=True), pooled_head(pooling="flatten", dropout=0.1)
    )


def _patches() -> Node:
    """Patches of the window as single steps (arXiv 2211.14730), of all columns together."""
    return patches(Choice("channels", [16, 32, 64]), Choice("patch", [4, 8, 16]), normalization="none")


def _start(network: str, inner: dict[str, Label] | None = None) -> dict[str, Label]:
    """A network with a recipe that suits it."""
    recipe: dict[str, Label] = {"learning_rate": 2e-3, "weight_decay": 1e-2, "batch_size": 64}
    return {
        "network": network,
        **{f"network/{network}/{name}": label for name, label in (inner or {}).items()},
        **{f"recipe/{name}": label for name, label in recipe.items()},
    }


_LINEAR: dict[str, Label] = {"lookback": 1.0, "normalization": "instance", "decomposition": 0, "individual": False}
_N_BEATS: dict[str, Label] = {"lookback": 1.0, "normalization": "instance", "blocks": 2, "depth": 2, "width": 128}
