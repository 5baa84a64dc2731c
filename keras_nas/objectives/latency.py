"""Latency as it is on this device: measured, never guessed, and always with what it was measured on.

A figure is one call's time on one batch, after warm-up, as the median of enough runs that its 95 % interval is
narrower than 3 % (or of as many as the time limit allows; `interval_pct` says which).
"""

import math
import os
import platform
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from keras_nas.artefact.alone import call_model, interval_pct, timed
from keras_nas.artefact.child import run_alone
from keras_nas.artefact.division import divided
from keras_nas.artefact.formats import FORMATS, held, write
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.objectives.lookup import from_table

Target: TypeAlias = str | Callable[[Any], float | Sequence[float]] | Mapping[str, float]

NETWORK_ALONE = "without the preprocessing"
TARGETS = ("keras", *(name for name in FORMATS if name not in ("keras", "source")))


@dataclass(frozen=True)
class Measurement:
    """A latency and where it was measured.

    Args:
        latency_ms: Median time of one call on one batch, in milliseconds.
        latency_p95_ms: The time that 95 % of the calls stay below.
        interval_pct: Width of the median's 95 % interval as a percentage of it; no number where a function gave one.
        device: The processor's or the accelerator's name.
        target: One of `TARGETS`, or the name of a function; `NETWORK_ALONE` behind it where no preprocessing is timed.
        batch_size: Rows in a call, None where a user's function decides.
        threads: How many the runtime may use for an operation, None where a user's function decides.
    """

    latency_ms: float
    latency_p95_ms: float
    interval_pct: float
    device: str
    target: str
    batch_size: int | None
    threads: int | None

    def scores(self) -> dict[str, float]:
        """The latencies that are objectives, by their names."""
        return {"latency_ms": self.latency_ms, "latency_p95_ms": self.latency_p95_ms}

    @property
    def where(self) -> str:
        """Target, device, batch and threads in words."""
        batch = "" if self.batch_size is None else f", batch of {self.batch_size}"
        threads = "" if self.threads is None else f", {self.threads} thread{'s' * (self.threads > 1)}"
        return f"by {self.target} on {self.device}{batch}{threads}"

    def of_network_alone(self, alone: bool = True) -> "Measurement":
        """The same of a network whose target computes no preprocessing; nothing changes where it does."""
        return replace(self, target=f"{self.target} {NETWORK_ALONE}") if alone else self

    def __str__(self) -> str:
        if math.isnan(self.interval_pct):
            return f"{self.latency_ms:.3g} ms {self.where}"
        return (
            f"{self.latency_ms:.3g} ms (median known to {self.interval_pct:.2g} %, 95 % of calls below "
            f"{self.latency_p95_ms:.3g} ms) {self.where}"
        )


def measure_latency(
    model: Any,
    input_shape: Sequence[int] | None = None,
    dtype: str = "float32",
    *,
    batch_size: int = 1,
    target: Target = "keras",
    max_seconds: float = 5.0,
) -> Measurement:
    """Measure how long one call of a model takes on this device.

    Args:
        model: A Keras model, or a function of an array, which returns when its work is done.
        input_shape: Of one row, for a function or an open axis; a Keras model knows its inputs.
        dtype: The rows' type where no Keras model knows it.
        batch_size: Rows in a call.
        target: "keras" (the compiled model in this process, on its accelerator if there is one); "saved_model",
            "litert", "litert_float16", "litert_int8", "onnx" or "openvino" (stored, run in a fresh process; all but the
            first with one thread on one core); a function that takes the model and returns a time in milliseconds, or
            several; or a table of operations, see `keras_nas.objectives.lookup.from_table`.
        max_seconds: The longest that the timed runs may take.

    Raises:
        InvalidArgument: The target is unknown, or the inputs are.

    Example:
        >>> import keras
        >>> model = keras.Sequential([keras.Input((8,)), keras.layers.Dense(4)])
        >>> measure_latency(model, max_seconds=0.1).latency_ms > 0
        True
    """
    if batch_size < 1:
        raise InvalidArgument(f"batch_size is {batch_size}: expected 1 or more.")
    if isinstance(target, Mapping):
        target = from_table(target)
    if callable(target):
        return _asked(model, target)
    if target not in TARGETS:
        raise InvalidArgument(f"{unknown('latency target', target, TARGETS)} A function of the model is taken as well.")
    if target == "keras":
        return _in_process(model, sample_rows(model, input_shape, dtype, batch_size), batch_size, max_seconds)
    stored = held(model, target)
    found = _stored(stored, sample_rows(stored, input_shape, dtype, batch_size), target, max_seconds)
    return found.of_network_alone(divided(model, target))


