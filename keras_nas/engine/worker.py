"""The child process: takes jobs from a pipe, runs them one after the other, and leaves each result in a file.

Started as `python -m keras_nas.engine.worker`, so that the user's script is never imported a second time. Down the pipe
come frames (a JSON header line and a cloudpickled job); up go JSON lines, each with the id of its attempt. A result is
first left atomically in a file named after the attempt, then announced: whatever happens to the driver in between, the
result is found when the search is resumed. The process ends when the pipe does.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import importlib
import json
import os
import queue
import resource
import signal
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any

from keras_nas.engine.failures import describe
from keras_nas.engine.job import Job, Stop, checked_result, plain_metrics
from keras_nas.files import write_json
from keras_nas.points import reached

BEAT_SECONDS = 5.0
"""How often a worker says that it lives and how much memory it holds."""
INSIDE = "KERAS_NAS_WORKER"
"""Set in a worker's environment, so that a search started inside one is refused."""
PR_SET_PDEATHSIG = 1


class Up:
    """The pipe to the driver: one JSON line a message, whole also when several threads speak.

    Args:
        descriptor: The pipe's writing end.
    """

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self.lock = threading.Lock()

    def send(self, kind: str, **fields: Any) -> None:
        """Writes one message; the process ends when nobody reads any more."""
        line = json.dumps({"kind": kind, "rss_mb": resident_mb(), **fields}).encode() + b"\n"
        with self.lock:
            try:
                while line:
                    line = line[os.write(self.descriptor, line) :]
            except BrokenPipeError:
                end_group()


class Inbox:
    """The pipe from the driver, read by a thread of its own: jobs queue up, requests to stop take effect at once.

    Args:
        stream: The pipe's reading end.
    """

    def __init__(self, stream: IO[bytes]) -> None:
        self.stream = stream
        self.jobs: queue.SimpleQueue[tuple[dict[str, Any], bytes]] = queue.SimpleQueue()
        self.stopped: set[str] = set()
        self.taken = threading.Semaphore(0)

    def listen(self) -> None:
        """Reads frames until the pipe ends, and then ends the process and its children."""
        for line in self.stream:
            header = json.loads(line)
            if header["kind"] == "stop":
                self.stopped.add(header["attempt"])
            elif header["kind"] == "taken":
                self.taken.release()
            else:
                self.jobs.put((header, self.stream.read(header["size"])))
        end_group()


class WorkerReport:
    """The `Report` of a job in a child process.

    Args:
        attempt: Id of the attempt.
        folder: The trial's folder.
        up: The pipe to the driver.
        inbox: The pipe from the driver.
        carried: Whether somebody takes the trial's files to the driver at every epoch; the trial waits for it, so that
            what is taken fits together.
    """

    def __init__(self, attempt: str, folder: Path, up: Up, inbox: Inbox, carried: bool) -> None:
        self.attempt = attempt
        self.folder = folder
        self._up = up
        self._inbox = inbox
        self._carried = carried

    def __call__(self, epoch: int, metrics: Mapping[str, float]) -> None:
        """Sends the metrics of a finished epoch; raises `Stop` when the driver asked to end."""
        self._up.send("epoch", attempt=self.attempt, epoch=int(epoch), metrics=plain_metrics(metrics))
        if self._carried:
            self._inbox.taken.acquire()
        if self.stopping:
            raise Stop(f"attempt {self.attempt} was asked to stop after epoch {epoch}")

    @property
    def stopping(self) -> bool:
        """Whether the driver asked the trial to end."""
        return self.attempt in self._inbox.stopped


