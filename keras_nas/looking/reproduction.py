"""The call that makes a search again, written from what its folder tells."""

from __future__ import annotations

import pprint
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from keras_nas.errors import StoreError
from keras_nas.estimators.ready import ESTIMATORS, get_estimator
from keras_nas.markup import clean
from keras_nas.preparing.identity import PRETRAINED, described
from keras_nas.tuners import STRATEGIES, make

if TYPE_CHECKING:
    from keras_nas.results.result import SearchResult


NAMES = 6
"""Inputs of several names that are written out."""


def reproducing_call(result: SearchResult) -> str:
    """Python code of the call; what was the user's own stands as a name, and a comment says what it was.

    Args:
        result: of the search.
    """
    told, arguments = result.told, _arguments(result)
    own = set(told["own"])
    named = {
        "space": _space(told["space"], "space" in own),
        "backbone": ("your_backbone", _backbone(arguments)) if "backbone" in own else None,
        "strategy": _name(arguments.get("strategy"), STRATEGIES, make),
        "estimator": _name(arguments.get("estimator"), ESTIMATORS, get_estimator),
        "objectives": _objectives(result),
        "constraints": repr({limit.name: limit.limit for limit in result.constraints}) if result.constraints else None,
        "max_time": _plain(arguments.get("max_time")),
        "max_trials": _plain(arguments.get("max_trials")),
        "latency_target": _target(arguments.get("latency_target"), "latency_target" in own),
        "holdout": _plain(arguments.get("holdout")),
        "loss": ("your_loss", str(arguments.get("loss"))) if "loss" in own else None,
        "metrics": ("your_metrics", str(arguments.get("metrics"))) if arguments.get("metrics") else None,
        "class_weight": _plain(arguments.get("class_weight")),
        "baseline": "True" if result.random_search is not None else None,
        "baseline_model": ("your_model", "your own model") if result.baseline is not None else None,
        "callbacks": ("your_callbacks", "your own") if "callbacks" in own else None,
        "seed": _plain(told["seed"]),
        "workers": _plain(arguments.get("workers")),
        "precision": _plain(told["precision"]),
    }
    known = told.get("called", repr(told["task"]))
    task = ("your_task", f"the task {told['task']!r}, your own") if "task" in own else known
    lines = [_line(None, task), _line(None, ("data", _data(result)))]
    lines += [_line(name, value) for name, value in named.items() if value is not None]
    return "\n".join(["import keras_nas", "", "result = keras_nas.search(", *lines, ")"])


Spelled = str | tuple[str, str]
"""Code, or code and a comment."""


def _line(name: str | None, spelled: Spelled) -> str:
    code, comment = spelled if isinstance(spelled, tuple) else (spelled, "")
    said = f"  # {clean(' '.join(comment.split()))}" if comment else ""
    return f"    {f'{name}=' if name else ''}{code},{said}"


def _arguments(result: SearchResult) -> dict[str, Any]:
    """Those of the last call."""
    calls = result.timeline.calls
    return dict(calls[-1]["arguments"]) if calls else {}


def _name(text: str | None, names: Iterable[str], make_one: Callable[[str], Any]) -> Spelled | None:
    """The name under which an object can be had, or what it was."""
    if text is None:
        return None
    found = next((name for name in names if described(make_one(name)) == text), None)
    return repr(found) if found is not None else ("...", f"it was {text}")


def _space(name: str, own: bool) -> Spelled | None:
    """The space, unless it is the head that a backbone has by default."""
    if own:
        return "your_space", f"the space {name!r}, your own"
    return None if name == PRETRAINED else repr(name)


def _backbone(arguments: Mapping[str, Any]) -> str:
    """What is known of the user's pretrained model."""
    told = arguments.get("backbone") or {}
    return f"the pretrained model {told.get('name')!r}, of the content {told.get('digest')}"


def _target(name: str | None, own: bool) -> Spelled | None:
    """Where latency was measured, unless it was where it is by default."""
    if own:
        return "your_target", f"it was {name}"
    return None if name in (None, "keras") else repr(name)


def _objectives(result: SearchResult) -> str:
    from keras_nas.objectives.objective import SoftTarget, direction_of

    spelled = [
        repr(one.name)
        if direction_of(one.name) == one.direction or SoftTarget.named(one.name) is not None
        else f"keras_nas.Objective({one.name!r}, {one.direction!r})"
        for one in result.objectives
    ]
    return f"[{', '.join(spelled)}]"


def _data(result: SearchResult) -> str:
    """What the data was, by which it can be told from other data."""
    try:
        rows = result.rows
    except StoreError:
        return "the data is no longer in the folder"
    parts = [f"{len(rows):,} rows of {_inputs(rows.x)}"]
    parts += ["with sample_weight"] if rows.sample_weight is not None else []
    parts += ["with groups"] if rows.groups is not None else []
    parts += ["with validation_data"] if rows.record.get("given_validation") else []
    return ", ".join([*parts, f"fingerprint {rows.record['fingerprint']}"])


def _inputs(x: Any) -> str:
    """The arrays of a row by type and shape, with their names where there are several."""
    if not isinstance(x, Mapping):
        return f"{x.dtype} {tuple(x.shape[1:])}"
    shown = [f"{name} {_inputs(array)}" for name, array in islice(x.items(), NAMES)]
    return ", ".join(shown + [f"and {len(x) - NAMES} more"] * (len(x) > NAMES))


def _plain(value: Any) -> str | None:
    return None if value is None else pprint.pformat(value)
