"""From the user's data to what all trainings of a search share, checked as far as can be without training."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from keras_nas.data import Rows, Split, class_summary, collect, split_rows, store_inputs
from keras_nas.data.rows import Target
from keras_nas.engine.files import BACKBONE
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.assignment import Costing, Options, Training, called, per_target
from keras_nas.estimators.baseline import maker
from keras_nas.preparing.preflight import check_baseline, check_scoring
from keras_nas.tasks import Task

if TYPE_CHECKING:
    from keras_nas.preparing.goal import Goal

SHARE = 0.15
"""Share of the rows that validation and hold-out take by default."""
HELD = 5_000
"""Rows that each of them takes at most by default: more would only make scoring slow."""
BALANCED = ("val_balanced_accuracy",)
"""Objectives that ask for balanced class weights."""


@dataclass(frozen=True)
class Data:
    """The user's data, as given, and what it was taken for where they left that to the search."""

    rows: Any
    validation: Any = None
    holdout: float | None = None
    sample_weight: Any = None
    groups: Any = None
    target: str | Sequence[str] | None = None
    told: Sequence[str] = ()


def prepare(goal: Goal, data: Data, options: Mapping[str, Any], folder: Path, seed: int, precision: str) -> Training:
    """Write the data once, split it, and check all that can be checked before training.

    Args:
        goal: what is searched for.
        data: as given.
        options: of the training, as given: loss, metrics, class_weight, baseline, callbacks.
        folder: of the search.
        seed: of the search.
        precision: Keras dtype policy of training.

    Raises:
        InvalidArgument: when a loss, a metric, an objective or the baseline does not fit the data.
        DataError: when the data cannot be used.
    """
    task = goal.task
    if goal.space.backbone is not None:
        goal.space.backbone.keep(folder / BACKBONE)
    given, kind = task.given(data.rows, data.target), cast(Target, task.target)
    rows = collect(
        given,
        folder / "data",
        target=kind,
        ranks=task.ranks,
        validation_data=None if data.validation is None else task.given(data.validation, data.target, given),
        sample_weight=data.sample_weight,
        groups=data.groups,
        column=data.target,
        framing=task.framing,
    )
    share = min(SHARE, HELD / len(rows))
    split = split_rows(rows, share, share if data.holdout is None else data.holdout, seed)
    split.save(folder / "data")
    signature = task.signature(rows, split)
    store_inputs(rows, task.front(signature), task.specification(signature))
    task, options = task.taking(options, rows, split)
    made = _options(goal, options)
    training = Training(task, goal.space, signature, folder / "data", seed, precision, made)
    check_scoring(training, watched(goal))
    check_baseline(training)
    return training


def watched(goal: Goal) -> list[str]:
    """All scores that objectives and constraints speak of."""
    sources = (source for objective in goal.objectives for source in objective.sources)
    return [*sources, *(limit.name for limit in goal.constraints)]


def _options(goal: Goal, given: Mapping[str, Any]) -> Options:
    """What trainings do beyond the default; scores of the task's own are left to the task."""
    task = goal.task
    if not task.takes_own:
        _refuse_own(task, given)
    named = [name.removeprefix("val_") for name in watched(goal) if name.startswith("val_")]
    metrics = per_target(given["metrics"])
    named += [called(target, metric) for target, own in metrics.items() for metric in own if isinstance(metric, str)]
    limits: dict[str, float | None] = {name: None for name in watched(goal) if not name.startswith("val_")}
    limits |= {c.name: c.limit for c in goal.constraints if c.name in limits and c.bound == "upper"}
    return Options(
        scores=[name for name in dict.fromkeys(named) if name in task.score_names],
        loss=given["loss"],
        metrics={
            target: [metric for metric in own if called(target, metric) not in task.score_names]
            for target, own in metrics.items()
        },
        callbacks=given["callbacks"],
        class_weight=_class_weight(goal, given["class_weight"]),
        baseline=None if given["baseline"] is None else maker(given["baseline"]),
        costing=Costing(
            limits,
            given["latency_target"],
            [objective.name for objective in goal.objectives if objective.sources != (objective.name,)],
        ),
    )


def _refuse_own(task: Task, given: Mapping[str, Any]) -> None:
    """Refuse a loss, metrics or a baseline that would have to know how this task's models are asked."""
    strange = [metric for metric in given["metrics"] if metric not in task.score_names]
    own = {"loss": given["loss"], "metrics": strange or None, "baseline_model": given["baseline"]}
    for name, value in own.items():
        if value is not None:
            raise InvalidArgument(
                f"{name}={value!r}: {task.name} has a loss and scores of its own; expected some of "
                f"{', '.join(task.score_names)} as metrics or objectives. Leave it out."
            )


def _class_weight(goal: Goal, given: Literal["balanced"] | None) -> str | None:
    if given not in (None, "balanced"):
        raise InvalidArgument(f"class_weight={given!r}: expected 'balanced' or None. Use sample_weight for your own.")
    if given and goal.task.target != "classification":
        raise InvalidArgument(f"class_weight={given!r}: {goal.task.name} has no classes. Use sample_weight.")
    balanced = any(objective.name in BALANCED for objective in goal.objectives)
    return "balanced" if given or balanced else None


def account(task: Task, rows: Rows, split: Split, class_weight: str | None) -> list[str]:
    """What the user should know of the data: sizes, classes, what was left out, and what is strange."""
    parts = ((split.train, "to train on"), (split.validation, "to choose by"), (split.holdout, "held out"))
    lines = [", ".join(f"{len(part):,} rows {words}" for part, words in parts) + "."]
    if rows.target == "classification":
        weighted = "; weighed by their rarity" if class_weight else ""
        lines.append(f"{class_summary(rows.y[split.train], rows.labels)}{weighted}.")
    return [*lines, *rows.dropped, *task.remarks(rows, split)]
