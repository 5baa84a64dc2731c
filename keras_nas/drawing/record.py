"""What a network consists of: a Net that builds Keras layers and notes each with its place, inputs and shape."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from keras_nas.net import KerasNet, Shape

_SAID = ("filters", "units", "kernel_size", "pool_size", "strides", "dilation_rate", "groups", "num_heads", "rate")
_SIGNS = {"strides": "/", "dilation_rate": "dilated ", "groups": "groups ", "num_heads": "heads "}


@dataclass(frozen=True)
class Step:
    """One layer of the network.

    Args:
        place: where it stands in the space, "" at the root.
        kind: the layer's class.
        text: the class and the arguments that people compare.
        inputs: numbers of the steps it hears.
        shape: of its output, without the batch axis.
    """

    place: str
    kind: str
    text: str
    inputs: tuple[int, ...]
    shape: Shape


@dataclass
class Record:
    """The steps so far, in the order of building, and which tensor came from which."""

    steps: list[Step] = field(default_factory=list)
    makers: dict[int, int] = field(default_factory=dict)
    tensors: list[Any] = field(default_factory=list)

    def add(self, step: Step, output: Any) -> None:
        """Note a step and its output, which is kept so that no other tensor gets its identity."""
        self.makers[id(output)] = len(self.steps)
        self.steps.append(step)
        self.tensors.append(output)


class RecordNet(KerasNet):
    """A `KerasNet` that notes what it builds.

    Args:
        record: takes the notes; shared by all places.
        place: prefix of the layers' names.
        counts: shared by all places.
    """

    def __init__(self, record: Record, place: str = "", counts: Counter[str] | None = None) -> None:
        super().__init__("float32", place, counts)
        self.record = record

    def __call__(self, layer: Callable[..., Any], x: Any, **config: Any) -> Any:
        """Apply a new layer and note it."""
        output = super().__call__(layer, x, **config)
        heard = x if isinstance(x, list | tuple) else [x]
        inputs = tuple(dict.fromkeys(self.record.makers[id(tensor)] for tensor in heard))
        step = Step(str(self.place), layer.__name__, describe(layer.__name__, config), inputs, self.shape(output))
        self.record.add(step, output)
        return output

    def at(self, place: str) -> RecordNet:
        """The same record at another place."""
        return RecordNet(self.record, place, self.counts)


def describe(kind: str, config: dict[str, Any]) -> str:
    """A layer's class and the arguments worth saying.

    Example:
        >>> describe("Conv2D", {"filters": 16, "kernel_size": 3, "strides": 2, "padding": "same"})
        'Conv2D 16 3x3 /2'
        >>> describe("Activation", {"activation": "swish"})
        'swish'
    """
    if kind == "Activation":
        return str(config["activation"])
    said = [_said(name, config[name]) for name in _SAID if config.get(name) is not None]
    return " ".join([kind, *filter(None, said)])


def _said(name: str, value: Any) -> str:
    if name in ("strides", "dilation_rate", "groups") and value == 1:
        return ""
    if name in ("kernel_size", "pool_size"):
        sides = value if isinstance(value, tuple | list) else (value, value)
        return "x".join(map(str, sides))
    return f"{_SIGNS.get(name, '')}{value}"
