"""Callbacks: of a training, which Keras calls, and of a search, which is told how its trials get on."""

from keras_nas.callbacks.costs import CostCallback, EnergyCallback, LatencyCallback
from keras_nas.callbacks.mlflow import MLflow
from keras_nas.callbacks.tensorboard import TensorBoard
from keras_nas.callbacks.wandb import WeightsAndBiases
from keras_nas.callbacks.watching import SearchCallback, Searching

__all__ = [
    "CostCallback",
    "EnergyCallback",
    "LatencyCallback",
    "MLflow",
    "SearchCallback",
    "Searching",
    "TensorBoard",
    "WeightsAndBiases",
]
