"""The example of a table runs."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "tabular.py"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_searches_exports_and_predicts_raw_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    result = runpy.run_path(str(EXAMPLE))["main"](["--trials", "1", "--directory", str(tmp_path)])
    assert result.holdout["accuracy"] > 0.7
    printed = capsys.readouterr().out
    for words in ("gradient boosting", "max abs difference", "predicted [", "by litert without the preprocessing on"):
        assert words in printed
    server, phone = (printed.split(words)[1].split("]")[0].split() for words in ("predicted [", "on a phone ["))
    assert server[1:] == phone[1:]  # the first row has another texture
