"""Latencies of several networks, measured in turn and over again.

The calls of one measurement follow one another and see one state of the machine. States differ by a tenth and more
(clock, other users of a shared processor) and last for seconds, so that networks which are measured one after another
compare badly however narrow the interval of each is. Over rounds a network sees several states, and takes its median.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

from keras_nas.artefact.alone import timed
from keras_nas.artefact.formats import held, write
from keras_nas.objectives.latency import measure_stored, sample_rows
from keras_nas.objectives.running import compiled

ROUNDS = 5
"""Measurements of each network."""
ROUND_SECONDS = 0.5
"""Longest that the timed calls of one of them take."""


def measured_in_turn(
    models: Iterable[Any], target: str = "litert", batch_size: int = 1, seconds: float | None = None
) -> list[float]:
    """The latency of each of some models, in milliseconds: its median over rounds in which all are measured.

    Args:
        models: Keras models; each is asked for when its turn comes.
        target: "keras", or a format that a model can be stored in, which runs in a fresh process every time.
        batch_size: Rows in a call.
        seconds: After half of which no other model is taken, and after which no other measurement begins; None for no
            limit. One model is measured in any case, and each that is taken at least once.

    Raises:
        ExportError: A model cannot be stored in the target's format.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
        >>> [latency_ms > 0 for latency_ms in measured_in_turn([model], "keras")]
        [True]
    """
    began = time.monotonic()

    def over(share: float) -> bool:
        return seconds is not None and time.monotonic() - began >= share * seconds

    measures: list[Callable[[], float]] = []
    found: list[list[float]] = []
    with ExitStack() as stack:
        for model in models:
            measures.append(stack.enter_context(_ready(model, target, batch_size)))
            found.append([measures[-1]()])
            if over(0.5):
                break
        for number in range(len(measures), ROUNDS * len(measures)):
            if over(1.0):
                break
            found[number % len(measures)].append(measures[number % len(measures)]())
    return [median(times) for times in found]


@contextmanager
def _ready(model: Any, target: str, batch_size: int) -> Iterator[Callable[[], float]]:
    """A function that measures a model, as often as it is called; tracing or writing it is done once."""
    stored = model if target == "keras" else held(model, target)
    rows = sample_rows(stored, None, "float32", batch_size)
    if target == "keras":
        run = compiled(model, rows)
        yield lambda: timed(run, ROUND_SECONDS)["latency_ms"]
        return
    with tempfile.TemporaryDirectory(prefix="keras_nas_") as folder:
        path = write(stored, target, Path(folder), rows)
        yield lambda: measure_stored(path, target, rows, max_seconds=ROUND_SECONDS).latency_ms
