"""Whatever ends the process, and wherever: nothing finished is lost or run again, and the search goes on."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from keras_nas.engine.driver import Driver
from keras_nas.engine.inline import Inline
from keras_nas.engine.plan import Plan
from keras_nas.engine.resume import check_same_search, read_trials, seconds_used
from keras_nas.engine.store import Record, Store, read_only
from keras_nas.errors import ResumeError
from keras_nas.files import write_json
from tests.engine import fakes
from tests.source import ROOT

TRIALS = 6
POINTS = (
    "store.before_commit",
    "store.after_commit",
    "driver.before_submit",
    "driver.before_record",
    "driver.after_record",
)


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> list[Any]:
    return fakes.table(fakes.search(tmp_path_factory.mktemp("whole"), TRIALS)[1])


def start(directory: Path, workers: int, point: str = "") -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.engine.killed", str(directory), str(TRIALS), str(workers), point]
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)


def finish(directory: Path, killed: subprocess.Popen[bytes]) -> int:
    _, errors = killed.communicate(timeout=200)
    assert killed.returncode in (0, -signal.SIGKILL), errors.decode()
    return killed.returncode


def finished(directory: Path) -> dict[int, str]:
    """The finished trials and their scores; none before there is a store."""
    if not (directory / "search.sqlite").exists():
        return {}
    connection = read_only(directory)
    tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
    rows = connection.execute("SELECT number, scores FROM trials WHERE state = 'finished'").fetchall() if tables else []
    connection.close()
    return dict(rows)


def check(directory: Path, expected: list[Any]) -> None:
    """The same trials as without the kills, and none was handed out again after its end."""
    _, record = fakes.search(directory, TRIALS)
    assert fakes.table(record) == expected
    with Store(directory) as store:
        ended = {entry.trial: entry.position for entry in store.records("observe")}
        assert [entry.attempt for entry in store.records("start") if entry.position > ended[entry.trial]] == []
        assert len(ended) == len(list(store.records("observe")))


@pytest.mark.parametrize("point", POINTS)
@pytest.mark.parametrize("times", [1, 4])
def test_killed_at_a_named_point(tmp_path: Path, uninterrupted: list[Any], point: str, times: int) -> None:
    assert finish(tmp_path, start(tmp_path, 0, f"{point}:{times}")) == -signal.SIGKILL
    check(tmp_path, uninterrupted)


@pytest.mark.parametrize("point", ["worker.before_result", "worker.after_result", "files.before_replace"])
def test_a_worker_killed_at_a_named_point(tmp_path: Path, uninterrupted: list[Any], point: str) -> None:
    (tmp_path / "run").mkdir()
    assert finish(tmp_path / "run", start(tmp_path / "run", 1, f"{point}:2")) == 0
    with Store(tmp_path / "run") as store:
        ends = [(entry.body or {})["state"] for entry in store.records("end")]
    assert ends.count("finished") == TRIALS
    assert ends.count("failed") == (point != "worker.after_result")
    check(tmp_path / "run", uninterrupted)


def test_killed_at_random_times(tmp_path: Path, uninterrupted: list[Any]) -> None:
    kill_again_and_again(tmp_path, uninterrupted, kills=3)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_two_hundred_kills(tmp_path: Path, uninterrupted: list[Any]) -> None:
    kills = 0
    for round_number in range(1000):
        kills += kill_again_and_again(tmp_path / str(round_number), uninterrupted, kills=10, seed=round_number)
        if kills >= 200:
            return
    pytest.fail("the searches ended before they could be killed")


def kill_again_and_again(directory: Path, expected: list[Any], kills: int, seed: int = 0) -> int:
    """Starts the search with one worker and kills it at random times and points; returns how often it was killed."""
    directory.mkdir(exist_ok=True)
    rng = random.Random(seed)  # noqa: S311
    done = 0
    before: dict[int, str] = {}
    for _ in range(kills):
        point = f"{rng.choice(POINTS)}:{rng.randint(1, 6)}" if rng.random() < 0.5 else ""
        process = start(directory, 1, point)
        if not point:
            time.sleep(rng.uniform(0.2, 1.5))
            process.kill()
        done += finish(directory, process) != 0
        assert before.items() <= finished(directory).items()
        before = finished(directory)
    check(directory, expected)
    return done


def test_a_result_left_by_a_worker_is_adopted(tmp_path: Path, uninterrupted: list[Any]) -> None:
    fakes.search(tmp_path, 2)
    with Store(tmp_path) as store:
        record = fakes.ledger()
        driver = Driver(record, fakes.train_job, Inline(), store, Plan(max_trials=2))
        driver.run()
        trial = record.ask()
        driver.journal.proposals()
        attempt = driver.journal.start(trial)
    result = {"scores": {"score": -5.0}, "measurements": {}, "artefacts": {}}
    write_json(
        tmp_path / "results" / f"{attempt}.json", {"attempt": attempt, "result": result, "seconds": {"run": 1.0}}
    )
    write_json(tmp_path / "results" / "77-0.json", {"attempt": "77-0", "result": result, "seconds": {}})
    _, record = fakes.search(tmp_path, 3)
    assert record.trials[trial.number].outcome is not None
    assert record.trials[trial.number].outcome.scores == {"score": -5.0}
    assert not (tmp_path / "trials" / str(trial.number)).exists()
    assert os.listdir(tmp_path / "results") == []


def test_a_trial_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    def make_job(trial: Any, changes: Any) -> Any:
        return fakes.Job(fakes.train, {**fakes.train_job(trial, changes).arguments, "epochs": 40, "seconds": 0.02})

    for seconds in (0.4, None):
        with Store(tmp_path) as store:
            Driver(fakes.ledger(), make_job, Inline(), store, Plan(max_trials=1, max_seconds=seconds)).run()
    epochs = (tmp_path / "trials" / "0" / "epochs.log").read_text().split()
    assert epochs == [str(epoch) for epoch in range(1, 41)]


def test_lost_records_leave_a_usable_log(tmp_path: Path) -> None:
    """A proposal known from its outcome alone, a trial of which nothing is left, and one that is pending again."""
    fakes.search(tmp_path, 5)
    with Store(tmp_path) as store:
        records = list(store.records("propose", "observe"))
    lost = {("propose", 1), ("propose", 2), ("observe", 2), ("observe", 3)}
    trials, log = read_trials([record for record in records if (record.kind, record.trial) not in lost])
    record = fakes.ledger()
    record.restore(trials.values(), log)
    assert [trial.number for trial in record.trials] == list(range(len(record.trials)))
    assert record.trials[1].outcome is not None
    assert record.trials[2].source == "repeat"
    assert [trial.number for trial in record.pending] == [3]


def test_a_folder_without_a_record_is_set_aside(tmp_path: Path) -> None:
    fakes.search(tmp_path, 1)
    stale = tmp_path / "trials" / "1"
    stale.mkdir()
    (stale / "epoch").write_text("2")
    _, record = fakes.search(tmp_path, 2)
    assert (tmp_path / "trials" / "lost-1" / "epoch").exists()
    assert (tmp_path / "trials" / "1" / "epochs.log").read_text().split() == ["1", "2"]


def test_a_different_search_is_refused_with_the_differences(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        check_same_search(store, {"seed": 1})
        store.append([Record("call", body={"arguments": {"seed": 1, "space": "darts", "max_time": 60}})])
        check_same_search(store, {"seed": 1, "space": "darts", "max_time": 90}, changeable={"max_time"})
        with pytest.raises(
            ResumeError, match=r"different search:\n  seed: 1 there, 2 now\n  space: 'darts' there, 'nasnet' now"
        ):
            check_same_search(store, {"seed": 2, "space": "nasnet", "max_time": 60}, changeable={"max_time"})


def test_time_between_runs_does_not_count(tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        assert seconds_used(store) == 0
        for pause in (0.0, 0.3):
            time.sleep(pause)
            store.append([Record("call")])
            time.sleep(0.1)
            store.append([Record("epoch", 0, "0-0")])
        assert 0.2 <= seconds_used(store) < 0.3


def test_what_a_strategy_was_told_it_is_told_again(tmp_path: Path) -> None:
    _, record = fakes.search(tmp_path, 3)
    with Store(tmp_path) as store:
        trials, _ = read_trials(list(store.records("propose", "observe")))
    assert [trials[trial.number].outcome for trial in record.trials] == [trial.outcome for trial in record.trials]
    assert [trial.outcome.epochs for trial in trials.values() if trial.outcome] == [2.0] * len(trials)
