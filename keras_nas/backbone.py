"""A network that was trained before, as the stem of all networks of a search."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from functools import cached_property, lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.files import sync
from keras_nas.replay import graph_of, replay, settings_of

TRAINING = ("frozen", "fine_tuned")
PREPROCESSING = {
    **{r"mobilenet_\d": "mobilenet", "mobilenetv2": "mobilenet_v2", r"resnet\d+v2": "resnet_v2", r"resnet\d": "resnet"},
    **{"vgg16": "vgg16", "vgg19": "vgg19", r"densenet\d": "densenet", "xception": "xception"},
    **{"inception_v3": "inception_v3", "inception_resnet": "inception_resnet_v2", "nasnet": "nasnet"},
}
"""How the names of models of `keras.applications` begin, lower case, and the module that tells what pixels they take;
other models there have their scaling inside."""

DARK = 4.0
"""Pixels below this are no numbers from 0 to 255."""


class Backbone:
    """A network that was trained before, as the stem of all networks of a search.

    Its layers are copied into every network with their weights, so that all networks consist of stock layers; dropout
    within it is left out, and batch normalisation keeps its moving statistics (Keras' guide to transfer learning).

    Args:
        model: functional or sequential Keras model from one image to a map of features, `(height, width, channels)`,
            with its weights: `keras.applications.MobileNetV2(include_top=False, input_shape=(96, 96, 3))`.
        preprocess: function of a tensor of raw pixels that gives what the model takes,
            `keras.applications.mobilenet_v2.preprocess_input`. Default: for a model of `keras.applications`, which its
            name tells, the one that belongs to it; for any other, pixels as they are.
        training: "frozen", "fine_tuned", which learns at a fraction of the head's learning rate, or None: the search
            decides.

    Example:
        >>> import keras
        >>> pixels = keras.Input((32, 32, 3))
        >>> model = keras.Model(pixels, keras.layers.Conv2D(8, 3, strides=2)(pixels))
        >>> Backbone(model, preprocess=lambda pixels: pixels / 255.0, training="frozen").network.output_shape
        (None, 15, 15, 8)
    """

    def __init__(self, model: Any, preprocess: Callable[[Any], Any] | None = None, training: str | None = None) -> None:
        self.model = model
        self.preprocess = preprocess
        self.training = training
        self.file: Path | None = None

    @classmethod
    def of(cls, given: Any) -> Backbone:
        """A backbone from what a user gives, once it is known to be one.

        Args:
            given: a Keras model, or a `Backbone`.

        Raises:
            InvalidArgument: says what came, what is expected, and what to do.
        """
        backbone = given if isinstance(given, cls) else cls(given)
        if backbone.training not in (None, *TRAINING):
            raise InvalidArgument(f"backbone: {unknown('training', backbone.training, TRAINING)}")
        _check(backbone.model)
        backbone.network  # noqa: B018 - a function that cannot be applied to pixels is refused now
        return backbone

    @classmethod
    def stored(cls, file: Path, training: str | None) -> Backbone:
        """A backbone from the file that `keep` wrote; its preprocessing is part of the model there.

        Args:
            file: in a search's folder.
            training: as it was given.
        """
        import keras

        return cls(keras.models.load_model(file, compile=False), lambda pixels: pixels, training)

    @property
    def name(self) -> str:
        """Of the model."""
        return str(self.network.name)

    @cached_property
    def network(self) -> Any:
        """The Keras model from raw pixels to the map."""
        return _read(self.file) if self.model is None else _whole(self.model, self.preprocess)

    @cached_property
    def digest(self) -> str:
        """What it computes, in 16 hexadecimal digits: of its operations, their settings and weights, not of names."""
        told = hashlib.sha256()
        for part in _contents(self.network):
            told.update(part)
        return told.hexdigest()[:16]

    def keep(self, file: Path) -> None:
        """Write it down, for all workers to read.

        Args:
            file: in the search's folder; one that is there already is the same.
        """
        if not file.exists():
            unfinished = file.with_name(f"unfinished.{file.name}")
            self.network.save(unfinished)
            sync(unfinished)
            unfinished.replace(file)
        self.file = file

    def remarks(self, signature: Any) -> list[str]:
        """Sentences for the account: what all networks begin with, and what is strange about the pixels it gets.

        Args:
            signature: of the images; has their shape, mean and standard deviation.
        """
        *sides, channels = graph_of(self.network).inputs[0].shape[1:]
        own = self.preprocess or default_preprocess(self.model)
        through = "as they are" if own is None else f"through {own.__module__}.{own.__qualname__}"
        size = " x ".join(map(str, (*sides, channels))) if None not in sides else f"any size x {channels}"
        lines = [
            f"All networks begin with {self.name} ({self.network.count_params():,} parameters), which takes images of "
            f"{size}, pixels {through}; others are resized."
        ]
        brightest = max(m + 2 * s for m, s in zip(signature.input_mean, signature.input_std, strict=True))
        if own is not None and own.__module__.startswith("keras.") and brightest < DARK:
            lines.append(
                f"The pixels hardly exceed {brightest:.2g}, where {own.__module__} expects 0 to 255: multiply them, or "
                "say backbone=keras_nas.Backbone(model, preprocess=lambda pixels: preprocess_input(255 * pixels))."
            )
        return lines

    def told(self) -> dict[str, Any]:
        """What decides whether it is the same, in JSON types."""
        return {"name": self.name, "digest": self.digest, "training": self.training}

    def __getstate__(self) -> dict[str, Any]:
        """It travels as the name of its file."""
        if self.file is None:
            raise InvalidArgument(f"{self!r} is in no search's folder yet: hand it over as search(backbone=...).")
        return {"model": None, "preprocess": None, "training": self.training, "file": self.file}

    def __repr__(self) -> str:
        return f"Backbone({self.name!r})"


def default_preprocess(model: Any) -> Callable[[Any], Any] | None:
    """What a model of `keras.applications` takes its pixels through; None where that is nothing, or not known.

    Example:
        >>> import keras
        >>> model = keras.applications.MobileNetV2(include_top=False, weights=None, input_shape=(32, 32, 3))
        >>> default_preprocess(model).__module__
        'keras.src.applications.mobilenet_v2'
    """
    module = next((own for start, own in PREPROCESSING.items() if re.match(start, model.name.lower())), None)
    if module is None:
        return None
    function: Callable[[Any], Any] = import_module(f"keras.applications.{module}").preprocess_input
    return function


def _check(model: Any) -> None:
    """Refuse what is no network from an image to a map."""
    import keras

    graph = graph_of(model) if isinstance(model, keras.Model) else None
    if graph is None:
        raise InvalidArgument(
            f"backbone is a {type(model).__name__}: expected a functional or sequential Keras model that has been "
            "built, or keras_nas.Backbone(model, preprocess=...)."
        )
    shapes = [tuple(tensor.shape) for tensor in (*graph.inputs, *graph.outputs)]
    if len(shapes) != 2 or any(len(shape) != 4 for shape in shapes) or shapes[0][-1] not in (1, 3):
        raise InvalidArgument(
            f"backbone: {model.name!r} goes from {[tuple(x.shape) for x in graph.inputs]} to "
            f"{[tuple(x.shape) for x in graph.outputs]}; expected one image (rows, height, width, 1 or 3 channels) in "
            "and one map (rows, height, width, channels) out. For keras.applications say include_top=False, without "
            "pooling; of another model cut the end: keras.Model(model.input, model.get_layer(...).output)."
        )


def _whole(model: Any, preprocess: Callable[[Any], Any] | None) -> Any:
    """Pixels through their preprocessing into the model."""
    import keras

    pixels = keras.Input(graph_of(model).inputs[0].shape[1:], name="pixels")
    given = preprocess or default_preprocess(model)
    taken = pixels if given is None else given(pixels)
    if not isinstance(taken, keras.KerasTensor):
        raise InvalidArgument(
            f"backbone: preprocess gave a {type(taken).__name__} for a symbolic tensor of pixels; expected a function "
            "of keras.ops or of keras.applications, such as keras.applications.mobilenet_v2.preprocess_input."
        )
    return keras.Model(pixels, model(taken), name=model.name)


@lru_cache(maxsize=2)
def _read(file: Path) -> Any:
    """A stored backbone, once a process."""
    import keras

    return keras.models.load_model(file, compile=False)


def _contents(network: Any) -> Iterator[bytes]:
    """All that a network's function depends on, in the order in which it computes."""
    import keras
    import numpy as np

    nodes: list[Any] = []

    def met(node: Any, tensors: Any) -> Any:
        nodes.append(node)
        return node.outputs

    replay(graph_of(network), graph_of(network).inputs, met)
    for node in nodes:
        operation = node.operation
        told = [type(operation).__name__, settings_of(operation)]
        yield json.dumps(told, sort_keys=True, default=str).encode()
        constants = keras.tree.flatten((node.arguments.args, node.arguments.kwargs))
        for value in (*constants, *getattr(operation, "get_weights", list)()):
            if not isinstance(value, keras.KerasTensor) and value is not None:
                array = np.asarray(value)
                yield f"{array.shape}".encode() + (str(value).encode() if array.dtype == object else array.tobytes())
