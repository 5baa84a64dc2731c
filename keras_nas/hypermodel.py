"""A space as a Keras Tuner hypermodel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras_tuner

from keras_nas.architecture import Label
from keras_nas.net import KerasNet
from keras_nas.spaces.base import Space


class SpaceHyperModel(keras_tuner.HyperModel):
    """Lets any Keras Tuner tuner search a space of keras_nas.

    The hyperparameters are declared at once, each under its conditions, so that a tuner need not build models to find
    them: `keras_nas.oracle.Tuner` builds none at construction, Keras Tuner's own tuners build one.

    Args:
        space: the networks and recipes.
        input_shape: shape of one row, without the batch axis.
        outputs: makes the model's outputs from the network's features; called for every model.
        compile: compiles a model with the recipe's settings, `compile(model, settings)`.

    Example:
        >>> import keras
        >>> from keras import layers
        >>> from keras_nas.space import Choice, Op
        >>> from keras_nas.spaces.base import Space
        >>> space = Space("tiny", Op(layers.Dense, units=Choice("units", [8, 16])),
        ...               recipe={"learning_rate": Choice("learning_rate", [0.01, 0.1])})
        >>> def compile(model, settings):
        ...     model.compile(keras.optimizers.SGD(settings["learning_rate"]), loss="mse")
        >>> hypermodel = SpaceHyperModel(space, (4,), lambda features: layers.Dense(1)(features), compile)
        >>> hypermodel.build(keras_tuner.HyperParameters()).count_params()
        49
    """

    def __init__(
        self,
        space: Space,
        input_shape: Sequence[int | None],
        outputs: Callable[[Any], Any],
        compile: Callable[[Any, dict[str, Any]], Any],
    ) -> None:
        super().__init__(name=space.name)
        self.space = space
        self.input_shape = tuple(input_shape)
        self.outputs = outputs
        self.compile = compile

    def declare_hyperparameters(self, hp: Any) -> None:
        """Put all decisions of the space on `hp`."""
        self.space.tune(hp)

    def build(self, hp: Any) -> Any:
        """The compiled model of the architecture that `hp` answers."""
        return self.model(self._answers(hp))

    def model(self, architecture: Mapping[str, Label]) -> Any:
        """The compiled model of an architecture of the space."""
        import keras

        x = keras.Input(self.input_shape)
        model = keras.Model(x, self.outputs(self.space.features(architecture, KerasNet(), x)))
        self.compile(model, self.space.settings(architecture))
        return model

    def _answers(self, hp: Any) -> Mapping[str, Label]:
        """Ask a copy, so that no scope is left on `hp` for a tuner to open by building."""
        asked = hp.copy()
        architecture = self.space.tune(asked)
        hp.merge(asked.space, overwrite=False)
        return architecture
