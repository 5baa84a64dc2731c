"""The formats that a model can be stored in, as one table.

Every format is written from a float32 copy: a mixed-precision SavedModel computes in half precision on a server
without the hardware for it, and a mixed-precision LiteRT file is one that no interpreter runs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from keras_nas.errors import ExportError, InvalidArgument, unknown


@dataclass(frozen=True)
class Format:
    """How a model is stored.

    Args:
        file: The artefact's name in the export's folder, "." when it is the folder itself.
        write: Writes a model to the artefact's path.
        package: The distribution that runs it, whose version is recorded.
        unroll: Recurrent layers are unrolled over time, for runtimes without loops.
    """

    file: str
    write: Callable[[Any, Path], None]
    package: str
    unroll: bool = False


def _write_saved_model(model: Any, path: Path) -> None:
    model.export(path, format="tf_saved_model", verbose=False)


def _write_keras(model: Any, path: Path) -> None:
    model.save(path)


def _write_litert(model: Any, path: Path) -> None:
    model.export(path, format="litert", verbose=False)


FORMATS: Mapping[str, Format] = {
    "saved_model": Format(".", _write_saved_model, "tensorflow"),
    "keras": Format("model.keras", _write_keras, "keras"),
    "litert": Format("model.tflite", _write_litert, "ai-edge-litert", unroll=True),
}


def format_named(name: str) -> Format:
    """The format of that name.

    Raises:
        InvalidArgument: There is none; the message lists them.
    """
    if name not in FORMATS:
        raise InvalidArgument(unknown("export format", name, FORMATS))
    return FORMATS[name]


def write(model: Any, format: str, folder: Path) -> Path:
    """Write a model into a folder.

    Args:
        model: A built Keras model, a result of `portable`.
        format: A key of `FORMATS`.
        folder: An empty folder.

    Returns:
        The artefact's path.

    Raises:
        ExportError: Keras or the format's converter refused the model.
    """
    path = folder / FORMATS[format].file
    try:
        FORMATS[format].write(model, path)
    except OSError:
        raise
    except Exception as error:
        raise ExportError(f"The model {model.name!r} cannot be written as {format}: {error}") from error
    return path


def portable(model: Any, *, unroll: bool = False) -> Any:
    """The model itself, or where a format needs it a float32 or unrolled copy with the same weights.

    Args:
        model: A Keras model.
        unroll: Unroll recurrent layers over time.

    Raises:
        ExportError: The copy could not be made.
    """
    layers = model._flatten_layers()
    half = any(layer.compute_dtype in ("float16", "bfloat16") for layer in layers)
    loops = unroll and any(getattr(layer, "unroll", None) is False for layer in layers)
    if not (half or loops):
        return model
    try:
        copy = type(model).from_config(_rewritten(model.get_config(), unroll))
        copy.set_weights(model.get_weights())
    except (NotImplementedError, TypeError, ValueError) as error:
        raise ExportError(
            f"The model {model.name!r} cannot be copied in float32: {error}. Layers of your own need a get_config, "
            "and @keras.saving.register_keras_serializable."
        ) from error
    return copy


def _rewritten(config: Any, unroll: bool) -> Any:
    """A model's configuration with float32 in place of every half-precision policy."""
    if isinstance(config, list | tuple):
        return type(config)(_rewritten(entry, unroll) for entry in config)
    if not isinstance(config, dict):
        return config
    if config.get("class_name") == "DTypePolicy":
        name = config["config"]["name"]
        whole = "float32" if name.startswith("mixed_") or name in ("float16", "bfloat16") else name
        return {**config, "config": {**config["config"], "name": whole}}
    rewritten = {key: _rewritten(value, unroll) for key, value in config.items()}
    if unroll and rewritten.get("unroll") is False:
        rewritten["unroll"] = True
    return rewritten
