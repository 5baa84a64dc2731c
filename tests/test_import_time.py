"""Importing keras_nas costs next to nothing, and loads no library that is not asked for."""

import json
import subprocess
import sys

import pytest

from tests.source import ROOT

LIMIT_S = 0.3

HEAVY = {"keras", "keras_tuner", "tensorflow", "sklearn", "scipy", "pandas", "rich", "matplotlib", "numpy"}

# What the command line and a worker's parent load before they know what they are asked to do.
LIGHT = [
    "keras_nas.errors",
    "keras_nas.decisions",
    "keras_nas.strategy",
    "keras_nas.space",
    "keras_nas.tuners",
    "keras_nas.results.result",
    "keras_nas.results.summary",
    "keras_nas.looking.report",
]

SCRIPT = """
import importlib, json, sys, time
start = time.perf_counter()
importlib.import_module(sys.argv[1])
print(json.dumps({"seconds": time.perf_counter() - start, "loaded": sorted(sys.modules)}))
"""


def imported(module: str) -> tuple[float, set[str]]:
    """Seconds that an import takes in a fresh interpreter, and the top-level packages then loaded."""
    command = [sys.executable, "-W", "error", "-c", SCRIPT, module]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    return answer["seconds"], {name.split(".")[0] for name in answer["loaded"]}


def test_importing_keras_nas_is_fast() -> None:
    """Measured without Keras, which loads all that keras_nas could share with it: an upper bound of what it adds."""
    assert min(imported("keras_nas")[0] for _ in range(3)) < LIMIT_S


def test_importing_keras_nas_loads_no_heavy_library() -> None:
    assert not imported("keras_nas")[1] & HEAVY


@pytest.mark.parametrize("module", LIGHT)
def test_what_needs_no_keras_loads_no_keras(module: str) -> None:
    assert not imported(module)[1] & (HEAVY - {"numpy"})
