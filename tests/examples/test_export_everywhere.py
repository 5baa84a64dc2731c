"""The example that exports everywhere ends with a line a format."""

from pathlib import Path

import pytest

from tests.examples.smoke import run_script


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_every_format_has_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    formats = ["saved_model", "litert_int8"]
    run_script("export_everywhere", ["--directory", str(tmp_path), "--formats", *formats], monkeypatch)
    lines = capsys.readouterr().out.splitlines()[-3:]
    assert [line.split(" in ")[0] for line in lines] == ["source", *formats]
    assert all("run in a fresh process on" in line for line in lines)
    assert (tmp_path / "winner.weights.h5").exists()
