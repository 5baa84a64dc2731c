"""How many workers a machine carries, and which threads and devices each one gets."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from keras_nas.errors import InvalidArgument

MB_PER_WORKER = 2000.0
"""Memory that a training process of TensorFlow is expected to hold (MiB), to bound the number of workers."""


@dataclass(frozen=True)
class Share:
    """One worker's part of the machine.

    Args:
        threads: CPU threads; 0 leaves the choice to the libraries.
        devices: GPUs by the number or the id that CUDA_VISIBLE_DEVICES uses; empty for none.
        node: The machine, by its id in a cluster; "" for this one.
        cores: How many that machine gives to all workers together; 0 where nobody has asked.
    """

    threads: int = 0
    devices: tuple[str, ...] = ()
    node: str = ""
    cores: int = 0

    @property
    def environment(self) -> Mapping[str, str]:
        """Environment variables that must be set before TensorFlow is imported."""
        threads = {name: str(self.threads) for name in _THREAD_NAMES} if self.threads else {}
        return {**threads, "CUDA_VISIBLE_DEVICES": ",".join(self.devices), "TF_FORCE_GPU_ALLOW_GROWTH": "true"}


_THREAD_NAMES = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS",
    "TF_NUM_INTEROP_THREADS",
)


@dataclass(frozen=True)
class Machine:
    """What this process may use.

    Args:
        cores: CPU cores, by affinity and control group.
        memory_mb: Memory that is free for use (MiB).
        gpus: Devices as CUDA_VISIBLE_DEVICES names them.
    """

    cores: int
    memory_mb: float
    gpus: tuple[str, ...] = field(default=())


def this_machine() -> Machine:
    """The machine as it is now, found without importing TensorFlow (which would take the GPUs' memory)."""
    return Machine(_cores(), _available_mb(), _gpus())


def shares(
    workers: int | Literal["auto"], machine: Machine | None = None, devices_per_trial: int = 1
) -> tuple[Share, ...]:
    """Divides a machine between workers.

    With GPUs there is one worker for each `devices_per_trial` of them. On CPUs, several workers of few threads train
    more models an hour than one of many, as long as the memory lasts.

    Args:
        workers: How many, or "auto".
        machine: What there is to divide; by default this machine.
        devices_per_trial: GPUs that one trial is spread over.

    Returns:
        One share for each worker; empty when `workers` is 0, which means to run in the calling process.

    Raises:
        InvalidArgument: When `workers` is no such number, or the machine has fewer GPUs than a trial is to have.

    Example:
        >>> [share.threads for share in shares(2, Machine(cores=8, memory_mb=32_000))]
        [4, 4]
    """
    if workers != "auto" and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 0):
        raise InvalidArgument(f"workers={workers!r}: expected 'auto', 0 (run in this process) or a positive number.")
    machine = machine or this_machine()
    check_devices(devices_per_trial, len(machine.gpus))
    groups = [machine.gpus[at : at + devices_per_trial] for at in range(0, len(machine.gpus), devices_per_trial)]
    groups = [group for group in groups if len(group) == devices_per_trial]
    count = _auto(machine, len(groups)) if workers == "auto" else workers
    if groups and count > len(groups):
        raise InvalidArgument(
            f"workers={workers!r}: the {len(machine.gpus)} GPUs carry {len(groups)} workers at "
            f"{devices_per_trial} GPUs each; ask for that many or for fewer devices per trial."
        )
    threads = max(1, machine.cores // count) if count else 0
    return tuple(Share(threads, groups[index] if groups else (), cores=machine.cores) for index in range(count))


def whole(machine: Machine | None = None, devices_per_trial: int = 1) -> Share:
    """What a trial has that runs in the calling process.

    Args:
        machine: by default this machine.
        devices_per_trial: GPUs that one trial is spread over.
    """
    machine = machine or this_machine()
    check_devices(devices_per_trial, len(machine.gpus))
    return Share(devices=machine.gpus[:devices_per_trial], cores=machine.cores)


def check_devices(devices_per_trial: int, gpus: int) -> None:
    """Refuse to spread a trial over more GPUs than there are.

    Raises:
        InvalidArgument: says what came, and how many there are.
    """
    number = isinstance(devices_per_trial, int) and not isinstance(devices_per_trial, bool)
    if not number or not 1 <= devices_per_trial <= max(1, gpus):
        raise InvalidArgument(
            f"devices_per_trial={devices_per_trial!r}: expected a whole number from 1 to {max(1, gpus)}; there "
            f"{'is' if gpus == 1 else 'are'} {gpus} GPU{'s' * (gpus != 1)} here."
        )


def _auto(machine: Machine, groups: int) -> int:
    """As many workers as there are GPU groups; else one for each core up to 4, then for every second core."""
    if groups:
        return groups
    by_cores = machine.cores if machine.cores <= 4 else 4 + (machine.cores - 4) // 2
    return max(1, min(by_cores, int(machine.memory_mb // MB_PER_WORKER)))


def _cores() -> int:
    """Cores that this process may run on, a control group's quota included."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = Path("/sys/fs/cgroup/cpu.max")
    parts = quota.read_text().split() if quota.exists() else ["max"]
    return allowed if parts[0] == "max" else max(1, min(allowed, round(int(parts[0]) / int(parts[1]))))


def _available_mb() -> float:
    """Memory that can be had without swapping (MiB), a control group's limit included."""
    lines = Path("/proc/meminfo").read_text().splitlines() if Path("/proc/meminfo").exists() else []
    free = [float(line.split()[1]) / 1024 for line in lines if line.startswith("MemAvailable:")]
    limit = Path("/sys/fs/cgroup/memory.max")
    bound = limit.read_text().strip() if limit.exists() else "max"
    known = free + ([] if bound == "max" else [int(bound) / 2**20])
    return min(known, default=MB_PER_WORKER)


def _gpus() -> tuple[str, ...]:
    """The GPUs that CUDA_VISIBLE_DEVICES allows, or all that the driver lists."""
    named = os.environ.get("CUDA_VISIBLE_DEVICES")
    tool = shutil.which("nvidia-smi")
    if tool is None or (named is not None and not named.strip(" -1")):
        return ()
    listing = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False, timeout=30)  # noqa: S603
    found = [str(index) for index, line in enumerate(listing.stdout.splitlines()) if line.startswith("GPU ")]
    return tuple(entry.strip() for entry in named.split(",")) if named and found else tuple(found)
