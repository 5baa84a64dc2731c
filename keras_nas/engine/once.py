"""One job and its end: in a worker that is started for it, or in one that a pool has anyway."""

from __future__ import annotations

import shutil
from pathlib import Path

from keras_nas.engine.events import Ended
from keras_nas.engine.job import Job
from keras_nas.engine.plan import Workers
from keras_nas.engine.pool import Pool
from keras_nas.engine.process import WorkerSettings
from keras_nas.engine.resources import shares


def run_once(job: Job, attempt: str, folder: Path, settings: WorkerSettings) -> Ended:
    """Run a job as a search would run it: a crash, a hang or a lack of memory is a failure with a reason.

    Args:
        job: what to run.
        attempt: names it, for its result and for errors.
        folder: the job's own; emptied first. `work` beside it takes results and logs.
        settings: how the worker is started.

    Returns:
        How it ended: with a result, or with a failure.
    """
    shutil.rmtree(folder, ignore_errors=True)
    with Pool(shares(1), folder.parent / "work", settings) as pool:
        return run_in(pool, job, attempt, folder)


def run_in(pool: Workers, job: Job, attempt: str, folder: Path) -> Ended:
    """Run a job in the first worker of a pool that is ready.

    Args:
        pool: started, and running nothing else.
        job: what to run.
        attempt: names it, for its result and for errors.
        folder: the job's own.

    Returns:
        How it ended: with a result, or with a failure.
    """
    submitted = False
    ended: list[Ended] = []
    while not ended:
        if pool.free and not submitted:
            pool.submit(job, attempt, folder)
            submitted = True
        ended = [event for event in pool.events() if isinstance(event, Ended)]
    return ended[0]
