"""Programs make the same network again: every ready space, what repeats as functions, in the form that people write."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from keras import layers, ops

from keras_nas.data import collect, split_rows
from keras_nas.data.trees import mapped, taken
from keras_nas.errors import ExportError
from keras_nas.net import KerasNet
from keras_nas.source import ARRAYS, WEIGHTS, source_of, write_source
from keras_nas.source.layout import broken
from keras_nas.source.literals import constructor, literal
from keras_nas.source.program import program
from keras_nas.spaces import SPACES as READY
from keras_nas.spaces import Space
from keras_nas.spaces.conv_attention import conv_attention
from keras_nas.spaces.darts import darts
from keras_nas.spaces.mobilenet import mobilenet
from keras_nas.spaces.nas_bench_201 import nas_bench_201
from keras_nas.spaces.nasnet import nasnet
from keras_nas.spaces.resnet import resnet
from keras_nas.spaces.small_images import small_images
from keras_nas.tasks import Task, TimeseriesForecasting, get_task

SPACES: dict[str, Callable[[], Space]] = {
    "small_images": small_images,
    "resnet": resnet,
    "mobilenet": mobilenet,
    "conv_attention": conv_attention,
    "nasnet": lambda: nasnet(channels=4, cells=4),
    "darts": lambda: darts(channels=4, cells=4),
    "nas_bench_201": lambda: nas_bench_201(channels=4, cells=2),
}
"""Small, where they would take long."""


def text_of(model: Any) -> str:
    return program(source_of(model), model)


def again(text: str) -> Any:
    """What the program makes."""
    namespace: dict[str, Any] = {"__file__": "model.py"}
    exec(text, namespace)  # noqa: S102 - the text is ours
    return namespace["build_model"]()


def assert_same(model: Any, text: str, rows: Any) -> None:
    """The program makes the same network, and reads as if formatted."""
    copy = again(text)
    copy.set_weights(model.get_weights())
    for one, other in zip(keras.tree.flatten(model(rows)), keras.tree.flatten(copy(rows)), strict=True):
        np.testing.assert_array_equal(np.asarray(one), np.asarray(other))
    assert copy.count_params() == model.count_params()
    assert max(map(len, text.splitlines())) < 120
    command = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", "120", "-"]
    formatted = subprocess.run(command, input=text, capture_output=True, text=True, check=True).stdout
    assert formatted == text


def network(space: Space, seed: int) -> Any:
    x = keras.Input((16, 16, 3), dtype="uint8", name="rows")
    net = KerasNet("float32", "")
    features = space.features(space.sample(seed), net, net.at("input")(layers.Rescaling, x, scale=1 / 255))
    return keras.Model(x, net.at("output")(layers.Dense, features, units=3), name=space.name)


@pytest.mark.parametrize("name", ["nas_bench_201", "conv_attention"])
def test_networks_are_made_again(name: str) -> None:
    model = network(SPACES[name](), 1)
    assert_same(model, text_of(model), np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8))


@pytest.mark.slow
@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("seed", range(3))
def test_sampled_networks_of_every_image_space_are_made_again(name: str, seed: int) -> None:
    model = network(SPACES[name](), seed)
    assert_same(model, text_of(model), np.random.default_rng(0).integers(0, 256, (2, 16, 16, 3), dtype=np.uint8))


RANDOM = np.random.default_rng(0)
TABLE = pd.DataFrame(
    {
        "age": np.where(RANDOM.random(120) < 0.1, np.nan, RANDOM.normal(40, 9, 120)),
        "her job": RANDOM.choice(["cook", "smith", "nurse", None], 120),
        "member": RANDOM.integers(0, 2, 120) == 1,
        "when": pd.date_range("2020-01-01", periods=120, freq="31h"),
        "y": RANDOM.integers(0, 3, 120),
    }
)
SERIES = np.sin(np.arange(400) / 2)[:, None] + RANDOM.normal(0, 0.1, (400, 2))
TEXTS = [f"A {'good' if number % 2 else 'bad'} film, its number {number}" for number in range(40)]
IMAGES = RANDOM.integers(0, 256, (12, 16, 16, 3), dtype=np.uint8)
MASKED = IMAGES, (IMAGES[..., 0] > 127).astype(np.uint8)
OTHERS: dict[str, tuple[str | Task, Any]] = {
    "tabular": ("tabular_classification", TABLE),
    "timeseries": (TimeseriesForecasting(horizon=3, lookback=24), SERIES),
    "sequences": ("timeseries_classification", (RANDOM.normal(size=(40, 20, 2)).astype("float32"), np.arange(40) % 3)),
    "text": ("text_classification", (TEXTS, np.arange(40) % 2)),
    "text_transformer": ("text_regression", (TEXTS, np.arange(40.0))),
    "unet": ("image_segmentation", MASKED),
    "auto_deeplab": ("image_segmentation", MASKED),
}
"""Spaces of models that have more around the network than classes of images need: a task of each, and data for it."""


def whole(name: str, number: int, folder: Path) -> tuple[Any, Any]:
    """A model of the space as its task hands it over, and raw rows for it: one that is known to be good, or sampled."""
    asked, data = OTHERS[name]
    task = get_task(asked)
    column = "y" if isinstance(data, pd.DataFrame) else None
    rows = collect(data, folder / "data", target=task.target, ranks=task.ranks, column=column, framing=task.framing)
    spaces = [task.space(one) for one in READY[task.name]]
    known = [(space, one) for space in spaces for one in (*space.start, *(space.sample(seed) for seed in range(3)))]
    signature = task.signature(rows, split_rows(rows))
    return task.build(*known[number % len(known)], signature).model, mapped(tf.constant, taken(rows.x, slice(8)))


def assert_same_with_weights(name: str, number: int, folder: Path) -> None:
    """The program and the files beside it make the model again, with its weights: the same outputs of raw rows."""
    model, rows = whole(name, number, folder)
    write_source(model, folder / "model.py")
    namespace: dict[str, Any] = {"__file__": str(folder / "model.py")}
    exec((folder / "model.py").read_text(), namespace)  # noqa: S102 - the text is ours
    expected, found = np.asarray(model(rows)), np.asarray(namespace["load_model"]()(rows))
    np.testing.assert_array_equal(expected, found)
    assert np.ptp(expected) > 0
    assert "import keras_nas" not in (folder / "model.py").read_text()


def test_a_model_of_raw_columns_is_made_again_with_its_weights(tmp_path: Path) -> None:
    assert_same_with_weights("tabular", 0, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("number", range(6))
@pytest.mark.parametrize("name", OTHERS)
def test_models_of_every_other_space_are_made_again_with_their_weights(name: str, number: int, tmp_path: Path) -> None:
    assert_same_with_weights(name, number, tmp_path)


def test_every_ready_space_is_among_them() -> None:
    ready = {name for known in READY.values() for name in known}
    here = {*SPACES, *(name for asked, _ in OTHERS.values() for name in READY[get_task(asked).name])}
    others = {"nas_bench_201_small": "one of nas_bench_201's sizes", "encoder_decoder": "its task has no such format"}
    assert ready - here == {*others}, "others belong into SPACES or OTHERS"
    with pytest.raises(ExportError, match="which source does not hold"):
        get_task("sequence_to_sequence").served(None, "source")


def block(x: Any, filters: int, place: str) -> Any:
    y = layers.Conv2D(filters, 3, padding="same", name=f"{place}.conv2d")(x)
    y = layers.BatchNormalization(name=f"{place}.batch_normalization")(y)
    return layers.Add(name=f"{place}.add")([x, layers.Conv2D(filters, 1, name=f"{place}.conv2d_2")(y)])


def test_what_repeats_is_a_function() -> None:
    x = rows = keras.Input((8, 8, 4), name="rows")
    for number in range(2):
        x = block(x, 4, f"stage0.blocks.{number}")
    x = layers.Conv2D(8, 2, strides=2, name="stage1.conv2d")(x)
    x = block(x, 8, "stage1.blocks.0")
    model = keras.Model(rows, layers.GlobalAveragePooling2D(name="head.pool")(x), name="small")
    text = text_of(model)
    assert_same(model, text, np.ones((1, 8, 8, 4), np.float32))
    assert text.startswith('"""The network small: ')
    body = text.partition("from keras import layers")[2].partition("\n\n\ndef load_model")[0]
    assert (
        body
        == """


def block(x, filters):
    y = layers.Conv2D(filters, 3, padding="same")(x)
    y = layers.BatchNormalization()(y)
    y = layers.Conv2D(filters, 1)(y)
    return layers.Add()([x, y])


def build_model():
    rows = keras.Input((8, 8, 4), dtype="float32", name="rows")
    x = block(rows, filters=4)
    x = block(x, filters=4)
    x = layers.Conv2D(8, 2, strides=2)(x)
    x = block(x, filters=8)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(rows, x, name="small")"""
    )


