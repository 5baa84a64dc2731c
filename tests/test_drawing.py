"""Pictures: well-formed SVG with every layer, what belongs together framed, boxes that do not overlap."""

import xml.etree.ElementTree as ElementTree
from itertools import combinations
from pathlib import Path
from typing import Any

import keras
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from keras_nas.drawing import Picture, draw
from keras_nas.drawing.layout import arrange
from keras_nas.drawing.scopes import grouped, label
from keras_nas.drawing.steps import describe, steps_of
from keras_nas.errors import InvalidArgument
from keras_nas.net import KerasNet
from keras_nas.space import Choice, Op, Series
from keras_nas.spaces import Space
from keras_nas.spaces.nas_bench_201 import nas_bench_201

SVG = "{http://www.w3.org/2000/svg}"


def parsed(picture: str) -> Any:
    return ElementTree.fromstring(picture)  # noqa: S314, the text is ours


def texts(picture: str) -> list[str]:
    return [text.text for text in parsed(picture).iter(f"{SVG}text")]


def arrows(picture: str) -> int:
    return sum(path.get("marker-end") is not None for path in parsed(picture).iter(f"{SVG}path"))


def model_of(network: Any, shape: tuple[int, ...] = (8, 8, 1)) -> Any:
    x = keras.Input(shape)
    return keras.Model(x, network(KerasNet("float32", ""), x))


def residual(net: Any, x: Any, filters: int) -> Any:
    y = net(layers.Conv2D, x, filters=filters, kernel_size=3, padding="same", activation="relu")
    z = net(layers.Conv2D, net(layers.BatchNormalization, y), filters=filters, kernel_size=(1, 3), padding="same")
    return net(layers.ReLU, net(layers.Add, [y, z]))


def blocks(net: Any, x: Any) -> Any:
    for number, filters in enumerate((4, 4, 8)):
        x = residual(net.at(f"stage/blocks/{number}"), x, filters)
    return net(layers.GlobalAveragePooling2D, x)


def test_a_chain_is_one_box_with_shapes_where_they_change() -> None:
    def chain(net: Any, x: Any) -> Any:
        return net.at("top/0")(layers.Activation, net.at("top/0")(layers.Dense, x, units=3), activation="swish")

    shown = texts(draw(model_of(chain, (4,))))
    assert shown == ["input", "4", "top 0", "15 params", "Dense 3", "3", "silu"]


def test_branches_are_boxes_of_their_own() -> None:
    picture = draw(model_of(lambda net, x: residual(net, x, 3)), "a < b")
    assert texts(picture) == [
        *("input", "8 x 8 x 1"),
        *("30 params", "Conv2D 3 3x3 relu", "8 x 8 x 3"),
        *("42 params", "BatchNormalization", "8 x 8 x 3", "Conv2D 3 1x3"),
        *("Add", "8 x 8 x 3", "ReLU"),
    ]
    assert arrows(picture) == 4
    assert parsed(picture).find(f"{SVG}title").text == "a < b"


def test_a_block_is_framed_once_and_its_likes_are_closed() -> None:
    shown = texts(draw(model_of(blocks)))
    assert shown.count("stage blocks 0") == 1
    assert "8 x 8 x 4, 108 params" in shown
    assert shown.count("like stage blocks 0") == 2
    assert shown.count("Conv2D 4 1x3") == 1
    assert "328 params" not in shown
    assert sum(text.endswith(" params") for text in shown) >= 4


def test_another_kernel_is_another_block() -> None:
    def network(net: Any, x: Any) -> Any:
        y = residual(net.at("a"), x, 4)
        z = net.at("b")(layers.Conv2D, y, filters=4, kernel_size=5, padding="same")
        return net.at("b")(layers.Add, [z, net.at("b")(layers.ReLU, y)])

    shown = texts(draw(model_of(network)))
    assert not [text for text in shown if text.startswith("like")]


def test_what_cannot_be_framed_is_not() -> None:
    """A scope that is left and entered again would hear a group that hears it."""

    def network(net: Any, x: Any) -> Any:
        first = net.at("a")(layers.Conv2D, x, filters=2, kernel_size=1)
        outside = net.at("b")(layers.ReLU, first)
        second = net.at("a")(layers.Add, [first, outside])
        return net.at("a")(layers.ReLU, net.at("b")(layers.Add, [second, outside]))

    steps = steps_of(model_of(network))
    assert [scope.scopes for scope in grouped(steps).scopes] == [[]] * 6
    assert arrows(draw(model_of(network))) == 8 - 1


@pytest.mark.parametrize(
    ("kind", "config", "text"),
    [
        ("Conv2D", {"filters": 8, "kernel_size": 3, "groups": 4, "use_bias": False}, "Conv2D 8 3x3 groups 4"),
        ("DepthwiseConv2D", {"kernel_size": 5, "dilation_rate": 2}, "DepthwiseConv2D 5x5 dilated 2"),
        ("MaxPooling2D", {"pool_size": (2, 2), "strides": (1, 1)}, "MaxPooling2D 2x2"),
        ("Conv2D", {"kernel_size": (3, 1), "strides": (2, 1), "activation": "linear"}, "Conv2D 3x1 /2x1"),
        ("MultiHeadAttention", {"num_heads": 4, "key_dim": 8}, "MultiHeadAttention heads 4"),
        ("Dropout", {"rate": 0.2}, "Dropout 0.2"),
        ("Dense", {"units": 2, "activation": {"class_name": "Own"}}, "Dense 2"),
    ],
)
def test_layers_say_what_people_compare(kind: str, config: dict[str, Any], text: str) -> None:
    assert describe(kind, config) == text


