"""What only a GPU can show: one worker a device, half precision that is faster, memory that is given back."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_nas
from keras_nas.engine.resources import shares, this_machine
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.estimators.precision import training_precision
from tests.small import arguments
from tests.source import ROOT

pytestmark = pytest.mark.gpu


def test_there_is_one_worker_a_device() -> None:
    devices = [share.devices for share in shares("auto")]
    assert devices == [(gpu,) for gpu in this_machine().gpus]


def test_auto_is_half_precision() -> None:
    assert training_precision("auto", gpus=1) == "mixed_float16"


@pytest.mark.parametrize("precision", ["float32", "mixed_float16", "mixed_bfloat16"])
def test_a_search_in_every_precision(precision: str, tmp_path: Path) -> None:
    changes: dict[str, Any] = {"precision": precision, "workers": "auto", "estimator": FullTraining(8)}
    result = keras_nas.search(**arguments(tmp_path / "search", **changes))
    assert not result.failures
    assert result.holdout["accuracy"] > 0.5
    assert np.isfinite(list(result.winner.scores.values())).all()
    assert all(layer.dtype_policy.name == "float32" for layer in result.best_model.layers if layer.weights)


def test_half_precision_and_xla_speed_training_up(tmp_path: Path) -> None:
    figures = tmp_path / "figures.json"
    command = [sys.executable, str(ROOT / "benchmarks" / "gpu.py"), "--json", str(figures)]
    subprocess.run(command, check=True, timeout=280)
    found = json.loads(figures.read_text())["figures"]
    assert found["mixed_float16_speedup"] > 1.0
    assert found["xla_speedup"] > 0.9


def test_xla_is_timed_and_every_trial_says_whether_it_was_used(tmp_path: Path) -> None:
    result = keras_nas.search(**arguments(tmp_path / "search", workers="auto"))
    assert {type(trial.measurements["xla"]) for trial in result.trials} == {bool}
    assert {trial.measurements["precision"] for trial in result.trials} == {"float32"}


@pytest.mark.skipif(len(this_machine().gpus) < 2, reason="needs two GPUs")
def test_a_trial_on_two_gpus(tmp_path: Path) -> None:
    changes: dict[str, Any] = {"devices_per_trial": 2, "workers": "auto", "estimator": FullTraining(8)}
    result = keras_nas.search(**arguments(tmp_path / "search", **changes))
    assert not result.failures
    assert result.holdout["accuracy"] > 0.5


def used_mb() -> float:
    """Memory in use on all GPUs, whoever uses it."""
    command = ["nvidia-smi", "--query-gpu=memory.used", "--format=csv,noheader,nounits"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S607
    return sum(float(line) for line in done.stdout.split())


def test_workers_give_the_memory_back(tmp_path: Path) -> None:
    before = used_mb()
    keras_nas.search(**arguments(tmp_path / "search", workers="auto"))
    assert used_mb() < before + 1000  # what this process itself holds to score the winner
