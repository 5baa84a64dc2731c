"""A controller that is rewarded while the shared weights are trained."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from keras_nas.decisions import Decision, Decisions, Labels
from keras_nas.engine.job import Stop
from keras_nas.estimators import watch
from keras_nas.estimators.gates.controlled import Rewarded, certain
from keras_nas.estimators.gates.derived import from_scores
from keras_nas.estimators.gates.diary import Diary
from keras_nas.tuners.controller import Reinforce
from tests.estimators.gates.small import small_training, taught
from tests.small import Ear

SPACE = Decisions(
    (Decision("op", Labels(("conv", "pool"))), Decision("kernel", Labels((3, 5)), (("op", frozenset({"conv"})),)))
)


def replayed(folder: Path, step: float = float("inf")) -> np.ndarray:
    """The controller's parameters."""
    rewarded = Rewarded(Reinforce(fresh=False), lambda epoch: iter(()), folder, seed=0)
    rewarded.replay(SPACE, step)
    return np.array(rewarded.controller.actor.theta)


def test_a_controller_is_a_fold_over_its_rewards(tmp_path: Path) -> None:
    networks: list[dict[str, Any]] = [{"op": "conv", "kernel": 3}, {"op": "pool"}, {"op": "conv", "kernel": 5}]
    told = [
        {"step": step, "architecture": network, "note": {}, "loss": 1.0 - 0.1 * step}
        for step, network in enumerate(networks * 4)
    ]
    fresh = replayed(tmp_path)
    diary = Diary(tmp_path, "rewards")
    diary.add(6, told[:6])
    diary.add(12, told[6:])
    np.testing.assert_array_equal(replayed(tmp_path), replayed(tmp_path))
    assert (replayed(tmp_path) != fresh).any()
    early = replayed(tmp_path, step=6)
    np.testing.assert_array_equal(replayed(tmp_path), early)
    assert diary.taken_up() == told[:6]


def test_one_network_is_certain_and_what_sleeps_in_it_open() -> None:
    found = certain(SPACE, {"op": "pool"})
    assert {path: own.tolist() for path, own in found.items()} == {"op": [0.0, 1.0], "kernel": [0.5, 0.5]}


@pytest.mark.slow
def test_it_is_rewarded_in_alternation_and_goes_on_where_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "WRITE_EVERY", 0.0)
    ends = []
    for stop in (None, 5):
        training, folder = small_training(tmp_path / str(stop)), tmp_path / str(stop) / "0"
        ear = Ear(folder, stop_after=stop)
        if stop:
            with pytest.raises(Stop):
                taught(training, folder, "enas", ear, epochs=10.0)
            ear.stop_after = None
        told = taught(training, folder, "enas", ear, epochs=10.0)
        chances = from_scores(training.space.network_decisions, told["scores"])
        assert chances is not None
        assert all(own.max() == 1.0 for own in chances.values())
        assert told["measurements"]["gates"]["method"] == "enas"
        ends.append(Diary(folder, "rewards").taken_up())
    whole, resumed = ends
    assert [told["step"] for told in whole] == [told["step"] for told in resumed] == list(range(8, 40))
    until = 20 - 8
    assert [told["architecture"] for told in whole][:until] == [told["architecture"] for told in resumed][:until]
