"""A learned predictor in a search: it chooses what is worth a training."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from keras_nas.errors import InvalidArgument
from keras_nas.strategy import Strategy

if TYPE_CHECKING:
    from keras_nas.estimators.budgeting import Budgeting, Estimator


@dataclass(frozen=True)
class Predictor:
    """Screen many proposals of the strategy by a model of this search's trials, and train the most promising.

    The predictor learns from the trials that the strategy learns from, and from those of earlier searches on similar
    data (`keras_nas.history`) as long as these order this search's trials better than by chance. It sees the decisions
    and the structure of a network, see `keras_nas.predictors.structure.structure`. Strategies with a model of their own
    ("auto", "bayesian", "bananas", "progressive", "tpe") are refused.

    Args:
        candidates: proposals that are screened for one trial.
        initial: trials with a score before screening begins.
        then: the estimator of what is chosen, by name or as an object: short trainings, then a long one of the best.

    Raises:
        InvalidArgument: for a number out of bounds.

    Example:
        >>> Predictor(candidates=1000).candidates
        1000

    Reference:
        Wei et al., "NPENAS: Neural predictor guided evolution for neural architecture search", arXiv 2003.12857.
    """

    candidates: int = 500
    initial: int = 10
    then: str | Estimator = "finalists"

    def __post_init__(self) -> None:
        for option, least in (("candidates", 2), ("initial", 2)):
            if getattr(self, option) < least:
                raise InvalidArgument(f"{option}={getattr(self, option)!r}: expected {least} or more.")

    def around(self, strategy: Strategy, budgeting: Budgeting) -> Strategy:
        """Screen what the strategy proposes; a forecast, which is told nothing of networks, goes without."""
        from keras_nas.estimators.ready import get_estimator
        from keras_nas.predictors.screened import Screened

        describe = budgeting.untrained.describe
        if describe is not None:
            strategy = Screened(strategy, describe, self.candidates, self.initial, budgeting.untrained.earlier)
        return get_estimator(self.then).around(strategy, budgeting)
