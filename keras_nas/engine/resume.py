"""What a search's records say: the ledger as it was, attempts under way, time used, whether it is the same search."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from keras_nas.architecture import Architecture
from keras_nas.engine.store import Record, Store
from keras_nas.errors import ResumeError
from keras_nas.ledger import Event, Trial
from keras_nas.strategy import Failure, Outcome, Proposal

SHOWN = 10
"""How many differences between two searches are listed."""


@dataclass
class Past:
    """How far the attempts of one trial have come.

    Args:
        attempts: Ids of all attempts.
        open: Ids of those whose end is not recorded.
        failed: How many ended with a failure.
        changes: Changed arguments for the next attempt.
    """

    attempts: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    failed: int = 0
    changes: Mapping[str, Any] = field(default_factory=dict)


def read_trials(records: Collection[Record]) -> tuple[dict[int, Trial], list[Event]]:
    """The trials and the order in which they were proposed and observed.

    A damaged store may have lost records. A trial is known from either of its two records, and the place of a number
    that left none is held by a trial that the ledger neither runs nor shows to the strategy.

    Args:
        records: The "propose" and "observe" records, in order.
    """
    trials: dict[int, Trial] = {}
    log: list[Event] = []
    for record in records:
        number, body = int(record.trial or 0), record.body or {}
        if number not in trials:
            for missing in range(len(trials), number):
                trials[missing] = Trial(missing, proposal_of(body), "repeat")
                log.append(("propose", missing))
            trials[number] = Trial(number, proposal_of(body), body["source"])
            log.append(("propose", number))
        if record.kind == "observe":
            trials[number].outcome = outcome_of(body)
            log.append(("observe", number))
    return trials, log


def read_past(store: Store) -> dict[int, Past]:
    """How far the attempts of each trial have come, by its number."""
    past: dict[int, Past] = {}
    for record in store.records("start", "end"):
        attempt, body = str(record.attempt), record.body or {}
        entry = past.setdefault(int(record.trial or 0), Past())
        if record.kind == "start":
            entry.attempts.append(attempt)
            entry.open.append(attempt)
            entry.changes = body["changes"]
        elif attempt in entry.open:
            entry.open.remove(attempt)
            entry.failed += body["state"] == "failed"
            entry.changes = body["changes"]
    return past


@dataclass
class Spent:
    """Wall-clock time of all runs of a search so far, each from its call to its last record."""

    _before: float = field(default=0.0, init=False)
    _began: float = field(default=0.0, init=False)
    _last: float = field(default=0.0, init=False)

    def take(self, kind: str, when: float) -> None:
        """Takes a record in, in their order."""
        if kind == "call":
            self._before, self._began = self.seconds(), when
        self._last = max(when, self._began)

    def seconds(self, now: float = 0.0) -> float:
        """The time until the last record, or until `now`, in seconds since 1970, where the search still runs."""
        return self._before + max(self._last, now) - self._began


def seconds_used(store: Store) -> float:
    """Wall-clock time of all runs of the search so far."""
    spent = Spent()
    for kind, when in store.times():
        spent.take(kind, when)
    return spent.seconds()


def check_same_search(store: Store, arguments: Mapping[str, Any], changeable: Collection[str] = ()) -> None:
    """Refuses to go on with a different search than the one that the store holds.

    Args:
        store: An open store, possibly empty.
        arguments: What decides whether it is the same search, in JSON types: the space, the data's fingerprint, ...
        changeable: Arguments that may differ: limits, the number of workers.

    Raises:
        ResumeError: Lists the arguments that differ, with both values.
    """
    first = next(store.records("call"), None)
    if first is None:
        return
    before, now = _flat((first.body or {})["arguments"], changeable), _flat(arguments, changeable)
    differ = [name for name in sorted({*before} | {*now}) if before.get(name) != now.get(name)]
    if not differ:
        return
    lines = [f"  {name}: {before.get(name)!r} there, {now.get(name)!r} now" for name in differ[:SHOWN]]
    lines += [f"  and {len(differ) - SHOWN} more"] if len(differ) > SHOWN else []
    raise ResumeError(
        f"The directory {store.directory} holds a different search:\n" + "\n".join(lines) + "\nName another "
        "directory, or pass the same arguments to go on with that search."
    )


def _flat(arguments: Mapping[str, Any], left_out: Collection[str]) -> dict[str, Any]:
    """Arguments by name; one that has parts by the names of its parts, so that a difference can be told."""
    flat: dict[str, Any] = {}
    for name, value in arguments.items():
        parts = value if isinstance(value, Mapping) else None
        told = {name: value} if parts is None else {f"{name} {part}": text for part, text in parts.items()}
        flat |= {} if name in left_out else told
    return flat


def proposal_of(body: Mapping[str, Any]) -> Proposal:
    """What a "propose" or an "observe" record says was proposed."""
    return Proposal(Architecture(body["architecture"]), body["fidelity"], body["parent"], body["note"])


def outcome_of(body: Mapping[str, Any]) -> Outcome:
    """How an "observe" record says that a trial ended."""
    failure = body["failure"]
    told = Failure(**failure) if failure else None
    return Outcome(body["scores"], told, body.get("errors", {}), body.get("epochs"))
