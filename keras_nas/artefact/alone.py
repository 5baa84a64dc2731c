"""Run a stored model in a process that knows nothing of keras_nas: `python -I alone.py FOLDER`.

The folder holds `request.json` (format, path, threads, core, seconds, how many rows a timed call has, and the folder of
`preprocess.py` where the rows are to pass it first) and `rows.npz`, one array an input, in order.
The program adds `outputs.npz`, one array an output, and, last, `answer.json`. It uses NumPy and the format's own
runtime only, so that what it shows is what a server or a phone gets.
"""

import json
import math
import os
import runpy
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Arrays = dict[str, Any]
Call = Callable[[Arrays], Arrays]

CHUNK = 64
_LEAST_RUNS, _MOST_RUNS = 30, 20_000


def timed(run: Callable[[], object], max_seconds: float) -> dict[str, float]:
    """The time of one call: warmed up, then repeated until its median is known to 3 %, a tenth of the time at least.

    Calls of microseconds that follow one another see one state of the machine, which their spread does not show.

    Args:
        run: What to time; it returns when the work is done.
        max_seconds: The longest the repetition may take; a slower call is run a few times at least.

    Returns:
        `latency_ms` (median), `latency_p95_ms`, `interval_pct` (the width of the median's 95 % interval, from
        order statistics) and `runs`.
    """
    start = time.perf_counter()
    for _ in range(10):
        run()
        if time.perf_counter() - start > max_seconds / 5:
            break
    samples: list[float] = []
    wanted, began = _LEAST_RUNS, time.perf_counter()
    while len(samples) < 5 or (len(samples) < wanted and time.perf_counter() < began + max_seconds):
        before = time.perf_counter()
        run()
        samples.append(time.perf_counter() - before)
        if len(samples) == wanted < _MOST_RUNS:
            soon = time.perf_counter() < began + max_seconds / 10
            if soon or interval_pct(np.sort(samples)) >= 3:
                wanted = min(_MOST_RUNS, wanted + wanted // 2)
    ordered = np.sort(samples) * 1e3
    return {
        "latency_ms": float(np.median(ordered)),
        "latency_p95_ms": float(np.percentile(ordered, 95)),
        "interval_pct": interval_pct(ordered),
        "runs": len(samples),
    }


def interval_pct(ordered: Any) -> float:
    """Width of the median's 95 % interval as a percentage of it, from order statistics.

    Args:
        ordered: The sorted samples; of fewer than six the interval is all of them.
    """
    half = 0.98 * math.sqrt(len(ordered))
    low, high = max(0, math.floor(len(ordered) / 2 - half)), min(len(ordered) - 1, math.ceil(len(ordered) / 2 + half))
    return float(100 * (ordered[high] - ordered[low]) / np.median(ordered))


def saved_model(path: str, threads: int | None) -> Call:
    """A SavedModel's serving signature."""
    import tensorflow as tf

    _use(threads)
    loaded = tf.saved_model.load(path)
    signature = loaded.signatures["serving_default"]

    def call(rows: Arrays, keep: Any = loaded) -> Arrays:
        outputs = signature(**{name: tf.constant(values) for name, values in rows.items()})
        return {name: plain(values) for name, values in outputs.items()}

    return call


def keras_file(path: str, threads: int | None) -> Call:
    """A `.keras` file."""
    import keras

    _use(threads)
    return _keras_call(keras.saving.load_model(path, compile=False))


def source(path: str, threads: int | None) -> Call:
    """A program with a function `load_model`."""
    _use(threads)
    return _keras_call(runpy.run_path(path)["load_model"]())


def _use(threads: int | None) -> None:
    import tensorflow as tf

    if threads is not None:
        tf.config.threading.set_intra_op_parallelism_threads(threads)


def _keras_call(model: Any) -> Call:
    """A Keras model, compiled."""
    import tensorflow as tf

    run = tf.function(lambda *parts: call_model(model, parts))

    def call(rows: Arrays) -> Arrays:
        return named_outputs(run(*map(tf.constant, rows.values())))

    return call


def litert(path: str, threads: int | None) -> Call:
    """A LiteRT file, through its interpreter."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_path=path, num_threads=threads)
    signature = interpreter.get_signature_runner("serving_default")

    def call(rows: Arrays) -> Arrays:
        return dict(signature(**rows))

    return call


def onnx(path: str, threads: int | None) -> Call:
    """An ONNX file, by ONNX Runtime on the CPU."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or 0
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def call(rows: Arrays) -> Arrays:
        return dict(zip(names, session.run(names, rows), strict=True))

    return call


def openvino(path: str, threads: int | None) -> Call:
    """An OpenVINO file on the CPU, computed in float32 also where the processor has shorter numbers."""
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment] # importing OpenVINO reports no use
    import openvino as runtime

    options = {"INFERENCE_PRECISION_HINT": "f32"} | ({"INFERENCE_NUM_THREADS": threads} if threads else {})
    compiled = runtime.Core().compile_model(path, "CPU", options)
    names = [output.any_name for output in compiled.outputs]

    def call(rows: Arrays) -> Arrays:
        outputs = compiled(rows)
        return {name: np.array(outputs[number]) for number, name in enumerate(names)}

    return call


