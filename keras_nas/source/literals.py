"""Values and constructors as Python text: what stands for a layer, an initializer, an array, a number."""

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from keras_nas.errors import ExportError

SLOT, TENSOR = "\0", "\1"
"""Characters that stand for a number or a tensor in a text; no literal holds them."""
ALIKE = frozenset({"kernel_size", "strides", "pool_size", "dilation_rate", "size", "padding", "cropping", "axis"})
"""Arguments of which one number may stand for one a side."""


@dataclass(frozen=True)
class Text:
    """Python text with holes.

    Args:
        form: The text, with `SLOT` for each number.
        names: The arguments that the numbers are, in order.
        values: The numbers, tuples of them included.
    """

    form: str
    names: tuple[str, ...] = ()
    values: tuple[Any, ...] = ()

    def __str__(self) -> str:
        return filled(self.form, SLOT, [literal(value) for value in self.values])


def filled(form: str, hole: str, texts: list[str]) -> str:
    """A text with its holes filled in order."""
    parts = form.split(hole)
    return "".join(part + text for part, text in zip(parts, [*texts, ""], strict=True))


def literal(value: Any) -> str:
    """A value as Python text.

    Raises:
        ExportError: There is no text for it.

    Example:
        >>> literal({"padding": ["same", 1.5, None]})
        '{"padding": ["same", 1.5, None]}'
    """
    if isinstance(value, np.generic | np.ndarray):
        return literal(value.item()) if value.ndim == 0 else f'np.array({literal(value.tolist())}, "{value.dtype}")'
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if value is None or isinstance(value, bool | int | float):
        return f'float("{value}")' if isinstance(value, float) and not np.isfinite(value) else repr(value)
    if isinstance(value, list | tuple):
        inner = ", ".join(map(literal, value))
        left, right = "[]" if isinstance(value, list) else "()"
        return f"{left}{inner}{',' if left == '(' and len(value) == 1 else ''}{right}"
    if isinstance(value, Mapping) and {"class_name", "config", "module"} <= value.keys():
        return _object(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{literal(key)}: {literal(entry)}" for key, entry in value.items()) + "}"
    raise ExportError(f"A {type(value).__name__} in the model cannot be written as source: {str(value)[:80]!r}.")


def _object(config: Mapping[str, Any]) -> str:
    """A serialised initializer, regularizer, policy or inner layer."""
    import keras

    made = keras.saving.deserialize_keras_object(dict(config))
    if isinstance(made, keras.DTypePolicy):
        return literal(made.name)
    if callable(made) and hasattr(made, "__name__"):
        raise ExportError(f"The function {made.__name__!r} in the model cannot be written as source: it is not Keras'.")
    return str(constructor(made))


def constructor(thing: Any) -> Text:
    """The call that makes a layer or another configurable object of Keras, without what is the default.

    Raises:
        ExportError: It is not Keras' own, or its configuration cannot be written.
    """
    kind = type(thing)
    home = re.match(r"keras\.(?:src\.)?(layers|initializers|regularizers|constraints)\b", kind.__module__)
    if home is None or kind.__name__ == "Lambda":
        raise ExportError(
            f"{kind.__name__} ({kind.__module__}) cannot be written as source: only stock layers of Keras can."
        )
    config = thing.get_config()
    required, optional = _parameters(kind)
    written = _shortest(kind, config, required, optional)
    form: list[str] = []
    names: list[str] = []
    values: list[Any] = []
    for name in [name for name in (*required, *optional) if name in written]:
        text = _hole(name, written[name], names, values)
        form.append(text if name in required else f"{name}={text}")
    return Text(f"{home[1]}.{kind.__name__}({', '.join(form)})", tuple(names), tuple(values))


def _parameters(kind: type) -> tuple[list[str], list[str]]:
    """Names of the arguments without a default, and of the others; the last two are every layer's."""
    known = [p for p in inspect.signature(kind).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    required = [p.name for p in known if p.default is p.empty]
    rest = [p.name for p in known if p.default is not p.empty and p.name not in ("name", "dtype", "trainable")]
    return required, [*rest, "dtype", "trainable"]


def _shortest(kind: Any, config: dict[str, Any], required: list[str], optional: list[str]) -> dict[str, Any]:
    """The arguments that must be written, in order: those without which the configuration is another one."""
    short = {name: config[name] for name in required}
    for name in [name for name in (*required, *optional) if name in config]:
        wanted = _nameless(config[name])
        if name in optional and _nameless(_one(name, _configuration(kind, short).get(name))) == _one(name, wanted):
            continue
        short[name] = _one(name, config[name])
        if _nameless(_configuration(kind, short).get(name)) != wanted and name != "axis":
            short[name] = config[name]
    return short


def _configuration(kind: Any, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """That of an object made with these arguments, given as in a configuration."""
    return _made(kind, json.dumps(arguments, default=lambda value: np.asarray(value).tolist()))


@cache
def _made(kind: Any, arguments: str) -> dict[str, Any]:
    import keras

    alive = {
        name: keras.saving.deserialize_keras_object(value) if isinstance(value, dict) else _sides(value)
        for name, value in json.loads(arguments).items()
    }
    config: dict[str, Any] = kind(**alive).get_config()
    return config


def _nameless(value: Any) -> Any:
    """A part of a configuration without what differs from object to object."""
    if isinstance(value, Mapping):
        kept = [key for key in value if key != "build_config" and (key != "name" or len(value) == 1)]
        return {key: _nameless(value[key]) for key in kept}
    return [_nameless(entry) for entry in value] if isinstance(value, list | tuple) else value


def _one(name: str, value: Any) -> Any:
    """A value, or the number that all its sides have."""
    sides = value if name in ALIKE and isinstance(value, list | tuple) else ()
    return sides[0] if sides and all(side == sides[0] and isinstance(side, int) for side in sides) else value


def _sides(value: Any) -> Any:
    """A value; whole numbers in a list as a tuple, which every layer takes."""
    return tuple(value) if isinstance(value, list | tuple) and all(type(side) is int for side in value) else value


def _hole(name: str, value: Any, names: list[str], values: list[Any]) -> str:
    """The text of one argument; a number leaves a hole, and is noted."""
    entry = _sides(value)
    if type(entry) not in (int, float) and not (isinstance(entry, tuple) and entry):
        return literal(value)
    names.append(name)
    values.append(entry)
    return SLOT
