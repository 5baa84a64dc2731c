"""Gates are learnt on the ready spaces, in narrow skeletons: what a search of each would be given, at a small size."""

from pathlib import Path

import numpy as np
import pytest

from keras_nas.estimators.gates.derived import from_scores, most_probable
from keras_nas.spaces import Space
from keras_nas.spaces.darts import darts
from keras_nas.spaces.mobilenet import mobilenet
from keras_nas.spaces.nas_bench_201 import nas_bench_201
from tests.estimators.gates.small import taught
from tests.small import RECIPE, tiny_training

SPACES = {
    "nas_bench_201": lambda: nas_bench_201(4, 1, 2),
    "darts": lambda: darts(4, 3, 2, 1),
    "mobilenet": lambda: mobilenet((8, 16), 1, expansions=(2, 3), factors=(1,)),
    "elastic mobilenet": lambda: mobilenet((8, 16), 1, expansions=(2, 3), factors=(0.5, 1)),
}
PAIRS = [
    *(("nas_bench_201", method) for method in ("darts_second_order", "pc_darts", "gdas")),
    *(("darts", method) for method in ("darts", "pc_darts", "gdas", "enas")),
    *(("mobilenet", method) for method in ("darts", "fbnet", "proxylessnas")),
    ("elastic mobilenet", "single_path_nas"),
]


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("name", "method"), PAIRS)
def test_gates_are_learnt_on_ready_spaces(name: str, method: str, tmp_path: Path) -> None:
    space = Space(name, SPACES[name]().network, {**RECIPE, "batch_size": 64})
    training = tiny_training(tmp_path, space=space)
    told = taught(training, tmp_path / "0", method, epochs=4.0)
    chances = from_scores(space.network_decisions, told["scores"])
    assert chances is not None
    assert all(own.sum() == pytest.approx(1.0) for own in chances.values())
    assert any(np.ptp(own) > 0.01 for own in chances.values()), "something was learnt"
    network = most_probable(space.network_decisions, chances)
    assert training.task.build(space, network, training.signature).model.count_params() > 0
    assert 0.0 <= told["scores"]["val_accuracy"] <= 1.0
