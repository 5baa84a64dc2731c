"""Pictures: well-formed SVG with every layer, boxes that do not overlap, lines from what is heard."""

import xml.etree.ElementTree as ElementTree
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import layers

from keras_nas.drawing import draw
from keras_nas.drawing.layout import arrange
from keras_nas.drawing.record import describe
from keras_nas.space import Choice, Op, Series
from keras_nas.spaces import Space
from keras_nas.spaces.nas_bench_201 import nas_bench_201

SVG = "{http://www.w3.org/2000/svg}"


def parsed(picture: str) -> Any:
    return ElementTree.fromstring(picture)  # noqa: S314, the text is ours


def texts(picture: str) -> list[str]:
    return [text.text for text in parsed(picture).iter(f"{SVG}text")]


def lines(picture: str) -> int:
    return sum(path.get("marker-end") is not None for path in parsed(picture).iter(f"{SVG}path"))


def skip(net: Any, x: Any) -> Any:
    y = net(layers.Conv2D, x, filters=3, kernel_size=3, strides=2, padding="same")
    z = net(layers.Conv2D, net(layers.ReLU, y), filters=3, kernel_size=(1, 3), padding="same")
    return net(layers.Add, [y, z])


def test_a_chain_is_one_box_with_the_shape_of_its_output() -> None:
    def chain(net: Any, x: Any) -> Any:
        return net(layers.Activation, net.at("top/0")(layers.Dense, x, units=3), activation="swish")

    assert texts(draw(chain, (4,))) == ["input", "4", "top/0", "Dense 3", "3", "swish", "3"]


def test_branches_are_boxes_of_their_own() -> None:
    picture = draw(skip, (8, 8, 1), "a < b")
    assert texts(picture) == [
        *("input", "8 x 8 x 1"),
        *("Conv2D 3 3x3 /2", "4 x 4 x 3"),
        *("ReLU", "Conv2D 3 1x3", "4 x 4 x 3"),
        *("Add", "4 x 4 x 3"),
    ]
    assert lines(picture) == 4
    assert parsed(picture).find(f"{SVG}title").text == "a < b"


@pytest.mark.parametrize(
    ("kind", "config", "text"),
    [
        ("Conv2D", {"filters": 8, "kernel_size": 3, "groups": 4, "use_bias": False}, "Conv2D 8 3x3 groups 4"),
        ("DepthwiseConv2D", {"kernel_size": 5, "dilation_rate": 2}, "DepthwiseConv2D 5x5 dilated 2"),
        ("MaxPooling2D", {"pool_size": 2, "strides": 1}, "MaxPooling2D 2x2"),
        ("MultiHeadAttention", {"num_heads": 4, "key_dim": 8}, "MultiHeadAttention heads 4"),
        ("Dropout", {"rate": 0.2}, "Dropout 0.2"),
    ],
)
def test_layers_say_what_people_compare(kind: str, config: dict[str, Any], text: str) -> None:
    assert describe(kind, config) == text


def test_a_space_draws_its_architectures() -> None:
    space = Space("tiny", Series(Op(layers.Dense, units=Choice("units", [2, 3])), name="stem"))
    assert texts(space.draw({"stem/units": 3}, (4,))) == ["input", "4", "stem", "Dense 3", "3"]


def test_a_cell_is_drawn_with_all_its_edges() -> None:
    space = nas_bench_201(channels=4, cells=1, stages=1)
    picture = space.draw(space.network_decisions.walk(lambda decision: "nor_conv_1x1"), (8, 8, 3))
    edges = [(source, node) for node in range(3) for source in range(node + 1)]
    places = [f"stage0.0/cell/{node}/{source}/{source}->{node + 1}/nor_conv_1x1" for source, node in edges]
    assert [texts(picture).count(place) for place in places] == [1] * 6
    assert lines(picture) == 1 + 3 + 2 + 2 + 1 + 3 + 1


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
