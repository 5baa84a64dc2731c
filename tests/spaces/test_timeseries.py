"""The space of forecasts: every network gives the horizon of the series to forecast, and is counted as it is built."""

import cloudpickle
import keras
import numpy as np
import pytest

from keras_nas.net import KerasNet
from keras_nas.objectives.cost import CostNet
from keras_nas.spaces import get_space, spaces
from keras_nas.testing.blocks import covering

SPACE = get_space("timeseries", "timeseries_forecasting")
FACTS = {"horizon": 5, "outputs": 2, "season": 4}


def test_it_is_listed() -> None:
    table = spaces("timeseries_forecasting").set_index("space")
    assert table.loc["timeseries", "architectures"] > 5_000
    assert [start["network"] for start in SPACE.start] == ["linear", "seasonal_naive", "naive", "n_beats"]


@pytest.mark.parametrize("shape", [(32, 2), (7, 5), (1, 2)], ids=str)
def test_networks_forecast_windows_of_any_length(shape: tuple[int, int]) -> None:
    for architecture in (*SPACE.start, *(SPACE.sample(seed) for seed in range(30))):
        net = CostNet()
        assert net.shape(SPACE.features(architecture, net, net.input(shape), FACTS)) == (5, 2)


def test_built_networks_are_counted_and_compute() -> None:
    seen: dict[object, float] = {}
    rows = np.random.default_rng(0).normal(size=(2, 24, 3)).astype(np.float32)
    for architecture in covering(SPACE.network_decisions):
        if architecture["network"] in seen:
            continue
        x, net = keras.Input((24, 3)), CostNet()
        model = keras.Model(x, SPACE.features(architecture, KerasNet(None, ""), x, FACTS))
        seen[architecture["network"]] = net.cost(SPACE.features(architecture, net, net.input((24, 3)), FACTS)).params
        assert seen[architecture["network"]] == model.count_params()
        assert np.isfinite(np.asarray(model(rows))).all()
    assert len(seen) == 7
    assert seen["naive"] == seen["seasonal_naive"] == 0


def test_it_survives_cloudpickle() -> None:
    assert cloudpickle.loads(cloudpickle.dumps(SPACE)).decisions == SPACE.decisions
