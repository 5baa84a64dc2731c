"""The example that exports everywhere ends with a line a format."""

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "export_everywhere.py"


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_every_format_has_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    formats = ["saved_model", "litert_int8"]
    runpy.run_path(str(EXAMPLE))["main"](["--seconds", "40", "--directory", str(tmp_path), "--formats", *formats])
    lines = capsys.readouterr().out.splitlines()[-3:]
    assert [line.split(" in ")[0] for line in lines] == ["source", *formats]
    assert all("run in a fresh process on" in line for line in lines)
    assert (tmp_path / "winner.weights.h5").exists()
