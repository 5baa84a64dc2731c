"""One worker process seen from the driver: started, written to and read from without ever blocking, and killed."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from keras_nas.engine.failures import describe_death, oom_kill_count
from keras_nas.engine.resources import Share
from keras_nas.engine.worker import INSIDE


@dataclass(frozen=True)
class WorkerSettings:
    """How worker processes are started and how long they are used.

    Args:
        preload: Modules that every trial needs, imported at the start (`("keras",)` for training).
        environment: Environment variables to set beside the inherited ones.
        recycle_after: Attempts after which a worker is replaced, since TensorFlow keeps some memory of every model.
        recycle_mb: Resident memory (MiB) above which an idle worker is replaced; None for no limit.
        silence_seconds: A worker that says nothing for so long counts as lost: its trial is handed out again.
        start_seconds: How long the start of a worker may take.
        grace_seconds: Time between the request to stop and the kill, where the caller names none.
    """

    preload: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    recycle_after: int = 50
    recycle_mb: float | None = None
    silence_seconds: float = 60.0
    start_seconds: float = 300.0
    grace_seconds: float = 5.0


class Worker(ABC):
    """What a pool knows of a worker, wherever that runs: it says what happens through a pipe.

    Args:
        number: Names the worker; its log file is `worker-<number>.log`.
        share: Threads and devices.
        settings: How to start it.
        log: File that takes what it prints.
    """

    up: int
    """The reading end of the pipe through which it speaks."""
    down: int | None = None
    """The writing end of the pipe through which it is spoken to; None where that needs no waiting for room."""
    death: int | None = None
    """A descriptor that becomes readable when it dies; None where the end of its pipe has to tell."""
    lost = False
    """Whether it went with its machine, which says nothing of itself."""

    def __init__(self, number: int, share: Share, settings: WorkerSettings, log: Path) -> None:
        self.number = number
        self.share = share
        self.settings = settings
        self.log = log
        self.ready = False
        self.attempts = 0
        self.rss_mb = 0.0
        self.born = self.heard = time.monotonic()
        self.outbox = bytearray()
        self._inbox = bytearray()
        self._closed = False

    @abstractmethod
    def start(self) -> None:
        """Starts the worker; it says that it is ready once it has imported what every trial needs."""

    @abstractmethod
    def send(self, header: Mapping[str, Any], payload: bytes = b"") -> None:
        """Sends a frame, or queues it, without waiting."""

    @abstractmethod
    def destroy(self) -> None:
        """Ends the worker and everything that it started, at once."""

    @abstractmethod
    def death_notice(self) -> dict[str, str]:
        """The failure that the end of this worker means for its attempt; makes sure that it has ended."""

    @property
    def alive(self) -> bool:
        """Whether the worker runs and its pipe is open (a stopped process is alive)."""
        return not self._closed

    def kill(self) -> None:
        """Ends the worker and frees what the driver held of it."""
        self.destroy()
        for descriptor in (self.down, self.up, self.death):
            if descriptor is not None:
                os.close(descriptor)

    def flush(self) -> None:
        """Writes what is queued, as far as the pipe takes it."""
        with contextlib.suppress(BlockingIOError, BrokenPipeError):
            while self.outbox and self.down is not None:
                del self.outbox[: os.write(self.down, self.outbox[:65536])]

    def receive(self) -> list[dict[str, Any]]:
        """All whole messages that have come in; half a message waits for the rest."""
        with contextlib.suppress(BlockingIOError):
            while chunk := os.read(self.up, 65536):
                self._inbox += chunk
            self._closed = True
        *lines, rest = self._inbox.split(b"\n")
        self._inbox = bytearray(rest)
        messages = [json.loads(line) for line in lines]
        if messages:
            self.heard = time.monotonic()
            self.rss_mb = messages[-1]["rss_mb"]
        return messages


class WorkerProcess(Worker):
    """A child process and its two pipes."""

    def __init__(self, number: int, share: Share, settings: WorkerSettings, log: Path) -> None:
        super().__init__(number, share, settings, log)
        self._oom_kills = oom_kill_count()

    def start(self) -> None:
        """Starts the process; it says that it is ready once it has imported what every trial needs."""
        settings = self.settings
        child_reads, self.down = os.pipe()
        self.up, child_writes = os.pipe()
        path = [os.path.abspath(entry) for entry in sys.path]
        environment = {**os.environ, **self.share.environment, **settings.environment, INSIDE: "1"}
        command = [sys.executable, "-P", "-u", "-m", "keras_nas.engine.worker", str(child_reads), str(child_writes)]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(  # noqa: S603
                command,
                env={**environment, "PYTHONPATH": os.pathsep.join(path)},
                pass_fds=(child_reads, child_writes),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        os.close(child_reads)
        os.close(child_writes)
        os.set_blocking(self.down, False)
        os.set_blocking(self.up, False)
        self.death = _death_of(self.process.pid)
        main_thread = threading.current_thread() is threading.main_thread()
        self.send({"path": path, "python_path": os.environ.get("PYTHONPATH"), "preload": list(settings.preload),
                   "parent": os.getpid(), "bind": main_thread})  # fmt: skip

    def send(self, header: Mapping[str, Any], payload: bytes = b"") -> None:
        """Queues a frame and writes as much as the pipe takes; the pool writes the rest when there is room."""
        self.outbox += json.dumps(header).encode() + b"\n" + payload
        self.flush()

    @property
    def alive(self) -> bool:
        return super().alive and self.process.poll() is None

    def destroy(self) -> None:
        """Ends the process and everything that it started, at once."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def death_notice(self) -> dict[str, str]:
        """The failure that the end of this process means for its attempt; makes sure that it has ended."""
        self.destroy()
        return describe_death(self.process.returncode, self.log, oom_kill_count() - self._oom_kills)


def _death_of(pid: int) -> int | None:
    """A descriptor that becomes readable when a process ends; None where the system has none (the pipe's end tells)."""
    with contextlib.suppress(OSError, AttributeError):
        return os.pidfd_open(pid)
    return None
