"""A series: a year of hourly bicycle rentals, made up, to a SavedModel that forecasts the next day from raw numbers.

    python examples/forecasting.py [--seconds 60] [--directory forecasting]

Days and weeks repeat themselves, the weather helps; naive, seasonal naive and linear forecasts are shown and are
candidates. Parts of the data follow one another in time, and what is learned is learned of the first part.
"""

import argparse
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf

import keras_nas

DAY = 24


def rentals(days: int = 365) -> pd.DataFrame:
    """Hourly rentals with rush hours, weekends and the warmth of the days before."""
    random = np.random.default_rng(0)
    time = pd.date_range("2023-01-01", periods=days * DAY, freq="h")
    day, hour = np.arange(days).repeat(DAY), np.tile(np.arange(DAY), days)
    warmth = 12 - 9 * np.cos(2 * np.pi * day / 365) + random.normal(0, 3, days).repeat(DAY)
    rush = np.exp(-(((hour - 8) / 2) ** 2)) + np.exp(-(((hour - 17) / 2) ** 2))
    demand = (20 + 300 * rush * np.where(time.dayofweek < 5, 1.0, 0.4)) * (0.5 + warmth / 30).clip(0.2)
    return pd.DataFrame({"time": time, "rented": random.poisson(demand), "celsius": warmth.round(1)})


def main(argv: list[str] | None = None) -> Any:
    """Search, export, forecast; returns the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--trials", type=int, help="instead of seconds")
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--directory", default="forecasting")
    arguments = parser.parse_args(argv)
    frame = rentals(arguments.days)
    result = keras_nas.search(
        keras_nas.TimeseriesForecasting(horizon=DAY, lookback=8 * DAY),
        frame,
        target="rented",  # the warmth is seen, not forecast
        max_time=None if arguments.trials else arguments.seconds,
        max_trials=arguments.trials,
        directory=f"{arguments.directory}/search",
    )
    print(result.summary())
    print(result.leaderboard()[["network", "stage", "val_mse", "val_mae", "params"]].to_string(index=False))
    print(result.export(f"{arguments.directory}/model"))

    latest = result.rows.series.rows(frame)[-1:]  # the last eight days, checked: columns, times, numbers
    model = tf.saved_model.load(f"{arguments.directory}/model")
    forecast = model.serve(latest).numpy()[0, :, 0]
    print("bicycles tomorrow, hour by hour:", *forecast.round().astype(int))
    return result


if __name__ == "__main__":
    main()
