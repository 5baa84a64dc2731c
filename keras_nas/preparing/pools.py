"""Where trainings run: in processes with the threads that suit them, here or on a cluster, or in this process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from keras_nas.engine.inline import Inline
from keras_nas.engine.pool import Pool
from keras_nas.engine.process import WorkerSettings
from keras_nas.engine.ray_cluster import RayCluster
from keras_nas.engine.resources import Share, shares, this_machine, whole
from keras_nas.errors import InvalidArgument, unknown


def worker_settings(parts: Sequence[Share]) -> WorkerSettings:
    """A worker on a CPU runs operations side by side, one thread each: only so a small network's step fills the cores.

    Args:
        parts: of one machine, one a worker.
    """
    cores = parts[0].cores or this_machine().cores
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": str(cores)}
    return WorkerSettings(
        preload=("keras", "keras_nas.estimators.fitting"), environment={} if parts[0].devices else threads
    )


class ThisMachine:
    """The engine "local": workers are processes of this machine.

    Args:
        workers: how many, "auto", or 0 for the calling process.
        devices_per_trial: GPUs that one trial is spread over.
    """

    def __init__(self, workers: int | Literal["auto"], devices_per_trial: int = 1) -> None:
        self.workers = workers
        self.devices_per_trial = devices_per_trial

    def shares(self) -> tuple[Share, ...]:
        """A part of the machine for each worker; none for 0."""
        return shares(self.workers, devices_per_trial=self.devices_per_trial)

    def whole(self) -> Share:
        """What a trial in the calling process has."""
        return whole(devices_per_trial=self.devices_per_trial)

    def pool(self, parts: Sequence[Share], folder: Path) -> Any:
        """Worker processes, one a part; the calling process where there is no part."""
        return Pool(parts, folder, worker_settings(parts)) if parts else Inline()


ENGINES: Mapping[str, Callable[[Any, int], Any]] = {
    "local": ThisMachine,
    "ray": lambda workers, devices: RayCluster(workers, worker_settings, devices),
}
"""What divides computers between workers and starts these, by name."""


def get_engine(name: str, workers: int | Literal["auto"], devices_per_trial: int = 1) -> Any:
    """An engine by its name; nothing is started or connected yet.

    Args:
        name: "local" or "ray".
        workers: how many trainings at the same time, or "auto".
        devices_per_trial: GPUs that one trial is spread over.

    Raises:
        InvalidArgument: for a name that is not known; lists the valid ones and suggests the nearest.

    Example:
        >>> get_engine("rya", "auto")
        Traceback (most recent call last):
        keras_nas.errors.InvalidArgument: Unknown engine 'rya': expected one of 'local', 'ray'. Did you mean 'ray'?
    """
    if name not in ENGINES:
        raise InvalidArgument(unknown("engine", name, ENGINES))
    return ENGINES[name](workers, devices_per_trial)
