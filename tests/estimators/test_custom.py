"""Layers of the user's own, known to Keras in every process."""

from typing import Any

import keras
import pytest
from keras import layers

from keras_nas.errors import InvalidArgument
from keras_nas.estimators.custom import check_registered, own_classes, register, registered_here


@keras.saving.register_keras_serializable("tests")
class Known(layers.Layer):
    """A registered layer."""


class Unknown(layers.Layer):
    """One that nobody registered."""


def model(layer: Any) -> Any:
    return keras.Sequential([keras.Input((4,)), layer, layers.Dense(2)])


def test_a_layer_that_could_not_be_loaded_is_refused() -> None:
    check_registered(model(Known()))
    check_registered(model(layers.Dropout(0.1)))
    with pytest.raises(
        InvalidArgument, match="The layer class Unknown is not known to Keras.*write @keras.saving.regis"
    ):
        check_registered(model(Unknown()))
    with pytest.raises(InvalidArgument, match="The layer class Unknown"):
        check_registered(model(model(Unknown())))


def test_own_classes_by_registered_name() -> None:
    assert own_classes(model(Known())) == {"tests>Known": Known}


def test_what_the_script_registered_is_registered_elsewhere() -> None:
    kinds = {name: type(name, (layers.Layer,), {"__module__": "__main__"}) for name in ("Doubled", "Tripled")}
    objects = {"mine>Doubled": kinds["Doubled"], "Tripled": kinds["Tripled"]}
    register(objects)
    try:
        assert keras.saving.get_registered_name(kinds["Doubled"]) == "mine>Doubled"
        assert keras.saving.get_registered_object("Tripled") is kinds["Tripled"]
        assert registered_here().items() >= objects.items()
        assert "tests>Known" not in registered_here()
        register(objects)  # every trial does
    finally:
        for name in objects:
            del keras.saving.get_custom_objects()[name]
