"""Learning curves in a search: trainings that will not be among the best are stopped on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from keras_nas.errors import InvalidArgument
from keras_nas.estimators.curves import FORETOLD, RISK, SHARE
from keras_nas.strategy import Around, Outcome, Proposal, Signal, Strategy

if TYPE_CHECKING:
    from keras_nas.estimators.budgeting import Budgeting, Estimator


@dataclass(frozen=True)
class LearningCurves:
    """Stop a training once its first scores say that it will hardly end among the best.

    Each training is scored after every fifth of it, on 1,000 validation rows. What such scores say of the end is learnt
    from the trainings of the same length that this search has finished, six at least; a training goes on as long as
    there is a chance. What is stopped keeps its score of that moment, and the strategy is told the end that was
    expected. The summary tells how well the ends of the others were foretold.

    Args:
        then: the estimator that says how long trainings are, by name or as an object.
        share: of all trainings, the best: those that are worth an end. A third is also what successive halving lets
            go on.
        risk: a training is stopped when the probability that it ends among these is less.

    Raises:
        InvalidArgument: for a number out of bounds.

    Example:
        >>> LearningCurves("full_training", share=0.2).share
        0.2

    Reference:
        Baker et al., "Accelerating neural architecture search using performance prediction", arXiv 1705.10823; Domhan
        et al., "Speeding up automatic hyperparameter optimization of deep neural networks by extrapolation of learning
        curves", IJCAI 2015.
    """

    then: str | Estimator = "finalists"
    share: float = 1 / 3
    risk: float = 0.05

    def __post_init__(self) -> None:
        for option, most in (("share", 1.0), ("risk", 0.5)):
            if not 0 < getattr(self, option) < most:
                raise InvalidArgument(f"{option}={getattr(self, option)!r}: expected a number above 0, below {most:g}.")

    def around(self, strategy: Strategy, budgeting: Budgeting) -> Strategy:
        """What `then` makes of the strategy, with trainings that may be stopped."""
        from keras_nas.estimators.ready import get_estimator

        if budgeting.objectives > 1:
            raise InvalidArgument(
                f"LearningCurves stops what is bad in one objective, and there are {budgeting.objectives}: a network "
                "that is bad in one may be best in another. Use a single objective with constraints, or "
                "estimator='asha', which promotes whole fronts."
            )
        watched = {SHARE: float(self.share), RISK: float(self.risk)}
        return Watched(get_estimator(self.then).around(strategy, budgeting), watched)


class Watched(Around):
    """A strategy whose trainings may be stopped on the way.

    Args:
        inner: says what is trained, and how long.
        watched: what is added to the fidelity of each.
    """

    def __init__(self, inner: Strategy, watched: Mapping[str, float]) -> None:
        super().__init__(inner)
        self.watched = watched

    def propose(self, number: int, pending: Sequence[Proposal]) -> Proposal | Signal:
        """What is inside says what; that it is watched is added."""
        answer = self.inner.propose(number, pending)
        if isinstance(answer, Signal):
            return answer
        return replace(answer, fidelity={**answer.fidelity, **self.watched})

    def observe(self, proposal: Proposal, outcome: Outcome) -> None:
        """Of a training that was stopped, tell the end that was expected of it: scores of one length compare."""
        if outcome.ok and FORETOLD in outcome.scores:
            expected = {self.problem.objectives[0].name: outcome.scores[FORETOLD]}
            outcome = replace(outcome, scores={**outcome.scores, **expected})
        self.inner.observe(proposal, outcome)
