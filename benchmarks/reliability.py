"""How dependable the engine is: searches killed again and again, memory over many trials, and the cost of a record.

Kills: small searches with a deterministic trial function run in a process of their own, which is killed (SIGKILL) at
random times and started again until it has ended. `lost` counts finished trials that a later start did not know,
`rerun` those that it handed out again, `different` the searches whose trials are not those of one that nobody killed.
Memory: the slope of the driver's resident memory over the trials of one search. Record: the median time of recording a
trial's end at 10,000 trials, less that of a bare commit to the same file, in turn.
"""

import argparse
import os
import random
import resource
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from _common import parser, report  # noqa: E402

from keras_nas.decisions import Decision, Decisions  # noqa: E402
from keras_nas.domains import Labels  # noqa: E402
from keras_nas.engine.driver import Driver  # noqa: E402
from keras_nas.engine.events import Ended  # noqa: E402
from keras_nas.engine.inline import Inline  # noqa: E402
from keras_nas.engine.job import Job  # noqa: E402
from keras_nas.engine.journal import Journal  # noqa: E402
from keras_nas.engine.plan import Plan  # noqa: E402
from keras_nas.engine.pool import Pool  # noqa: E402
from keras_nas.engine.resources import Share  # noqa: E402
from keras_nas.engine.store import Record, Store, read_only  # noqa: E402
from keras_nas.ledger import Ledger, Trial  # noqa: E402
from keras_nas.objectives.objective import Objective  # noqa: E402
from keras_nas.strategy import Outcome, Problem  # noqa: E402
from keras_nas.tuners.evolution import RegularizedEvolution  # noqa: E402

SPACE = Decisions(tuple(Decision(f"op{index}", Labels(tuple(range(6)))) for index in range(8)))
"""1.7 million architectures."""
TRIALS_KILLED = 12
TRIALS_MEMORY = 300
TRIALS_RECORD = 10_000
WARM_UP = 60
"""Trials after which memory is counted: until then modules are still loaded and caches filled."""


def score(report: Any, **architecture: int) -> dict[str, Any]:
    """Stands for a training of three epochs: 30 ms, and a score that depends on the architecture alone."""
    for epoch in range(1, 4):
        time.sleep(0.01)
        report(epoch, {"score": epoch / 3})
    return {"scores": {"score": float(sum(value * (index + 1) for index, value in enumerate(architecture.values())))}}


def make_job(trial: Trial, changes: Mapping[str, Any]) -> Job:
    """The job of a trial."""
    return Job(score, dict(trial.proposal.architecture))


def ledger() -> Ledger:
    """A fresh ledger of the search that all parts run."""
    return Ledger(RegularizedEvolution(), Problem(SPACE, (Objective("score", "max"),), seed=1))


def search(directory: Path, trials: int, workers: int) -> Ledger:
    """Runs the search, or goes on with it."""
    directory.mkdir(parents=True, exist_ok=True)
    record = ledger()
    pool = Pool([Share(1)] * workers, directory) if workers else Inline()
    with Store(directory) as store:
        Driver(record, make_job, pool, store, Plan(max_trials=trials)).run()
    pool.close()
    return record


def table(record: Ledger) -> list[Any]:
    """The trials of a search, to compare."""
    return [(trial.proposal.architecture.key, trial.outcome) for trial in record.trials]


def finished(directory: Path) -> set[int]:
    """The trials whose end is recorded; none before there is a store."""
    if not (directory / "search.sqlite").exists():
        return set()
    connection = read_only(directory)
    try:
        return {number for (number,) in connection.execute("SELECT number FROM trials WHERE state = 'finished'")}
    except sqlite3.OperationalError:  # killed before the schema was written
        return set()
    finally:
        connection.close()


def kill_one_search(directory: Path, rng: random.Random, most: int) -> tuple[int, int]:
    """Kills a search at random times until it ends, `most` times at most; returns the kills and the lost trials."""
    kills = lost = 0
    before: set[int] = set()
    while kills < most:
        process = subprocess.Popen([sys.executable, __file__, "--child", directory])  # noqa: S603
        try:
            process.wait(rng.uniform(0.2, 2.5))
        except subprocess.TimeoutExpired:
            process.kill()
        if process.wait() == 0:
            break
        kills += process.returncode == -signal.SIGKILL
        now = finished(directory)
        lost += len(before - now)
        before = now
    return kills, lost


