"""The net that builds Keras layers: names, dtypes, shapes, layers with several arguments."""

import keras
import pytest
from keras import layers

from keras_nas.net import KerasNet


def test_layers_are_named_after_their_place_and_numbered() -> None:
    net = KerasNet(None, "")
    x = keras.Input((8, 8, 3))
    inner = net.at("stage0/blocks/0->1")
    y = inner(layers.Conv2D, inner(layers.Conv2D, x, filters=3, kernel_size=1), filters=3, kernel_size=1)
    model = keras.Model(x, net(layers.GlobalAveragePooling2D, y))
    assert [layer.name for layer in model.layers[1:]] == [
        "stage0.blocks.0.1.conv2d",
        "stage0.blocks.0.1.conv2d_2",
        "global_average_pooling2d",
    ]


def test_keras_names_the_layers_where_there_is_no_place() -> None:
    net = KerasNet()
    assert net.at("stage0").place is None
    assert net(layers.Dense, keras.Input((3,)), units=2, name="mine").shape == (None, 2)


@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16"])
def test_layers_get_the_dtype_unless_they_name_theirs(dtype: str) -> None:
    net = KerasNet(dtype, "")
    x = keras.Input((3,))
    model = keras.Model(x, net(layers.Dense, net(layers.Dense, x, units=2), units=2, dtype="float32"))
    assert [layer.dtype_policy.name for layer in model.layers[1:]] == [dtype, "float32"]


def test_shapes_leave_the_batch_out() -> None:
    net = KerasNet()
    x = keras.Input((None, 8, 3))
    assert net.shape(x) == (None, 8, 3)
    assert net.channels(x) == 3


def test_lists_are_one_argument_or_several_as_the_layer_wants() -> None:
    net = KerasNet()
    x, y = keras.Input((4, 6)), keras.Input((5, 6))
    assert net(layers.MultiHeadAttention, [x, y], num_heads=2, key_dim=3).shape == (None, 4, 6)
    assert net(layers.Concatenate, [x, y], axis=1).shape == (None, 9, 6)
    assert net(layers.Attention, [x, y]).shape == (None, 4, 6)
