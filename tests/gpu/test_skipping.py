"""Where there is no GPU, that is said, and nothing is made up."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.source import ROOT


@pytest.mark.slow
def test_the_benchmark_says_that_it_skips(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu.py"), "--json", str(figures)]
    hidden = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=hidden)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("skipped: TensorFlow sees no GPU on this machine")
    assert not figures.exists()
