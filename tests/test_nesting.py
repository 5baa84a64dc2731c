"""Levels around one another: what they decide, and what is around what."""

from typing import Any

import keras
import pytest
from keras import layers

from keras_nas.nesting import Nested
from keras_nas.nodes import Fixed, list_decisions
from keras_nas.operators import enumerate_all
from keras_nas.space import Choice, Given, Op, Series, block


@block
def around(net: Any, x: Any, inner: Any, units: int) -> Any:
    """So many units, what is inner, and as many again."""
    return net(layers.Dense, inner(net(layers.Dense, x, units=units)), units=units)


def nested(depths: Any, tied: bool) -> Nested:
    level = around(Given("inner"), Choice("units", [2, 3]))
    return Nested("levels", level, Op(layers.Dense, units=Choice("middle", [5, 6])), depths, tied=tied)


@pytest.mark.parametrize(("tied", "size"), [(False, 2 * (2 + 4)), (True, 2 * (2 + 2))])
def test_every_architecture_builds(tied: bool, size: int) -> None:
    node = nested([1, 2], tied)
    decisions = list_decisions(node)
    assert decisions.size == size
    for architecture in enumerate_all(decisions):
        model = Fixed(node, architecture).layer((4,))
        units = [layer.units for layer in model.layers[1:]]
        down = [
            architecture[f"levels/{'' if tied else f'{n}/'}units"] for n in range(int(architecture["levels/depth"]))
        ]
        assert units == [*down, architecture["levels/innermost/middle"], *down[::-1]]


def test_weights_are_per_level_and_layers_are_named_by_theirs() -> None:
    from keras_nas.net import KerasNet
    from keras_nas.nodes import Walk

    x = keras.Input((4,))
    walk = Walk({"levels/units": 2, "levels/innermost/middle": 5}, KerasNet(None, ""))
    model = keras.Model(x, nested(2, True).apply(walk, x))
    assert [layer.name for layer in model.layers[1:]] == [
        *("levels.0.dense", "levels.1.dense", "levels.innermost.dense", "levels.1.dense_2", "levels.0.dense_2")
    ]
    assert len({id(weight) for weight in model.weights}) == 10


def test_no_level_is_the_innermost_part() -> None:
    node = Nested("levels", around(Given("inner"), 2), Series(), [0, 1])
    assert Fixed(node, {"levels/depth": 0}).layer((4,)).count_params() == 0