def test_what_repeats_at_once_is_a_loop() -> None:
    x = rows = keras.Input((8, 8, 4), name="rows")
    for number in range(4):
        x = block(x, 4, f"blocks.{number}")
    text = text_of(keras.Model(rows, x))
    assert "    x = block(rows)\n    for _ in range(3):\n        x = block(x)\n    return keras.Model(" in text


def test_numbers_that_follow_from_others_are_said_so() -> None:
    x = rows = keras.Input((4,))
    for number, units in enumerate((8, 4)):
        place = f"part{number}"
        x = layers.Dense(units, name=f"{place}.a")(x)
        x = layers.Dense(3 * units, name=f"{place}.b")(x)
        x = layers.Dense(units // 2, name=f"{place}.c")(layers.Dense(5, name=f"{place}.d")(x))
    text = text_of(keras.Model(rows, x))
    assert "def part_block(x, units):\n    x = layers.Dense(units)(x)\n    x = layers.Dense(3 * units)(x)\n" in text
    assert "    return layers.Dense(units // 2)(x)" in text


def test_models_within_shared_layers_operations_and_long_constants(tmp_path: Path) -> None:
    a, b = keras.Input((3,), name="my column"), keras.Input((3,), name="class")
    table = np.arange(66, dtype="float64").reshape(3, 22)
    inner_x = keras.Input((3,), name="x")
    wide = ops.matmul(ops.cast(inner_x, "float64"), table)
    inner = keras.Model(inner_x, {"wide": ops.cast(wide, "float32"), "sum": ops.sum(inner_x, axis=1)}, name="front")
    shared = layers.Dense(22, activation="relu")
    front = inner(a)
    h = layers.Add()(
        [shared(front["wide"]), shared(layers.Dense(22)(ops.where(b > 0, b, np.array([1.0, 2.0, 3.0], np.float32))))]
    )
    model = keras.Model({"my column": a, "class": b}, {"h": h, "sum": front["sum"]})
    write_source(model, tmp_path / "some.py")
    assert {path.name for path in tmp_path.iterdir()} == {f"some{end}" for end in (".py", WEIGHTS, ARRAYS)}
    text = (tmp_path / "some.py").read_text()
    namespace: dict[str, Any] = {"__file__": str(tmp_path / "some.py")}
    exec(text, namespace)  # noqa: S102 - the text is ours
    rows = {"my column": np.ones((2, 3), np.float32), "class": -np.ones((2, 3), np.float32)}
    expected, found = model(rows), namespace["load_model"]()(rows)
    for name in ("h", "sum"):
        np.testing.assert_array_equal(np.asarray(expected[name]), np.asarray(found[name]))
    assert 'my_column = keras.Input((3,), dtype="float32", name="my column")' in text
    assert 'class_ = keras.Input((3,), dtype="float32", name="class")' in text
    assert text.count("dense_1(") == 2
    assert "build_front()(my_column)" in text
    assert 'ARRAYS["array_0"]' in text


@pytest.mark.parametrize(
    ("layer", "text"),
    [
        (lambda: layers.MaxPooling2D(3), "layers.MaxPooling2D(pool_size=3)"),
        (lambda: layers.MaxPooling2D(3, 2, "same"), 'layers.MaxPooling2D(pool_size=3, strides=2, padding="same")'),
        (lambda: layers.ZeroPadding2D(((0, 1), (0, 1))), "layers.ZeroPadding2D(padding=((0, 1), (0, 1)))"),
        (lambda: layers.Conv2D(4, (1, 3), activation="relu"), 'layers.Conv2D(4, (1, 3), activation="relu")'),
        (lambda: layers.Dense(2, dtype="mixed_float16"), 'layers.Dense(2, dtype="mixed_float16")'),
        (lambda: layers.Rescaling([0.5, 2.0]), "layers.Rescaling([0.5, 2.0])"),
        (
            lambda: layers.Dense(2, bias_initializer=keras.initializers.Constant(0.1), kernel_regularizer="l2"),
            "layers.Dense(2, bias_initializer=initializers.Constant(value=0.1), kernel_regularizer=regularizers.L2())",
        ),
        (lambda: layers.Bidirectional(layers.LSTM(4)), "layers.Bidirectional(layers.LSTM(4))"),
        (lambda: layers.LayerNormalization(epsilon=1e-6), "layers.LayerNormalization(epsilon=1e-06)"),
        (lambda: layers.StringLookup(vocabulary=['a"\n', "é"]), 'layers.StringLookup(vocabulary=["a\\"\\n", "é"])'),
    ],
)
def test_layers_are_made_with_what_is_not_the_default(layer: Callable[[], Any], text: str) -> None:
    made = layer()
    assert str(constructor(made)) == text
    copy = eval(text, {"layers": layers, **vars(keras)})  # noqa: S307 - the text is ours
    names = {"name", "layer", "backward_layer"}
    config = {key: value for key, value in made.get_config().items() if key not in names}
    assert {key: value for key, value in copy.get_config().items() if key not in names} == config


def test_constants() -> None:
    assert literal((1,)) == "(1,)"
    assert literal([float("inf"), -0.5, True]) == '[float("inf"), -0.5, True]'
    assert literal(np.array([[1, 2]], "int32")) == 'np.array([[1, 2]], "int32")'
    assert literal(np.float32(0.5)) == "0.5"
    with pytest.raises(ExportError, match="A object in the model cannot be written as source: '<object"):
        literal(object())


def test_long_lines_are_broken_where_people_break_them() -> None:
    names = ", ".join(f'"name number {n}"' for n in range(9))
    line = f"    x = layers.StringLookup(vocabulary=[{names}], num_oov_indices=2)(x)"
    expected = ["    x = layers.StringLookup(", "        vocabulary=[", '            "name number 0",']
    assert broken(line).splitlines()[:3] == expected
    assert broken(line).splitlines()[-3:] == ["        ],", "        num_oov_indices=2,", "    )(x)"]
    assert broken("    return x") == "    return x"


@keras.saving.register_keras_serializable("tests")
class Doubled(layers.Layer):
    """A layer of somebody's own."""

    def call(self, x: Any) -> Any:
        return 2 * x


def test_what_has_no_source_says_so() -> None:
    x = keras.Input((2,))
    with pytest.raises(ExportError, match=r"Doubled \(.*test_source\) cannot be written as source: only stock layers"):
        source_of(keras.Model(x, Doubled()(x)))
    with pytest.raises(ExportError, match="Lambda .* cannot be written as source"):
        source_of(keras.Model(x, layers.Lambda(lambda y: y)(x)))
    with pytest.raises(ExportError, match="has no graph of layers: only a functional or sequential one has"):
        source_of(type("Own", (keras.Model,), {})())


def test_hostile_names_are_no_code(tmp_path: Path) -> None:
    evil = '"""\nimport os; os.abort()\n"""'
    x = keras.Input((2,), name=evil)
    layer = layers.Dense(2, name=f"{evil}.dense")
    many = [layers.Dense(2, name=f"{evil}.{n}.dense") for n in range(22)]
    h = layer(x)
    for dense in many:
        h = dense(h)
    model = keras.Model(x, h, name="a")
    model.name = evil
    text = text_of(model)
    assert not re.search(r"^import os", text, re.MULTILINE)
    assert again(text).count_params() == model.count_params()
