"""A model ready to be called in this process, in the way in which its latency is measured."""

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.artefact.alone import LOADERS, call_model
from keras_nas.artefact.formats import held, write
from keras_nas.errors import InvalidArgument
from keras_nas.objectives.latency import pinned, sample_rows


@contextmanager
def running(
    model: Any, target: Any = "keras", batch_size: int = 1, input_shape: Any = None
) -> Iterator[Callable[[], Any]]:
    """A call of a model on a made-up batch, on one core where the target is measured so.

    Args:
        model: A Keras model.
        target: "keras" for the compiled model itself, or a format that it is stored in: "litert" ...
        batch_size: Rows in a call.
        input_shape: Of one row, where the model leaves an axis open.

    Raises:
        InvalidArgument: The target is a function, which measures latencies alone, or no format.
        ExportError: The model cannot be stored in the target's format.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
        >>> with running(model) as run:
        ...     [array.shape for array in run()]
        [(1, 4)]
    """
    if callable(target):
        raise InvalidArgument(f"The target {target!r} is a function: expected the name of a format, 'keras' say.")
    if target == "keras":
        yield compiled(model, sample_rows(model, input_shape, "float32", batch_size))
        return
    stored, alone = held(model, target), pinned(target)
    rows = sample_rows(stored, input_shape, "float32", batch_size)
    with tempfile.TemporaryDirectory(prefix="keras_nas_") as folder, on_one_core(alone):
        call = LOADERS[target](str(write(stored, target, Path(folder), rows)), 1 if alone else None)
        yield lambda: list(call(rows).values())


def compiled(model: Any, rows: dict[str, np.ndarray]) -> Callable[[], list[np.ndarray]]:
    """A compiled call of a Keras model on some rows, which returns when its outputs are there."""
    import keras
    import tensorflow as tf

    call = tf.function(lambda *parts: call_model(model, parts))
    given = [tf.constant(part) for part in rows.values()]
    return lambda: [output.numpy() for output in keras.tree.flatten(call(*given))]


@contextmanager
def on_one_core(wanted: bool = True) -> Iterator[None]:
    """Keeps the calling thread on the core that measurements use, while the block lasts."""
    before = os.sched_getaffinity(0)
    try:
        if wanted:
            os.sched_setaffinity(0, {max(before)})
        yield
    finally:
        os.sched_setaffinity(0, before)