def test_places_for_people() -> None:
    assert label(("stage0", "0", "cell")) == "stage0 0 cell"
    assert label(("cell", "0", "0", "1", "pool"), ("cell",)) == "pool"
    assert label(("cell", "2"), ("cell",)) == "2"
    assert label(()) == ""


def test_a_space_draws_its_architectures() -> None:
    space = Space("tiny", Series(Op(layers.Dense, units=Choice("units", [2, 3])), name="stem"))
    assert texts(space.draw({"stem/units": 3}, (4,))) == ["input", "4", "stem", "15 params", "Dense 3", "3"]


def test_a_cell_is_drawn_with_all_its_edges() -> None:
    space = nas_bench_201(channels=4, cells=2, stages=1)
    picture = space.draw(space.network_decisions.walk(lambda decision: "nor_conv_1x1"), (8, 8, 3))
    shown = texts(picture)
    assert shown.count("nor_conv_1x1") == 6
    assert shown.count("like stage0 0 cell") == 1
    assert shown.count("Add") == 2


def test_weights_of_a_shared_layer_count_once() -> None:
    dense = layers.Dense(4)
    x = keras.Input((4,))
    assert [step.params for step in steps_of(keras.Model(x, dense(dense(x))))] == [0, 20, 0]


def test_a_model_inside_another_is_taken_apart() -> None:
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(2)])
    left, right = keras.Input((4,)), keras.Input((4,))
    added = layers.Add()([inner(left), inner(right)])
    steps = steps_of(keras.Model([left, right], layers.Softmax()(added)))
    kinds = ["InputLayer", "InputLayer", *2 * ["Dense", "Dense"], "Add", "Softmax"]
    assert sorted(step.kind for step in steps) == sorted(kinds)
    assert sum(step.params for step in steps) == inner.count_params()
    total = next(step for step in steps if step.kind == "Add")
    assert [steps[number].text for number in total.inputs] == ["Dense 2", "Dense 2"]
    assert sorted(steps[steps[steps[number].inputs[0]].inputs[0]].kind for number in total.inputs) == 2 * ["InputLayer"]


def test_a_model_without_a_graph_is_refused() -> None:
    class Own(keras.Model):
        pass

    with pytest.raises(InvalidArgument, match=r"The model 'own' \(Own\) has no graph of layers to draw: expected a"):
        draw(Own(name="own"))


def test_a_hostile_name_is_text() -> None:
    x = keras.Input((4,))
    picture = draw(keras.Model(x, layers.Dense(2, name="<script>]]>.dense")(x)), "<script>")
    assert "<script>]]>" in texts(picture)
    assert "<script" not in picture


def test_a_picture_is_saved_and_shown(tmp_path: Path) -> None:
    picture = Picture("<svg>é</svg>")
    assert picture.save(tmp_path / "p.svg") == tmp_path / "p.svg"
    assert (tmp_path / "p.svg").read_text(encoding="utf-8") == picture._repr_svg_() == picture


def graphs(boxes: int) -> st.SearchStrategy[dict[int, list[int]]]:
    edges = st.lists(st.sets(st.integers(0, boxes - 1), max_size=3), min_size=boxes, max_size=boxes)
    return edges.map(lambda heard: {n: sorted({h % n for h in some}) for n, some in enumerate(heard) if n})


@settings(max_examples=60)
@given(inputs=graphs(9), widths=st.lists(st.floats(20, 200), min_size=9, max_size=9))
def test_boxes_stand_below_what_they_hear_and_never_overlap(inputs: dict[int, list[int]], widths: list[float]) -> None:
    layout = arrange([(width, 30.0) for width in widths], inputs)
    boxes = layout.spots[:9]
    for number, heard in inputs.items():
        assert all(boxes[n].y + boxes[n].height <= boxes[number].y for n in heard)
    for a, b in combinations(layout.spots, 2):
        if a.row == b.row:
            assert abs(a.x - b.x) >= (a.width + b.width) / 2 - 1e-6
    assert all(-1e-6 <= s.x - s.width / 2 and s.x + s.width / 2 <= layout.width + 1e-6 for s in layout.spots)
    assert [(route[0], route[-1]) for route in layout.routes] == [(n, m) for m in range(9) for n in inputs.get(m, [])]
    for route in layout.routes:
        assert [layout.spots[n].row for n in route] == list(range(layout.spots[route[0]].row, boxes[route[-1]].row + 1))


def test_many_inputs_are_one_box_and_so_is_what_is_made_of_them_before_anything_is_learned() -> None:
    def table(columns: int) -> Any:
        x = {name: keras.Input((1,), name=name) for name in map("c{}".format, range(columns))}
        front = keras.Model(x, {"a": layers.Concatenate()(list(x.values())), "b": x["c0"]}, name="front")
        raw = {name: keras.Input((1,), name=name) for name in x}
        made = front(raw)
        return keras.Model(raw, layers.Dense(2)(layers.Concatenate()([made["a"], made["b"]])))

    picture = draw(table(30))
    assert texts(picture) == ["30 inputs", "64 params", "front", "Concatenate", "31", "Dense 2", "2"]
    assert arrows(picture) == 1
    assert texts(draw(table(3))).count("input") == 3
