"""Blocks on the columns of a table: what they compute, and that either kind of column may be absent."""

from statistics import NormalDist
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas import blocks
from keras_nas.net import KerasNet
from keras_nas.nodes import Node, Walk
from keras_nas.objectives.cost import CostNet
from keras_nas.space import Op, Series

NUMBERS = np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32)
CODES = np.array([[0, 3], [1, 4], [2, 6], [0, 5], [1, 3], [2, 4]], np.int32)
FLAT = Series(blocks.code_embedding(7, 2), Op(layers.Flatten))


def built(node: Node, *names: str) -> tuple[Any, dict[str, np.ndarray]]:
    """A model of a node on numbers, codes or both, and its rows; counted as it is built."""
    rows = {name: {"numbers": NUMBERS, "categories": CODES}[name] for name in names}
    x = {name: keras.Input(row.shape[1:], dtype=str(row.dtype), name=name) for name, row in rows.items()}
    model = keras.Model(x, node.apply(Walk({}, KerasNet(None, "")), x))
    net = CostNet()
    counted = node.apply(Walk({}, net), {name: net.input(row.shape[1:]) for name, row in rows.items()})
    assert net.shape(counted) == model.output.shape[1:]
    assert net.cost(counted).params == model.count_params()
    again = keras.Model.from_config(model.get_config())
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(again(rows), model(rows))
    return model, rows


@pytest.mark.parametrize(
    ("names", "features"), [(("numbers",), 3), (("categories",), 4), (("numbers", "categories"), 7)], ids=str
)
def test_either_kind_of_column_may_be_absent(names: tuple[str, ...], features: int) -> None:
    body = blocks.columns(Series(), FLAT)
    model, rows = built(body, *names)
    assert model(rows).shape == (6, features)
    wide, rows = built(blocks.wide_and_deep(body, 7, 5), *names)
    extra = 3 * ("numbers" in names) + 2 * 5 * ("categories" in names)
    assert wide(rows).shape == (6, features + extra)
    deep, rows = built(blocks.wide_and_deep(body, 7, wide=False), *names)
    assert deep(rows).shape == (6, features)


def test_columns_become_tokens() -> None:
    tokens = Series(blocks.number_linear(), blocks.column_dense(4))
    model, rows = built(blocks.columns(tokens, blocks.code_embedding(7, 4), axis=1), "numbers", "categories")
    outputs = np.asarray(model(rows))
    kernel, bias, table = model.get_weights()
    assert outputs.shape == (6, 5, 4)
    assert (kernel.shape, bias.shape) == ((3, 1, 4), (3, 4))
    np.testing.assert_allclose(outputs[:, :3], NUMBERS[..., None] * kernel[:, 0] + bias, rtol=1e-5)
    np.testing.assert_array_equal(outputs[:, 3:], table[CODES])


def test_piecewise_linear_bins_are_quantiles_of_the_normal_distribution() -> None:
    model = blocks.number_piecewise(4).layer((1,))
    edges = [-3.0, *(NormalDist().inv_cdf(share) for share in (0.25, 0.5, 0.75)), 3.0]
    passed = np.asarray(model(np.array([[-9.0], [edges[1]], [0.1], [edges[3]], [9.0]], np.float32)))[:, 0]
    np.testing.assert_allclose(
        passed[[0, 1, 3, 4]], [[0, 0, 0, 0], [1, 0, 0, 0], [1, 1, 1, 0], [1, 1, 1, 1]], atol=1e-6
    )
    np.testing.assert_allclose(passed[2], [1, 1, 0.1 / edges[3], 0], atol=1e-6)


def test_periodic_numbers_are_waves_of_learned_frequencies() -> None:
    model = blocks.number_periodic(5, scale=0.5).layer((3,))
    (frequencies,) = model.get_weights()
    angle = NUMBERS[..., None] * frequencies
    np.testing.assert_allclose(model(NUMBERS), np.concatenate([np.sin(angle), np.cos(angle)], axis=-1), atol=1e-5)
    assert frequencies.std() == pytest.approx(np.pi, rel=0.6)
