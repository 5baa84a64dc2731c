"""Latencies of several networks, measured in turn and over again.

The calls of one measurement follow one another and see one state of the machine. States differ by a tenth and more
(clock, other users of a shared processor) and last for seconds, so that networks which are measured one after another
compare badly however narrow the interval of each is. Over rounds a network sees several states.
"""

import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.artefact.division import divided
from keras_nas.artefact.formats import held, write
from keras_nas.objectives.latency import TARGETS, Measurement, Target, measure_latency, measure_stored, sample_rows
from keras_nas.objectives.running import compiled

ROUNDS = 5
"""Measurements of each network."""
ROUND_SECONDS = 0.5
"""Longest that the timed calls of one of them take."""


def measured_in_turn(
    models: Iterable[Any],
    target: Target = "litert",
    batch_size: int = 1,
    seconds: float | None = None,
    rounds: int = ROUNDS,
) -> list[list[Measurement]]:
    """Measure some models in rounds.

    Args:
        models: Keras models; each is asked for when it is to be measured first.
        target: "keras", or a format that a model can be stored in, which runs in a fresh process every time; a function
            or a table is asked once.
        batch_size: Rows in a call.
        seconds: After which no other round goes on; None for no limit. Each model is measured once in any case.
        rounds: Measurements of each model at most.

    Returns:
        The measurements of each model, one a round.

    Raises:
        ExportError: A model cannot be stored in the target's format.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
        >>> typical(measured_in_turn([model], "keras")[0]).latency_ms > 0
        True
    """
    until = float("inf") if seconds is None else time.monotonic() + seconds
    measures: list[Callable[[], Measurement]] = []
    found: list[list[Measurement]] = []
    with ExitStack() as stack:
        for model in models:
            measures.append(stack.enter_context(_ready(model, target, batch_size)))
            found.append([measures[-1]()])
        further = rounds - 1 if target in TARGETS else 0
        for number in range(further * len(measures)):
            if time.monotonic() >= until:
                break
            found[number % len(measures)].append(measures[number % len(measures)]())
    return found


def typical(rounds: Sequence[Measurement]) -> Measurement:
    """The middle one of some measurements of a network; as far as they differ, so little it is known.

    Example:
        >>> from keras_nas.objectives.latency import measure_latency
        >>> first, second, third = (measure_latency(None, target=lambda model, ms=ms: ms) for ms in (1.0, 1.1, 1.3))
        >>> middle = typical([first, third, second])
        >>> middle.latency_ms, round(middle.interval_pct)
        (1.1, 27)
    """
    ordered = sorted(rounds, key=lambda one: one.latency_ms)
    middle = ordered[(len(ordered) - 1) // 2]
    if len(ordered) == 1:
        return middle
    spread_pct = 100 * (ordered[-1].latency_ms - ordered[0].latency_ms) / middle.latency_ms
    return replace(middle, interval_pct=float(np.fmax(middle.interval_pct, spread_pct)))


@contextmanager
def _ready(model: Any, target: Target, batch_size: int) -> Iterator[Callable[[], Measurement]]:
    """A function that measures a model, as often as it is called; tracing or writing it is done once."""
    if not isinstance(target, str) or target not in TARGETS:
        yield lambda: measure_latency(model, target=target, batch_size=batch_size)
        return
    stored = model if target == "keras" else held(model, target)
    rows = sample_rows(stored, None, "float32", batch_size)
    if target == "keras":
        run = compiled(model, rows)
        yield lambda: measure_latency(lambda *_: run(), (1,), batch_size=batch_size, max_seconds=ROUND_SECONDS)
        return
    alone = divided(model, target)
    with tempfile.TemporaryDirectory(prefix="keras_nas_") as folder:
        path = write(stored, target, Path(folder), rows)
        yield lambda: measure_stored(path, target, rows, max_seconds=ROUND_SECONDS).of_network_alone(alone)
