"""The user's own model as something that every worker can make afresh."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from keras_nas.errors import InvalidArgument
from keras_nas.estimators.custom import own_classes


@dataclass(frozen=True)
class Fresh:
    """Makes a functional or sequential model with new weights, in any process.

    Args:
        kind: the model's class.
        config: its configuration.
        classes: layer classes of the user's own, by registered name.
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


def _functional(model: Any) -> bool:
    import keras

    return isinstance(model, keras.Model) and type(model).__name__ == "Functional"
