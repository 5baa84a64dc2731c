"""Trial functions that need no TensorFlow, and a small search around them."""

import ctypes
import os
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from keras_nas.decisions import Decision, Decisions
from keras_nas.domains import Labels
from keras_nas.engine.driver import Driver
from keras_nas.engine.inline import Inline
from keras_nas.engine.job import Job, Limits, Report, Stop, TrialError
from keras_nas.engine.plan import Plan
from keras_nas.engine.store import Store
from keras_nas.ledger import Ledger, Trial
from keras_nas.objectives.objective import Objective
from keras_nas.operators import mutate, sample
from keras_nas.strategy import Outcome, Problem, Proposal, Signal, Strategy

SPACE = Decisions(
    (Decision("a", Labels((1, 2, 3, 4))), Decision("b", Labels((1, 2, 3))), Decision("c", Labels((1, 2))))
)
"""24 architectures."""


class Climber(Strategy):
    """Mutates the best so far: what it proposes depends on everything that it has observed, and in which order."""

    def begin(self, problem: Problem) -> None:
        super().begin(problem)
        self.history: list[tuple[Proposal, Outcome]] = []

    def propose(self, number: int, pending: Any) -> Proposal | Signal:
        rng = self.problem.rng(number)
        known = [(self.loss(outcome)[0], place) for place, (_, outcome) in enumerate(self.history) if outcome.ok]
        if not known:
            return Proposal(sample(self.problem.decisions, rng))
        _, place = min(known)
        parent = self.history[place][0].architecture
        return Proposal(mutate(self.problem.decisions, parent, rng), note={"after": len(self.history)})

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        self.history.append((proposal, outcome))


def problem() -> Problem:
    return Problem(SPACE, (Objective("score", "max"),))


def ledger() -> Ledger:
    return Ledger(Climber(), problem())


def value(architecture: Mapping[str, Any]) -> float:
    return float(10 * architecture["a"] + 3 * architecture["b"] - architecture["c"])


def train(report: Report, architecture: Mapping[str, Any], epochs: int = 2, seconds: float = 0.0) -> dict[str, Any]:
    """Deterministic; goes on from its checkpoint, and counts in a file how often each epoch was run."""
    checkpoint = report.folder / "epoch"
    done = int(checkpoint.read_text()) if checkpoint.exists() else 0
    for epoch in range(done + 1, epochs + 1):
        time.sleep(seconds)
        with (report.folder / "epochs.log").open("a") as log:
            log.write(f"{epoch}\n")
        (report.folder / "part").write_text(str(epoch))
        os.replace(report.folder / "part", checkpoint)
        report(epoch, {"score": epoch / epochs})
    return {"scores": {"score": value(architecture)}, "measurements": {"epochs": epochs}, "seconds": {"fit": 0.1}}


def double(report: Report, x: float) -> dict[str, Any]:
    report(1, {"x": x})
    return {"scores": {"y": 2 * x}}


def hang(report: Report) -> dict[str, Any]:
    time.sleep(1000)
    return {"scores": {"y": 0}}


def patient(report: Report, epochs: int = 1000, keep: bool = False) -> dict[str, Any]:
    """Reports until it is stopped; then it has a result, or none."""
    for epoch in range(1, epochs + 1):
        time.sleep(0.02)
        try:
            report(epoch, {"score": epoch})
        except Stop:
            if keep:
                break
            raise
    return {"scores": {"score": float(epoch)}}


def crash(report: Report) -> dict[str, Any]:
    print("about to crash", flush=True)
    ctypes.string_at(0)
    return {}


def kill_self(report: Report) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGKILL)
    return {}


def leave(report: Report) -> dict[str, Any]:
    raise SystemExit(3)


def gorge(report: Report, mb: int = 4000) -> dict[str, Any]:
    return {"scores": {"y": len(bytearray(mb * 2**20))}}


def stop_self(report: Report) -> dict[str, Any]:
    report(1, {})
    os.kill(os.getpid(), signal.SIGSTOP)
    return {"scores": {"score": 1.0}}


def fail(report: Report, kind: str = "", message: str = "no good") -> dict[str, Any]:
    if kind:
        raise TrialError(kind, message)
    raise ValueError(message)


def environment(report: Report) -> dict[str, Any]:
    return {
        "scores": {"pid": os.getpid()},
        "measurements": {"environment": dict(os.environ), "threads": os.cpu_count()},
    }


def train_job(trial: Trial, changes: Mapping[str, Any]) -> Job:
    return Job(train, {"architecture": dict(trial.proposal.architecture), **changes})


def job_of(function: Callable[..., Any], seconds: float | None = None, **arguments: Any) -> Callable[..., Job]:
    """A `make_job` that gives every trial the same job."""
    return lambda trial, changes: Job(function, {**arguments, **changes}, Limits(seconds=seconds))


def search(directory: Path, trials: int | None = None, pool: Any = None, **plan: Any) -> tuple[str, Ledger]:
    """Runs the small search; in this process where no pool is given."""
    record = ledger()
    with Store(directory) as store:
        reason = Driver(record, train_job, pool or Inline(), store, Plan(max_trials=trials, **plan)).run()
    return reason, record


def table(record: Ledger) -> list[tuple[Any, ...]]:
    """What can be compared of two searches."""
    return [
        (trial.number, trial.proposal.architecture.key, trial.source, trial.outcome and dict(trial.outcome.scores))
        for trial in record.trials
    ]
