"""The user's own model as something that every worker can make afresh."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from keras_nas.errors import InvalidArgument


@dataclass(frozen=True)
class Fresh:
    """Makes a functional or sequential model with new weights, in any process.

    Layer classes of the user's own travel by value: the process that makes the model need not know their module.

    Args:
        kind: the model's class.
        config: its configuration.
        classes: layer classes that Keras does not bring, by the names that the configuration uses.
    """

    kind: type[Any]
    config: Mapping[str, Any]
    classes: Mapping[str, Any]

    def __call__(self) -> Any:
        """A new model."""
        return self.kind.from_config(dict(self.config), custom_objects=dict(self.classes))


def maker(baseline: Any) -> Callable[[], Any]:
    """A function that makes the user's model, whichever way it was given.

    Args:
        baseline: a functional or sequential Keras model, which starts from new weights, or a function without
            arguments that returns a model, which starts from the weights it has.

    Raises:
        InvalidArgument: for anything else.
    """
    import keras

    if isinstance(baseline, keras.Sequential) or _functional(baseline):
        return Fresh(type(baseline), baseline.get_config(), own_classes(baseline))
    if isinstance(baseline, keras.Model) or not callable(baseline):
        raise InvalidArgument(
            f"baseline_model is a {type(baseline).__name__}: expected a functional or sequential Keras model, or a "
            "function without arguments that returns a model. Pass `lambda: YourModel(...)` for a subclassed one."
        )
    make: Callable[[], Any] = baseline
    return make


def own_classes(model: Any) -> dict[str, Any]:
    """The classes of a model's layers that are not Keras', by class name and by registered name."""
    import keras

    found: dict[str, Any] = {}
    for layer in model._flatten_layers():
        kind = type(layer)
        if kind is not type(model) and kind.__module__.split(".")[0] != "keras":
            found |= {kind.__name__: kind, keras.saving.get_registered_name(kind): kind}
    return found


def _functional(model: Any) -> bool:
    import keras

    return isinstance(model, keras.Model) and type(model).__name__ == "Functional"
