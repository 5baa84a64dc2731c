"""Every ready space: listed, built at all sizes, sent to a worker, given to Keras Tuner."""

import re
import subprocess
import sys
import time

import cloudpickle
import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters

from keras_nas.architecture import Architecture
from keras_nas.errors import InvalidArgument
from keras_nas.net import KerasNet
from keras_nas.objectives.cost import CostNet
from keras_nas.spaces import SPACES, Space, get_space, spaces
from keras_nas.spaces.darts import DARTS_V2
from keras_nas.spaces.darts import architecture_of as darts_architecture
from keras_nas.spaces.nas_bench_201 import nas_bench_201
from keras_nas.spaces.nasnet import NASNET_A, nasnet
from keras_nas.spaces.nasnet import architecture_of as nasnet_architecture
from keras_nas.testing.blocks import check_mixed_precision

NAMES = sorted(SPACES["image_classification"])
SHAPES = [(8, 8, 1), (9, 14, 2), (28, 28, 1), (32, 32, 3), (64, 64, 3)]


@pytest.mark.parametrize("task", ["image_classification", "image_regression"])
def test_the_table_lists_every_space_with_its_size(task: str) -> None:
    table = spaces(task).set_index("space")
    assert list(table.index) == list(SPACES[task])
    named = {"nasnet", "darts", "nas_bench_201", "mobilenet", "resnet", "conv_attention", "small_images"}
    assert named <= set(table.index)
    assert table.loc["nas_bench_201", "architectures"] == 15_625
    assert table.loc["darts", "architectures"] == (1 * 3 * 6 * 10 * 7**8) ** 2
    assert table.loc["nasnet", "architectures"] == ((2 * 3 * 4 * 5 * 6) ** 2 * 13**10) ** 2
    assert table["description"].str.len().min() > 20
    assert table.loc["resnet", "papers"] == "1512.03385, 1611.05431"
    assert not [name for name, papers in table["papers"].items() if not papers]


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(InvalidArgument, match="Unknown space 'mobilnet'.*Did you mean 'mobilenet'"):
        get_space("mobilnet")
    with pytest.raises(InvalidArgument, match="Unknown task 'image_clasification'.*'image_classification'"):
        spaces("image_clasification")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: "x".join(map(str, shape)))
def test_sampled_networks_give_features_at_every_size(name: str, shape: tuple[int, int, int]) -> None:
    space = get_space(name)
    for seed in range(4):
        net = CostNet()
        features = space.features(space.sample(seed), net, net.input(shape))
        assert len(net.shape(features)) == 1
        assert net.cost(features).params > 0


@pytest.mark.parametrize("name", NAMES)
def test_a_built_network_is_named_counted_and_computes(name: str) -> None:
    space = nas_bench_201(4, 1) if name == "nas_bench_201" else get_space(name)
    architecture, x = space.sample(5), keras.Input((9, 8, 1))
    model = keras.Model(x, space.features(architecture, KerasNet(None, ""), x))
    net = CostNet()
    assert net.cost(space.features(architecture, net, net.input((9, 8, 1)))).params == model.count_params()
    assert all(re.fullmatch(r"[A-Za-z0-9_.]+", layer.name) for layer in model.layers[1:])
    assert np.isfinite(np.asarray(model(np.ones((2, 9, 8, 1))))).all()


def test_attention_computes_in_half_precision() -> None:
    space = get_space("conv_attention")
    wish = {"stage1/blocks/kind": "transformer", "stage2/blocks/kind": "conv_attention"}
    architecture = space.network_decisions.walk(lambda d: wish.get(d.path, d.domain.labels()[0]))
    check_mixed_precision(space.network, architecture, (8, 8, 1))


@pytest.mark.parametrize("name", NAMES)
def test_sizes_and_texts_of_large_spaces_are_quick(name: str) -> None:
    space = get_space(name)
    start = time.process_time()
    assert repr(space).startswith(f"Space('{name}', ")
    assert space.description in str(space)
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize("name", NAMES)
def test_it_survives_cloudpickle(name: str) -> None:
    space = get_space(name)
    again = cloudpickle.loads(cloudpickle.dumps(space))
    assert again.decisions == space.decisions
    costs = []
    for each in (space, again):
        net = CostNet()
        costs.append(net.cost(each.features(space.sample(1), net, net.input((16, 16, 3)))))
    assert costs[0] == costs[1]


@pytest.mark.slow
def test_another_process_builds_a_pickled_space() -> None:
    code = (
        "import sys, cloudpickle\n"
        "space, architecture = cloudpickle.load(sys.stdin.buffer)\n"
        "from keras_nas.objectives.cost import CostNet\n"
        "net = CostNet()\n"
        "print(net.cost(space.features(architecture, net, net.input((16, 16, 3)))).params)\n"
    )
    space: Space = get_space("mobilenet")
    architecture = space.sample(1)
    net = CostNet()
    expected = net.cost(space.features(architecture, net, net.input((16, 16, 3)))).params
    sent = cloudpickle.dumps((space, architecture))
    ended = subprocess.run([sys.executable, "-c", code], input=sent, capture_output=True, check=True)
    assert int(ended.stdout.split()[-1]) == expected


@pytest.mark.parametrize("name", NAMES)
def test_keras_tuner_discovers_every_decision(name: str) -> None:
    space, hp = get_space(name), HyperParameters()
    architecture = space.tune(hp)
    assert [parameter.name for parameter in hp.space] == [decision.path for decision in space.decisions]
    assert space.validate(architecture) == architecture


@pytest.mark.parametrize(
    ("space", "architecture"),
    [("darts", darts_architecture(*DARTS_V2)), ("nasnet", nasnet_architecture(*NASNET_A))],
    ids=["darts", "nasnet"],
)
def test_published_networks_are_members(space: str, architecture: Architecture) -> None:
    decisions = get_space(space).network_decisions
    assert decisions.validate(architecture) == architecture


def test_cells_of_one_kind_share_their_decisions_at_any_depth() -> None:
    assert nasnet(cells=3).network_decisions == nasnet(cells=1).network_decisions
    assert nas_bench_201(cells=2).network_decisions == nas_bench_201().network_decisions
