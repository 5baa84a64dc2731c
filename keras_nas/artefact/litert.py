"""LiteRT files: in float32, with half-precision weights, and in integers."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, np.ndarray]


def write_float32(model: Any, path: Path, samples: Arrays) -> None:
    """The model as it is."""
    model.export(path, format="litert", verbose=False)


def write_float16(model: Any, path: Path, samples: Arrays) -> None:
    """Weights in float16, half the size; computed in float32 on a CPU, in float16 on a phone's GPU."""
    import tensorflow as tf

    types = {"supported_types": [tf.float16]}
    model.export(path, format="litert", verbose=False, optimizations=[tf.lite.Optimize.DEFAULT], target_spec=types)


def write_int8(model: Any, path: Path, samples: Arrays) -> None:
    """Weights and activations in 8-bit integers, a quarter of the size; inputs and outputs keep their types.

    Activations get the scales that hold `samples`. What has no integer kernel is computed in float32.

    Reference:
        Jacob et al., "Quantization and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference",
        arXiv 1712.05877.
    """
    import tensorflow as tf

    def rows() -> Iterator[Arrays]:
        for number in range(len(next(iter(samples.values())))):
            yield {name: values[number : number + 1] for name, values in samples.items()}

    default = [tf.lite.Optimize.DEFAULT]
    model.export(path, format="litert", verbose=False, optimizations=default, representative_dataset=rows)
