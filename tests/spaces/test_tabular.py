"""The space of tables: every network it has takes numbers, codes or both, and gives a feature vector."""

from typing import Any

import cloudpickle
import keras
import numpy as np
import pytest
from keras_tuner import HyperParameters

from keras_nas.net import KerasNet
from keras_nas.objectives.cost import CostNet
from keras_nas.spaces import get_space, spaces
from keras_nas.testing.blocks import covering

SPACE = get_space("tabular", "tabular_classification")
FACTS = {"vocabulary": 9, "outputs": 2}
SHAPES = [{"numbers": (5,)}, {"categories": (3,)}, {"numbers": (1,), "categories": (2,)}]


def counted(space: Any, architecture: Any, shapes: dict[str, tuple[int, ...]]) -> Any:
    net = CostNet()
    features = space.features(architecture, net, {name: net.input(shape) for name, shape in shapes.items()}, FACTS)
    return net.shape(features), net.cost(features)


@pytest.mark.parametrize("task", ["tabular_classification", "tabular_regression"])
def test_it_is_listed(task: str) -> None:
    assert list(spaces(task)["space"]) == ["tabular"]
    assert repr(get_space("tabular", task)) == repr(SPACE)


@pytest.mark.parametrize("shapes", SHAPES, ids=lambda shapes: "_".join(shapes))
def test_networks_give_features_of_any_columns(shapes: dict[str, tuple[int, ...]]) -> None:
    for architecture in (*SPACE.start, *(SPACE.sample(seed) for seed in range(12))):
        shape, cost = counted(SPACE, architecture, shapes)
        assert len(shape) == 1
        assert cost.params > 0


def test_built_networks_are_counted_and_compute() -> None:
    shapes, seen = {"numbers": (4,), "categories": (2,)}, set()
    rows = {"numbers": np.ones((2, 4), np.float32), "categories": np.zeros((2, 2), np.int32)}
    for architecture in covering(SPACE.network_decisions):
        kind = (
            architecture["network"],
            architecture.get("network/dense/body"),
            architecture.get("network/dense/numbers"),
        )
        if kind in seen:
            continue
        seen.add(kind)
        x = {name: keras.Input(shape, dtype=str(rows[name].dtype), name=name) for name, shape in shapes.items()}
        model = keras.Model(x, SPACE.features(architecture, KerasNet(None, ""), x, FACTS))
        assert counted(SPACE, architecture, shapes)[1].params == model.count_params()
        assert np.isfinite(np.asarray(model(rows))).all()
    assert len(seen) >= 6


def test_it_survives_cloudpickle_and_is_known_to_keras_tuner() -> None:
    again, hp = cloudpickle.loads(cloudpickle.dumps(SPACE)), HyperParameters()
    assert again.decisions == SPACE.decisions
    architecture = again.tune(hp)
    assert [parameter.name for parameter in hp.space] == [decision.path for decision in SPACE.decisions]
    assert SPACE.validate(architecture) == architecture
