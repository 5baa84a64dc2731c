"""The example of a series runs."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "forecasting.py"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_searches_exports_and_forecasts_a_day(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--trials", "1", "--days", "60", "--directory", str(tmp_path)]
    result = runpy.run_path(str(EXAMPLE))["main"](arguments)
    assert result.holdout["mse"] < 1
    printed = capsys.readouterr().out
    for words in ("repeat themselves after 24 steps", "seasonal naive", "max abs difference", "bicycles tomorrow"):
        assert words in printed
