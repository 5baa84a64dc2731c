"""What the driver does, written down as it is done: the one place that knows what each record holds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras_nas.engine.events import Ended, Epoch
from keras_nas.engine.files import unused
from keras_nas.engine.resume import Past, read_past, read_trials
from keras_nas.engine.store import Record, Store
from keras_nas.files import read_json
from keras_nas.ledger import Ledger, Trial


class Journal:
    """Keeps the store in step with the ledger.

    Args:
        store: The open store of the search.
        ledger: Asked and told by the driver; what it logs is recorded here.
    """

    def __init__(self, store: Store, ledger: Ledger) -> None:
        self.store = store
        self.ledger = ledger
        self.past: dict[int, Past] = {}
        self._logged = 0

    def open(self, call: Mapping[str, Any]) -> None:
        """Replays what earlier runs recorded on the ledger, and records this run.

        Args:
            call: Arguments and versions of this run.
        """
        trials, log = read_trials(list(self.store.records("propose", "observe")))
        self.ledger.restore(trials.values(), log)
        self._logged = len(self.ledger.log)
        self.past = read_past(self.store)
        self.store.append([Record("call", body=call)])
        self._clear_orphans()

    def found(self, attempt: str) -> Ended | None:
        """The ending that a worker left for an attempt, if there is one."""
        content = read_json(self.store.directory / "results" / f"{attempt}.json")
        return Ended.from_file(content) if content else None

    def proposals(self) -> None:
        """Records what the ledger was asked."""
        self._append([])

    def start(self, trial: Trial) -> str:
        """Records a new attempt of a trial, before anybody runs it; returns its id."""
        past = self.past.setdefault(trial.number, Past())
        attempt = f"{trial.number}-{len(past.attempts)}"
        self.store.append([Record("start", trial.number, attempt, {"changes": dict(past.changes)})])
        past.attempts.append(attempt)
        past.open.append(attempt)
        return attempt

    def epoch(self, trial: Trial, epoch: Epoch) -> None:
        """Records the metrics of an epoch."""
        body = {"epoch": epoch.epoch, "metrics": dict(epoch.metrics)}
        self.store.append([Record("epoch", trial.number, epoch.attempt, body)])

    def end(self, trial: Trial, ended: Ended, state: str) -> None:
        """Records the end of an attempt and what the ledger was told, in one transaction; then drops the result file.

        Args:
            trial: Whose attempt.
            ended: How it ended.
            state: "finished", "failed" or "stopped".
        """
        past = self.past[trial.number]
        result = ended.result or {}
        body = {
            "state": state,
            "worker": ended.worker,
            "seconds": {**ended.seconds, **result.get("seconds", {})},
            "failure": ended.failure,
            "changes": dict(past.changes),
        }
        extras = {part: result.get(part, {}) for part in ("measurements", "artefacts")}
        self._append([Record("end", trial.number, ended.attempt, body)], ended.attempt, extras)
        past.open.remove(ended.attempt)
        self.store.checkpoint()
        (self.store.directory / "results" / f"{ended.attempt}.json").unlink(missing_ok=True)

    def _append(
        self, records: list[Record], attempt: str | None = None, extras: Mapping[str, Any] | None = None
    ) -> None:
        """Stores some records and all that the ledger has logged since the last time."""
        for verb, number in self.ledger.log[self._logged :]:
            trial = self.ledger.trials[number]
            observed = _outcome_body(trial, extras or {}) if verb == "observe" else {}
            by = attempt if verb == "observe" and trial.source == "run" else None
            records.append(Record(verb, number, by, {**_proposal_body(trial), **observed}))
        self._logged = len(self.ledger.log)
        if records:
            self.store.append(records)

    def _clear_orphans(self) -> None:
        """Takes away what belongs to no record: after a loss of records nothing may be taken for another trial's."""
        for name in ("trials", "results"):
            (self.store.directory / name).mkdir(exist_ok=True)
        known = {f"{attempt}.json" for past in self.past.values() for attempt in past.open}
        for file in (self.store.directory / "results").iterdir():
            if file.name not in known:
                file.unlink()
        trials = self.store.directory / "trials"
        for folder in [entry for entry in trials.iterdir() if entry.name.isdigit()]:
            if int(folder.name) >= len(self.ledger.trials):
                folder.rename(unused(trials / f"lost-{folder.name}"))


def _proposal_body(trial: Trial) -> dict[str, Any]:
    proposal = trial.proposal
    return {
        "architecture": dict(proposal.architecture),
        "fidelity": dict(proposal.fidelity),
        "parent": proposal.parent,
        "note": dict(proposal.note),
        "source": trial.source,
    }


def _outcome_body(trial: Trial, extras: Mapping[str, Any]) -> dict[str, Any]:
    """How a trial ended; only one that was run has anything beside its scores."""
    outcome = trial.outcome
    failure = outcome.failure if outcome else None
    described = {"kind": failure.kind, "message": failure.message, "traceback": failure.traceback} if failure else None
    told: dict[str, Any] = {"scores": {}}
    if outcome:
        told = {"scores": dict(outcome.scores), "errors": dict(outcome.errors), "epochs": outcome.epochs}
    return {**told, "failure": described, **(extras if trial.source == "run" else {})}
