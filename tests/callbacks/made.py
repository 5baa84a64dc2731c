"""A search in notices, as its driver would tell it, without anything being trained."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keras_nas import Architecture, Outcome, Proposal
from keras_nas.callbacks import Searching
from keras_nas.callbacks.watching import Aside
from keras_nas.engine import events as told
from keras_nas.ledger import Trial
from keras_nas.objectives.objective import Objective
from keras_nas.space import Choice, Range, Series
from keras_nas.spaces import Space
from keras_nas.strategy import Failure

ARGUMENTS = {"task": "image_classification", "seed": 3, "decisions": {"kind": "..."}, "max_time": None}


def made_space() -> Space:
    """A decision of labels of one type, one of several, and an interval."""
    network = Choice("kind", {"plain": Series(), "deep": Series()})
    recipe = {"mixed": Choice("mixed", [1, "two"]), "learning_rate": Range("learning_rate", 1e-3, 0.1, log=True)}
    return Space("made", network, recipe)


def searching(directory: Path) -> Searching:
    """What a callback is told of the search."""
    return Searching(directory, made_space(), (Objective("val_accuracy", "max"),), ARGUMENTS)


def notices(reason: str = "done") -> Iterator[Any]:
    """Two trials that end well, the first after a failed attempt, one that fails, and one that is stopped."""
    yield told.SearchStarted([])
    for number, kind in enumerate(("plain", "deep", "plain", "deep")):
        answers = {"kind": kind, "recipe/mixed": 1, "recipe/learning_rate": 0.01 * (number + 1)}
        trial = Trial(number, Proposal(Architecture(answers), {"epochs": 2.0}))
        yield told.TrialStarted(trial, f"{number}-0", 0)
        if number == 0:
            yield told.TrialRetried(trial, Failure("killed", "lost"), {})
            yield told.TrialStarted(trial, "0-1", 0)
        for epoch in (1, 2):
            yield told.EpochEnded(trial, epoch, {"loss": 1.0 / epoch, "strange": None})
        if number < 2:
            trial.outcome = Outcome({"val_accuracy": 0.5 + 0.25 * number, "params": 10.0})
            yield told.TrialFinished(trial)
        elif number == 2:
            trial.outcome = Outcome(failure=Failure("not_finite", "the loss became nan"))
            yield told.TrialFailed(trial)
    yield told.SearchEnded(reason)


def watched(callback: Any, directory: Path, reason: str = "done") -> None:
    """Tell a callback all of it, as a search does."""
    aside = Aside(callback, searching(directory))
    for notice in notices(reason):
        aside(notice)
