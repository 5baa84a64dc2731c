"""Ready spaces: every network that leaves a supernet is the one that was in it; what cannot be held says why."""

import re

import numpy as np
import pytest

from keras_nas.errors import SpaceError
from keras_nas.spaces import Space, get_space
from keras_nas.spaces.darts import darts
from keras_nas.spaces.nas_bench_201 import nas_bench_201
from keras_nas.supernet import subnet, supernet
from tests.supernet.small import stir

HELD = {"nas_bench_201": lambda: nas_bench_201(4, 1, 2), "darts": lambda: darts(4, 3, 2, 1)}
REFUSED = {
    "nasnet": "decides which nodes of the graph 'normal' are loose ends",
    "resnet": "'stage0/width' changes the shape",
    "small_images": "changes the shape",
}


@pytest.mark.parametrize("name", ["nas_bench_201", pytest.param("darts", marks=pytest.mark.slow)])
def test_networks_leave_with_their_weights(name: str) -> None:
    space: Space = HELD[name]()
    net = supernet(space, (8, 8, 3))
    stir(net)
    x = np.random.default_rng(0).normal(size=(3, 8, 8, 3)).astype("float32")
    for operation in range(7):
        architecture = space.network_decisions.walk(
            lambda decision: decision.domain.labels()[operation % len(decision.domain.labels())]  # noqa: B023
        )
        net.select(architecture)
        shared, alone = np.asarray(net(x)), np.asarray(subnet(net, architecture)(x))
        assert np.abs(shared - alone).max() <= 1e-5 * max(1.0, np.abs(alone).max())


@pytest.mark.parametrize("name", REFUSED)
def test_what_changes_shapes_is_refused_by_path(name: str) -> None:
    with pytest.raises(SpaceError, match=re.escape(REFUSED[name])):
        supernet(get_space(name), (16, 16, 3))
