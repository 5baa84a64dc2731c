"""What the machine says before a search begins: how fast it trains, whose its GPUs are, and whether time suffices."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from pathlib import Path

from keras_nas.engine.gpus import Memory
from keras_nas.engine.job import Job, Limits
from keras_nas.engine.once import run_in
from keras_nas.engine.plan import Workers
from keras_nas.errors import InvalidArgument, WorkerError
from keras_nas.estimators.gauge import Gauge, gauge
from keras_nas.estimators.pace import Pace

logger = logging.getLogger(__name__)

LONGEST = 120.0
"""Seconds that measuring may take on a busy machine; after them a search does without."""
HELD = 0.1
"""Share of a GPU's memory that this process may hold without a word."""
LEAST_FREE_MB = 500.0
"""Memory of a GPU that a worker needs to begin at all (MiB)."""
LEARNING = 2.0
"""Times the seconds before a trial trains that the shortest trial worth its name takes."""


def take_gauge(pool: Workers, folder: Path, precision: str) -> Gauge | None:
    """Measure in the first worker that is ready; None where that failed.

    Args:
        pool: started.
        folder: of the search.
        precision: Keras dtype policy of training.
    """
    place = folder / "logs" / "gauge"
    ended = run_in(pool, Job(gauge, {"precision": precision}, Limits(seconds=LONGEST)), "gauge", place)
    shutil.rmtree(place, ignore_errors=True)
    if ended.result is None:
        logger.warning("how fast the machine trains could not be measured: %s", (ended.failure or {}).get("message"))
        return None
    return Gauge.told(ended.result["measurements"])


def memory_notes(memories: Sequence[Memory]) -> list[str]:
    """A line for each GPU whose memory this process holds, as a notebook does that has used TensorFlow.

    Args:
        memories: of the GPUs that the workers are to use.

    Raises:
        WorkerError: when a GPU has no room for a worker.
    """
    advice = (
        "TensorFlow takes all of a GPU's memory when it is first used: restart the kernel, and search before you "
        "train, or set the environment variable TF_FORCE_GPU_ALLOW_GROWTH=true before TensorFlow is imported."
    )
    for memory in memories:
        if memory.free < LEAST_FREE_MB:
            raise WorkerError(
                f"GPU {memory.gpu} has {memory.free:,.0f} of {memory.total:,.0f} MB free, and a worker needs "
                f"{LEAST_FREE_MB:,.0f} at least; this process holds {memory.ours:,.0f} MB. {advice}"
            )
    held = [memory for memory in memories if memory.ours > HELD * memory.total]
    return [
        f"This process holds {memory.ours:,.0f} of {memory.total:,.0f} MB of GPU {memory.gpu}, which trials cannot "
        f"have. {advice}"
        for memory in held
    ]


def check_time(max_time: float | None, used: float, pace: Pace) -> None:
    """Refuse a budget in which no network learns anything, by what the machine has just been measured to need.

    Args:
        max_time: of the search, in seconds, or None.
        used: of it, in seconds.
        pace: of a typical trial.

    Raises:
        InvalidArgument: says what is left, what a trial needs, and what would do.
    """
    if max_time is None:
        return
    need = LEARNING * pace.before + pace.after
    if max_time - used < need:
        raise InvalidArgument(
            f"max_time={max_time:g} is too short for one trial on this machine as it is now: {used:.0f} s have gone "
            f"into starting, and a trial needs about {need:.0f} s, {pace.before:.0f} of them before it learns "
            f"anything. Give at least {10 * -(-(used + need) * 1.2 // 10):.0f} (seconds), or free the machine."
        )
