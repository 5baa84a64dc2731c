"""The space of series to classify: every network gives features of any series, and is counted as it is built."""

import cloudpickle
import keras
import numpy as np
import pytest

from keras_nas.net import KerasNet
from keras_nas.objectives.cost import CostNet
from keras_nas.spaces import get_space, spaces
from keras_nas.testing.blocks import covering

SPACE = get_space("sequences", "timeseries_classification")


def test_it_is_listed() -> None:
    table = spaces("timeseries_classification").set_index("space")
    assert table.loc["sequences", "architectures"] > 10_000
    assert [start["network"] for start in SPACE.start] == ["residual", "inception"]


@pytest.mark.parametrize("shape", [(150, 1), (24, 12), (3, 1)], ids=str)
def test_networks_give_features_of_series_of_any_length(shape: tuple[int, int]) -> None:
    for architecture in (*SPACE.start, *(SPACE.sample(seed) for seed in range(20))):
        net = CostNet()
        assert len(net.shape(SPACE.features(architecture, net, net.input(shape)))) == 1


def test_built_networks_are_counted_and_compute() -> None:
    seen = set()
    for architecture in covering(SPACE.network_decisions):
        if architecture["network"] in seen:
            continue
        x, net = keras.Input((16, 2)), CostNet()
        model = keras.Model(x, SPACE.features(architecture, KerasNet(None, ""), x))
        seen.add(architecture["network"])
        assert net.cost(SPACE.features(architecture, net, net.input((16, 2)))).params == model.count_params()
        assert np.isfinite(np.asarray(model(np.ones((2, 16, 2))))).all()
    assert len(seen) == 4


def test_it_survives_cloudpickle() -> None:
    assert cloudpickle.loads(cloudpickle.dumps(SPACE)).decisions == SPACE.decisions
