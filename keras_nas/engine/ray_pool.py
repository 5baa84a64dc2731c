"""A pool whose workers stand on the nodes of a Ray cluster.

Everything that a pool decides is decided by the driver, as for workers of its own machine; only how a worker is started
and spoken to differs. Nothing is repeated by Ray: a trial whose worker went with its node is handed out again by the
driver, and by nobody else.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from keras_nas.engine.failures import kind_of
from keras_nas.engine.pool import Pool
from keras_nas.engine.process import Worker, WorkerSettings
from keras_nas.engine.ray_carrier import Carrier
from keras_nas.engine.ray_files import Changes, Mirror, Parts, clean, unpack
from keras_nas.engine.resources import Share

PART_BYTES = 64 << 20
"""Size of the parts in which files are put into Ray's object store."""
CLEANING_SECONDS = 10.0
"""How long the end of a search waits for the nodes to remove what it left there."""
PATIENCE_SECONDS = 30.0
"""After how long it is said that a worker waits for room on the cluster."""
ONCE = {"max_restarts": 0, "max_task_retries": 0}
"""What Ray is told of repeating: never."""

logger = logging.getLogger(__name__)


class RayPool(Pool):
    """A set of reusable workers on a cluster to which this process is connected.

    Args:
        shares: Each worker's threads, devices and node, from `ray_cluster.cluster_shares`.
        directory: Folder of the search.
        settings_for: How the workers of some shares are started and how long they are used.
        done: Called after the last worker has ended.
    """

    def __init__(
        self,
        shares: Sequence[Share],
        directory: Path,
        settings_for: Callable[[Sequence[Share]], WorkerSettings],
        done: Callable[[], None] = lambda: None,
    ) -> None:
        super().__init__(shares, directory, settings_for(shares))
        self.settings_for = settings_for
        self.done = done
        self.depot = Depot(directory.absolute())

    def make_worker(self, number: int, share: Share, log: Path) -> Worker:
        """A worker on the share's node, or on another one with as much room where that node is gone."""
        return RemoteWorker(number, share, self.settings_for((share,)), log, self.depot)

    def close(self) -> None:
        """Ends all workers at once, and takes away what they left on the nodes."""
        super().close()
        self.depot.clean()
        self.done()


