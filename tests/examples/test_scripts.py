"""The examples that are scripts run as from a command line."""

from pathlib import Path

import pytest

from tests.examples.smoke import run_script

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]


def test_a_first_search(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run_script("first_search", ["--directory", str(tmp_path)], monkeypatch)
    printed = capsys.readouterr().out
    assert "Hold-out, " in printed and "run in a fresh process" in printed and "predicted [" in printed


def test_a_limit_on_latency(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("KERAS_NAS_CACHE", str(tmp_path / "cache"))
    arguments = ["--latency-ms", "1000", "--directory", str(tmp_path / "search")]
    run_script("latency_bounded", arguments, monkeypatch)
    assert capsys.readouterr().out.strip().endswith(" ms")


def test_the_call_for_a_cluster_on_one_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = run_script("ray_cluster", ["--engine", "local", "--directory", str(tmp_path / "search")], monkeypatch)
    assert len(found["result"].trials) == 1
    assert "Hold-out, " in capsys.readouterr().out
