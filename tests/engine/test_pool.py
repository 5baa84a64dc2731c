"""Workers: what comes back, how they fail, how they end, and that one bad trial harms no other."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from keras_nas.engine import pool as pools
from keras_nas.engine.events import Ended, Epoch
from keras_nas.engine.job import Job, Limits
from keras_nas.engine.pool import Pool
from keras_nas.engine.process import WorkerSettings
from keras_nas.engine.resources import Share
from keras_nas.errors import WorkerError
from tests.engine import fakes

QUICK = WorkerSettings(preload=("tests.engine.fakes",), grace_seconds=3.0)


@pytest.fixture
def pool(tmp_path: Path) -> Iterator[Pool]:
    with Pool([Share(1)], tmp_path, QUICK) as pool:
        yield pool


def until(pool: Pool, condition: Callable[[], bool], seconds: float = 120.0) -> list[Epoch | Ended]:
    """Events until the condition holds."""
    found: list[Epoch | Ended] = []
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        found += pool.events(end - time.monotonic())
    assert condition()
    return found


def run(pool: Pool, job: Job, attempt: str = "0-0") -> tuple[Ended, list[Epoch]]:
    """Runs one job to its end."""
    until(pool, lambda: pool.free > 0)
    pool.submit(job, attempt, pool.directory / "trials" / "0")
    events = until(pool, lambda: not pool.running)
    (ended,) = [event for event in events if isinstance(event, Ended)]
    return ended, [event for event in events if isinstance(event, Epoch)]


def test_a_result_and_its_epochs_come_back(pool: Pool) -> None:
    ended, epochs = run(pool, Job(fakes.double, {"x": 3}))
    assert ended.result == {"scores": {"y": 6}, "errors": {}, "measurements": {}, "artefacts": {}, "seconds": {}}
    assert ended.failure is None
    assert ended.worker == 0
    assert ended.seconds["run"] >= 0
    assert epochs == [Epoch("0-0", 1, {"x": 3})]


def test_functions_of_no_module_travel_by_value(pool: Pool) -> None:
    offset = 5

    def local(report: object, x: int) -> dict[str, object]:
        return {"scores": {"y": np.float32(x + offset)}, "measurements": {"list": np.arange(3), "nan": float("nan")}}

    ended, _ = run(pool, Job(local, {"x": 1}))
    assert ended.result is not None
    assert ended.result["scores"] == {"y": 6.0}
    assert ended.result["measurements"] == {"list": [0, 1, 2], "nan": None}


def test_a_worker_is_used_again(pool: Pool) -> None:
    pids = {run(pool, Job(fakes.environment), f"{index}-0")[0].result["scores"]["pid"] for index in range(3)}
    assert len(pids) == 1
    assert os.getpid() not in pids


def test_large_jobs_do_not_block(pool: Pool) -> None:
    ended, _ = run(pool, Job(lambda report, data: {"scores": {"size": len(data)}}, {"data": b"x" * 3_000_000}))
    assert ended.result is not None
    assert ended.result["scores"] == {"size": 3_000_000}


@pytest.mark.parametrize(
    ("job", "kind", "message"),
    [
        (Job(fakes.fail, {"message": "what is this?"}), "error", r"ValueError: what is this\?"),
        (Job(fakes.fail, {"kind": "too_large"}), "too_large", "no good"),
        (Job(fakes.double, {"x": float("nan")}), "not_finite", "the score 'y' is nan, not a finite number"),
        (Job(lambda report: 3), "error", "must return a dictionary with a non-empty 'scores'.*returned int"),
        (Job(lambda report: {"scores": {"y": {1, 2}}}), "error", r"holds a set at scores\.y"),
        (Job(fakes.crash), "killed", r"the worker died \(SIGSEGV\)"),
        (Job(fakes.kill_self), "killed", r"the worker died \(SIGKILL\)"),
        (Job(fakes.leave), "error", "SystemExit: 3"),
        (Job(fakes.gorge, limits=Limits(memory_mb=300)), "out_of_memory", "MemoryError"),
        (Job(fakes.hang, limits=Limits(seconds=0.1)), "timeout", r"took longer than 0\.1 s"),
        (Job(fakes.patient, limits=Limits(seconds=0.1)), "timeout", r"took longer than 0\.1 s"),
    ],
)
def test_failures_have_a_kind_and_the_next_job_runs(pool: Pool, job: Job, kind: str, message: str) -> None:

    ended, _ = run(pool, job)
    assert ended.result is None
    assert ended.failure is not None
    assert ended.failure["kind"] == kind
    assert re.search(message, ended.failure["message"])
    assert run(pool, Job(fakes.double, {"x": 1}), "1-0")[0].result


def test_the_first_traceback_is_kept_without_the_engine_s_frames(pool: Pool) -> None:
    ended, _ = run(pool, Job(fakes.fail))
    assert ended.failure is not None
    assert "fakes.py" in ended.failure["traceback"]
    assert "worker.py" not in ended.failure["traceback"]


def test_the_log_of_a_dead_worker_is_quoted(pool: Pool) -> None:
    ended, _ = run(pool, Job(fakes.crash))
    assert ended.failure is not None
    assert "in crash" in ended.failure["traceback"]


def test_a_trial_may_end_with_what_it_has(pool: Pool) -> None:
    ended, _ = run(pool, Job(fakes.patient, {"keep": True}, Limits(seconds=0.2)))
    assert ended.result is not None
    assert ended.result["scores"]["score"] >= 1


def test_stopping_an_attempt(pool: Pool) -> None:
    until(pool, lambda: pool.free > 0)
    pool.submit(Job(fakes.patient), "0-0", pool.directory / "trials" / "0")
    pool.stop("0-0")
    (ended,) = [event for event in until(pool, lambda: not pool.running) if isinstance(event, Ended)]
    assert ended.failure is not None
    assert ended.failure["kind"] == "stopped"
    assert pool.free == 1, ended
    pool.stop("0-0")


def test_a_stopped_process_counts_as_lost(tmp_path: Path) -> None:
    with Pool([Share()], tmp_path, WorkerSettings(preload=("tests.engine.fakes",), silence_seconds=4.0)) as pool:
        ended, _ = run(pool, Job(fakes.stop_self))
        assert ended.failure == {"kind": "killed", "message": "the worker said nothing for 4 s", "traceback": ""}
        assert run(pool, Job(fakes.double, {"x": 1}), "1-0")[0].result


def test_a_worker_is_replaced_after_some_attempts(tmp_path: Path) -> None:
    with Pool([Share()], tmp_path, WorkerSettings(recycle_after=2)) as pool:
        workers = [run(pool, Job(fakes.double, {"x": 1}), f"{index}-0")[0].worker for index in range(4)]
    assert workers == [0, 0, 1, 1]


def test_a_heavy_worker_is_replaced(tmp_path: Path) -> None:
    with Pool([Share()], tmp_path, WorkerSettings(recycle_mb=1.0)) as pool:
        workers = [run(pool, Job(fakes.double, {"x": 1}), f"{index}-0")[0].worker for index in range(2)]
    assert workers == [0, 1]


def test_threads_and_devices_are_set_before_anything_is_imported(tmp_path: Path) -> None:
    settings = WorkerSettings(environment={"COLOUR": "green"})
    with Pool([Share(3, ("1", "2"))], tmp_path, settings) as pool:
        ended, _ = run(pool, Job(fakes.environment))
    assert ended.result is not None
    found = ended.result["measurements"]["environment"]
    assert found["OMP_NUM_THREADS"] == found["TF_NUM_INTRAOP_THREADS"] == "3"
    assert found["CUDA_VISIBLE_DEVICES"] == "1,2"
    assert found["COLOUR"] == "green"
    assert found.get("PYTHONPATH") == os.environ.get("PYTHONPATH")


def test_workers_that_cannot_start_are_given_up(tmp_path: Path) -> None:
    with Pool([Share()], tmp_path, WorkerSettings(preload=("no_such_module",))) as pool:
        with pytest.raises(WorkerError, match="3 workers in a row .*(.|\n)*No module named 'no_such_module'"):
            pool.events(60)


def test_a_worker_that_does_not_get_ready_is_given_up(tmp_path: Path) -> None:
    with Pool([Share()], tmp_path, WorkerSettings(start_seconds=0.0)) as pool:
        with pytest.raises(WorkerError, match="3 workers in a row"):
            pool.events(60)


def test_what_cannot_be_sent_is_refused_with_the_reason(pool: Pool) -> None:
    until(pool, lambda: pool.free > 0)
    with pytest.raises(WorkerError, match="cannot be sent to a worker .*Pass plain data"):
        pool.submit(Job(fakes.double, {"x": (part for part in "abc")}), "0-0", pool.directory / "trials" / "0")
    assert pool.free == 1


def test_no_more_jobs_than_workers(pool: Pool) -> None:
    assert pool.free == 0
    with pytest.raises(WorkerError, match="No worker is free"):
        pool.submit(Job(fakes.double, {"x": 1}), "0-0", pool.directory / "trials" / "0")


def test_a_search_inside_a_worker_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(pools.INSIDE, "1")
    with pytest.raises(WorkerError, match="started inside a worker"):
        Pool([Share()], tmp_path)


def test_waking_ends_the_waiting(pool: Pool) -> None:
    until(pool, lambda: pool.free > 0)
    pool.wake()
    began = time.monotonic()
    assert pool.events(60) == []
    assert time.monotonic() - began < 5
    assert pool.events(0.05) == []


def _group_is_gone(pid: int) -> bool:
    end = time.monotonic() + 10
    while time.monotonic() < end:
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


SCRIPT = """
import sys, time
from pathlib import Path
from keras_nas.engine.job import Job
from keras_nas.engine.pool import Pool
from keras_nas.engine.resources import Share