class Depot:
    """What the search's folder holds for the workers on the nodes.

    Args:
        directory: The absolute folder of the search.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.search = secrets.token_hex(6)
        self._put: dict[str, Parts] = {}

    def parts(self, name: str) -> Parts:
        """A file or folder in Ray's object store, from where each node fetches it once; put there once."""
        if name not in self._put:
            self._put[name] = {file: _stored(path) for file, path in _files(self.directory / name).items()}
        return self._put[name]

    def files(self, folder: Path) -> Changes:
        """What a trial's folder holds, with names in the search's folder."""
        return Mirror(self.directory, str(folder.relative_to(self.directory))).changes()

    def clean(self) -> None:
        """Has each node remove what the search has left there; a node that does not answer in time is left."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self._put.clear()
        task = ray.remote(num_cpus=0, max_retries=0)(clean)
        nodes = [node["NodeID"] for node in ray.nodes() if node["Alive"]]
        places = [NodeAffinitySchedulingStrategy(node, soft=False) for node in nodes]
        cleaned = [task.options(scheduling_strategy=place).remote(self.search, CLEANING_SECONDS) for place in places]
        ray.wait(cleaned, num_returns=len(cleaned), timeout=CLEANING_SECONDS)


class RemoteWorker(Worker):
    """A carrier on a node, with a thread here that hears it.

    Args:
        number: Names the worker; its log file is `worker-<number>.log`.
        share: Threads, devices and node.
        settings: How to start the process.
        log: File that takes what it prints.
        depot: Where its files come from and go to.
    """

    def __init__(self, number: int, share: Share, settings: WorkerSettings, log: Path, depot: Depot) -> None:
        super().__init__(number, share, settings, log)
        self.depot = depot
        self._notice: dict[str, str] | None = None
        self._over = False
        self._writing = threading.Lock()

    def start(self) -> None:
        """Asks for a carrier on the node; until there is one, the time that a start may take does not run."""
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        self.born = float("inf")
        self.up, said = os.pipe()
        os.set_blocking(self.up, False)
        self.carrier = (
            ray.remote(**ONCE)(Carrier)
            .options(
                num_cpus=self.share.threads,
                num_gpus=len(self.share.devices),
                max_concurrency=3,
                scheduling_strategy=NodeAffinitySchedulingStrategy(self.share.node, soft=True),
            )
            .remote(self.number, self.share, self.settings, self.depot.search)
        )
        threading.Thread(target=self._hear, args=(said,), daemon=True, name=f"worker-{self.number}").start()

    def send(self, header: Mapping[str, Any], payload: bytes = b"") -> None:
        """Sends a frame; a job with what its trial's folder holds and the files that it names."""
        files: Changes = {}
        if header["kind"] == "job":
            folder = Path(header["folder"])
            files = self.depot.files(folder)
            header = {**header, "folder": str(folder.relative_to(self.depot.directory))}
        shared = {name: self.depot.parts(name) for name in header.get("names", ())}
        self.carrier.send.remote(header, payload, files, shared)

    @property
    def alive(self) -> bool:
        return super().alive and not self._over

    def destroy(self) -> None:
        """Ends the carrier and with it the worker; nothing that it still says counts."""
        import ray

        with self._writing:
            self._over = True
        ray.kill(self.carrier, no_restart=True)

    def death_notice(self) -> dict[str, str]:
        """The failure that the end of this worker means for its attempt; makes sure that it has ended."""
        self.destroy()
        return self._notice or {"kind": "killed", "message": "the worker did not start in time", "traceback": ""}

    def _hear(self, said: int) -> None:
        """Passes on what the worker says until there is no more; runs in a thread of its own."""
        try:
            self._wait_for_room()
            self.born = time.monotonic()
            _say(said, {"kind": "placed", "rss_mb": 0.0})
            self._listen(said)
        except Exception as error:
            self.lost = not getattr(error, "actor_init_failed", False)
            kind = "out_of_memory" if kind_of(error) == "out_of_memory" else "killed"
            what = "the worker was lost" if self.lost else "the worker could not start"
            self._notice = {"kind": kind, "message": f"{what} ({type(error).__name__})", "traceback": str(error)}
        finally:
            os.close(said)

    def _wait_for_room(self) -> None:
        import ray

        ready = self.carrier.__ray_ready__.remote()
        if not ray.wait([ready], timeout=PATIENCE_SECONDS)[0]:
            need = f"{self.share.threads} CPUs and {len(self.share.devices)} GPUs"
            logger.warning("worker %d waits for %s on the Ray cluster", self.number, need)
        ray.get(ready)

    def _listen(self, said: int) -> None:
        """Files are written before the message that they came with is passed on."""
        import ray

        while self._notice is None and not self._over:
            for message, files in ray.get(self.carrier.listen.remote()):
                self._unpack(files)
                if message["kind"] == "died":
                    self._notice = message["notice"]
                else:
                    _say(said, message)

    def _unpack(self, files: Changes) -> None:
        """Writes files into the search's folder, unless the worker has been given up."""
        with self._writing:
            if not self._over:
                unpack(self.depot.directory, files)


def _say(descriptor: int, message: Mapping[str, Any]) -> None:
    """Writes one message for `receive`."""
    line = json.dumps(message).encode() + b"\n"
    while line:
        line = line[os.write(descriptor, line) :]


def _stored(path: Path) -> list[Any]:
    """A file's content in Ray's object store."""
    import ray

    with path.open("rb") as file:
        return [ray.put(part) for part in iter(lambda: file.read(PART_BYTES), b"")]


def _files(place: Path) -> dict[str, Path]:
    """The files of a folder by name, or a single file by the name ""."""
    if not place.is_dir():
        return {"": place}
    return {path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_file()}
