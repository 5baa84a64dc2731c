"""A search that is killed: run as a script, so that a test can kill it at a named point or at any time.

Arguments: the directory, the number of trials, the number of workers, and `<point>:<n>` to die when `point` is passed
for the n-th time, or "". Points of the worker kill the first worker, the others this process.
"""

import faulthandler
import os
import signal
import sys
from collections import Counter
from pathlib import Path

from keras_nas import points
from keras_nas.engine.inline import Inline
from keras_nas.engine.pool import Pool
from keras_nas.engine.process import WorkerSettings
from keras_nas.engine.resources import Share
from tests.engine import fakes


def die_at(point: str) -> None:
    """Kills this process when a point is passed for the n-th time."""
    name, _, times = point.partition(":")
    passed: Counter[str] = Counter()

    def count(reached: str) -> None:
        passed[reached] += 1
        if reached == name and passed[reached] == int(times):
            os.kill(os.getpid(), signal.SIGKILL)

    points.hook = count


def main() -> None:
    directory, trials, workers, point = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
    if point and not point.startswith(("worker.", "files.")):
        die_at(point)
    preload = ("tests.engine.killed_worker",) if point else ()
    settings = WorkerSettings(preload=preload, environment={"DIE_AT": point, "MARK": str(directory / "died")})
    faulthandler.dump_traceback_later(150, exit=True)
    pool = Pool([Share()] * workers, directory, settings) if workers else Inline()
    fakes.search(directory, trials, pool)
    pool.close()


if __name__ == "__main__":
    main()
