"""The example that looks at a search draws everything from its folder alone."""

import runpy
import sys
from pathlib import Path

import pytest

from tests.looking.made import made_search
from tests.source import ROOT


def test_it_writes_charts_picture_and_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = made_search(tmp_path / "search", count=12)
    monkeypatch.setattr(sys, "argv", ["plot_search.py", str(found.directory), str(tmp_path / "out" / "pictures")])
    runpy.run_path(str(ROOT / "examples" / "plot_search.py"))
    names = {"search.svg", "front.svg", "importance.svg", "parallel.svg", "winner.svg", "report.html"}
    assert {path.name for path in (tmp_path / "out" / "pictures").iterdir()} == names
    assert "the report is" in capsys.readouterr().out
