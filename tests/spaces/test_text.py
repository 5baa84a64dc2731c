"""The spaces of texts: every network they have takes words and pieces, and gives a feature vector."""

from typing import Any

import cloudpickle
import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters

from keras_nas.net import KerasNet
from keras_nas.objectives.cost import CostNet, cost_of_model
from keras_nas.spaces import get_space, spaces
from keras_nas.testing.blocks import covering

NAMES = ["text", "text_transformer"]
SHAPES = {"words": (6,), "pieces": (9,)}
EVIDENCE = {"words": np.ones((11, 3), np.float32), "pieces": np.ones((12, 3), np.float32)}
FACTS = {"words": 11, "pieces": 12, "evidence": EVIDENCE, "outputs": 3}
ROWS = {name: np.array([[2] * length, [3] + [0] * (length - 1)], np.int32) for name, (length,) in SHAPES.items()}


def counted(space: Any, architecture: Any) -> Any:
    net = CostNet()
    features = space.features(architecture, net, {name: net.input(shape) for name, shape in SHAPES.items()}, FACTS)
    return net.shape(features), net.cost(features)


@pytest.mark.parametrize("task", ["text_classification", "text_regression"])
def test_they_are_listed(task: str) -> None:
    assert list(spaces(task)["space"]) == NAMES
    assert all(spaces(task)["description"].str.startswith("texts: "))


@pytest.mark.parametrize("name", NAMES)
def test_networks_give_features_and_are_known_to_keras_tuner(name: str) -> None:
    space, hp = get_space(name, "text_classification"), HyperParameters()
    again = cloudpickle.loads(cloudpickle.dumps(space))
    assert again.decisions == space.decisions
    for architecture in (*space.start, *(space.sample(seed) for seed in range(12))):
        shape, cost = counted(again, architecture)
        assert len(shape) == 1 and cost.params > 0
    assert space.validate(again.tune(hp))
    assert [parameter.name for parameter in hp.space] == [decision.path for decision in space.decisions]


def test_each_kind_of_network_is_counted_as_it_is_built_and_computes() -> None:
    space, seen = get_space("text", "text_classification"), set()
    for architecture in covering(space.network_decisions):
        if architecture["network"] in seen:
            continue
        seen.add(architecture["network"])
        x = {name: keras.Input(shape, dtype="int32", name=name) for name, shape in SHAPES.items()}
        model = keras.Model(x, space.features(architecture, KerasNet(None, ""), x, FACTS))
        cost = counted(space, architecture)[1]
        assert (cost.params, cost.flops) == (model.count_params(), cost_of_model(model).flops)
        assert np.isfinite(np.asarray(model(ROWS))).all()
    assert len(seen) == 6


def test_more_layers_heads_and_width_are_more_work() -> None:
    space = get_space("text_transformer", "text_classification")
    flops = []
    for pick in (min, max):
        architecture = space.network_decisions.walk(lambda decision, pick=pick: pick(decision.domain.labels()))
        flops.append(counted(space, architecture)[1].flops)
    assert flops[1] > 50 * flops[0]
