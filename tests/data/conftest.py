"""Small data for the tests of keras_nas.data."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from keras_nas.data import Rows, collect
from keras_nas.data.windows import Framing

Arrays = tuple[np.ndarray, np.ndarray]


@pytest.fixture
def images() -> Arrays:
    """60 images of 8x8 pixels whose first pixel is their number, in 3 classes of 20."""
    x = np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8)
    x[:, 0, 0] = np.arange(60)
    return x, np.arange(60) % 3


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A folder that does not exist yet, in one that must be left as it was by a failure."""
    return tmp_path / "search" / "data"


@pytest.fixture
def refused(target: Path, tmp_path: Path) -> Callable[..., None]:
    """Check that `collect` raises an error whose text matches, and leaves nothing behind."""

    def check(text: str, data: Any, error: type[Exception] = ValueError, **options: Any) -> None:
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(error, match=text):
            collect(data, target, **options)
        assert sorted(tmp_path.rglob("*")) == before

    return check


@pytest.fixture
def make_rows(tmp_path: Path) -> Iterator[Callable[..., Rows]]:
    """A function that collects arrays in a new folder."""
    count = iter(range(1000))

    def make(x: Any, y: Any, **options: Any) -> Rows:
        return collect((x, y), tmp_path / f"rows{next(count)}", **options)

    yield make


@pytest.fixture
def series_rows(tmp_path: Path) -> Rows:
    """Windows of 6 steps and 2 to forecast, of 60 hours of the columns "sold" and "price"."""
    return collect(
        hours(60), tmp_path / "series", target="regression", ranks=(2,), framing=Framing(2, 6), column="sold"
    )


def hours(count: int) -> pd.DataFrame:
    """So many hours of two columns; the number of the step can be read off "sold"."""
    time = pd.date_range("2024-01-01", periods=count, freq="h").astype(str)
    return pd.DataFrame({"time": time, "price": np.arange(count) % 7, "sold": np.arange(count) * 2.0})
