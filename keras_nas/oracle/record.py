"""A ledger's log as JSON, and files that are whole or absent.

The log is all there is to keep: the strategy's state comes back by observing it again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from keras_tuner.src import utils

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument
from keras_nas.files import write_atomically
from keras_nas.ledger import Event, Source, Trial
from keras_nas.strategy import Failure, Outcome, Proposal

Json = dict[str, Any]
Ran = tuple[Architecture, Outcome | None]


def write_json(path: str | Path, value: Json, durable: bool = True) -> None:
    """Write a file that holds the old content or the new, never a part of it, also after a crash.

    Args:
        path: in an existing folder; in a bucket ("gs://...") an object is replaced as a whole anyway.
        value: JSON types.
        durable: whether to wait until it is on the disk.
    """
    if "://" in str(path):
        utils.save_json(str(path), value)
        return
    write_atomically(Path(path), json.dumps(value).encode(), durable)


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


def trial_to_json(trial: Trial, trial_id: str | None, original: int | None) -> Json:
    """A ledger's trial, without what Keras Tuner writes of it: the log stays short, whatever the space.

    Args:
        trial: the ledger's.
        trial_id: Keras Tuner's trial, which holds the values and how it ended; None if there is none.
        original: number of the trial that it repeats; None if it repeats none.
    """
    proposal = trial.proposal
    written: Json = {"trial": trial_id} if trial_id is not None else {"repeats": original}
    if trial_id is None and original is None:
        outcome = None if trial.outcome is None else asdict(trial.outcome)
        written = {"architecture": dict(proposal.architecture), "source": trial.source, "outcome": outcome}
    extras = {"fidelity": dict(proposal.fidelity), "parent": proposal.parent, "note": dict(proposal.note)}
    return written | {name: value for name, value in extras.items() if value not in ({}, None)}


def trial_from_json(written: Json, earlier: Sequence[Trial], ran: Mapping[str, Ran]) -> Trial:
    """The trial that `trial_to_json` wrote.

    Args:
        written: JSON types.
        earlier: the trials before it.
        ran: what Keras Tuner's trials were, and how they ended, by id.
    """
    source: Source = "run"
    if "trial" in written:
        architecture, outcome = ran[written["trial"]]
    elif "repeats" in written:
        original = earlier[written["repeats"]]
        source, architecture, outcome = "repeat", original.proposal.architecture, original.outcome
    else:
        source, architecture = written["source"], Architecture(written["architecture"])
        outcome = None if written["outcome"] is None else _outcome(written["outcome"])
    extras = {name: written[name] for name in ("fidelity", "parent", "note") if name in written}
    return Trial(len(earlier), Proposal(architecture, **extras), source, outcome)


def _outcome(written: Json) -> Outcome:
    failure = written["failure"]
    return Outcome(written["scores"], None if failure is None else Failure(**failure))


def log_to_json(log: Iterable[Event]) -> list[int]:
    """The events in order: `number` where that trial was proposed, `-1 - number` where it was observed."""
    return [number if verb == "propose" else -1 - number for verb, number in log]


def log_from_json(written: Iterable[int]) -> list[Event]:
    """The events that `log_to_json` wrote."""
    return [("propose", code) if code >= 0 else ("observe", -1 - code) for code in written]
