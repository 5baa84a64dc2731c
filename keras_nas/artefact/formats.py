"""The formats that a model can be stored in, as one table."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.artefact import litert, onnx
from keras_nas.artefact.portable import FRONT, NETWORK, behind_front, look_ups, portable
from keras_nas.errors import ExportError, InvalidArgument, MissingDependency, unknown
from keras_nas.source import write_source

Arrays = dict[str, np.ndarray]
Writer = Callable[[Any, Path, Arrays], None]


@dataclass(frozen=True)
class Format:
    """How a model is stored, run and judged.

    Args:
        file: The artefact's name in the export's folder, "." when it is the folder itself.
        write: Writes a model to the artefact's path, given rows that are like those of its use.
        package: The distribution that runs it, whose version is recorded.
        needs: Modules beyond TensorFlow that write and run it; the extra that installs them has the format's name.
        unroll: Recurrent layers are unrolled over time, for runtimes without loops.
        one_core: It is measured with one thread on one core, as a phone would run it.
        tolerance: How far its outputs may be from the model's, as a share of the largest output, or of 1 where all are
            smaller; None where numbers differ by design, so that answers are compared instead.
    """

    file: str
    write: Writer
    package: str
    needs: tuple[str, ...] = ()
    unroll: bool = False
    one_core: bool = False
    tolerance: float | None = 1e-4

    @property
    def foreign(self) -> bool:
        """Whether something else than TensorFlow runs it."""
        return self.package not in ("tensorflow", "keras")


def _saved_model(model: Any, path: Path, samples: Arrays) -> None:
    model.export(path, format="tf_saved_model", verbose=False)


def _keras(model: Any, path: Path, samples: Arrays) -> None:
    model.save(path)


def _source(model: Any, path: Path, samples: Arrays) -> None:
    write_source(model, path)


_LITERT: dict[str, Any] = {"package": "ai-edge-litert", "unroll": True, "one_core": True}
_ONNX: dict[str, Any] = {"unroll": True, "one_core": True}

FORMATS: Mapping[str, Format] = {
    "saved_model": Format(".", _saved_model, "tensorflow"),
    "keras": Format("model.keras", _keras, "keras"),
    "source": Format("model.py", _source, "keras"),
    "litert": Format("model.tflite", litert.write_float32, **_LITERT),
    "litert_float16": Format("model.tflite", litert.write_float16, **_LITERT, tolerance=0.02),
    "litert_int8": Format("model.tflite", litert.write_int8, **_LITERT, tolerance=None),
    "onnx": Format("model.onnx", onnx.write_onnx, "onnxruntime", ("onnxruntime", "onnx", "tf2onnx"), **_ONNX),
    "openvino": Format("model.xml", onnx.write_openvino, "openvino", ("openvino", "onnx", "tf2onnx"), **_ONNX),
}


def format_named(name: str) -> Format:
    """The format of that name.

    Raises:
        InvalidArgument: There is none; the message lists them.
        MissingDependency: A package that writes or runs it is not installed; the message says how to get it.
    """
    if name not in FORMATS:
        raise InvalidArgument(unknown("export format", name, FORMATS))
    missing = [module for module in FORMATS[name].needs if find_spec(module) is None]
    if missing:
        raise MissingDependency(
            f"The format {name!r} needs {' and '.join(missing)}, not installed here: pip install 'keras-nas[{name}]'."
        )
    return FORMATS[name]


def held(model: Any, format: str) -> Any:
    """What a format holds of a model: all of it, or the network alone where its runtime computes no preprocessing.

    Args:
        model: A built Keras model.
        format: A key of `FORMATS`.

    Returns:
        A float32 model of parts that the runtime has.

    Raises:
        InvalidArgument, MissingDependency: see `format_named`.
        ExportError: The copy could not be made.
    """
    kind = format_named(format)
    return portable(behind_front(model) if kind.foreign else model, unroll=kind.unroll)


def write(model: Any, format: str, folder: Path, samples: Arrays) -> Path:
    """Write a model into a folder.

    Args:
        model: A built Keras model, a result of `held`.
        format: A key of `FORMATS`.
        folder: An empty folder.
        samples: Rows like those of the model's use, one array an input; integer formats take their scales from them.

    Returns:
        The artefact's path.

    Raises:
        ExportError: Keras or the format's converter refused the model, or its runtime cannot compute it.
    """
    path = folder / FORMATS[format].file
    tables = look_ups(model) if FORMATS[format].foreign else []
    if tables:
        raise ExportError(
            f"The model {model.name!r} looks values up ({', '.join(tables)}), which no {format} runtime does: export "
            f"it as saved_model, keras or source, or put all of that into a layer {FRONT!r}, a model whose outputs a "
            f"layer {NETWORK!r} takes."
        )
    try:
        FORMATS[format].write(model, path, samples)
    except OSError:
        raise
    except Exception as error:
        raise ExportError(f"The model {model.name!r} cannot be written as {format}: {error}") from error
    return path
