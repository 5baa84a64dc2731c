"""Where trainings run: worker processes with the threads that suit them, or the calling process."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_nas.engine.inline import Inline
from keras_nas.engine.pool import Pool
from keras_nas.engine.process import WorkerSettings
from keras_nas.engine.resources import Share, this_machine


def worker_settings(shares: Sequence[Share]) -> WorkerSettings:
    """A worker on a CPU runs operations side by side, one thread each: only so a small network's step fills the cores.

    Args:
        shares: of the machine, one a worker.
    """
    threads = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": str(this_machine().cores)}
    return WorkerSettings(
        preload=("keras", "keras_nas.estimators.fitting"), environment={} if shares[0].devices else threads
    )


def make_pool(shares: Sequence[Share], folder: Path) -> Any:
    """Worker processes, one a share; the calling process where there is no share."""
    return Pool(shares, folder, worker_settings(shares)) if shares else Inline()