def sample_rows(model: Any, input_shape: Sequence[int] | None, dtype: str, batch_size: int) -> dict[str, np.ndarray]:
    """One made-up batch for a model, by the names of its inputs.

    Args:
        model: A Keras model, or anything else with `input_shape` given.
        input_shape: Of one row, for the only input; None takes the model's own inputs.
        dtype: The rows' type where the model does not know it.
        batch_size: Rows.

    Raises:
        InvalidArgument: An input's shape is not known.
    """
    inputs = getattr(model, "inputs", None) or []
    if input_shape is not None:
        name, kind = (inputs[0].name, inputs[0].dtype) if len(inputs) == 1 else ("rows", dtype)
        specs = {name: (tuple(input_shape), kind)}
    else:
        specs = {tensor.name: (tuple(tensor.shape[1:]), tensor.dtype) for tensor in inputs}
    return made_up(specs, batch_size)


def made_up(specs: Mapping[str, tuple[Sequence[int | None], str]], batch_size: int) -> dict[str, np.ndarray]:
    """One batch of noise.

    Args:
        specs: The shape of a row and the type of each input, by its name.
        batch_size: Rows.

    Raises:
        InvalidArgument: A shape is open, or there is none.
    """
    if not specs or any(size is None for shape, _ in specs.values() for size in shape):
        raise InvalidArgument(
            f"The shape of a row is not known: the model's inputs are {specs or 'unknown'}. Pass input_shape."
        )
    return {name: _sample((batch_size, *shape), kind) for name, (shape, kind) in specs.items()}


def _sample(shape: Any, dtype: str) -> np.ndarray:
    """Noise for real numbers and pixels; zeros, which are valid categories, for other whole numbers."""
    if dtype == "string":
        return np.zeros(shape, "U1")
    rng = np.random.default_rng([0, 0])
    if dtype == "uint8":
        return np.asarray(rng.integers(0, 256, shape, dtype=np.uint8))
    if "int" in dtype or dtype == "bool":
        return np.zeros(shape, dtype)
    return np.asarray(rng.normal(size=shape), "float32" if dtype == "bfloat16" else dtype)


def _in_process(model: Any, rows: dict[str, np.ndarray], batch_size: int, max_seconds: float) -> Measurement:
    """A compiled call of a Keras model, or a plain call of a function, in this process."""
    import keras
    import tensorflow as tf

    given: list[Any] = list(rows.values())
    run: Callable[[], object] = lambda: model(*given)  # noqa: E731
    if isinstance(model, keras.Model):
        compiled = tf.function(lambda *parts: call_model(model, parts))
        given = [tf.constant(part) for part in given]
        run = lambda: keras.tree.flatten(compiled(*given))[-1].numpy()  # noqa: E731
    set_here = tf.config.threading.get_intra_op_parallelism_threads() or os.environ.get("TF_NUM_INTRAOP_THREADS")
    device, threads = place_of("keras")
    return _measurement(timed(run, max_seconds), device, int(set_here or threads), "keras", batch_size)


def _stored(model: Any, rows: dict[str, np.ndarray], target: str, max_seconds: float) -> Measurement:
    """A stored model in a fresh process."""
    with tempfile.TemporaryDirectory(prefix="keras_nas_") as folder:
        return measure_stored(write(model, target, Path(folder), rows), target, rows, max_seconds=max_seconds)


