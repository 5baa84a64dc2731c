"""What a search was worth: a random search beside it, with the same space, recipe, rows and budget."""

from __future__ import annotations

import os
import shutil
import time
import warnings
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from keras_nas.data import Rows
from keras_nas.engine.files import RANDOM_SEARCH
from keras_nas.errors import InvalidArgument, KerasNASError
from keras_nas.estimators.budgeting import Estimator
from keras_nas.estimators.predictor import Predictor
from keras_nas.estimators.ready import get_estimator
from keras_nas.estimators.shared import SharedWeights
from keras_nas.estimators.stopping import LearningCurves
from keras_nas.estimators.zero_cost.estimator import ZeroCost
from keras_nas.history import History
from keras_nas.preparing.preparation import Data
from keras_nas.session import Session, Settings
from keras_nas.strategy import Strategy
from keras_nas.tuners.random import RandomSearch

if TYPE_CHECKING:
    from keras_nas.results.result import SearchResult

FINISHED = ("done", "max_time", "max_trials")
"""Ends of a search that are not an interruption."""
OF_THE_SEARCH = ("method", "strategy", "baseline", "baseline_model", "warm_start", "history")
"""Arguments of the call that are others, or none, for the random search beside it."""


def check_comparable(strategy: Strategy) -> None:
    """Refuse to compare random search with itself.

    Raises:
        InvalidArgument: says what to do.
    """
    if isinstance(strategy, RandomSearch):
        raise InvalidArgument(
            "baseline=True runs a random search beside this one, which is a random search itself: leave it out, or "
            "name another strategy or method."
        )


def search_at_random(session: Session, result: SearchResult) -> None:
    """Run the random search that a search is compared with, in a folder of its own below it.

    It is another session with the same rows, split, space, recipe, budget and division of it, and goes on like any
    other when it was interrupted. What it may not have is what a search knows of good architectures: the space's known
    ones, those of earlier searches, and models that choose. Where it finds no network there is a warning, and no
    comparison.

    Args:
        session: that has run.
        result: of it; nothing is run where that search was interrupted, since it will go on.
    """
    if result.told["reason"] not in FINISHED:
        return
    folder = result.directory / RANDOM_SEARCH
    share_rows(result.directory / "data", folder / "data")
    if session.settings.verbose:
        print("Random search, for comparison, with the same rows and budget:")
    goal = replace(
        session.goal, strategy=RandomSearch(), estimator=unguided(session.goal.estimator, session.goal.task), first=()
    )
    settings = replace(session.settings, began=time.monotonic())
    if session.options["baseline"] is not None:
        settings = without_own(settings, result)
    beside = Session(
        goal,
        Data(Rows.load(folder / "data"), holdout=session.data.holdout),
        settings,
        {**session.options, "baseline": None, "watchers": (), "history": History(None)},
        folder,
        resume=True,
        asked=_asked(session),
    )
    try:
        beside.run()
    except KerasNASError as error:
        warnings.warn(f"There is no random search to compare with: {error}", stacklevel=3)


def unguided(estimator: Estimator, task: Any) -> Estimator:
    """An estimator's division of the budget, without what chooses architectures by itself.

    Args:
        estimator: of the search.
        task: says by its default how a budget is divided where the estimator does nothing but choose.

    Example:
        >>> from keras_nas.estimators import FullTraining, SharedWeights
        >>> from keras_nas.tasks import get_task
        >>> unguided(Predictor(then=FullTraining(5.0)), get_task("image_classification"))
        FullTraining(epochs=5.0)
        >>> unguided(SharedWeights(), get_task("image_classification"))
        Finalists(finalists=None, epochs=None, seeds=2)
    """
    if isinstance(estimator, ZeroCost | SharedWeights):
        return get_estimator(task.default_estimator)
    if not isinstance(estimator, Predictor | LearningCurves):
        return estimator
    then = get_estimator(estimator.then)
    inside = unguided(then, task)
    if isinstance(estimator, Predictor):
        return inside
    return estimator if inside is then else replace(estimator, then=inside)


def without_own(settings: Settings, result: SearchResult) -> Settings:
    """The budget that a search had for its networks, where the user's own model was trained beside these.

    Args:
        settings: of the search.
        result: of it.
    """
    own, trials, seconds = result.baseline, settings.max_trials, settings.max_time
    took = 0.0 if own is None else result.timeline.trials[own.number]
    return replace(
        settings,
        max_trials=None if trials is None else max(1, trials - 1),
        max_time=None if seconds is None else seconds - took,
    )


def share_rows(source: Path, target: Path) -> None:
    """The written rows of a search in another folder too, without a copy where the disk allows it.

    Args:
        source: the folder of the rows; its files are never changed, only replaced.
        target: where; left alone where it is there already.
    """
    if target.exists():
        return
    unfinished = target.with_name("unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(source, unfinished, copy_function=_linked)
    unfinished.replace(target)


def _linked(source: str, target: str) -> str:
    """A second name of a file, or a copy of it where there are no second names."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
    return target


def _asked(session: Session) -> Mapping[str, Any]:
    """The call by which the random search alone can be gone on with."""
    asked = session.asked
    given = {name: value for name, value in asked["given"].items() if name not in OF_THE_SEARCH}
    own = [name for name in asked["own"] if name not in OF_THE_SEARCH]
    space = {} if "space" in own else {"space": session.goal.space.name}
    return {"given": {**given, **space, "strategy": "random", "history": False}, "own": own}
