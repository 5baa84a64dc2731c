"""Forecasts of series: the naive ones, linear maps of the past, N-BEATS, and what stands around deeper networks.

Windows are `(steps, columns)`, the series to forecast first among the columns; forecasts are `(horizon, series)`.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from keras import layers

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.net import Net
from keras_nas.space import block

Function = Callable[[Any], Any]
INSTANCES = ("instance", "last", "none")


def length_of(net: Net, x: Any) -> int:
    """How many steps or rows there are: forecasts are of windows of a known length."""
    return int(net.shape(x)[0] or 0)


def last_steps(net: Net, x: Any, steps: int) -> Any:
    """The last so many steps."""
    length = length_of(net, x)
    return x if length == steps else net(layers.Cropping1D, x, cropping=(length - steps, 0))


def by_series(net: Net, x: Any, series: int) -> Any:
    """The first columns as rows `(series, steps)`."""
    rows = net(layers.Permute, x, dims=(2, 1))
    others = length_of(net, rows) - series
    return net(layers.Cropping1D, rows, cropping=(0, others)) if others else rows


def first_series(net: Net, x: Any, series: int) -> Any:
    """The first columns alone."""
    return x if net.channels(x) == series else net(layers.Permute, by_series(net, x, series), dims=(2, 1))


@block
def recent(net: Net, x: Any, share: float = 1.0) -> Any:
    """The last part of a window: how far back a network looks.

    Args:
        net: builds the layers.
        x: `(steps, columns)`.
        share: of the steps, at most 1; 0 is the last step alone.
    """
    return last_steps(net, x, max(1, round(length_of(net, x) * share)))


@block
def naive_forecast(net: Net, x: Any, horizon: int, series: int, season: int = 1) -> Any:
    """The last value again, or the last season again and again; there is nothing to be learnt.

    Args:
        net: builds the layers.
        x: `(steps, columns)`.
        horizon: steps to forecast; `Given("horizon")` in a space.
        series: how many are to be forecast; `Given("outputs")` in a space.
        season: steps that come again, at most those of the window; `Given("season")` in a space.
    """
    x = first_series(net, x, series)
    again = last_steps(net, x, min(season, length_of(net, x)))
    times = -(-horizon // length_of(net, again))
    many = net(layers.Concatenate, [again] * times, axis=1) if times > 1 else again
    surplus = length_of(net, many) - horizon
    return net(layers.Cropping1D, many, cropping=(0, surplus)) if surplus else many


@block
def linear_forecast(
    net: Net, x: Any, horizon: int, series: int, *, decomposition: int = 0, individual: bool = False
) -> Any:
    """Every step ahead as a weighted sum of the past of its own series; begins with a forecast of 0.

    Args:
        net: builds the layers.
        x: `(steps, columns)`.
        horizon: steps to forecast; `Given("horizon")` in a space.
        series: how many are to be forecast; `Given("outputs")` in a space.
        decomposition: steps of a moving average, whose result and the rest have weights of their own (DLinear); 0 for
            none.
        individual: whether each series has weights of its own.

    Reference:
        Zeng et al., "Are Transformers Effective for Time Series Forecasting?", arXiv 2205.13504.
    """
    parts = [x]
    if decomposition:
        trend = net(layers.AveragePooling1D, x, pool_size=decomposition, strides=1, padding="same")
        parts = [trend, net(layers.Subtract, [x, trend])]
    rows = [by_series(net, part, series) for part in parts]
    if individual:
        shape = (series, horizon)
        made = [_weighted(net, row, layers.EinsumDense, equation="bcs,csh->bch", output_shape=shape) for row in rows]
    else:
        made = [_weighted(net, row, layers.Dense, units=horizon) for row in rows]
    total = net(layers.Add, made) if len(made) > 1 else made[0]
    return net(layers.Permute, total, dims=(2, 1))


def _weighted(net: Net, x: Any, layer: Any, **config: Any) -> Any:
    """A linear layer without bias whose weights begin at 0: an unlearnt forecast adds nothing."""
    without = {"use_bias": False} if layer is layers.Dense else {}
    return net(layer, x, kernel_initializer="zeros", **without, **config)


@block
def n_beats(net: Net, x: Any, horizon: int, series: int, *, blocks: int = 2, depth: int = 2, width: int = 128) -> Any:
    """Blocks of dense layers, each of which explains away a part of the past and adds its part of the forecast.

    All series have the same weights.

    Args:
        net: builds the layers.
        x: `(steps, columns)`.
        horizon: steps to forecast; `Given("horizon")` in a space.
        series: how many are to be forecast; `Given("outputs")` in a space.
        blocks: how many.
        depth: dense layers of a block.
        width: their units.

    Reference:
        Oreshkin et al., "N-BEATS", arXiv 1905.10437 (the generic form).
    """
    past, forecasts = by_series(net, x, series), []
    for number in range(blocks):
        y = past
        for _ in range(depth):
            y = net(layers.Dense, y, units=width, activation="relu")
        forecasts.append(_weighted(net, y, layers.Dense, units=horizon))
        if number < blocks - 1:
            past = net(layers.Subtract, [past, net(layers.Dense, y, units=net.channels(past))])
    total = net(layers.Add, forecasts) if blocks > 1 else forecasts[0]
    return net(layers.Permute, total, dims=(2, 1))


@block
def beside_linear(net: Net, x: Any, deep: Function, horizon: int, series: int) -> Any:
    """A linear forecast, to which the features of a deep part add theirs; these begin at 0.

    Args:
        net: builds the layers.
        x: `(steps, columns)`.
        deep: a node that gives `(features,)`.
        horizon: steps to forecast; `Given("horizon")` in a space.
        series: how many are to be forecast; `Given("outputs")` in a space.

    Reference:
        Lai et al., "Modeling Long- and Short-Term Temporal Patterns with Deep Neural Networks", arXiv 1703.07015, 3.6.
    """
    more = _weighted(net, deep(x), layers.Dense, units=horizon * series)
    more = net(layers.Reshape, more, target_shape=(horizon, series))
    return net(layers.Add, [linear_forecast.body(net, x, horizon, series), more])


@block
def reversible(net: Net, x: Any, inner: Function, *, kind: str = "instance") -> Any:
    """Every window is normalised by itself, and its forecast brought back: levels that drift do no harm.

    Args:
        net: builds the layers.
        x: `(steps, columns)`.
        inner: a node that gives `(horizon, series)`.
        kind: "instance" (by mean and standard deviation of each column, RevIN without its affine part), "last" (by the
            last value, NLinear) or "none".

    Raises:
        InvalidArgument: for another kind.

    Reference:
        Kim et al., "Reversible Instance Normalization for Accurate Time-Series Forecasting", ICLR 2022; Zeng et al.,
        arXiv 2205.13504.
    """
    if kind not in INSTANCES:
        raise InvalidArgument(unknown("kind of normalisation", kind, INSTANCES))
    if kind == "none":
        return inner(x)
    if kind == "last":
        level = last_steps(net, x, 1)
        y = inner(net(layers.Subtract, [x, level]))
        return net(layers.Add, [y, first_series(net, level, net.channels(y))])
    level = net(layers.GlobalAveragePooling1D, x, keepdims=True)
    centred, root = net(layers.Subtract, [x, level]), math.sqrt(length_of(net, x))
    unit = net(layers.UnitNormalization, centred, axis=1)  # the column by its norm, that is by sqrt(steps) deviations
    mean = net(layers.GlobalAveragePooling1D, net(layers.Multiply, [centred, unit]), keepdims=True)
    y = inner(net(layers.Rescaling, unit, scale=root))
    spread = first_series(net, net(layers.Rescaling, mean, scale=root), net.channels(y))
    return net(layers.Add, [net(layers.Multiply, [y, spread]), first_series(net, level, net.channels(y))])
