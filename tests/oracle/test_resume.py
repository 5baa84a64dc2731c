"""What stands in the directory, and a search that is taken up again."""

import json
from pathlib import Path
from typing import Any

import keras_tuner
import pytest

from keras_nas.errors import InvalidArgument, ResumeError
from tests.oracle.fakes import QUIET, Spy, finish, oracle_in, run, small

pytestmark = QUIET


@pytest.mark.parametrize("strategy", ["random", "evolution"])
def test_a_resumed_search_goes_on_as_if_never_stopped(strategy: str, tmp_path: Path) -> None:
    def build(hp: Any) -> dict[str, float]:
        rate = hp.Float("rate", 1e-4, 1e-1, sampling="log")
        return {"score": sum(hp.Int(f"units_{layer}", 1, 9) for layer in range(hp.Int("layers", 1, 4))) * rate}

    whole = run(oracle_in(tmp_path / "whole", strategy), build, trials=24)
    parts = []
    for _ in range(4):
        oracle = oracle_in(tmp_path / "parts", strategy, seed=len(parts))
        if parts:
            oracle.reload()
        parts += run(oracle, build, trials=6)
    assert parts == whole


def test_trials_come_back_in_order(tmp_path: Path) -> None:
    run(oracle_in(tmp_path, max_trials=9), trials=9)
    oracle = oracle_in(tmp_path, max_trials=12)
    oracle.reload()
    assert list(oracle.trials) == oracle.start_order == oracle.end_order == list("012345678")


def test_a_chief_runs_no_completed_trial_again(tmp_path: Path) -> None:
    run(oracle_in(tmp_path), trials=3)
    oracle = oracle_in(tmp_path)
    oracle.reload()
    assert oracle.create_trial("worker0").trial_id == "003"


def test_a_trial_that_ended_when_the_power_went_is_not_run_again(tmp_path: Path) -> None:
    oracle = oracle_in(tmp_path, Spy())
    run(oracle, trials=2)
    trial = oracle.create_trial("tuner0")
    state = (tmp_path / "project" / "oracle.json").read_text()
    finish(oracle, trial)
    (tmp_path / "project" / "oracle.json").write_text(state)
    spy = Spy()
    again = oracle_in(tmp_path, spy)
    again.reload()
    assert again.end_order == ["000", "001", "002"] and len(spy.seen) == 3
    assert again.create_trial("tuner0").trial_id == "003"


def test_a_running_trial_is_run_from_the_start(tmp_path: Path) -> None:
    oracle = oracle_in(tmp_path)
    run(oracle, trials=1)
    trial = oracle.create_trial("tuner0")
    oracle.update_trial(trial.trial_id, {"score": 100.0})
    again = oracle_in(tmp_path)
    again.reload()
    taken = again.create_trial("tuner0")
    assert taken.trial_id == trial.trial_id
    assert taken.hyperparameters.values == trial.hyperparameters.values
    finish(again, taken)
    assert again.trials[trial.trial_id].score == small(taken.hyperparameters)["score"]


def test_a_trial_file_without_a_place_in_the_state_does_not_count(tmp_path: Path) -> None:
    oracle = oracle_in(tmp_path)
    run(oracle, trials=1)
    state = (tmp_path / "project" / "oracle.json").read_text()
    oracle.create_trial("tuner0")
    (tmp_path / "project" / "oracle.json").write_text(state)
    again = oracle_in(tmp_path)
    again.reload()
    assert list(again.trials) == ["000"]


def test_the_state_is_json_of_plain_values(tmp_path: Path) -> None:
    run(oracle_in(tmp_path, "evolution"), trials=5)
    state = json.loads((tmp_path / "project" / "oracle.json").read_text())
    assert state["search"] == {"strategy": "RegularizedEvolution", "objectives": [["score", "max"]]}
    assert len([event for event in state["ledger"]["log"] if event < 0]) >= 5
    assert not list((tmp_path / "project").rglob("*.tmp"))


def test_a_failed_write_leaves_the_old_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    oracle = oracle_in(tmp_path)
    run(oracle, trials=2)
    before = (tmp_path / "project" / "oracle.json").read_bytes()

    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="no space left"):
        oracle.save()
    assert (tmp_path / "project" / "oracle.json").read_bytes() == before


@pytest.mark.parametrize(("strategy", "objective"), [("evolution", None), ("random", "val_loss")])
def test_another_search_in_the_directory_is_refused(strategy: str, objective: Any, tmp_path: Path) -> None:
    run(oracle_in(tmp_path), trials=1)
    with pytest.raises(ResumeError, match="pass `overwrite=True` to start afresh"):
        oracle_in(tmp_path, strategy, objective).reload()


def test_a_torn_file_is_named(tmp_path: Path) -> None:
    run(oracle_in(tmp_path), trials=1)
    (tmp_path / "project" / "oracle.json").write_text('{"ongoing')
    with pytest.raises(ResumeError, match="cannot be read"):
        oracle_in(tmp_path).reload()


def test_keras_tuners_own_state_is_refused_with_its_words(tmp_path: Path) -> None:
    theirs = keras_tuner.oracles.RandomSearchOracle(objective=keras_tuner.Objective("score", "max"))
    theirs._set_project_dir(tmp_path, "project")
    theirs.save()
    with pytest.raises(RuntimeError, match="pass `overwrite=True`"):
        oracle_in(tmp_path).reload()


def test_a_project_outside_its_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidArgument, match=r"project_name='\.\./x' leads out of directory"):
        oracle_in(tmp_path)._set_project_dir(tmp_path, "../x")
