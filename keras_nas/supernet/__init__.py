"""All networks of a space in one Keras model, of which a gate chooses: the basis of every method that shares weights.

Importing it imports TensorFlow.
"""

from keras_nas.supernet.calibration import Calibrator, calibrate
from keras_nas.supernet.extraction import subnet, transfer
from keras_nas.supernet.gates import Gate, OneHot, Softmax, StraightThrough, Superkernel, TwoPath, gumbel
from keras_nas.supernet.model import Supernet, supernet
from keras_nas.supernet.optimizer import AwakeOptimizer
from keras_nas.supernet.sampling import Fair, Progressive, Sampling, Sandwich, Uniform, teacher_of

__all__ = [
    "AwakeOptimizer",
    "Calibrator",
    "Fair",
    "Gate",
    "OneHot",
    "Progressive",
    "Sampling",
    "Sandwich",
    "Softmax",
    "StraightThrough",
    "Superkernel",
    "Supernet",
    "TwoPath",
    "Uniform",
    "calibrate",
    "gumbel",
    "subnet",
    "supernet",
    "teacher_of",
    "transfer",
]
