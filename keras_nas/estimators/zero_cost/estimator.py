"""Zero-cost scores in a search: as what drives a strategy, and as its warm start."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

from keras_nas.architecture import Architecture
from keras_nas.engine.job import Report
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.zero_cost import ENSEMBLE, get_score
from keras_nas.estimators.zero_cost.scored import Recipes, Scored, Scoring
from keras_nas.strategy import Strategy

if TYPE_CHECKING:
    from keras_nas.estimators.budgeting import Budgeting


@dataclass(frozen=True)
class ZeroCost:
    """Let the strategy be driven by a score of networks that are not trained, then train the best.

    The best are explored by short trainings, under a recipe that is known to be good and then under drawn ones, and the
    best of these is trained for the rest of the budget, as with `Finalists`.

    Args:
        score: its name, several names, which are averaged by rank, or "ensemble".
        networks: how many are scored at most; they do not count as trials.
        share: of the time, from the first score on, after which no more are.
        best: how many of them go on.
        rows: of the batch that scores look at.

    Raises:
        InvalidArgument: for an unknown score, or a number out of bounds.

    Example:
        >>> ZeroCost("logsynflow").scores
        ('logsynflow',)

    Reference:
        Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", arXiv 2101.08134.
    """

    score: str | Sequence[str] = "ensemble"
    networks: int = 300
    share: float = 0.1
    best: int = 10
    rows: int = 64
    one_array: ClassVar[bool] = True

    def __post_init__(self) -> None:
        for name in self.scores:
            get_score(name)
        if not 0 < self.share < 1:
            raise InvalidArgument(f"share={self.share!r}: expected a part of the time, above 0 and below 1.")
        for option, least in (("networks", 1), ("best", 1), ("rows", 2)):
            if getattr(self, option) < least:
                raise InvalidArgument(f"{option}={getattr(self, option)!r}: expected {least} or more.")

    @property
    def scores(self) -> tuple[str, ...]:
        """The names of the scores."""
        if self.score == "ensemble":
            return ENSEMBLE
        return (self.score,) if isinstance(self.score, str) else tuple(self.score)

    def around(self, strategy: Strategy, budgeting: Budgeting) -> Strategy:
        """Score what the strategy proposes, then explore and train the best."""

        def then(best: Sequence[Architecture]) -> Strategy:
            return _finalists(Recipes(best), budgeting, best or budgeting.first)

        return self._scored(strategy, budgeting, then)

    def _scored(
        self, explorer: Strategy, budgeting: Budgeting, then: Callable[[Sequence[Architecture]], Strategy]
    ) -> Strategy:
        seconds = None if budgeting.max_time is None else self.share * budgeting.max_time
        scoring = Scoring(self.scores, self.rows, self.networks, seconds, self.best)
        return Scored(explorer, scoring, budgeting.clock, then, budgeting.first[:1])


@dataclass(frozen=True)
class WarmStart(ZeroCost):
    """Score random networks, and let a search with `Finalists` begin with the best of them.

    A strategy that may not know good architectures, random search, goes without.

    Reference:
        Abdelfattah et al., "Zero-Cost Proxies for Lightweight NAS", arXiv 2101.08134, where it is called warm-up.
    """

    def around(self, strategy: Strategy, budgeting: Budgeting) -> Strategy:
        """Score random networks, then explore and train as `Finalists` does."""
        from keras_nas.tuners.random import RandomSearch

        if not strategy.starts_warm:
            return _finalists(strategy, budgeting, budgeting.first)
        return self._scored(
            RandomSearch(), budgeting, lambda best: _finalists(strategy, budgeting, (*budgeting.first, *best))
        )


def score_untrained(report: Report, **arguments: Any) -> dict[str, Any]:
    """One trial that scores, see `trial.score`; what it needs is loaded in the worker alone."""
    from keras_nas.estimators.zero_cost.trial import score

    return score(report, **arguments)


def _finalists(strategy: Strategy, budgeting: Budgeting, first: Sequence[Architecture]) -> Strategy:
    """Short trainings, `first` before all, then long ones of the best."""
    from keras_nas.estimators.fidelity import Finalists

    return Finalists().around(strategy, replace(budgeting, first=tuple(dict.fromkeys(first))))
