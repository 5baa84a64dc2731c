"""The example of texts runs."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "text.py"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_searches_exports_and_predicts_raw_strings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = runpy.run_path(str(EXAMPLE))["main"](["--trials", "1", "--directory", str(tmp_path)])
    assert result.holdout["accuracy"] > 0.8
    printed = capsys.readouterr().out
    for words in ("naive Bayes", "max abs difference", "predicted ['praise', 'blame']"):
        assert words in printed