def resident_mb() -> float:
    """Memory of this process that is in RAM (MiB)."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20


def end_group() -> None:
    """Ends this process and whatever it started, at once."""
    os.killpg(0, signal.SIGKILL)


def run(job: Job, report: Any) -> dict[str, Any]:
    """Runs one job and says how it ended; nothing that the job raises escapes.

    Args:
        job: What to run.
        report: Handed to the job's function.

    Returns:
        `{"result": {...}}` with the parts of a result, or `{"failure": {...}}`, and the seconds it took.
    """
    began = time.monotonic()
    try:
        ending: dict[str, Any] = {"result": checked_result(job.function(report, **job.arguments))}
    except BaseException as error:
        ending = {"failure": describe(error)}
    return {**ending, "seconds": {"run": time.monotonic() - began}}


def take(header: Mapping[str, Any], payload: bytes, up: Up, inbox: Inbox) -> None:
    """Unpacks a job, runs it, leaves its ending in a file and announces it."""
    from keras_nas.engine.transit import unpickled

    attempt, root = header["attempt"], Path(header["root"])
    began = time.monotonic()
    report = WorkerReport(attempt, Path(header["folder"]), up, inbox, header["carried"])
    try:
        job = unpickled(payload, root)
    except BaseException as error:
        ending: dict[str, Any] = {"failure": describe(error), "seconds": {}}
    else:
        unpacked = time.monotonic() - began
        limit_memory(job.limits.memory_mb)
        ending = run(job, report)
        limit_memory(None)
        ending["seconds"]["unpack"] = unpacked
    reached("worker.before_result")
    write_json(root / "results" / f"{attempt}.json", {"attempt": attempt, **ending})
    reached("worker.after_result")
    up.send("ended", attempt=attempt)


def limit_memory(limit_mb: float | None) -> None:
    """Bounds the process's data memory, so that an absurd model fails in its own trial and not the machine.

    Data memory is what is allocated and writable; address space would also count what TensorFlow merely reserves.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    soft = hard if limit_mb is None else int(limit_mb * 2**20)
    resource.setrlimit(resource.RLIMIT_DATA, (soft if hard == resource.RLIM_INFINITY else min(soft, hard), hard))


def signal_at_death_of(parent: int, number: signal.Signals) -> None:
    """Has the kernel send this process a signal when its parent ends (Linux); ends at once when it has already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number)
    if os.getppid() != parent:
        end_group()


def watch_over_group() -> None:
    """Forks a process that does nothing but end what this one has started, when this one is ended from outside (Linux).

    To be called before there are threads. A signal that ends the worker leaves its own children; they would go on.
    """
    worker = os.getpid()
    if os.fork():
        return
    for descriptor in map(int, sys.argv[1:3]):
        os.close(descriptor)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    signal_at_death_of(worker, signal.SIGTERM)
    signal.sigwait({signal.SIGTERM})
    end_group()


def bind_to_parent(parent: int) -> None:
    """Lets the kernel end this process with its parent, and prefer it when memory runs out (Linux)."""
    signal_at_death_of(parent, signal.SIGKILL)
    with contextlib.suppress(OSError):  # some containers forbid it, and it is only a preference
        Path("/proc/self/oom_score_adj").write_text("500")


def beat(up: Up, end: threading.Event) -> None:
    """Says regularly that this process lives."""
    while not end.wait(BEAT_SECONDS):
        up.send("beat")


def start(settings: Mapping[str, Any], up: Up) -> None:
    """Prepares the process: import path, parent, modules that every trial needs; then says that it is ready."""
    began = time.monotonic()
    sys.path[:] = settings["path"]
    os.environ.pop("PYTHONPATH", None)
    if settings["python_path"] is not None:
        os.environ["PYTHONPATH"] = settings["python_path"]
    if settings["bind"] and sys.platform == "linux":
        bind_to_parent(settings["parent"])
    for name in settings["preload"]:
        importlib.import_module(name)
    up.send("ready", seconds=time.monotonic() - began)


def main() -> None:
    """Serves jobs until the pipe ends. Arguments: the two file descriptors of the pipe."""
    if sys.platform == "linux":
        watch_over_group()
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    down, up = os.fdopen(int(sys.argv[1]), "rb"), Up(int(sys.argv[2]))
    settings = json.loads(down.readline())
    inbox = Inbox(down)
    end = threading.Event()
    threading.Thread(target=inbox.listen, daemon=True, name="inbox").start()
    threading.Thread(target=beat, args=(up, end), daemon=True, name="beat").start()
    start(settings, up)
    while True:
        take(*inbox.jobs.get(), up, inbox)


if __name__ == "__main__":
    main()
