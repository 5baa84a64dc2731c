"""Maps of any size come back in their size; paths stay in their trellis."""

from typing import Any

import keras
import numpy as np
import pytest

from keras_nas import blocks
from keras_nas.blocks.upsampling import cropped, times
from keras_nas.errors import InvalidArgument
from keras_nas.net import KerasNet
from keras_nas.nodes import Node, Walk
from keras_nas.objectives.cost import CostNet
from keras_nas.space import Op, Series


def shape_of(part: Node, shape: tuple[int, ...]) -> Any:
    net = CostNet()
    found = part.apply(Walk({}, net), net.input(shape))
    return [net.shape(one) for one in found] if isinstance(found, list) else net.shape(found)


@pytest.mark.parametrize("sides", [(8, 8), (7, 9), (5, 12), (1, 1)])
@pytest.mark.parametrize("kind", ["transposed", "bilinear"])
def test_levels_keep_sides_of_any_length(sides: tuple[int, int], kind: str) -> None:
    level = blocks.u_level(Series(), blocks.u_level(Series(), Series(), Series()), Series(), upsampling=kind)
    assert shape_of(level, (*sides, 4)) == (*sides, 4)
    assert shape_of(blocks.padded(blocks.convolution(3, stride=2), 8), (*sides, 4)) == (*sides, 3)


def test_what_comes_from_below_lies_where_it_was() -> None:
    """A bright corner that is pooled and interpolated by the nearest pixel is in the same corner again."""
    rows = np.zeros((1, 7, 5, 1), "float32")
    rows[0, 6, 4] = rows[0, 0, 0] = 1
    x, net = keras.Input((7, 5, 1)), KerasNet()
    y = net(keras.layers.UpSampling2D, net(keras.layers.MaxPooling2D, x, pool_size=2, padding="same"), size=2)
    outputs = np.asarray(keras.Model(x, cropped(net, y, (7, 5)))(rows))[0, ..., 0]
    assert outputs.shape == (7, 5)
    assert {(int(i), int(j)) for i, j in zip(*np.nonzero(outputs), strict=True)} == {
        (0, 0),
        (0, 1),
        (1, 0),
        (1, 1),
        (6, 4),
    }


def test_how_many_times_larger() -> None:
    net = CostNet()
    assert [times(net, net.input((4, 3, 1)), sides) for sides in ((4, 3), (8, 6), (7, 5), (9, 6), (None, 3))] == [
        *(1, 2, 2, 3, 1)
    ]


def test_a_pyramid_is_that_of_a_concatenation() -> None:
    """The mean over all pixels, projected by itself and added, has the parameters of a branch of the projection."""
    net = CostNet()
    part = blocks.dilated_pyramid(8, (6, 12, 18))
    params = net.cost(part.apply(Walk({}, net), net.input((16, 16, 4)))).trainable_params
    branches = 4 * 8 + 3 * 9 * 4 * 8 + 4 * 2 * 8
    pooled = 4 * 8 + 8 + 8 * 8 + 8
    assert params == branches + pooled + 4 * 8 * 8 + 2 * 8


def test_a_step_goes_to_another_resolution_and_stays_in_the_trellis() -> None:
    add = Op(keras.layers.Concatenate)

    def path(*directions: str) -> Any:
        steps = [blocks.trellis_step(add, 4, 2, direction=direction, levels=3) for direction in directions]
        return shape_of(Series(*steps), (32, 16, 4))

    assert path("finer") == [(32, 16, 4), (32, 16, 4)]
    assert path("coarser") == [(32, 16, 4), (16, 8, 8)]
    assert path("coarser", "coarser") == [(16, 8, 8), (8, 4, 16)]
    assert path("coarser", "coarser", "coarser") == [(8, 4, 16), (8, 4, 16)]
    assert path("coarser", "coarser", "finer", "finer") == [(16, 8, 8), (32, 16, 4)]


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (blocks.upsampling(4, kind="bilinaer"), "Unknown kind of upsampling 'bilinaer'.*Did you mean 'bilinear'"),
        (
            blocks.u_level(Series(), Series(), Series(), skip="none"),
            "Unknown kind of skip 'none': expected one of 'con",
        ),
        (blocks.u_level(Series(), Series(), Series(), reduction="min"), "Unknown kind of reduction 'min'"),
        (
            blocks.trellis_step(Series(), 4, 2, direction="up"),
            "Unknown direction 'up': expected one of 'finer', 'same'",
        ),
    ],
)
def test_unknown_kinds_are_refused(part: Node, text: str) -> None:
    with pytest.raises(InvalidArgument, match=text):
        part.layer((8, 8, 4))
