"""The part of a cluster's worker that lives on its node: starts the worker process there and carries for it.

To the worker process it is the driver: it hands on the frames that come from there. With what the worker says it sends
along the files that the trial has written since the last time, so that the search's folder has them wherever it is.
"""

from __future__ import annotations

import os
import queue
import shutil
import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from keras_nas.engine.process import WorkerProcess, WorkerSettings
from keras_nas.engine.ray_files import Changes, Mirror, NodeFolder, Parts, sweep, unpack
from keras_nas.engine.resources import Share
from keras_nas.engine.waiter import Waiter

Parcel = tuple[dict[str, Any], Changes]
"""A message of the worker's, and the files that go with it."""


class Carrier:
    """An actor on a node, with one worker process.

    Args:
        number: Names the worker.
        share: Threads, and how many devices; which ones Ray has said in the environment.
        settings: How to start the process.
        search: Names the search.
    """

    def __init__(self, number: int, share: Share, settings: WorkerSettings, search: str) -> None:
        self.folder = NodeFolder(f"{search}-{_node()[:12]}")
        self.root = self.folder.path / f"worker-{number}"
        self.worker = _started(number, share, settings, self.root)
        self._mirror = Mirror(self.root, "trials")
        self._moving = threading.Lock()
        self._frames: queue.SimpleQueue[tuple[Mapping[str, Any], bytes]] = queue.SimpleQueue()
        self._failure: Exception | None = None
        self._waiter = Waiter()

    def send(self, header: Mapping[str, Any], payload: bytes, files: Changes, shared: Mapping[str, Parts]) -> None:
        """Prepares what a job needs, and hands a frame to the worker.

        Args:
            header: As the driver sends it; the folder of a job is relative to the search's.
            payload: What follows the header.
            files: What the trial's folder holds.
            shared: What all jobs read, by name in the search's folder.
        """
        try:
            frame = self._prepared(header, files, shared) if header["kind"] == "job" else header
        except Exception as error:
            self._failure = error
        else:
            self._frames.put((frame, payload))
        self._waiter.wake()

    def listen(self) -> list[Parcel]:
        """What the worker has said since the last call; waits for it. The last message of all has the kind "died".

        Raises:
            Exception: What went wrong when a job was prepared.
        """
        parcels: list[Parcel] = []
        while not parcels:
            if self._failure is not None:
                raise self._failure
            while not self._frames.empty():
                self.worker.send(*self._frames.get())
            self._waiter.watch(self.worker)
            self._waiter.wait(float("inf"))
            parcels += [(message, self._files(message)) for message in self.worker.receive()]
            self.worker.flush()
            if not self.worker.alive:
                parcels.append(self._death())
        return parcels

    def _prepared(self, header: Mapping[str, Any], files: Changes, shared: Mapping[str, Parts]) -> Mapping[str, Any]:
        """A job's header for the worker here, once its files are."""
        self._make_room(files)
        for name, parts in shared.items():
            self._link(name, parts)
        folder = self.root / header["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        return {**header, "root": str(self.root), "folder": str(folder), "carried": True}

    def _make_room(self, files: Changes) -> None:
        """Drops the last trial's files, and writes those of the next one."""
        with self._moving:
            for name in ("trials", "results"):
                shutil.rmtree(self.root / name, ignore_errors=True)
            (self.root / "results").mkdir()
            unpack(self.root, files)
            self._mirror.skip()

    def _link(self, name: str, parts: Parts) -> None:
        """Lets what all workers of the node read be found among the worker's own files."""
        import ray

        place = self.folder.fetch(name, parts, ray.get)
        link = self.root / name
        if not link.is_symlink():
            link.parent.mkdir(parents=True, exist_ok=True)
            link.symlink_to(place)

    def _files(self, message: Mapping[str, Any]) -> Changes:
        """What goes with a message; a trial that has reported an epoch waits until it is taken."""
        if message["kind"] == "ended":
            return self._everything()
        if message["kind"] != "epoch":
            return {}
        changes = self._mirror.changes()
        self.worker.send({"kind": "taken"})
        return changes

    def _death(self) -> Parcel:
        """How the process ended, and all that it left."""
        notice = self.worker.death_notice()
        return {"kind": "died", "rss_mb": 0.0, "notice": notice}, self._everything()

    def _everything(self) -> Changes:
        """The trial's files, the log and, last of all, the result."""
        with self._moving:
            rest = [Mirror(self.root, name).changes() for name in ("logs", "results")]
            return {**self._mirror.changes(), **rest[0], **rest[1]}


def _started(number: int, share: Share, settings: WorkerSettings, root: Path) -> WorkerProcess:
    """The worker process; started in the main thread, with which the kernel ends it."""
    sweep()
    (root / "logs").mkdir(parents=True, exist_ok=True)
    if share.devices:
        share = replace(share, devices=tuple(os.environ["CUDA_VISIBLE_DEVICES"].split(",")))
    worker = WorkerProcess(number, share, settings, root / "logs" / f"worker-{number}.log")
    worker.start()
    return worker


def _node() -> str:
    """This node's id."""
    import ray

    return str(ray.get_runtime_context().get_node_id())
