"""A search as another process sees it."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from keras_nas.engine.files import RESULT
from keras_nas.engine.lock import DirectoryLock
from keras_nas.engine.resume import Spent
from keras_nas.engine.store import Record, Store
from keras_nas.engine.watch import Watch
from keras_nas.errors import StoreError
from keras_nas.files import write_json
from tests.engine import fakes
from tests.source import ROOT

ARGUMENTS = {"objectives": [["score", "max"]], "max_time": 600.0, "max_trials": 4}
CALL = {"arguments": ARGUMENTS, "versions": {}}
HOLDER = """
import sys
from pathlib import Path
from keras_nas.engine.lock import DirectoryLock
with DirectoryLock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def seen(directory: Path) -> list[str]:
    with Watch(directory) as watch:
        return watch.lines()


def proposed(number: int, **fidelity: float) -> Record:
    body = {"architecture": {"a": number}, "fidelity": fidelity, "parent": None, "note": {}, "source": "run"}
    return Record("propose", number, body=body)


def ended(number: int, state: str, failure: Mapping[str, Any] | None = None) -> Record:
    return Record("end", number, f"{number}-0", {"state": state, "changes": {}, "failure": failure, "seconds": {}})


def observed(number: int, score: float) -> Record:
    return Record(
        "observe", number, f"{number}-0", {**(proposed(number).body or {}), "scores": {"score": score}, "failure": None}
    )


def test_a_search_that_has_ended(tmp_path: Path) -> None:
    fakes.search(tmp_path, 4, call=CALL)
    write_json(tmp_path / RESULT, {"reason": "max_trials"})
    heading, counts, best = seen(tmp_path)
    assert heading == "ended by max_trials"
    assert counts.startswith("trials 4/4 | elapsed 0:0")
    assert counts.endswith("| left 0:00")
    assert best.startswith("best   score ")


def test_one_that_was_killed_can_go_on(tmp_path: Path) -> None:
    fakes.search(tmp_path, 2, call=CALL)
    heading, counts, _ = seen(tmp_path)
    assert heading == f"stopped before its end: `keras-nas resume {tmp_path}` goes on"
    assert "trials 2/4" in counts
    assert "left 9:5" in counts or "left 10:00" in counts


def test_the_end_of_an_earlier_run_is_not_the_end_of_this_one(tmp_path: Path) -> None:
    fakes.search(tmp_path, 2, call=CALL)
    write_json(tmp_path / RESULT, {"reason": "interrupted"})
    assert seen(tmp_path)[0] == f"interrupted: `keras-nas resume {tmp_path}` goes on"
    os.utime(tmp_path / RESULT, (0, 0))
    assert seen(tmp_path)[0].startswith("stopped before its end")


def test_what_runs_is_shown_as_it_is_recorded(tmp_path: Path) -> None:
    with Store(tmp_path) as store, Watch(tmp_path) as watch:
        assert watch.lines() == ["running, in this very process", "no trial yet"]
        store.append([Record("call", body=CALL), proposed(0), Record("start", 0, "0-0", {"changes": {}})])
        assert watch.lines()[2:] == ["trial 0: starting"]
        store.append([Record("epoch", 0, "0-0", {"epoch": 3, "metrics": {"score": 0.5}})])
        assert watch.lines()[2:] == ["trial 0: epoch 3, score 0.5"]
        lost = {"kind": "killed", "message": "gone", "traceback": ""}
        store.append([ended(0, "failed", lost), Record("start", 0, "0-1", {"changes": {}})])
        store.append([proposed(1, untrained=1.0), Record("start", 1, "1-0", {"changes": {}})])
        assert watch.lines()[2:] == ["trial 0: starting", "trial 1: starting"]
        store.append([ended(0, "finished"), observed(0, 0.75), ended(1, "finished"), observed(1, 0.5)])
        _, counts, best = watch.lines()
        assert watch.running
        assert watch.ended == 2
        assert counts.startswith("scored 1 | trials 1/4 | elapsed 0:0")
        assert best == "best   score 0.75 (trial 0)"


def test_a_trial_that_is_stopped_runs_no_more_and_a_new_run_begins_with_what_was_found(tmp_path: Path) -> None:
    with Store(tmp_path) as store, Watch(tmp_path) as watch:
        store.append([Record("call", body=CALL), proposed(0), proposed(1), observed(0, 0.5)])
        store.append([Record("start", 1, "1-0", {"changes": {}}), ended(1, "stopped")])
        assert len(watch.lines()) == 3
        store.append([Record("start", 1, "1-1", {"changes": {}}), Record("call", body=CALL)])
        assert watch.lines()[1].startswith("trials 1/4")
        assert watch.lines()[2:] == ["best   score 0.5 (trial 0)"]


def test_another_process_is_named_and_not_disturbed(tmp_path: Path) -> None:
    lock = DirectoryLock(tmp_path)
    assert lock.holder() is None
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT) as other:
        assert other.stdout is not None and other.stdout.readline() == b"held\n"
        assert f"process {other.pid} on " in str(lock.holder())
        with pytest.raises(StoreError, match=f"process {other.pid} on "):
            lock.acquire()
        other.communicate()
    assert lock.holder() is None


def test_a_record_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="There is no search in"), Watch(tmp_path):
        pass
    sqlite3.connect(tmp_path / "search.sqlite").close()
    (tmp_path / "search.sqlite").write_bytes(b"nothing of the kind" * 1000)
    with pytest.raises(StoreError, match=r"cannot be read \(file is not a database\): expected the folder of a search"):
        seen(tmp_path)


def test_time_counts_while_a_search_runs() -> None:
    spent = Spent()
    for kind, when in (("call", 100.0), ("start", 130.0), ("call", 500.0), ("start", 501.0)):
        spent.take(kind, when)
    assert spent.seconds() == 31.0
    assert spent.seconds(now=510.0) == 40.0
    assert Spent().seconds() == 0.0