def measure_stored(path: Path, format: str, rows: dict[str, np.ndarray], *, max_seconds: float = 5.0) -> Measurement:
    """Measure a stored model in a fresh process without keras_nas.

    Args:
        path: The artefact.
        format: A key of `keras_nas.artefact.formats.FORMATS`.
        rows: One batch, by the inputs' names.
        max_seconds: The longest that the timed runs may take.
    """
    return run_stored(path, format, rows, max_seconds=max_seconds)[1]


def run_stored(
    path: Path,
    format: str,
    rows: dict[str, np.ndarray],
    *,
    timed_rows: int | None = None,
    preprocess: Path | None = None,
    max_seconds: float = 5.0,
    timeout_s: float = 120.0,
) -> tuple[dict[str, np.ndarray], Measurement]:
    """A stored model's outputs on rows, and how long a call takes, from a fresh process without keras_nas.

    Args:
        path: The artefact.
        format: A key of `keras_nas.artefact.formats.FORMATS`.
        rows: One array an input, by the inputs' names.
        timed_rows: How many of them a measured call has, None for all.
        preprocess: The folder whose `preprocess.py` the rows pass first, which is not timed; None for none.
        max_seconds: The longest that the timed runs may take.
        timeout_s: The longest that the rest may take.
    """
    device, threads = place_of(format)
    answer = run_alone(
        format,
        path,
        rows,
        seconds=max_seconds,
        timed_rows=timed_rows,
        preprocess=preprocess,
        threads=threads,
        core=max(os.sched_getaffinity(0)) if pinned(format) else None,
        timeout_s=timeout_s + 2 * max_seconds,
    )
    batch_size = timed_rows or len(next(iter(rows.values())))
    found = _measurement(answer.timing, device, threads, format, batch_size)
    return answer.outputs, found.of_network_alone(preprocess is not None)


def pinned(target: str) -> bool:
    """Whether a target is measured with one thread on one core."""
    return FORMATS[target].one_core


def place_of(target: str) -> tuple[str, int]:
    """The device that a target runs on here, and how many threads it may use."""
    return (cpu_name(), 1) if pinned(target) else (_accelerator() or cpu_name(), _tf_threads())


def _asked(model: Any, target: Callable[[Any], Any]) -> Measurement:
    """What a user's function measured, or a table of a known `setting` says."""
    name = getattr(target, "__name__", type(target).__name__)
    times = np.atleast_1d(np.asarray(target(model), dtype=float))
    if not times.size or not (np.isfinite(times).all() and (times > 0).all()):
        raise InvalidArgument(
            f"The latency function {name!r} returned {times.tolist()}: expected milliseconds above 0."
        )
    found = {
        "latency_ms": float(np.median(times)),
        "latency_p95_ms": float(np.percentile(times, 95)),
        "interval_pct": interval_pct(np.sort(times)) if times.size > 1 else math.nan,
    }
    if (known := getattr(target, "setting", None)) is None:
        return _measurement(found, f"the device of {name}", None, name, None)
    return _measurement(found, known.device, known.threads, name, known.batch_size)


def _measurement(found: dict[str, Any], device: str, threads: int | None, target: str, rows: int | None) -> Measurement:
    figures = {name: found[name] for name in ("latency_ms", "latency_p95_ms", "interval_pct")}
    return Measurement(**figures, device=device, target=target, batch_size=rows, threads=threads)


def cpu_name() -> str:
    """The processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def _accelerator() -> str | None:
    """The name of the first GPU that TensorFlow uses, None without one."""
    import tensorflow as tf

    devices = tf.config.get_visible_devices("GPU")
    return tf.config.experimental.get_device_details(devices[0]).get("device_name", "GPU") if devices else None


def _tf_threads() -> int:
    import tensorflow as tf

    return int(tf.config.threading.get_intra_op_parallelism_threads() or len(os.sched_getaffinity(0)))
