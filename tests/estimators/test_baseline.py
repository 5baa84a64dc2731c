"""The user's own model, made afresh in any process."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import cloudpickle
import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.errors import InvalidArgument
from keras_nas.estimators.baseline import maker


@keras.saving.register_keras_serializable("tests")
class Scaled(layers.Layer):
    """A layer of a user's own."""

    def __init__(self, by: float = 2.0, **options: Any) -> None:
        super().__init__(**options)
        self.by = by

    def call(self, x: Any) -> Any:
        return x * self.by

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "by": self.by}


def sequential() -> Any:
    return keras.Sequential([keras.Input((4,)), Scaled(3.0), layers.Dense(2, "softmax")])


def functional() -> Any:
    x = inputs = keras.Input((4,))
    return keras.Model(inputs, layers.Dense(2, "softmax")(Scaled(3.0)(x)))


@pytest.mark.parametrize("make", [sequential, functional])
def test_a_model_starts_from_new_weights(make: Any) -> None:
    model = make()
    other = maker(model)()
    assert [layer.get_config() for layer in other.layers] == [layer.get_config() for layer in model.layers]
    assert (other.layers[-1].kernel.numpy() != model.layers[-1].kernel.numpy()).any()


@pytest.mark.parametrize("make", [functional])
def test_layers_of_ones_own_travel_by_value(make: Any, tmp_path: Path) -> None:
    """Into a process that cannot import the module they stand in."""
    cloudpickle.register_pickle_by_value(sys.modules[__name__])
    (tmp_path / "maker").write_bytes(cloudpickle.dumps(maker(make())))
    code = "import cloudpickle; model = cloudpickle.load(open('maker', 'rb'))(); print(model.count_params())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stdout == "10\n", done.stderr


def test_a_function_is_called_each_time() -> None:
    make = maker(sequential)
    assert make is sequential


class Own(keras.Model):
    """A subclassed model."""

    def call(self, x: Any) -> Any:
        return x


@pytest.mark.parametrize("wrong", [Own(), "resnet", np.zeros(3)])
def test_anything_else_is_refused(wrong: Any) -> None:
    with pytest.raises(InvalidArgument, match="expected a functional or sequential Keras model, or a function"):
        maker(wrong)
