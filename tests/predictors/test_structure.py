import numpy as np
import pytest
from keras import layers

from keras_nas.objectives.cost import CostNet
from keras_nas.predictors.structure import structure
from keras_nas.spaces import get_space
from keras_nas.spaces.nas_bench_201 import architecture_of, nas_bench_201


def convolution(net, x, kernel=3):
    return net(layers.Conv2D, x, filters=4, kernel_size=kernel, padding="same", use_bias=False)


def alive(told):
    """Without what also counts layers that are on no path."""
    return {name: value for name, value in told.items() if name not in ("params", "flops")}


@pytest.fixture
def start():
    net = CostNet()
    return net, net.input((8, 8, 4))


def test_paths_are_counted_by_the_layers_that_they_pass(start):
    net, x = start
    y = net(layers.Add, [x, convolution(net, convolution(net, x)), convolution(net, x, kernel=1)])
    told = structure(y)
    assert told["paths/count"] == pytest.approx(np.log1p(3))
    assert [told[f"spatial/{name}"] for name in ("min", "max")] == [0, 2]
    assert told["spatial/mean"] == pytest.approx(2 / 3)
    assert told["spatial/spread"] == pytest.approx(np.std([0, 2, 0]))
    assert told["spatial/shortest"] == pytest.approx(np.log1p(2)), "two paths pass no 3 x 3 convolution"
    assert told["spatial/longest"] == pytest.approx(np.log1p(1))
    assert told["weighted/mean"] == pytest.approx(1)
    assert [told[f"live/{kind}"] for kind in ("spatial", "pointwise", "pool")] == [2, 1, 0]


def test_paths_of_parts_in_series_multiply(start):
    net, x = start
    for _ in range(3):
        x = net(layers.Add, [x, convolution(net, x)])
    told = structure(x)
    assert told["paths/count"] == pytest.approx(np.log1p(8))
    assert told["spatial/mean"] == pytest.approx(1.5)
    assert told["spatial/spread"] == pytest.approx(np.sqrt(3 / 4))


def test_what_hears_nothing_or_is_heard_by_nothing_does_not_count(start):
    net, x = start
    silent = convolution(net, net(layers.Rescaling, x, scale=0.0))
    unheard = net(layers.Rescaling, convolution(net, x), scale=0.0)
    bare = structure(convolution(net, x))
    told = structure(net(layers.Add, [silent, unheard, convolution(net, x)]))
    assert alive(told) == alive(bare)
    assert told["params"] == 3 * bare["params"] and told["flops"] == 3 * bare["flops"]


def test_a_network_without_any_path_is_all_zeros(start):
    net, x = start
    told = structure(convolution(net, net(layers.Rescaling, x, scale=0.0)))
    assert set(alive(told).values()) == {0.0}


def test_kinds_of_layers(start):
    net, x = start
    pooled = net(layers.MaxPooling2D, x, pool_size=2)
    mixed = net(layers.DepthwiseConv2D, net(layers.BatchNormalization, pooled), kernel_size=(1, 3))
    flat = net(layers.Dense, net(layers.GlobalAveragePooling2D, mixed), units=3)
    told = structure(flat)
    assert [told[f"live/{kind}"] for kind in ("spatial", "pointwise", "pool")] == [1, 1, 1]
    assert told["weighted/max"] == 2


def test_cells_that_compute_the_same_have_the_same_structure():
    """The two differ in edges that lead nowhere, and in which of two nodes is which."""
    space = nas_bench_201(channels=4, cells=1, stages=1)

    def told(cell):
        net = CostNet()
        return alive(structure(space.features(architecture_of(cell), net, net.input((8, 8, 3)))))

    dead = told("|avg_pool_3x3~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|")
    assert dead == told("|nor_conv_1x1~0|+|nor_conv_3x3~0|none~1|+|skip_connect~0|none~1|nor_conv_3x3~2|")
    other = told("|nor_conv_3x3~0|+|avg_pool_3x3~0|none~1|+|skip_connect~0|nor_conv_3x3~1|none~2|")
    assert dead == other


@pytest.mark.parametrize(
    "name", ["small_images", "mobilenet", "nasnet", "darts", "resnet", "conv_attention", "nas_bench_201"]
)
def test_every_ready_space_tells_finite_numbers_under_the_same_names(name):
    space = get_space(name, "image_classification")
    rows = []
    for seed in range(2):
        net = CostNet()
        rows.append(structure(space.features(space.sample(seed), net, net.input((32, 32, 3)), {"outputs": 10})))
    assert rows[0].keys() == rows[1].keys()
    assert np.isfinite([*rows[0].values(), *rows[1].values()]).all()
    assert rows[0]["weighted/max"] >= 1
