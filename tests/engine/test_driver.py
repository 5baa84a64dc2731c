"""The loop: outcomes reach the strategy and the records, limits hold, failures are information."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from keras_nas.architecture import Architecture
from keras_nas.engine import events as told
from keras_nas.engine.driver import Driver
from keras_nas.engine.events import Ended, Epoch
from keras_nas.engine.inline import Inline
from keras_nas.engine.job import Job, Report
from keras_nas.engine.plan import Plan, retry_lost
from keras_nas.engine.pool import Pool
from keras_nas.engine.process import WorkerSettings
from keras_nas.engine.resources import Share
from keras_nas.engine.store import Store, read_only
from keras_nas.errors import KerasNASError, SearchFailed
from keras_nas.ledger import Ledger, Trial
from keras_nas.strategy import DONE, WAIT, Failure, Proposal, Signal
from tests.engine import fakes

SETTINGS = WorkerSettings(preload=("tests.engine.fakes",), grace_seconds=3.0)


def drive(directory: Path, make_job: Any, plan: Plan, pool: Any = None, listeners: Any = ()) -> tuple[str, Ledger]:
    """Runs the small search with another trial function."""
    record = fakes.ledger()
    with Store(directory) as store:
        return Driver(record, make_job, pool or Inline(), store, plan, listeners).run(), record


def rows(directory: Path, query: str) -> list[tuple[Any, ...]]:
    connection = read_only(directory)
    found = connection.execute(query).fetchall()
    connection.close()
    return found


def test_a_search_of_two_workers(tmp_path: Path) -> None:
    notices: list[told.Notice] = []
    with Pool([Share()] * 2, tmp_path, SETTINGS) as pool:
        pool.start()
        while pool.free < 2:
            assert pool.events(60.0) == []
        reason, record = drive(tmp_path, fakes.train_job, Plan(max_trials=8), pool, [notices.append])
    assert reason == "max_trials"
    assert sum(trial.source == "run" for trial in record.trials) == 8
    for trial in [trial for trial in record.trials if trial.source == "run"]:
        assert trial.outcome is not None
        assert trial.outcome.scores == {"score": fakes.value(trial.proposal.architecture)}
    assert rows(tmp_path, "SELECT state, count(*) FROM attempts GROUP BY state") == [("finished", 8)]
    assert rows(tmp_path, "SELECT count(*) FROM epochs") == [(16,)]
    assert rows(tmp_path, "SELECT DISTINCT name, value FROM measurements") == [("epochs", 2)]
    assert {row[0] for row in rows(tmp_path, "SELECT worker FROM attempts")} == {0, 1}
    kinds = [type(notice).__name__ for notice in notices]
    assert (kinds[0], kinds[-1]) == ("SearchStarted", "SearchEnded")
    assert kinds.count("TrialFinished") == 8
    assert os.listdir(tmp_path / "results") == []


def test_one_worker_and_none_find_the_same(tmp_path: Path) -> None:
    with Pool([Share()], tmp_path / "pool", SETTINGS) as pool:
        (tmp_path / "none").mkdir()
        _, workers = fakes.search(tmp_path / "pool", 10, pool)
        _, none = fakes.search(tmp_path / "none", 10)
    assert fakes.table(workers) == fakes.table(none)


def test_it_ends_when_the_space_is_exhausted(tmp_path: Path) -> None:
    reason, record = fakes.search(tmp_path)
    assert reason == "done"
    assert sum(trial.source == "run" for trial in record.trials) == fakes.SPACE.size


def test_a_finished_search_is_not_run_again(tmp_path: Path) -> None:
    _, first = fakes.search(tmp_path, 5)
    _, second = fakes.search(tmp_path, 5)
    assert fakes.table(first) == fakes.table(second)
    assert rows(tmp_path, "SELECT count(*) FROM attempts") == [(5,)]
    reason, third = fakes.search(tmp_path, 7)
    assert reason == "max_trials"
    assert fakes.table(third)[: len(second.trials)] == fakes.table(second)
    assert rows(tmp_path, "SELECT count(*) FROM attempts") == [(7,)]


def test_failures_are_told_and_recorded(tmp_path: Path) -> None:
    def make_job(trial: Trial, changes: Mapping[str, Any]) -> Job:
        bad = trial.number % 2 == 0
        return Job(fakes.fail, {"kind": "too_large"}) if bad else fakes.train_job(trial, changes)

    notices: list[told.Notice] = []
    _, record = drive(tmp_path, make_job, Plan(max_trials=4), listeners=[notices.append])
    failed = record.trials[0].outcome
    assert failed is not None
    assert failed.failure is not None
    assert (failed.failure.kind, failed.failure.message) == ("too_large", "no good")
    assert "fakes.py" in failed.failure.traceback
    assert rows(tmp_path, "SELECT failure_kind, failure_message FROM trials WHERE number = 0") == [
        ("too_large", "no good")
    ]
    assert any(isinstance(notice, told.TrialFailed) for notice in notices)
    assert record.strategy.history[0][1].failure == failed.failure  # type: ignore[attr-defined]


def test_repeats_are_no_failures_of_their_own(tmp_path: Path) -> None:
    class Repeats(fakes.Climber):
        def propose(self, number: int, pending: Any) -> Proposal | Signal:
            return fakes.Climber.propose(self, number // 2, pending)

    record = Ledger(Repeats(), fakes.problem())
    with (
        pytest.raises(SearchFailed, match="All 2 trials failed:\n  2 x error: ValueError: no good"),
        Store(tmp_path) as store,
    ):
        Driver(record, fakes.job_of(fakes.fail), Inline(), store, Plan(max_trials=2)).run()
    assert "repeat" in [trial.source for trial in record.trials]


def test_when_all_fail_the_failures_are_grouped_and_counted(tmp_path: Path) -> None:
    def make_job(trial: Trial, changes: Mapping[str, Any]) -> Job:
        return Job(fakes.fail, {"kind": "too_large"} if trial.number == 1 else {"message": "boom"})

    with pytest.raises(SearchFailed) as caught:
        drive(tmp_path, make_job, Plan(max_trials=3))
    text = str(caught.value)
    assert "All 3 trials failed:\n  2 x error: ValueError: boom\n  1 x too_large: no good" in text
    assert "The first traceback:\nTraceback (most recent call last):" in text


def test_a_killed_worker_s_trial_is_handed_out_once_more(tmp_path: Path) -> None:
    def once(report: Any, **arguments: Any) -> dict[str, Any]:
        mark = report.folder / "been"
        if not mark.exists():
            mark.touch()
            fakes.kill_self(report)
        return {"scores": {"score": 1.0}}

    notices: list[told.Notice] = []
    with Pool([Share()], tmp_path, SETTINGS) as pool:
        drive(tmp_path, fakes.job_of(once), Plan(max_trials=1), pool, [notices.append])
    assert rows(tmp_path, "SELECT attempt, state, failure_kind FROM attempts") == [
        ("0-0", "failed", "killed"),
        ("0-1", "finished", None),
    ]
    assert [type(notice).__name__ for notice in notices][1:-1] == [
        "TrialStarted", "TrialRetried", "TrialStarted", "TrialFinished",
    ]  # fmt: skip


def test_a_trial_that_always_kills_its_worker_fails(tmp_path: Path) -> None:
    with Pool([Share()], tmp_path, SETTINGS) as pool, pytest.raises(SearchFailed, match="1 x killed: the worker died"):
        drive(tmp_path, fakes.job_of(fakes.crash), Plan(max_trials=1), pool)
    assert rows(tmp_path, "SELECT count(*) FROM attempts") == [(2,)]


def smaller(trial: Trial, failure: Failure, changes: Mapping[str, Any], failed: int) -> Mapping[str, Any] | None:
    """Half the batch, once, when memory runs out."""
    return {"batch": 16} if failure.kind == "out_of_memory" and failed == 1 else None


def test_one_retry_with_changed_arguments_is_recorded(tmp_path: Path) -> None:
    def hungry(report: Any, batch: int = 32) -> dict[str, Any]:
        if batch > 16:
            raise MemoryError
        return {"scores": {"score": float(batch)}}

    _, record = drive(tmp_path, fakes.job_of(hungry), Plan(max_trials=1, retry=smaller))
    assert record.trials[0].outcome is not None
    assert record.trials[0].outcome.scores == {"score": 16.0}
    assert rows(tmp_path, "SELECT state, changes FROM attempts") == [("failed", "{}"), ("finished", '{"batch":16}')]


def test_a_retry_survives_a_restart_between_failure_and_start(tmp_path: Path) -> None:
    batches = []

    class Stopped(BaseException):
        pass

    def hungry(report: Any, batch: int = 32) -> dict[str, Any]:
        batches.append(batch)
        raise MemoryError

    def interrupt(notice: told.Notice) -> None:
        if isinstance(notice, told.TrialRetried):
            raise Stopped

    plan = Plan(max_trials=1, retry=smaller)
    with pytest.raises(Stopped):
        drive(tmp_path, fakes.job_of(hungry), plan, listeners=[interrupt])
    with pytest.raises(SearchFailed, match="1 x out_of_memory"):
        drive(tmp_path, fakes.job_of(hungry), plan)
    assert batches == [32, 16]


def test_only_lost_trials_are_repeated_by_default() -> None:
    trial = Trial(0, Proposal(fakes.SPACE.walk(lambda decision: decision.domain.labels()[0])))
    assert retry_lost(trial, Failure("killed", ""), {"batch": 1}, 1) == {"batch": 1}
    assert retry_lost(trial, Failure("killed", ""), {}, 2) is None
    assert retry_lost(trial, Failure("error", ""), {}, 1) is None


@pytest.mark.parametrize(("function", "seconds"), [(fakes.hang, 2.0), (fakes.patient, 1.0)])
def test_the_time_limit_holds_whatever_hangs(tmp_path: Path, function: Callable[..., Any], seconds: float) -> None:
    with Pool([Share()], tmp_path, SETTINGS) as pool:
        while not pool.free:
            pool.events()
        began = time.monotonic()
        reason, record = drive(tmp_path, fakes.job_of(function), Plan(max_seconds=seconds), pool)
        assert reason == "max_time"
        assert seconds <= time.monotonic() - began <= seconds * 1.1 + 1.5
    assert [trial.outcome for trial in record.trials] == [None]
    assert rows(tmp_path, "SELECT state FROM attempts") == [("stopped",)]


def test_a_trial_content_with_what_it_has_counts_at_the_time_limit(tmp_path: Path) -> None:
    with Pool([Share()], tmp_path, SETTINGS) as pool:
        while not pool.free:
            pool.events()
        _, record = drive(tmp_path, fakes.job_of(fakes.patient, keep=True), Plan(max_seconds=1.0), pool)
    assert record.trials[0].outcome is not None
    assert record.trials[0].outcome.ok


def test_the_time_limit_in_the_calling_process(tmp_path: Path) -> None:
    reason, record = drive(tmp_path, fakes.job_of(fakes.patient), Plan(max_seconds=0.3))
    assert reason == "max_time"
    assert len(record.pending) == 1


def test_time_counts_across_runs(tmp_path: Path) -> None:
    drive(tmp_path, fakes.job_of(fakes.patient, keep=True), Plan(max_seconds=0.3))
    reason, record = drive(tmp_path, fakes.job_of(fakes.patient, keep=True), Plan(max_seconds=0.3))
    assert reason == "max_time"
    assert rows(tmp_path, "SELECT count(*) FROM attempts")[0][0] <= 2


def test_the_trial_s_time_limit_is_a_failure_and_the_search_goes_on(tmp_path: Path) -> None:
    def make_job(trial: Trial, changes: Mapping[str, Any]) -> Job:
        slow = trial.number == 0
        return fakes.job_of(fakes.patient, seconds=0.2)(trial, changes) if slow else fakes.train_job(trial, changes)

    with Pool([Share()], tmp_path, SETTINGS) as pool:
        _, record = drive(tmp_path, make_job, Plan(max_trials=2), pool)
    assert [trial.outcome.failure.kind for trial in record.trials if trial.outcome and trial.outcome.failure] == [
        "timeout"
    ]


@pytest.mark.parametrize("workers", [0, 1])
def test_one_ctrl_c_ends_in_order_and_the_search_goes_on_later(tmp_path: Path, workers: int) -> None:
    pool = Pool([Share()], tmp_path, SETTINGS) if workers else Inline()

    def interrupt(notice: told.Notice) -> None:
        if isinstance(notice, told.TrialStarted) and notice.trial.number == 2:
            threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()

    def make_job(trial: Trial, changes: Mapping[str, Any]) -> Job:
        return Job(fakes.train, {**fakes.train_job(trial, changes).arguments, "epochs": 30, "seconds": 0.02})

    before = signal.getsignal(signal.SIGINT)
    try:
        reason, record = drive(tmp_path, make_job, Plan(max_trials=4), pool, [interrupt])
        assert reason == "interrupted"
        assert sum(trial.outcome is not None for trial in record.trials if trial.source == "run") == 2
        assert signal.getsignal(signal.SIGINT) is before
        reason, record = drive(tmp_path, make_job, Plan(max_trials=4), pool)
    finally:
        pool.close()
    assert reason == "max_trials"
    assert rows(tmp_path, "SELECT state, count(*) FROM attempts GROUP BY 1") == [("finished", 4), ("stopped", 1)]
    for number in range(4):
        epochs = (tmp_path / "trials" / str(record.trials[number].number) / "epochs.log").read_text().split()
        assert epochs == [str(epoch) for epoch in range(1, 31)]


def test_two_ctrl_c_quit(tmp_path: Path) -> None:
    def interrupt(notice: told.Notice) -> None:
        if isinstance(notice, told.TrialStarted):
            for delay in (0.1, 0.6):
                threading.Timer(delay, os.kill, (os.getpid(), signal.SIGINT)).start()

    with Pool([Share()], tmp_path, WorkerSettings()) as pool:
        began = time.monotonic()
        with pytest.raises(KeyboardInterrupt):
            drive(tmp_path, fakes.job_of(fakes.hang), Plan(max_trials=4, grace_seconds=60.0), pool, [interrupt])
        assert time.monotonic() - began < 20


def test_a_listener_s_error_is_logged_and_goes_no_further(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def broken(notice: told.Notice) -> None:
        raise RuntimeError("broken display")

    with caplog.at_level(logging.ERROR):
        reason, _ = drive(tmp_path, fakes.train_job, Plan(max_trials=1), listeners=[broken])
    assert reason == "max_trials"
    assert "a listener failed at TrialStarted" in caplog.text


def test_only_the_best_trials_are_kept_on_disk(tmp_path: Path) -> None:
    def best(trials: Any) -> list[int]:
        ended = [trial for trial in trials if trial.outcome and trial.outcome.ok and trial.source == "run"]
        return [t.number for t in sorted(ended, key=lambda t: -t.outcome.scores["score"])[:2]]

    _, record = fakes.search(tmp_path, 8, keep=best)
    kept = {entry.name for entry in (tmp_path / "trials").iterdir() if entry.is_dir()}
    assert kept == {str(number) for number in best(record.trials)}


class Continues(fakes.Climber):
    """Goes on from the worst trial of the first three, whatever the others are worth."""

    def continues(self) -> list[int]:
        return [0] if len(self.history) < 4 else []

    def propose(self, number: int, pending: Any) -> Proposal | Signal:
        proposal = super().propose(number, pending)
        assert isinstance(proposal, Proposal)
        return replace(proposal, parent=0) if number == 3 else proposal


def test_what_a_later_trial_goes_on_from_is_kept(tmp_path: Path) -> None:
    seen: list[set[str]] = []

    def make_job(trial: Trial, changes: Mapping[str, Any]) -> Job:
        seen.append({entry.name for entry in (tmp_path / "trials").iterdir()})
        return fakes.train_job(trial, changes)

    record = Ledger(Continues(), fakes.problem())
    with Store(tmp_path) as store:
        Driver(record, make_job, Inline(), store, Plan(max_trials=6, keep=lambda trials: [])).run()
    assert seen == [set(), {"0"}, {"0"}, {"0"}, set(), set()]


def go_on(report: Report, goal: int) -> dict[str, Any]:
    """Trains from where the folder says, and leaves a model."""
    told = fakes.train(report, {"a": 1, "b": 1, "c": 1}, goal)
    (report.folder / "model.keras").write_text("the model")
    return {**told, "measurements": {"epochs": len((report.folder / "epochs.log").read_text().split())}}


class Ladder(fakes.Climber):
    """Each trial goes on from the one before."""

    def continues(self) -> list[int]:
        return [proposal.number for proposal, _ in self.history[-1:] if proposal.number is not None]

    def propose(self, number: int, pending: Any) -> Proposal | Signal:
        parent = self.history[-1][0].number if self.history else None
        return Proposal(Architecture({"a": 1, "b": 1, "c": 1}), {"epochs": 2.0 * number + 2}, parent)


def ladder_job(trial: Trial, changes: Mapping[str, Any]) -> Job:
    return Job(go_on, {"goal": int(trial.proposal.fidelity["epochs"])})


def test_a_trial_goes_on_from_what_its_parent_left(tmp_path: Path) -> None:
    """No epoch is run twice, the model is not handed on, and what was left half copied does not count."""
    (tmp_path / "trials" / "inherited-1").mkdir(parents=True)
    record = Ledger(Ladder(), fakes.problem())
    with Store(tmp_path) as store:
        Driver(record, ladder_job, Inline(), store, Plan(max_trials=3, keep=lambda trials: [])).run()
    assert rows(tmp_path, "SELECT trial, epoch FROM epochs") == [(0, 1), (0, 2), (1, 3), (1, 4), (2, 5), (2, 6)]
    assert [value for (value,) in rows(tmp_path, "SELECT value FROM measurements")] == [2, 4, 6]
    assert {path.name for path in (tmp_path / "trials").iterdir()} == {"2"}


def test_a_trial_whose_parent_is_gone_begins_anew_and_says_so(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    class Forgets(Ladder):
        def continues(self) -> list[int]:
            return []

    record = Ledger(Forgets(), fakes.problem())
    with Store(tmp_path) as store:
        Driver(record, ladder_job, Inline(), store, Plan(max_trials=2, keep=lambda trials: [])).run()
    assert rows(tmp_path, "SELECT epoch FROM epochs WHERE trial = 1") == [(1,), (2,), (3,), (4,)]
    assert "trial 1 begins anew: what trial 0 had left is gone" in caplog.text


class Waits(fakes.Climber):
    """Says WAIT whenever something is pending, and DONE after three."""

    def propose(self, number: int, pending: Any) -> Proposal | Signal:
        if pending:
            return WAIT
        return DONE if len(self.history) == 3 else super().propose(number, pending)


def test_a_strategy_that_waits_is_asked_again(tmp_path: Path) -> None:
    record = Ledger(Waits(), fakes.problem())
    with Pool([Share()] * 2, tmp_path, SETTINGS) as pool, Store(tmp_path) as store:
        assert Driver(record, fakes.train_job, pool, store).run() == "done"
    assert len([trial for trial in record.trials if trial.source == "run"]) <= 3


class Double(Inline):
    """Tells every ending twice, and one of an attempt that nobody knows."""

    def events(self, timeout: float | None = None) -> list[Epoch | Ended]:
        events = super().events(timeout)
        return [*events, *events, Ended("99-0", {"scores": {"score": 1.0}}), Epoch("99-0", 1, {})]


def test_a_late_result_counts_once(tmp_path: Path) -> None:
    _, twice = drive(tmp_path, fakes.train_job, Plan(max_trials=5), Double())
    (tmp_path / "once").mkdir()
    _, once = fakes.search(tmp_path / "once", 5)
    assert fakes.table(twice) == fakes.table(once)
    assert rows(tmp_path, "SELECT count(*) FROM trials WHERE state = 'finished' AND source = 'run'") == [(5,)]


def test_a_worker_stopped_and_woken_late_counts_once(tmp_path: Path) -> None:
    def sleeper(report: Any, **arguments: Any) -> dict[str, Any]:
        first = report.attempt.endswith("-0")
        (report.folder / f"pid-{report.attempt}").write_text(str(os.getpid()))
        if first:
            os.kill(os.getpid(), signal.SIGSTOP)
        return {"scores": {"score": 1.0 if first else 2.0}}

    with Pool([Share()] * 2, tmp_path, WorkerSettings(preload=("tests.engine.fakes",), silence_seconds=4.0)) as pool:
        _, record = drive(tmp_path, fakes.job_of(sleeper), Plan(max_trials=1), pool)
    assert record.trials[0].outcome is not None
    assert record.trials[0].outcome.scores == {"score": 2.0}
    assert rows(tmp_path, "SELECT state FROM attempts") == [("failed",), ("finished",)]


def test_a_strategy_that_waits_for_nothing_is_an_error(tmp_path: Path) -> None:
    class Stuck(Ledger):
        def ask(self) -> Trial | Signal:
            return WAIT

    with Store(tmp_path) as store, pytest.raises(KerasNASError, match="waits for a trial to end while none is running"):
        Driver(Stuck(fakes.Climber(), fakes.problem()), fakes.train_job, Inline(), store).run()
