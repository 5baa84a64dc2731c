"""Forecasting: the last steps of one or several series in, the next ones out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from keras_nas.data.windows import Framing
from keras_nas.errors import InvalidArgument
from keras_nas.net import Net
from keras_nas.tasks.arrays import standardised
from keras_nas.tasks.scores import FORECASTING, forecasting_scores
from keras_nas.tasks.signature import Input, ScaledSignature, Signature, as_floats, moments
from keras_nas.tasks.targets import Regression
from keras_nas.tasks.yardsticks import season_of, yardsticks

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split
    from keras_nas.data.glance import Glance

LOOKBACK, LEAST_LOOKBACK = 4, 32
"""Steps that a model sees where the user does not say: so many horizons, and these at least."""


@dataclass(frozen=True)
class ForecastSignature(ScaledSignature):
    """That of windows; the series to forecast are the first of the columns.

    Args:
        horizon: steps to forecast.
        season: steps after which the series repeat themselves, 1 where they do not.
    """

    horizon: int = 1
    season: int = 1

    @property
    def facts(self) -> Mapping[str, Any]:
        """Also the horizon and the season; `outputs` are the series to forecast."""
        return {**super().facts, "horizon": self.horizon, "season": self.season}

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Steps and series."""
        return (self.horizon, self.outputs)

    @property
    def dependent(self) -> int:
        """Neighbouring windows forecast the same steps."""
        return max(self.horizon, self.season)


class TimeseriesForecasting(Regression):
    """The next steps of one or several series, from the last steps of all columns.

    Parts of the data follow one another in time, nothing is drawn; what is forecast in one is forecast in no other. A
    model standardises its window by the training part, and gives `(horizon, series)` in the series' own units.

    Args:
        horizon: steps to forecast.
        lookback: steps that a model sees; by default four horizons, and 32 at least.
        season: steps after which the series repeat themselves; by default what the training part shows.
        time: the name of the column of times; by default the index, or the first column of dates.

    Raises:
        InvalidArgument: when a number is none of 1 or more.

    Example:
        >>> TimeseriesForecasting(horizon=12).framing
        Framing(horizon=12, lookback=48, season=None, time=None)
    """

    name = "timeseries_forecasting"
    ranks = (2,)
    score_names = FORECASTING
    default_space = "timeseries"
    default_estimator = "several_finalists"

    def __init__(
        self, horizon: int = 1, lookback: int | None = None, season: int | None = None, time: str | None = None
    ) -> None:
        self.horizon = _steps("horizon", horizon)
        self.lookback = None if lookback is None else _steps("lookback", lookback)
        self.season = None if season is None else _steps("season", season)
        self.time = time

    @classmethod
    def takes(cls, seen: Glance) -> str | None:
        """Tables with times."""
        return f"{seen.times} holds times in order and of equal steps" if seen.times else None

    @classmethod
    def suits(cls, seen: Glance) -> str | None:
        """Also where no column is named: all are forecast then."""
        times = cls.takes(seen)
        return super().suits(seen) if seen.answer else times and f"{times}, and all columns are to be predicted"

    @property
    def framing(self) -> Framing:  # type: ignore[override]
        """How the series becomes rows."""
        lookback = max(LOOKBACK * self.horizon, LEAST_LOOKBACK) if self.lookback is None else self.lookback
        return Framing(self.horizon, lookback, self.season, self.time)

    def signature(self, rows: Rows, split: Split) -> ForecastSignature:
        """Shape of the windows, and what the steps of the training part say of each column."""
        schema = rows.series
        assert schema is not None  # noqa: S101 - windows have one
        framing, targets = schema.framing, schema.targets
        past = np.asarray(rows.x.series[: split.train[-1] + framing.span], dtype=np.float64)
        mean, std = (as_floats(values) for values in moments(past))
        return ForecastSignature(
            Input((framing.lookback, past.shape[1]), str(rows.x.dtype)),
            *(targets, mean[:targets], std[:targets], mean, std),
            horizon=framing.horizon,
            season=framing.season or season_of(past[:, :targets], framing.lookback),
        )

    def remarks(self, rows: Rows, split: Split) -> list[str]:
        """What a row is, and how well simple forecasts do."""
        told = self.signature(rows, split)
        steps, columns = told.input_shape
        season = f"repeat themselves after {told.season} steps" if told.season > 1 else "show no season"
        errors = ", ".join(f"{name} {error:.4g}" for name, error in yardsticks(rows, split, told).items())
        return [
            f"A row is a window: {steps} steps of {columns} columns, then {told.horizon} steps of the {told.outputs} "
            f"series to forecast, which {season}.",
            f"Mean squared errors of simple forecasts on the rows to choose by, in standard deviations: {errors}.",
        ]

    def prepare(self, net: Net, x: Any, signature: Signature) -> Any:
        """Columns standardised by the training part."""
        assert isinstance(signature, ForecastSignature)  # noqa: S101 - made by this task
        return standardised(net, x, signature.input_mean, signature.input_std)

    def outputs(self, net: Net, x: Any, signature: Signature) -> Any:
        """Forecasts of the network as they are; of features a dense layer makes them."""
        from keras import layers

        steps, series = signature.output_shape
        if tuple(net.shape(x)) == (steps, series):
            return x
        x = net(layers.Dense, x, units=steps * series, dtype="float32")
        return net(layers.Reshape, x, target_shape=(steps, series), dtype="float32")

    def scores(
        self, y: np.ndarray, predictions: np.ndarray, signature: Signature, names: Sequence[str] = ()
    ) -> dict[str, float]:
        """Errors in standard deviations of the training part, so that all series weigh alike."""
        return forecasting_scores(y, predictions, signature.output_std, names)


def _steps(name: str, steps: int) -> int:
    """A number of steps, refused where it is none."""
    if isinstance(steps, bool) or not isinstance(steps, int) or steps < 1:
        raise InvalidArgument(f"{name}={steps!r}: expected a whole number of steps, 1 or more.")
    return steps
