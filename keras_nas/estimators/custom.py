"""Layers and functions of the user's own: known to Keras in every process, so that saved models can be loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keras_nas.errors import InvalidArgument


def registered_here() -> dict[str, Any]:
    """What the running script or notebook has registered with Keras, by registered name.

    Other processes cannot import it: it travels by value. What stands in a module registers itself when it is imported.
    """
    import keras

    registry = keras.saving.get_custom_objects()
    return {name: thing for name, thing in registry.items() if getattr(thing, "__module__", None) == "__main__"}


def register(objects: Mapping[str, Any]) -> None:
    """Register with Keras what `registered_here` found in another process."""
    import keras

    for name, thing in objects.items():
        package, _, short = name.rpartition(">")
        if package:
            keras.saving.register_keras_serializable(package, short)(thing)
        else:
            keras.saving.get_custom_objects()[name] = thing


def own_classes(model: Any) -> dict[str, Any]:
    """The classes of a model's layers that are not Keras', by registered name."""
    import keras

    kinds = {type(layer) for layer in model._flatten_layers() if layer is not model}
    own = [kind for kind in kinds if kind.__module__.split(".")[0] != "keras"]
    return {keras.saving.get_registered_name(kind): kind for kind in own}


def check_registered(model: Any) -> None:
    """Refuse a model that Keras could save but not load.

    Raises:
        InvalidArgument: names the layer class, and says what to write before it.
    """
    import keras

    for name, kind in own_classes(model).items():
        if keras.saving.get_registered_object(name) is None:
            raise InvalidArgument(
                f"The layer class {kind.__name__} is not known to Keras, so that a saved model could not be loaded: "
                "write @keras.saving.register_keras_serializable() before its definition."
            )
