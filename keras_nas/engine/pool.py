"""Worker processes: hands out jobs, passes on what comes back, keeps time, and replaces the worn, lost and dead.

The driver alone uses a pool, from one thread. Nothing here waits but `events`, and that in one place: for a message,
for the death of a process, for room in a pipe, for a wake-up call or for the next moment at which to stop somebody.
"""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from keras_nas.engine.events import Ended, Epoch
from keras_nas.engine.job import Job
from keras_nas.engine.process import Worker, WorkerProcess, WorkerSettings
from keras_nas.engine.resources import Share
from keras_nas.engine.running import Running
from keras_nas.engine.transit import pickled
from keras_nas.engine.waiter import Waiter
from keras_nas.engine.worker import INSIDE
from keras_nas.errors import WorkerError
from keras_nas.files import read_json

SOUND_AFTER = frozenset({"stopped", "not_finite", "build_error", "too_large", "too_slow", "infeasible"})
"""Failures that say something of the trial, not of the process: the worker is used again."""
START_ATTEMPTS = 3
"""Workers that may die in a row before any is ready; then the pool gives up."""


class Pool:
    """A set of reusable worker processes.

    Args:
        shares: Each worker's threads and devices, from `resources.shares`.
        directory: Folder of the search; results are left in `results/` and logs in `logs/`.
        settings: How workers are started and how long they are used.

    Raises:
        WorkerError: When a search is started inside a worker (a script that starts one while it is imported).

    Example:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> job = Job(lambda report, x: {"scores": {"y": 2 * x}}, {"x": 3})
        >>> with Pool([Share(threads=1)], folder) as pool:
        ...     while not pool.free:
        ...         events = pool.events()
        ...     worker = pool.submit(job, "0-0", folder / "trials" / "0")
        ...     pool.events()[0].result["scores"]
        {'y': 6}
    """

    def __init__(self, shares: Sequence[Share], directory: Path, settings: WorkerSettings | None = None) -> None:
        if os.environ.get(INSIDE):
            raise WorkerError(
                "A search was started inside a worker of another search: a module that a trial imports starts one "
                "while it is imported. Put that call under `if __name__ == '__main__':`."
            )
        self.shares = shares
        self.directory = directory
        self.settings = settings or WorkerSettings()
        self.running: dict[str, Running] = {}
        self.workers: list[Worker] = []
        self._started = 0
        self._stillborn = 0
        self._waiter = Waiter()

    def __enter__(self) -> Pool:
        self.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    @property
    def size(self) -> int:
        """How many attempts can run at once."""
        return len(self.shares)

    @property
    def free(self) -> int:
        """How many jobs can be submitted now."""
        return len(self._idle())

    def start(self) -> None:
        """Starts all workers, unless it has been done; returns at once, they prepare themselves meanwhile."""
        if self.workers:
            return
        for name in ("results", "logs"):
            (self.directory / name).mkdir(parents=True, exist_ok=True)
        for share in self.shares:
            self._spawn(share)

    def submit(self, job: Job, attempt: str, folder: Path) -> int:
        """Hands a job to a free worker.

        Args:
            job: What to run.
            attempt: Its id, which names the result file.
            folder: The trial's folder; made here.

        Returns:
            The number of the worker.

        Raises:
            WorkerError: When no worker is free, or the job cannot be sent.
        """
        idle = self._idle()
        if not idle:
            raise WorkerError("No worker is free: look at `pool.free` before submitting.")
        root = self.directory.absolute()
        payload, names = pickled(job, root)
        folder.mkdir(parents=True, exist_ok=True)
        worker = idle[0]
        worker.attempts += 1
        header = {"kind": "job", "attempt": attempt, "size": len(payload), "carried": False,
                  "root": str(root), "folder": str(folder.absolute()), "names": names}  # fmt: skip
        now = time.monotonic()
        stop_at = now + job.limits.seconds if job.limits.seconds is not None else float("inf")
        self.running[attempt] = Running(attempt, worker, job, now, stop_at)
        worker.heard = now
        worker.send(header, payload)
        self._waiter.watch(worker)
        return worker.number

    def stop(self, attempt: str, grace_seconds: float | None = None) -> None:
        """Asks an attempt to end: its `report` raises `Stop`; it is killed when it has not ended after the grace."""
        running = self.running.get(attempt)
        if running is not None:
            self._stop(running, "stopped", "stopped by the search", grace_seconds)

    def wake(self) -> None:
        """Makes a waiting `events` return; may be called from a signal handler or another thread."""
        self._waiter.wake()

    def events(self, timeout: float | None = None) -> list[Epoch | Ended]:
        """What happened since the last call; waits for something to happen.

        Args:
            timeout: Seconds to wait at most; None waits until something happens.

        Returns:
            In the order in which each worker said it; empty when the time passed or `wake` was called.

        Raises:
            WorkerError: When workers die again and again before they are ready.
        """
        until = time.monotonic() + timeout if timeout is not None else float("inf")
        while True:
            wait = max(0.0, min(until, self._next_moment()) - time.monotonic())
            woken = self._waiter.wait(wait)
            free = self.free
            happened = [event for worker in list(self.workers) for event in self._attend(worker)]
            happened += self._keep_time()
            if happened or woken or self.free > free or time.monotonic() >= until:
                return happened

    def close(self) -> None:
        """Ends all workers at once."""
        for worker in self.workers:
            self._waiter.forget(worker)
            worker.kill()
        self.workers.clear()
        self.running.clear()
        self._waiter.close()

    def make_worker(self, number: int, share: Share, log: Path) -> Worker:
        """A worker that is not started yet."""
        return WorkerProcess(number, share, self.settings, log)

    def _idle(self) -> list[Worker]:
        busy = {running.worker.number for running in self.running.values()}
        return [worker for worker in self.workers if worker.ready and worker.number not in busy]

    def _spawn(self, share: Share) -> None:
        log = self.directory / "logs" / f"worker-{self._started}.log"
        worker = self.make_worker(self._started, share, log)
        worker.start()
        self._started += 1
        self.workers.append(worker)
        self._waiter.watch(worker)

    def _replace(self, worker: Worker) -> None:
        """Ends a worker and starts another with the same share."""
        self._waiter.forget(worker)
        worker.kill()
        self.workers.remove(worker)
        self._spawn(worker.share)

    def _attend(self, worker: Worker) -> list[Epoch | Ended]:
        """Takes in what a worker says, sends what waits for it, and notices its death."""
        events: list[Epoch | Ended] = []
        for message in worker.receive():
            attempt = message.get("attempt")
            if message["kind"] == "ready":
                worker.ready, self._stillborn = True, 0
            elif message["kind"] == "epoch" and attempt in self.running:
                events.append(Epoch(attempt, message["epoch"], message["metrics"]))
            elif message["kind"] == "ended" and attempt in self.running:
                events.append(self._end(self.running[attempt]))
        if worker not in self.workers:
            return events
        worker.flush()
        if worker.alive:
            self._waiter.watch(worker)
            return events
        return events + self._bury(worker)

    def _bury(self, worker: Worker) -> list[Epoch | Ended]:
        """Replaces a worker that died by itself; its attempt ends with the result that it left, or with its death."""
        if not worker.ready and not worker.lost:
            self._count_stillborn(worker)
        ended = [running for running in self.running.values() if running.worker is worker]
        events: list[Epoch | Ended] = [self._end(running, worker.death_notice()) for running in ended]
        if worker in self.workers:
            self._replace(worker)
        return events

    def _count_stillborn(self, worker: Worker) -> None:
        self._stillborn += 1
        if self._stillborn >= START_ATTEMPTS:
            notice = worker.death_notice()
            raise WorkerError(
                f"{self._stillborn} workers in a row ended before they were ready, the last with: {notice['message']}. "
                f"The end of {worker.log}:\n{notice['traceback']}"
            )

    def _end(self, running: Running, death: dict[str, str] | None = None) -> Ended:
        """Closes an attempt: what its worker left in its file, or else why there is nothing."""
        del self.running[running.attempt]
        ended = running.ending(read_json(self.directory / "results" / f"{running.attempt}.json"), death)
        if self._worn(running.worker, ended):
            self._replace(running.worker)
        return ended

    def _worn(self, worker: Worker, ended: Ended) -> bool:
        """Whether a worker is better replaced than used again."""
        harmed = ended.failure is not None and ended.failure["kind"] not in SOUND_AFTER
        heavy = self.settings.recycle_mb is not None and worker.rss_mb > self.settings.recycle_mb
        return harmed or heavy or worker.attempts >= self.settings.recycle_after or not worker.alive

    def _stop(self, running: Running, kind: str, message: str, grace_seconds: float | None = None) -> None:
        """Asks an attempt to stop, and remembers why."""
        running.ask_to_stop(kind, message, self.settings.grace_seconds if grace_seconds is None else grace_seconds)
        self._waiter.watch(running.worker)

    def _keep_time(self) -> list[Epoch | Ended]:
        """Stops what has run too long, kills what does not stop, and gives up what is lost."""
        now = time.monotonic()
        for running in self.running.values():
            if now >= running.stop_at:
                self._stop(running, "timeout", f"took longer than {running.job.limits.seconds:g} s")
            if now >= running.silent_at(self.settings.silence_seconds):
                running.give_up(f"the worker said nothing for {self.settings.silence_seconds:g} s")
        late = [running for running in self.running.values() if now >= running.kill_at]
        for running in late:
            running.worker.destroy()
        for worker in [worker for worker in self.workers if not worker.ready and now >= self._late(worker)]:
            self._count_stillborn(worker)
            self._replace(worker)
        return [self._end(running) for running in late]

    def _late(self, worker: Worker) -> float:
        return worker.born + self.settings.start_seconds

    def _next_moment(self) -> float:
        """The next monotonic time at which `_keep_time` has something to do."""
        moments = [self._late(worker) for worker in self.workers if not worker.ready]
        for running in self.running.values():
            moments += [running.stop_at, running.kill_at, running.silent_at(self.settings.silence_seconds)]
        return min(moments, default=float("inf"))