def work(report):
    import subprocess, sys, time
    subprocess.Popen([sys.executable, "-c", "import time; time.sleep(100)"])
    report(1, {})
    time.sleep(100)

pool = Pool([Share()], Path(sys.argv[1]))
pool.start()
while not pool.free:
    pool.events()
pool.submit(Job(work), "0-0", Path(sys.argv[1]) / "trials" / "0")
pool.events()
print(pool.workers[0].process.pid, flush=True)
time.sleep(100)
"""


def test_workers_and_their_children_end_with_a_killed_parent(tmp_path: Path) -> None:
    """The script has no `__main__` guard, and it is not imported again: its pool would start without end."""
    script = tmp_path / "unguarded.py"
    script.write_text(SCRIPT)
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    parent = subprocess.Popen([sys.executable, script, tmp_path / "run"], stdout=subprocess.PIPE, env=environment)
    assert parent.stdout is not None
    worker = int(parent.stdout.readline())
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    assert _group_is_gone(worker)


BESIDE = """
import sys
from pathlib import Path
import helper
from keras_nas.engine.job import Job
from keras_nas.engine.pool import Pool
from keras_nas.engine.resources import Share

class Scale:
    factor = 3

def work(report, x):
    return {"scores": {"y": helper.double(x) * Scale.factor}}

