"""A user's search on a cluster: the same call, the same proposals, the same scores, and a folder like any other."""

from pathlib import Path
from typing import Any

import pytest

import keras_nas
from keras_nas.engine.resources import this_machine
from tests.engine.ray_nodes import NEEDS_RAY, cluster
from tests.engine.test_ray_nodes import records
from tests.small import arguments

pytestmark = [NEEDS_RAY, pytest.mark.slow, pytest.mark.timeout(900)]


def observed(directory: Path) -> list[Any]:
    """What was tried, and what came of it."""
    return [(trial, body["architecture"], body["scores"]) for trial, _, body in records(directory, "observe")]


def test_the_same_search_on_a_cluster_and_at_home(tmp_path: Path) -> None:
    there, here = tmp_path / "there", tmp_path / "here"
    with cluster(this_machine().cores) as nodes:
        found = keras_nas.search(**arguments(there, workers=1, engine="ray"))
        assert nodes.left() == []
    keras_nas.search(**arguments(here, workers=1))
    assert len(observed(there)) >= 4
    for one, other in zip(observed(there), observed(here), strict=True):
        assert one[:2] == other[:2]
        assert one[2] == pytest.approx(other[2], rel=1e-5)
    again = keras_nas.search(**arguments(there, workers=1))
    assert len(records(there, "start")) == len(records(here, "start")), "a search that is over trains nothing again"
    assert again.leaderboard().equals(found.leaderboard())
    assert found.best_model.count_params() == again.best_model.count_params()
    assert sorted(path.name for path in (there / "logs").iterdir()) == ["worker-0.log"]