def measure_kills(folder: Path, wanted: int) -> dict[str, float]:
    """Kills searches until there were as many kills as wanted."""
    rng = random.Random(0)  # noqa: S311
    expected = table(search(folder / "whole", TRIALS_KILLED, 0))
    kills = lost = rerun = different = searches = 0
    while kills < wanted:
        directory = folder / f"killed-{searches}"
        found = kill_one_search(directory, rng, min(20, wanted - kills))
        different += table(search(directory, TRIALS_KILLED, 1)) != expected
        with Store(directory) as store:
            ends = {record.trial: record.position for record in store.records("observe")}
            rerun += sum(record.position > ends[record.trial] for record in store.records("start"))
        kills, lost, searches = kills + found[0], lost + found[1], searches + 1
        print(f"{kills} of {wanted} kills, {searches} searches, {lost} lost, {rerun} run again, {different} different")
    return {"kills": kills, "searches": searches, "lost": lost, "rerun": rerun, "different": different}


def measure_memory(folder: Path) -> dict[str, float]:
    """Slope of the driver's memory over the trials of a search with one worker (MiB a trial)."""
    used: list[float] = []
    pages = resource.getpagesize() / 2**20

    def note(notice: object) -> None:
        if type(notice).__name__ == "TrialFinished":
            used.append(int(Path("/proc/self/statm").read_text().split()[1]) * pages)

    with Pool([Share(1)], folder) as pool, Store(folder) as store:
        Driver(ledger(), make_job, pool, store, Plan(max_trials=TRIALS_MEMORY), [note]).run()
    slope, _ = np.polyfit(np.arange(len(used) - WARM_UP), used[WARM_UP:], 1)
    return {"memory_slope_mb": float(slope)}


class Buffer(Store):
    """Takes records without writing them, to fill a store in one transaction."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.records: list[Record] = []

    def append(self, records: Iterable[Record]) -> None:
        """Keeps the records."""
        self.records += records

    def checkpoint(self) -> None:
        """Nothing to bring into a file."""


def record_one(journal: Journal) -> float:
    """One trial from proposal to end; seconds that recording the end took."""
    trial = journal.ledger.ask()
    journal.proposals()
    attempt = journal.start(trial)
    value = {"score": float(trial.number % 97)}
    journal.ledger.tell(trial.number, Outcome(value))
    began = time.perf_counter()
    journal.end(trial, Ended(attempt, {"scores": value}, seconds={"run": 1.0}), "finished")
    return time.perf_counter() - began


def measure_record(folder: Path) -> dict[str, float]:
    """Milliseconds that recording a trial costs beyond a bare commit, at 10,000 trials."""
    recorded, bare = [], []
    with Store(folder) as store:
        journal = Journal(store, ledger())
        journal.open({"arguments": {}, "versions": {}})
        journal.store = buffer = Buffer(folder)
        for _ in range(TRIALS_RECORD):
            record_one(journal)
        store.append(buffer.records)
        journal.store = store
        for _ in range(100):
            recorded.append(record_one(journal))
            began = time.perf_counter()
            store.append([Record("note")])
            bare.append(time.perf_counter() - began)
    commit = 1000 * median(bare)
    return {"bare_commit_ms": commit, "record_ms_at_10000": 1000 * median(recorded) - commit}


def main() -> None:
    """Measures all three, in turn."""
    arguments = parser(__doc__.splitlines()[0])
    arguments.add_argument("--kills", type=int, default=200, help="how often searches are killed (default 200)")
    arguments.add_argument("--child", type=Path, help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.child:
        search(options.child, TRIALS_KILLED, 1)
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("memory", "record"):
            os.mkdir(folder / part)
        figures = {**measure_memory(folder / "memory"), **measure_record(folder / "record")}
        figures |= measure_kills(folder, options.kills)
    report(figures, options.json)


if __name__ == "__main__":
    main()
