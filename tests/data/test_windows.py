"""Windows are read from the series when they are asked for, and fed to training without a copy of them."""

import numpy as np
import pytest

from keras_nas.data import Rows, evaluation_batches, training_batches
from keras_nas.data.trees import held_bytes
from keras_nas.data.windows import Framing, Windows

SERIES = np.arange(20, dtype=np.float32).reshape(10, 2)


def test_an_index_reads_what_it_asks_for() -> None:
    windows = Windows(SERIES, Framing(1, 3).starts([10]), 3)
    assert windows.shape == (7, 3, 2)
    assert windows.dtype == np.float32
    assert windows[0].tolist() == SERIES[:3].tolist()
    assert windows[np.array([6, 1])].tolist() == [SERIES[6:9].tolist(), SERIES[1:4].tolist()]
    assert windows[2:4, -1, 0].tolist() == [8, 10]


def test_no_window_reaches_from_one_piece_into_the_next() -> None:
    assert Framing(2, 2).starts([6, 5, 3]).tolist() == [0, 1, 2, 6, 7]


def test_what_is_held_in_memory_is_the_series() -> None:
    windows = Windows(SERIES, np.arange(1), 9)
    assert held_bytes(windows, 1_000_000) == SERIES.nbytes


@pytest.mark.parametrize("in_memory", [True, False])
def test_batches_are_the_windows(in_memory: bool, series_rows: Rows) -> None:
    index = np.array([5, 0, 17])
    [(x, y)] = evaluation_batches(series_rows, index, 8, in_memory=in_memory)
    assert x.shape == (3, 6, 2)
    assert y.shape == (3, 2, 1)
    np.testing.assert_array_equal(x, series_rows.x[index])
    np.testing.assert_array_equal(y, series_rows.y[index])
    np.testing.assert_array_equal(y[0, :, 0], series_rows.x.series[11:13, 0])
    feed = training_batches(series_rows, index, 2, seed=3, in_memory=in_memory)
    seen = np.concatenate([x.numpy() for x, _ in feed.dataset.take(2)])
    assert sorted(seen[:, 0, 0]) == sorted(series_rows.x[index][:, 0, 0])