def call_model(model: Any, parts: Sequence[Any]) -> Any:
    """A Keras model's results on one tensor an input, in the order of `model.inputs`."""
    import keras

    sole = isinstance(model, keras.Sequential) or not getattr(model, "inputs", None)
    return model(parts[0] if sole else keras.tree.pack_sequence_as(model.input, parts), training=False)


def named(outputs: Any) -> Arrays:
    """A model's results by the names that a serving signature gives them."""
    if isinstance(outputs, dict):
        return dict(outputs)
    several = outputs if isinstance(outputs, list | tuple) else [outputs]
    return {f"output_{number}": values for number, values in enumerate(several)}


def named_outputs(outputs: Any) -> Arrays:
    """The same as arrays."""
    return {name: plain(values) for name, values in named(outputs).items()}


def plain(values: Any) -> Any:
    """A tensor as an array that can be stored: strings as text."""
    array = np.asarray(values)
    return np.char.decode(array.astype(bytes), "utf-8") if array.dtype.kind == "O" else array


def in_chunks(call: Call, rows: Arrays) -> Arrays:
    """The outputs for all rows, a few at a time."""
    count = len(next(iter(rows.values())))
    parts = [call({n: values[i : i + CHUNK] for n, values in rows.items()}) for i in range(0, count, CHUNK)]
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


LOADERS: dict[str, Callable[[str, int | None], Call]] = {
    "saved_model": saved_model,
    "keras": keras_file,
    "source": source,
    "litert": litert,
    "litert_float16": litert,
    "litert_int8": litert,
    "onnx": onnx,
    "openvino": openvino,
}


def main(folder: Path) -> None:
    """Answer the request in a folder."""
    request = json.loads((folder / "request.json").read_text())
    if request["core"] is not None:
        os.sched_setaffinity(0, [request["core"]])
    with np.load(folder / "rows.npz") as stored:
        rows = dict(stored)
    if request["preprocess"] is not None:
        rows = runpy.run_path(str(Path(request["preprocess"]) / "preprocess.py"))["load"](request["preprocess"])(rows)
    call = LOADERS[request["format"]](request["path"], request["threads"])
    np.savez(folder / "outputs.npz", **in_chunks(call, rows))
    answer: dict[str, Any] = {"own_code": any(name.startswith("keras_nas") for name in sys.modules)}
    if request["seconds"]:
        few = {name: values[: request["timed_rows"]] for name, values in rows.items()}
        answer |= timed(lambda: call(few), request["seconds"])
    (folder / "answer.json").write_text(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
