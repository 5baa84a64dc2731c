"""The space of NAS-Bench-201 has the published cells, parameters and multiply-adds."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.errors import InvalidArgument
from keras_nas.net import KerasNet
from keras_nas.objectives.cost import CostNet
from keras_nas.spaces.nas_bench_201 import architecture_of, cell_string, nas_bench_201

STRING = "|nor_conv_3x3~0|+|none~0|nor_conv_1x1~1|+|avg_pool_3x3~0|none~1|skip_connect~2|"


@pytest.fixture(scope="module")
def table(reference_data: Callable[[str], Path]) -> Iterator[Any]:
    with np.load(reference_data("nas/nb201.npz")) as file:
        yield {name: file[name] for name in ("arch_str", "params_M_c10", "flops_M_c10")}


def built(space: Any, architecture: Any, shape: tuple[int, int, int], classes: int) -> Any:
    x = keras.Input(shape)
    return keras.Model(x, layers.Dense(classes)(space.features(architecture, KerasNet(None, ""), x)))


def trainable(model: Any) -> int:
    return sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)


def assert_built_as_published(table: Any, rows: np.ndarray) -> None:
    space = nas_bench_201()
    for row in rows:
        model = built(space, architecture_of(table["arch_str"][row].decode()), (32, 32, 3), 10)
        assert trainable(model) == round(1e6 * table["params_M_c10"][row])


def test_it_has_exactly_15625_architectures() -> None:
    space = nas_bench_201()
    assert space.size == space.network_decisions.size == 15_625
    assert len({architecture.key for architecture in space.enumerate()}) == 15_625
    assert repr(space) == "Space('nas_bench_201', 15,625 networks)"


def test_a_cell_is_read_and_written_as_the_benchmark_does() -> None:
    architecture = nas_bench_201().validate(architecture_of(STRING))
    assert architecture["cell/0/0->1"] == "nor_conv_3x3"
    assert architecture["cell/1/1->2"] == "nor_conv_1x1"
    assert architecture["cell/2/2->3"] == "skip_connect"
    assert cell_string(architecture) == STRING


@pytest.mark.parametrize("text", ["", "|none~0|", "|none|+|none~0|none~1|+|none~0|none~1|none~2|"])
def test_text_of_another_form_is_refused(text: str) -> None:
    with pytest.raises(InvalidArgument, match="a cell of NAS-Bench-201 is .*; got"):
        architecture_of(text)


def test_four_built_cells_have_the_published_parameters(table: Any) -> None:
    assert_built_as_published(table, np.random.default_rng(0).choice(15_625, 4, replace=False))


@pytest.mark.slow
def test_thirty_built_cells_have_the_published_parameters(table: Any) -> None:
    assert_built_as_published(table, np.random.default_rng(1).choice(15_625, 30, replace=False))


def test_counted_cells_have_the_published_costs(table: Any) -> None:
    space = nas_bench_201()
    for row in np.random.default_rng(2).choice(15_625, 40, replace=False):
        net = CostNet()
        features = space.features(architecture_of(table["arch_str"][row].decode()), net, net.input((32, 32, 3)))
        cost = net.cost(net(layers.Dense, features, units=10))
        assert cost.trainable_params == round(1e6 * table["params_M_c10"][row])
        assert cost.flops == round(1e6 * table["flops_M_c10"][row])


def test_a_reduced_skeleton_builds_for_small_images() -> None:
    space = nas_bench_201(channels=4, cells=1)
    model = built(space, space.sample(0), (8, 8, 1), 3)
    assert model(np.zeros((2, 8, 8, 1))).shape == (2, 3)
