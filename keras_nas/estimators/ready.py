"""Estimators by name."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial, update_wrapper

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.estimators.budgeting import Estimator
from keras_nas.estimators.fidelity import Finalists, FullTraining
from keras_nas.estimators.gates import LEARNT
from keras_nas.estimators.halving import ASHA, Hyperband, SuccessiveHalving
from keras_nas.estimators.predictor import Predictor
from keras_nas.estimators.shared import SharedWeights
from keras_nas.estimators.stopping import LearningCurves
from keras_nas.estimators.zero_cost import SCORES
from keras_nas.estimators.zero_cost.estimator import WarmStart, ZeroCost

ESTIMATORS: dict[str, Callable[[], Estimator]] = {
    "finalists": Finalists,
    "several_finalists": update_wrapper(partial(Finalists, 4, (30.0, 60.0)), Finalists, updated=()),
    "brief_finalists": update_wrapper(partial(Finalists, 4, (6.0, 12.0)), Finalists, updated=()),
    "patient_finalists": update_wrapper(partial(Finalists, 1, (60.0, 600.0)), Finalists, updated=()),
    "full_training": FullTraining,
    "successive_halving": SuccessiveHalving,
    "hyperband": Hyperband,
    "asha": ASHA,
    "hurdles": update_wrapper(partial(ASHA, 2), ASHA, updated=()),
    "predictor": Predictor,
    "learning_curves": LearningCurves,
    "zero_cost": ZeroCost,
    "warm_start": WarmStart,
    "shared_weights": SharedWeights,
    "fair_sampling": update_wrapper(partial(SharedWeights, "fair"), SharedWeights, updated=()),
    "sandwich": update_wrapper(partial(SharedWeights, "sandwich"), SharedWeights, updated=()),
    "once_for_all": update_wrapper(partial(SharedWeights, "progressive"), SharedWeights, updated=()),
    **{name: update_wrapper(partial(SharedWeights, name), SharedWeights, updated=()) for name in LEARNT},
    **{score: update_wrapper(partial(ZeroCost, score), ZeroCost, updated=()) for score in SCORES},
}


def get_estimator(estimator: str | Estimator) -> Estimator:
    """An estimator from its name; an object is returned as it is.

    Raises:
        InvalidArgument: for an unknown name; lists the valid ones and suggests the nearest.
    """
    if hasattr(estimator, "around"):
        return estimator
    if estimator not in ESTIMATORS:
        raise InvalidArgument(unknown("estimator", estimator, ESTIMATORS))
    return ESTIMATORS[estimator]()


def innermost(estimator: Estimator) -> Estimator:
    """The estimator that says how long trainings are, inside those that choose what is trained or stop it.

    Example:
        >>> innermost(LearningCurves(Predictor(then=ASHA(4))))
        ASHA(factor=4, epochs=None, over='epochs', finalists=None, seeds=1)
    """
    return innermost(get_estimator(estimator.then)) if isinstance(estimator, Predictor | LearningCurves) else estimator
