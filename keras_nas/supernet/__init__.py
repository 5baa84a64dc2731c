"""All networks of a space in one Keras model, of which a gate chooses: the basis of every method that shares weights.

Importing it imports TensorFlow.
"""

from keras_nas.supernet.extraction import subnet, transfer
from keras_nas.supernet.gates import Gate, OneHot, Softmax
from keras_nas.supernet.model import Supernet, supernet

__all__ = ["Gate", "OneHot", "Softmax", "Supernet", "subnet", "supernet", "transfer"]
