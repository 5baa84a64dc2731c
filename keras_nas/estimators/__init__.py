"""How good is an architecture, for how little work? Estimators, and the trials that they hand out.

The estimators below are imported when they are first used; `keras_nas.search(estimator=...)` takes one, or its name.

Example:
    >>> from keras_nas import estimators
    >>> estimators.Hyperband(factor=4).factor
    4
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from keras_nas.estimators.fidelity import Finalists as Finalists
    from keras_nas.estimators.fidelity import FullTraining as FullTraining
    from keras_nas.estimators.halving import ASHA as ASHA
    from keras_nas.estimators.halving import Hyperband as Hyperband
    from keras_nas.estimators.halving import SuccessiveHalving as SuccessiveHalving
    from keras_nas.estimators.predictor import Predictor as Predictor
    from keras_nas.estimators.shared import SharedWeights as SharedWeights
    from keras_nas.estimators.stopping import LearningCurves as LearningCurves
    from keras_nas.estimators.zero_cost.estimator import WarmStart as WarmStart
    from keras_nas.estimators.zero_cost.estimator import ZeroCost as ZeroCost

_HOME = {
    "Finalists": "fidelity",
    "FullTraining": "fidelity",
    "ASHA": "halving",
    "Hyperband": "halving",
    "SuccessiveHalving": "halving",
    "LearningCurves": "stopping",
    "Predictor": "predictor",
    "SharedWeights": "shared",
    "WarmStart": "zero_cost.estimator",
    "ZeroCost": "zero_cost.estimator",
}


def __getattr__(name: str) -> Any:
    """Imports an estimator when it is first asked for (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}; the estimators are {sorted(_HOME)}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


def __dir__() -> list[str]:
    """Lists the modules that are loaded and the estimators."""
    return sorted({*globals(), *_HOME})