with Pool([Share()], Path(sys.argv[1])) as pool:
    while not pool.free:
        pool.events()
    pool.submit(Job(work, {"x": 5}), "0-0", Path(sys.argv[1]) / "trials" / "0")
    print(pool.events()[0].result["scores"])
"""


def test_modules_beside_an_unguarded_script_and_classes_in_it_reach_the_workers(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("def double(x):\n    return 2 * x\n")
    (tmp_path / "script.py").write_text(BESIDE)
    environment = {**os.environ, "PYTHONPATH": str(Path.cwd())}
    command = [sys.executable, tmp_path / "script.py", tmp_path / "run"]
    output = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=True)
    assert output.stdout == "{'y': 30}\n"


def test_waiting_costs_no_time_of_the_processor(pool: Pool) -> None:
    until(pool, lambda: pool.free > 0)
    pool.submit(Job(fakes.hang), "0-0", pool.directory / "trials" / "0")
    began = time.process_time()
    assert pool.events(1.0) == []
    assert time.process_time() - began < 0.1


@pytest.mark.slow
def test_tensorflow_s_own_failures_have_their_kind(tmp_path: Path) -> None:
    def absurd(report: object) -> dict[str, object]:
        import tensorflow as tf

        return {"scores": {"y": float(tf.reduce_sum(tf.zeros((10**12,))))}}

    def not_a_number(report: object) -> dict[str, object]:
        import tensorflow as tf

        tf.debugging.check_numerics(tf.constant([float("nan")]), "loss")
        return {"scores": {"y": 0.0}}

    settings = WorkerSettings(preload=("keras",))
    with Pool([Share(1)], tmp_path, settings) as pool:
        kinds = [
            run(pool, Job(function), name)[0].failure for name, function in (("0-0", not_a_number), ("1-0", absurd))
        ]
    assert [kind and kind["kind"] for kind in kinds] == ["not_finite", "out_of_memory"]


def test_closing_ends_the_workers(tmp_path: Path) -> None:
    with Pool([Share()] * 2, tmp_path) as pool:
        until(pool, lambda: pool.free == 2)
        pids = [worker.process.pid for worker in pool.workers]
    assert all(_group_is_gone(pid) for pid in pids)


def test_no_socket_is_opened(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Forbidden(socket.socket):
        def __init__(self, *args: object, **named: object) -> None:
            raise AssertionError("a socket was opened")

    def probe(report: object) -> dict[str, object]:
        import os

        links = [os.readlink(f"/proc/self/fd/{name}") for name in os.listdir("/proc/self/fd") if name.isdigit()
                 and os.path.exists(f"/proc/self/fd/{name}")]  # fmt: skip
        return {"scores": {"sockets": sum(link.startswith("socket:") for link in links)}}

    monkeypatch.setattr(socket, "socket", Forbidden)
    with Pool([Share()], tmp_path) as pool:
        ended, _ = run(pool, Job(probe))
    assert ended.result is not None
    assert ended.result["scores"] == {"sockets": 0}
