"""Who holds the memory of the GPUs: a notebook that has used one keeps it from the workers."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass

GPUS = ("index,uuid,memory.total,memory.used", "--query-gpu")
PROCESSES = ("gpu_uuid,pid,used_memory", "--query-compute-apps")
Query = Callable[[str, str], str]
"""Answers a question of `nvidia-smi` in lines of values, separated by commas."""


@dataclass(frozen=True)
class Memory:
    """The memory of one GPU (MiB).

    Args:
        gpu: its number or id, as CUDA_VISIBLE_DEVICES names it.
        total: all of it.
        taken: by all processes.
        ours: by this process, as far as the driver says so.
    """

    gpu: str
    total: float
    taken: float
    ours: float

    @property
    def free(self) -> float:
        """What a worker can have."""
        return self.total - self.taken


def memory_of(gpus: Sequence[str], query: Query | None = None, pid: int | None = None) -> list[Memory]:
    """The memory of some GPUs, as the driver tells it; what it does not tell is left out.

    Args:
        gpus: by number or id.
        query: by default asks `nvidia-smi`.
        pid: of the process whose share is told; by default this one.
    """
    if not gpus:
        return []
    ask = query or _nvidia_smi
    mine = str(os.getpid() if pid is None else pid)
    ours: dict[str, float] = {}
    for uuid, owner, used in _table(ask(*PROCESSES)):
        if owner == mine:
            ours[uuid] = ours.get(uuid, 0.0) + _number(used)
    found = []
    for index, uuid, total, taken in _table(ask(*GPUS)):
        named = [gpu for gpu in gpus if gpu == index or uuid.startswith(gpu)]
        found += [Memory(gpu, _number(total), _number(taken), ours.get(uuid, 0.0)) for gpu in named]
    return found


def _table(lines: str) -> list[list[str]]:
    """Rows of values; words that are no row (an error, say) are left out."""
    rows = [[value.strip() for value in line.split(",")] for line in lines.splitlines()]
    width = max((len(row) for row in rows), default=0)
    return [row for row in rows if len(row) == width and width > 1]


def _number(value: str) -> float:
    """A number, or 0 for "[N/A]" and the like."""
    return float(value) if value.replace(".", "", 1).isdigit() else 0.0


def _nvidia_smi(fields: str, query: str) -> str:
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return ""
    command = [tool, f"{query}={fields}", "--format=csv,noheader,nounits"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)  # noqa: S603
    return done.stdout if done.returncode == 0 else ""
