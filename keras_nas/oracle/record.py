"""A ledger's log as JSON, and files that are whole or absent.

The log is all there is to keep: the strategy's state comes back by observing it again.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument
from keras_nas.ledger import Event, Ledger, Trial
from keras_nas.strategy import Failure, Outcome, Proposal

Json = dict[str, Any]


def write_json(path: str | Path, value: Json, durable: bool = True) -> None:
    """Write a file that holds the old content or the new, never a part of it, also after a crash.

    Args:
        path: in an existing folder.
        value: JSON types.
        durable: whether to wait until it is on the disk.
    """
    path = Path(path)
    text = json.dumps(value)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        if durable:
            os.fsync(file.fileno())
    os.replace(temporary, path)


def check_inside(directory: str | Path, project_name: str) -> None:
    """Refuse a project that leads out of its directory: overwriting it would delete what is there.

    Raises:
        InvalidArgument: it does, `"../results"` say.
    """
    home = Path(directory).resolve()
    if not (home / project_name).resolve().is_relative_to(home):
        raise InvalidArgument(
            f"project_name={project_name!r} leads out of directory={str(directory)!r}: expected a folder inside it. "
            "Give the other folder as `directory`."
        )


def ledger_to_json(ledger: Ledger) -> Json:
    """All trials and the order of events."""
    return {"trials": [_trial_to_json(trial) for trial in ledger.trials], "log": [list(event) for event in ledger.log]}


def ledger_from_json(written: Mapping[str, Any]) -> tuple[list[Trial], list[Event]]:
    """What `Ledger.restore` takes."""
    trials = [_trial_from_json(number, trial) for number, trial in enumerate(written["trials"])]
    return trials, [(verb, number) for verb, number in written["log"]]


def _trial_to_json(trial: Trial) -> Json:
    proposal = trial.proposal
    return {
        "architecture": dict(proposal.architecture),
        "fidelity": dict(proposal.fidelity),
        "parent": proposal.parent,
        "note": dict(proposal.note),
        "source": trial.source,
        "outcome": None if trial.outcome is None else _outcome_to_json(trial.outcome),
    }


def _trial_from_json(number: int, written: Mapping[str, Any]) -> Trial:
    architecture = Architecture(written["architecture"])
    proposal = Proposal(architecture, written["fidelity"], written["parent"], written["note"])
    outcome = None if written["outcome"] is None else _outcome_from_json(written["outcome"])
    return Trial(number, proposal, written["source"], outcome)


def _outcome_to_json(outcome: Outcome) -> Json:
    failure = outcome.failure
    told = None if failure is None else [failure.kind, failure.message, failure.traceback]
    return {"scores": dict(outcome.scores), "failure": told}


def _outcome_from_json(written: Mapping[str, Any]) -> Outcome:
    return Outcome(written["scores"], None if written["failure"] is None else Failure(*written["failure"]))
