"""Keras Tuner and keras_nas: any strategy as an oracle, any `build(hp)` as a space.

Example:
    >>> from keras_nas.oracle import StrategyOracle
    >>> oracle = StrategyOracle("random", objective="val_accuracy", max_trials=20, seed=0)
"""

from keras_nas.oracle.hyperparameters import HyperSpace, hyper_space
from keras_nas.oracle.strategy_oracle import StrategyOracle
from keras_nas.oracle.tuner import Tuner

__all__ = ["HyperSpace", "StrategyOracle", "Tuner", "hyper_space"]
