"""What is recorded with Weights & Biases: with the package where it is installed, else with a fake of it."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from keras_nas.callbacks import WeightsAndBiases
from keras_nas.errors import MissingDependency
from tests.callbacks.made import watched


class Run:
    """Keeps what it is given."""

    def __init__(self, **given: Any) -> None:
        self.given = given
        self.logged: list[tuple[int, dict[str, float]]] = []
        self.summary: dict[str, Any] = {}
        self.exit_code: int | None = None

    def log(self, metrics: dict[str, float], step: int) -> None:
        self.logged.append((step, metrics))

    def finish(self, exit_code: int) -> None:
        self.exit_code = exit_code


def test_a_run_a_trial_in_one_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runs: list[Run] = []
    package = ModuleType("wandb")
    vars(package).update(init=lambda **given: runs.append(Run(**given)) or runs[-1], Settings=dict)
    monkeypatch.setitem(sys.modules, "wandb", package)
    (tmp_path / "first").mkdir()
    watched(WeightsAndBiases("digits", mode="offline"), tmp_path / "first")
    assert [run.given["name"] for run in runs] == [f"first trial {number}" for number in range(4)]
    assert {(run.given["project"], run.given["group"], run.given["mode"]) for run in runs} == {
        ("digits", "first", "offline")
    }
    assert runs[1].given["config"]["kind"] == "deep"
    assert runs[1].logged == [(1, {"loss": 1.0}), (2, {"loss": 0.5})]
    assert runs[1].summary == {"val_accuracy": 0.75, "params": 10.0}
    assert runs[2].summary == {"failure": "not_finite: the loss became nan"}
    assert [run.exit_code for run in runs] == [0, 0, 1, 1]


def test_without_the_package_it_refuses_to_begin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(MissingDependency, match=r"WeightsAndBiases needs wandb: pip install 'keras_nas\[wandb\]'"):
        WeightsAndBiases().check()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_the_package_itself_offline(tmp_path: Path) -> None:
    pytest.importorskip("wandb")
    watched(WeightsAndBiases("digits", mode="offline"), tmp_path)
    kept = list((tmp_path / "logs" / "wandb").glob("offline-run-*/run-*.wandb"))
    assert len(kept) == 4 and all(file.stat().st_size for file in kept)
