"""What a search tries first: what the user names and what was best in earlier ones; and what is remembered of it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.architecture import Architecture, Label
from keras_nas.data import Rows
from keras_nas.data.trees import leaves
from keras_nas.engine.store import Store
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.stages import BASELINE
from keras_nas.files import checksum
from keras_nas.history import BEGINNING, Facts, History, Past, beginning, is_one_of
from keras_nas.ledger import Trial
from keras_nas.preparing.goal import Goal
from keras_nas.results.outcome import order, ranked
from keras_nas.results.result import SearchResult
from keras_nas.spaces import Space


@dataclass(frozen=True)
class Remembered:
    """With what of earlier searches a new one begins.

    Args:
        architectures: in the order in which they are tried.
        told: what the user should know of it, in lines.
        searches: the nearest ones, from which a predictor learns.
    """

    architectures: tuple[Architecture, ...] = ()
    told: tuple[str, ...] = ()
    searches: tuple[Past, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """In JSON types."""
        return {
            "architectures": [dict(architecture) for architecture in self.architectures],
            "told": [*self.told],
            "searches": [past.to_json() for past in self.searches],
        }

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Remembered:
        """What `to_json` gave."""
        searches = tuple(map(Past.from_json, told.get("searches", ())))
        return cls(tuple(map(Architecture, told["architectures"])), tuple(told["told"]), searches)

    def merits(self, space: Space) -> tuple[Mapping[Architecture, float], ...]:
        """Of each search, what its architectures of a space were worth, the higher the better."""
        signs = [1.0 if past.facts.objective[1] == "max" else -1.0 for past in self.searches]
        return tuple(
            {
                architecture: sign * score
                for architecture, score in zip(past.best, past.scores, strict=True)
                if is_one_of(space.decisions, architecture)
            }
            for sign, past in zip(signs, self.searches, strict=True)
        )


def points(given: Any, space: Space, seed: int) -> tuple[Architecture, ...]:
    """The architectures that a user wants tried first.

    Args:
        given: None; a result, for its best architectures; an architecture; answers to some decisions, the others being
            drawn; or a list of these.
        space: that is searched.
        seed: of what is drawn.

    Raises:
        InvalidArgument: for anything else, a label that does not exist, or a result without one architecture of the
            space.

    Example:
        >>> from keras_nas.spaces import get_space
        >>> space = get_space("small_images", "image_classification")
        >>> [first] = points({"stage0/width": 32}, space, seed=0)
        >>> first["stage0/width"], first["stage1/width"]
        (32, 32)
    """
    if given is None:
        return ()
    if isinstance(given, SearchResult):
        return _best_of(given, space)
    if isinstance(given, Mapping):
        return (_completed(given, space, seed),)
    if isinstance(given, list | tuple):
        found = [points(part, space, seed + place) for place, part in enumerate(given)]
        return tuple(dict.fromkeys(architecture for part in found for architecture in part))
    raise InvalidArgument(
        f"warm_start={given!r}: expected the result of a search (keras_nas.load(directory) reads one), an "
        "architecture, answers to some decisions of the space, or a list of these."
    )


def _best_of(result: SearchResult, space: Space) -> tuple[Architecture, ...]:
    """The best architectures of a result, as far as they are of the space."""
    trials = [trial for trial in result.trials if not trial.baseline]
    places = order(
        result.objectives, result.constraints, [trial.scores for trial in trials], [trial.final for trial in trials]
    )
    best = dict.fromkeys(trials[place].architecture for place in places)
    own = [architecture for architecture in best if is_one_of(space.decisions, architecture)]
    if not own:
        raise InvalidArgument(
            f"warm_start: none of the {len(best)} architectures of the search in {result.directory}, of the space "
            f"{result.told['space']!r}, is one of the space {space.name!r}. Name that space, or architectures of this."
        )
    return tuple(own[:BEGINNING])


def _completed(point: Mapping[str, Label], space: Space, seed: int) -> Architecture:
    """The point with what it leaves open: as in the space's first known architecture, or else drawn."""
    decisions, rng = space.decisions, np.random.default_rng([seed])
    for path in point:
        decisions.named(path)
    known = space.start[0] if space.start else {}

    def pick(decision: Any) -> Label:
        path = decision.path
        return point[path] if path in point else known[path] if path in known else decision.domain.sample(rng)

    completed = decisions.validate(decisions.walk(pick))
    unused = sorted(set(point) - set(completed))
    if unused:
        raise InvalidArgument(
            f"warm_start: {unused} are not asked where the others are answered so: leave them out, or answer what "
            "they depend on too."
        )
    return completed


def facts_of(goal: Goal, training: Training) -> Facts:
    """What a search is about."""
    objective = goal.objectives[0]
    shapes = [tensor.shape for tensor in leaves(training.signature.inputs)]
    shape = shapes[0] if len(shapes) == 1 else (sum(map(math.prod, shapes)),)
    rows = len(Rows.load(training.data))
    return Facts(
        goal.task.name,
        goal.space.name,
        (objective.name, str(objective.direction)),
        rows,
        training.signature.outputs,
        shape,
    )


def recall(goal: Goal, training: Training, store: Store, history: History) -> Remembered:
    """What a search begins with of earlier ones; one that is resumed begins as it did.

    Args:
        goal: what is searched for.
        training: knows the data.
        store: of the search.
        history: where to look.
    """
    before = next(store.records("call"), None)
    if before is not None:
        return Remembered.from_json((before.body or {}).get("remembered", {"architectures": [], "told": []}))
    searches = history.nearest(facts_of(goal, training), apart_from=_name(store.directory))
    first = beginning(searches, goal.space.decisions) if goal.strategy.starts_warm else ()
    if not first:
        return Remembered()
    similar = "; ".join(str(past.facts) for past in searches)
    return Remembered(
        first, (f"Begins with the {len(first)} best architectures of earlier searches ({similar}).",), tuple(searches)
    )


def remember(goal: Goal, training: Training, trials: Sequence[Trial], directory: Path, history: History) -> None:
    """Add a search that has ended to the history.

    Args:
        goal: what was searched for.
        training: knows the data.
        trials: all of the search.
        directory: of the search; its next run replaces what this one adds.
        history: where to.
    """
    objective = goal.objectives[0]
    sign = -1.0 if objective.direction == "max" else 1.0
    own = [trial for trial in trials if not trial.proposal.note.get(BASELINE)]
    found: dict[Architecture, float] = {}
    for trial in ranked(goal.objectives, goal.constraints, own):
        if trial.outcome is not None and np.isfinite(loss := objective.loss(trial.outcome.scores)):
            found.setdefault(trial.proposal.architecture, sign * loss)
    if found:
        history.add(_name(directory), Past.of(facts_of(goal, training), found))


def _name(directory: Path) -> str:
    """A search's name in the history, which does not tell where it is."""
    return checksum(directory.resolve())
