"""The connection to a Ray cluster, and how its nodes are divided between workers."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from keras_nas.engine.pool import Pool
from keras_nas.engine.process import WorkerSettings
from keras_nas.engine.resources import Machine, Share, check_devices, shares
from keras_nas.errors import InvalidArgument, MissingDependency, WorkerError

LEAST_VERSION = (2, 59)
"""The first version of Ray that protects a cluster by a token unless told otherwise."""
DEFAULTS = {"RAY_AUTH_MODE": "token", "RAY_USAGE_STATS_ENABLED": "0"}
"""What Ray is told by its environment variables, where they say nothing: ask for the token, and report nothing."""
ATTEMPTS = "RAY_gcs_server_port_wait_time_s"
"""The environment variable by which Ray is told how often to try to connect."""


class RayCluster:
    """The engine "ray": the same workers on a cluster, to which it connects unless this process has done so.

    Args:
        workers: How many on the whole cluster, or "auto".
        settings_for: How the workers of some shares are started and how long they are used.
        devices_per_trial: GPUs of one node that one trial is spread over.
    """

    def __init__(
        self,
        workers: int | Literal["auto"],
        settings_for: Callable[[Sequence[Share]], WorkerSettings],
        devices_per_trial: int = 1,
    ) -> None:
        self.workers = workers
        self.settings_for = settings_for
        self.devices_per_trial = devices_per_trial
        self._connected = False

    def shares(self) -> tuple[Share, ...]:
        """Connects, and divides the cluster: a part for each worker.

        Raises:
            InvalidArgument: The cluster does not carry so many.
            MissingDependency: Ray is not installed, or too old.
            WorkerError: No cluster answers.
        """
        self._connected = connect()
        return cluster_shares(self.workers, machines(), self.devices_per_trial)

    def pool(self, parts: Sequence[Share], folder: Path) -> Pool:
        """A pool of one worker a part, for a search in `folder`."""
        from keras_nas.engine.ray_pool import RayPool

        return RayPool(parts, folder, self.settings_for, self.leave)

    def leave(self) -> None:
        """Ends the connection, unless it is the user's own."""
        import ray

        if self._connected:
            ray.shutdown()
            self._connected = False


def connect() -> bool:
    """Connects this process to the cluster that RAY_ADDRESS names, or to the one that was started on this machine.

    Returns:
        Whether that was needed: a script that has called `ray.init` stays with its own cluster.

    Raises:
        MissingDependency: Ray is not installed, or too old.
        WorkerError: No cluster answers, or it asks for a token that is not there.
    """
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError as error:
        raise MissingDependency(
            "engine='ray' needs Ray, which is not installed: pip install 'keras_nas[ray]', here and on every node of "
            "the cluster, or leave engine='local'."
        ) from error
    if tuple(int(part) for part in re.findall(r"\d+", ray.__version__)[:2]) < LEAST_VERSION:
        raise MissingDependency(
            f"engine='ray' needs Ray 2.59 or newer, {ray.__version__} is installed: pip install --upgrade "
            "'keras_nas[ray]', here and on every node of the cluster."
        )
    if ray.is_initialized():
        return False
    address = os.environ.get("RAY_ADDRESS") or "auto"
    try:
        _init(address)
    except (ConnectionError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        found = "on this machine" if address == "auto" else f"at RAY_ADDRESS={address}"
        raise WorkerError(
            f"engine='ray' found no Ray cluster {found} ({type(error).__name__}: {error}). Start one with `ray start "
            "--head --include-dashboard=false`, set RAY_ADDRESS to one that runs, or leave engine='local'. The token "
            "of the cluster has to be on this machine too (`ray get-auth-token`)."
        ) from error
    return True


def _init(address: str) -> None:
    """Connects at the first attempt or not at all: the 20 that Ray makes take a quarter of an hour."""
    import ray

    given = os.environ.get(ATTEMPTS)
    os.environ[ATTEMPTS] = given or "1"
    try:
        ray.init(address, log_to_driver=False, configure_logging=False)
    finally:
        if given is None:
            del os.environ[ATTEMPTS]


def machines() -> dict[str, Machine]:
    """What each living node gives to Ray, by the node's id; nodes that give no CPU are left out."""
    import ray

    nodes = sorted(ray.nodes(), key=lambda node: (node["NodeManagerAddress"], node["NodeID"]))
    giving = [node for node in nodes if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]
    return {node["NodeID"]: _machine(node["Resources"]) for node in giving}


def _machine(resources: Mapping[str, float]) -> Machine:
    """A node as a machine; every GPU that counts has a CPU to itself."""
    cores = int(resources["CPU"])
    gpus = tuple(str(index) for index in range(min(cores, int(resources.get("GPU", 0)))))
    return Machine(cores, resources.get("memory", 0.0) / 2**20, gpus)


def cluster_shares(
    workers: int | Literal["auto"], nodes: Mapping[str, Machine], devices_per_trial: int = 1
) -> tuple[Share, ...]:
    """Divides a cluster between workers.

    Every node is divided as a machine of its own. Where there are GPUs, the nodes without any are left alone: their
    trainings would be given the same seconds and get less far.

    Args:
        workers: How many on the whole cluster, the next one each time on the node that has most left for each; "auto"
            for as many as each node would have by itself.
        nodes: What each node gives, by its id.
        devices_per_trial: GPUs of one node that one trial is spread over; nodes with fewer are left alone.

    Returns:
        One share for each worker.

    Raises:
        InvalidArgument: When `workers` is no such number, or more than the cluster carries.
        WorkerError: When no node gives a CPU.

    Example:
        >>> nodes = {"a": Machine(cores=4, memory_mb=16_000), "b": Machine(cores=2, memory_mb=16_000)}
        >>> [(share.node, share.threads) for share in cluster_shares(3, nodes)]
        [('a', 2), ('a', 2), ('b', 2)]
    """
    if workers != "auto" and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
        raise InvalidArgument(
            f"workers={workers!r} with engine='ray': expected 'auto' or a positive number; workers=0 is for "
            "engine='local'."
        )
    if not nodes:
        raise WorkerError(
            "No node of the Ray cluster gives a CPU: add one with `ray start --address=... --num-cpus=...`."
        )
    check_devices(devices_per_trial, max(len(machine.gpus) for machine in nodes.values()))
    carrying = {name: machine for name, machine in nodes.items() if len(machine.gpus) >= devices_per_trial} or nodes
    counts = _spread(workers, carrying, devices_per_trial) if workers != "auto" else dict.fromkeys(carrying, workers)
    return tuple(
        replace(share, node=name)
        for name, count in counts.items()
        if count
        for share in shares(count, carrying[name], devices_per_trial)
    )


def _spread(workers: int, nodes: Mapping[str, Machine], devices: int) -> dict[str, int]:
    """How many workers each node carries, with so many GPUs each where there are any."""
    room = {name: len(machine.gpus) // devices or machine.cores for name, machine in nodes.items()}
    if workers > sum(room.values()):
        kind = "GPUs" if any(machine.gpus for machine in nodes.values()) else "CPUs"
        given = sum(len(machine.gpus) if kind == "GPUs" else machine.cores for machine in nodes.values())
        each = devices if devices > 1 else "one"
        raise InvalidArgument(
            f"workers={workers} with engine='ray': the cluster's {len(nodes)} nodes give {given} {kind}, "
            f"and each worker takes {each} at least. Ask for that many or fewer, or for 'auto'."
        )
    counts = dict.fromkeys(nodes, 0)
    for _ in range(workers):
        counts[max((name for name in room if counts[name] < room[name]), key=lambda n: room[n] / (counts[n] + 1))] += 1
    return counts
