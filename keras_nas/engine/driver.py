"""The driver: asks what to try next, hands it to a worker, records how it went, and tells the strategy.

One loop that waits in one place. Every step is recorded before the next one depends on it, so the process may end at
any instruction: what was finished is known, what was under way is adopted from its result file or handed out again.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from keras_nas.engine import events as told
from keras_nas.engine.events import Ended, Epoch
from keras_nas.engine.files import keep_trials
from keras_nas.engine.inheritance import inherit
from keras_nas.engine.interrupt import Interrupt
from keras_nas.engine.journal import Journal
from keras_nas.engine.plan import Listener, MakeJob, Plan, Workers
from keras_nas.engine.resume import seconds_used
from keras_nas.engine.store import Store
from keras_nas.engine.summary import failure_report
from keras_nas.errors import KerasNASError, SearchFailed
from keras_nas.ledger import Ledger, Trial, is_training
from keras_nas.points import reached
from keras_nas.strategy import Failure, FailureKind, Outcome, Signal

FORCED = ("interrupted", "max_time")
"""Ends that also stop what is running."""

logger = logging.getLogger(__name__)


class Driver:
    """Runs a search to its end.

    Args:
        ledger: Fresh, for the same strategy and problem as in the earlier runs of this search.
        make_job: Makes the job of a trial, given the changed arguments of a retry (or none).
        pool: Where jobs run; started here, closed by its owner.
        store: The search's records, possibly of earlier runs.
        plan: How far to go.
        listeners: Called with each `keras_nas.engine.events.Notice`; what they raise is logged and goes no further.

    Example:
        >>> import tempfile
        >>> from keras_nas import Decision, Decisions, Problem
        >>> from keras_nas.domains import Labels
        >>> from keras_nas.engine.inline import Inline
        >>> from keras_nas.engine.job import Job
        >>> from keras_nas.objectives import Objective
        >>> from keras_nas.tuners.random import RandomSearch
        >>> problem = Problem(Decisions((Decision("x", Labels((1, 2, 3))),)), (Objective("score", "max"),))
        >>> def square(report, x):
        ...     return {"scores": {"score": x * x}}
        >>> ledger = Ledger(RandomSearch(), problem)
        >>> with Store(Path(tempfile.mkdtemp())) as store:
        ...     Driver(ledger, lambda trial, changes: Job(square, trial.proposal.architecture), Inline(), store).run()
        'done'
        >>> max(trial.outcome.scores["score"] for trial in ledger.trials)
        9
    """

    def __init__(
        self,
        ledger: Ledger,
        make_job: MakeJob,
        pool: Workers,
        store: Store,
        plan: Plan | None = None,
        listeners: Iterable[Listener] = (),
    ) -> None:
        self.ledger = ledger
        self.make_job = make_job
        self.pool = pool
        self.store = store
        self.journal = Journal(store, ledger)
        self.plan = plan or Plan()
        self.listeners = tuple(listeners)
        self._under_way: dict[str, Trial] = {}
        self._queue: deque[Trial] = deque()
        self._ending: str | None = None

    def run(self) -> str:
        """Goes on until the search is through.

        Returns:
            Why it ended: "done" (nothing left to try), "max_trials", "max_time" or "interrupted".

        Raises:
            SearchFailed: When there are trials and every one failed.
            StoreError: When the records cannot be written.
            KeyboardInterrupt: At the second Ctrl-C.
        """
        used = seconds_used(self.store)
        deadline = (
            time.monotonic() + self.plan.max_seconds - used if self.plan.max_seconds is not None else float("inf")
        )
        self._ending = None
        try:
            self._resume()
            self._work(deadline)
        finally:
            reason = self._ending or "error"
            self._tell(told.SearchEnded(reason))
        report = failure_report(self.ledger.trials)
        if report and reason != "interrupted":
            raise SearchFailed(report)
        return reason

    def _work(self, deadline: float) -> None:
        """The loop: hand out, wait, take in."""
        self.pool.start()
        with Interrupt(self.pool.wake) as interrupt:
            self._look_for_the_end(deadline, interrupt.requested)
            self._hand_out()
            while not self._is_through():
                events = self.pool.events(self._patience(deadline))
                self._look_for_the_end(deadline, interrupt.requested)
                self._take_in(events)
                self._hand_out()

    def _is_through(self) -> bool:
        """Whether nothing runs and nothing more is to be run."""
        return not self._under_way and (self._ending in FORCED or (self._ending is not None and not self._queue))

    def folder(self, number: int) -> Path:
        """The folder of a trial."""
        return self.store.directory / "trials" / str(number)

    def _resume(self) -> None:
        """Takes up what earlier runs left: the ledger's state, results that were never recorded, pending trials."""
        self.journal.open(self.plan.call)
        self._tell(told.SearchStarted(self.ledger.trials))
        self._queue.extend(self.ledger.pending)
        for trial in self.ledger.pending:
            self._adopt(trial)

    def _adopt(self, trial: Trial) -> None:
        """Ends a pending trial with the result that a worker left for it, if there is one."""
        attempts = self.journal.past[trial.number].open if trial.number in self.journal.past else []
        for ended in filter(None, map(self.journal.found, list(attempts))):
            if ended.failure and ended.failure["kind"] == "stopped":
                self.journal.end(trial, ended, "stopped")
            elif trial in self._queue:
                self._queue.remove(trial)
                self._under_way[ended.attempt] = trial
                self._end(ended)

    def _look_for_the_end(self, deadline: float, interrupted: bool) -> None:
        """Notes why the search ends, once, and asks what is running to stop."""
        if self._ending in FORCED:
            return
        if not interrupted and time.monotonic() < deadline:
            return
        self._ending = "interrupted" if interrupted else "max_time"
        grace = self.plan.grace_seconds
        if self.plan.max_seconds is not None:
            grace = min(grace, max(0.5, 0.05 * self.plan.max_seconds))
        for attempt in list(self._under_way):
            self.pool.stop(attempt, grace)

    def _hand_out(self) -> None:
        """Gives work to every free worker."""
        while self.pool.free and self._ending not in FORCED:
            trial = self._queue.popleft() if self._queue else self._ask()
            if trial is None:
                return
            self._start(trial)

    def _ask(self) -> Trial | None:
        """The next trial, or None when there is none now; notes the end when there is none ever."""
        if self._ending or self._budget_is_used():
            self._ending = self._ending or "max_trials"
            return None
        answer = self.ledger.ask()
        self.journal.proposals()
        if isinstance(answer, Trial):
            return answer
        if answer is Signal.DONE:
            self._ending = "done"
        elif not self._under_way:
            raise KerasNASError(
                "The strategy waits for a trial to end while none is running: its `propose` must return a proposal or "
                "DONE when nothing is pending."
            )
        return None

    def _budget_is_used(self) -> bool:
        if self.plan.max_trials is None:
            return False
        return sum(map(is_training, self.ledger.trials)) >= self.plan.max_trials

    def _start(self, trial: Trial) -> None:
        """Hands a trial to a worker; recorded first, so that its result finds a home."""
        attempt = self.journal.start(trial)
        reached("driver.before_submit")
        job = self.make_job(trial, self.journal.past[trial.number].changes)
        self._inherit(trial)
        worker = self.pool.submit(job, attempt, self.folder(trial.number))
        self._under_way[attempt] = trial
        self._tell(told.TrialStarted(trial, attempt, worker))

    def _inherit(self, trial: Trial) -> None:
        """Lays what a trial goes on from, or begins with, into its folder."""
        parent = trial.proposal.parent
        if parent is None:
            return
        alike = self.ledger.trials[parent].proposal.architecture == trial.proposal.architecture
        if not inherit(self.store.directory / "trials", parent, trial.number, alike):
            logger.warning("trial %d begins anew: what trial %d had left is gone", trial.number, parent)

    def _patience(self, deadline: float) -> float | None:
        """Seconds to wait for the pool: until the deadline, and then as long as it takes (the pool kills on time)."""
        return None if deadline == float("inf") or self._ending in FORCED else max(0.0, deadline - time.monotonic())

    def _take_in(self, events: Iterable[Epoch | Ended]) -> None:
        """Deals with what the pool says."""
        for event in events:
            if event.attempt not in self._under_way:
                logger.info("a late word of attempt %s does not count", event.attempt)
            elif isinstance(event, Epoch):
                trial = self._under_way[event.attempt]
                self.journal.epoch(trial, event)
                self._tell(told.EpochEnded(trial, event.epoch, event.metrics))
            else:
                self._end(event)

    def _end(self, ended: Ended) -> None:
        """Closes an attempt: with the trial's outcome, or with another attempt to follow."""
        trial = self._under_way.pop(ended.attempt)
        stopped = ended.failure is not None and ended.failure["kind"] == "stopped"
        failure = _failure(ended.failure) if ended.failure else None
        if stopped and self._ending in FORCED:
            self.journal.end(trial, ended, "stopped")
        elif failure and (changes := self._another(trial, failure)) is not None:
            self.journal.end(trial, ended, "failed")
            self._queue.appendleft(trial)
            self._tell(told.TrialRetried(trial, failure, changes))
        else:
            self._observe(trial, ended, failure)

    def _another(self, trial: Trial, failure: Failure) -> Mapping[str, Any] | None:
        """Changed arguments for one more attempt, or None."""
        past = self.journal.past[trial.number]
        past.failed += 1
        changes = self.plan.retry(trial, failure, past.changes, past.failed)
        past.changes = past.changes if changes is None else changes
        return changes

    def _observe(self, trial: Trial, ended: Ended, failure: Failure | None) -> None:
        """Tells the strategy how a trial ended, and records it."""
        result = ended.result or {}
        epochs = result.get("measurements", {}).get("epochs")
        outcome = Outcome(result.get("scores", {}), failure, result.get("errors", {}), epochs)
        self.ledger.tell(trial.number, outcome)
        reached("driver.before_record")
        self.journal.end(trial, ended, "failed" if failure else "finished")
        reached("driver.after_record")
        if self.plan.keep is not None:
            keep_trials(self.store.directory / "trials", self._needed() | set(self.plan.keep(self.ledger.trials)))
        self._tell(told.TrialFailed(trial) if failure else told.TrialFinished(trial))

    def _needed(self) -> set[int]:
        """The trials that are pending, those that they go on from, and those that later ones may go on from."""
        pending = self.ledger.pending
        parents = {entry.proposal.parent for entry in pending if entry.proposal.parent is not None}
        return {entry.number for entry in pending} | parents | {*self.ledger.strategy.continues()}

    def _tell(self, notice: told.Notice) -> None:
        for listener in self.listeners:
            try:
                listener(notice)
            except Exception:
                logger.exception("a listener failed at %s", type(notice).__name__)


def _failure(described: Mapping[str, str]) -> Failure:
    """A failure as the strategy is told it; who stops without being asked counts as lost."""
    kind = "killed" if described["kind"] == "stopped" else described["kind"]
    return Failure(cast(FailureKind, kind), described["message"], described["traceback"])
