"""The example of masks runs."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "segmentation.py"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_searches_exports_and_finds_cells(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = runpy.run_path(str(EXAMPLE))["main"](["--trials", "1", "--images", "60", "--directory", str(tmp_path)])
    assert result.holdout["pixel_accuracy"] > 0.7
    printed = capsys.readouterr().out
    for words in ("3 classes, of the pixels", "max abs difference", "round: intersection over union"):
        assert words in printed
