"""Series in every form, and what is refused of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keras_nas.data import Rows, collect, split_rows
from keras_nas.data.times import check_times
from keras_nas.data.windows import Framing
from keras_nas.errors import DataError, InvalidArgument
from tests.data.conftest import hours

FRAMING = Framing(2, 6)
HOURS = hours(60)
NUMBERS = HOURS[["sold", "price"]].to_numpy()


def collected(data: Any, folder: Path, **options: Any) -> Rows:
    return collect(data, folder / "data", target="regression", ranks=(2,), **{"framing": FRAMING, **options})


@pytest.mark.parametrize(
    ("data", "time"),
    [
        (HOURS[["sold", "time", "price"]], "time"),
        (HOURS.set_index(pd.to_datetime(HOURS["time"]))[["sold", "price"]], None),
        (HOURS.set_index("time")[["sold", "price"]], None),
        (HOURS.set_index(pd.period_range("2020-01", periods=60, freq="M"))[["sold", "price"]], None),
        (NUMBERS, None),
    ],
    ids=["column", "index", "text", "months", "array"],
)
def test_every_form_gives_the_same_windows(data: Any, time: str | None, tmp_path: Path) -> None:
    rows = collected(data, tmp_path)
    assert rows.x.shape == (53, 6, 2)
    assert rows.y.shape == (53, 2, 2)
    np.testing.assert_array_equal(rows.x[:], [NUMBERS[start : start + 6] for start in range(53)])
    assert rows.series is not None
    assert rows.series.framing.time == time
    assert rows.series.rows(data)[-1].tolist() == NUMBERS[-6:].tolist()


def test_a_file_a_single_series_and_steps_of_a_month(tmp_path: Path, reference_data: Callable[[str], Path]) -> None:
    rows = collected(reference_data("sets/ts_airline_passengers.csv.gz"), tmp_path)
    assert rows.y.shape == (137, 2, 1)
    assert rows.y[0].ravel().tolist() == [148, 148]
    assert collected(HOURS["sold"], tmp_path / "one").x.shape == (53, 6, 1)


def test_columns_to_forecast_come_first_and_the_others_are_only_seen(series_rows: Rows) -> None:
    assert series_rows.series is not None
    assert series_rows.series.columns == ("sold", "price")
    assert series_rows.y.shape == (53, 2, 1)
    assert series_rows.x[0, :, 1].tolist() == [0, 1, 2, 3, 4, 5]
    with pytest.raises(DataError, match="Unknown column 'sold'.*Did you mean 'solid'"):
        series_rows.series.rows(HOURS.rename(columns={"sold": "solid"}))
    with pytest.raises(DataError, match="rows has 5 steps; expected at least 6"):
        series_rows.series.rows(HOURS[:5])


def test_parts_follow_one_another_and_forecast_nothing_in_common(series_rows: Rows) -> None:
    split = split_rows(series_rows, 0.2, 0.1, seed=1)
    assert split.holdout.tolist() == list(range(48, 53))
    assert split.validation.tolist() == list(range(36, 47))
    assert split.train.tolist() == list(range(35))
    steps = [set((part[:, None] + 6 + np.arange(2)).ravel()) for part in (split.train, split.validation, split.holdout)]
    assert not steps[0] & steps[1]
    assert not steps[1] & steps[2]


def test_validation_data_is_a_series_of_its_own(tmp_path: Path) -> None:
    rows = collected(HOURS[:40], tmp_path, validation_data=HOURS[34:], column="sold")
    split = split_rows(rows, holdout=0)
    assert rows.given_validation == len(split.validation) == 19
    assert split.train[-1] == 32
    assert rows.x[split.validation[0]][:, 0].tolist() == NUMBERS[34:40, 0].tolist()


@pytest.mark.parametrize("step", ["100ms", "1500ms"])
def test_steps_need_not_be_whole_seconds(step: str, tmp_path: Path) -> None:
    times = pd.date_range("2024-01-01", periods=60, freq=step)
    frame = HOURS.set_index(times)[["sold", "price"]]
    assert len(collected(frame, tmp_path)) == len(collected(NUMBERS, tmp_path / "plain"))
    with pytest.raises(DataError, match="has gaps"):
        collected(frame.drop(index=times[7]), tmp_path / "gap")


@pytest.mark.parametrize(
    ("data", "options", "words"),
    [
        (HOURS[::-1], {}, "not in order, 2024-01-03 10:00:00 at step 1 comes after 2024-01-03 11:00.*Sort by time"),
        (HOURS.drop(index=[7, 8]), {}, "has gaps, 2024-01-01 09:00:00 comes right after 2024-01-01 06:00:00 .*asfreq"),
        (HOURS.assign(time=HOURS["time"].where(HOURS.index != 9, "noon")), {}, "do not parse, 'noon' first, in row 9"),
        (HOURS.assign(time=HOURS["time"].where(HOURS.index != 9)), {}, "the time is missing at step 9"),
        (
            HOURS.assign(sold=HOURS["sold"].where(HOURS.index != 9)),
            {},
            "'sold' has no number at 1 steps, first at step 9;",
        ),
        (HOURS.assign(sold="many"), {}, "the column 'sold' mixes numbers and other values"),
        (HOURS.assign(sold=1.0), {"column": "sold"}, "y is 1 in every row"),
        (HOURS, {"column": "sodl"}, "Unknown target 'sodl'.*Did you mean 'sold'"),
        (HOURS, {"framing": Framing(2, 6, time="hour")}, "Unknown time 'hour': expected one of 'time'"),
        (HOURS[:7], {}, "data has 7 steps; expected at least 8: a window sees 6 and forecasts 2"),
        (HOURS[["time"]], {}, "no column beside the times"),
        ((NUMBERS, NUMBERS), {}, "data is a tuple of 2; expected a pandas DataFrame, an array"),
        (np.zeros((9, 2, 2)), {}, r"the shape \(9, 2, 2\); expected \(steps,\) or \(steps, series\)"),
        (np.zeros((9, 0)), {}, r"the shape \(9, 0\); expected"),
    ],
)
def test_what_cannot_be_used_is_told(data: Any, options: dict[str, Any], words: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=words):
        collected(data, tmp_path, **options)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("frequency", ["MS", "ME", "QS", "B", "YS", "W"])
def test_steps_of_the_calendar_are_steps(frequency: str) -> None:
    times = pd.date_range("2023-01-31", periods=40, freq=frequency).to_numpy("datetime64[s]").astype(np.int64)
    check_times(times, "data")
    with pytest.raises(DataError, match="has gaps"):
        check_times(np.delete(times, 20), "data")


def test_weights_of_steps_have_no_meaning(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match="sample_weight: a row is a window of the series, not a step"):
        collected(HOURS, tmp_path, sample_weight=np.ones(60))
