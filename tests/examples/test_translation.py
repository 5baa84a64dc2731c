"""The example of texts that become other texts runs."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "translation.py"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_searches_exports_and_writes_raw_strings(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = runpy.run_path(str(EXAMPLE))["main"](["--trials", "1", "--directory", str(tmp_path)], workers=0)
    assert result.holdout["bleu"] > 50
    printed = capsys.readouterr().out
    for words in ("bleu", "max abs difference", "written ['Gib mir bitte "):
        assert words in printed
