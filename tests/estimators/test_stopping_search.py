"""A whole search by name in which trainings without hope are stopped."""

from pathlib import Path

import pytest

import keras_nas
from keras_nas.estimators.curves import CURVE, FORETOLD, STOPPED
from keras_nas.space import Choice
from tests.small import RECIPE, arguments, tiny_space

pytestmark = pytest.mark.slow

RATES = [1e-5, 2e-5, 0.01, 0.02]
"""Half of them learn nothing in three epochs."""


def test_half_of_the_networks_learn_nothing_and_are_stopped(tmp_path: Path) -> None:
    space = tiny_space({**RECIPE, "learning_rate": Choice("learning_rate", RATES)})
    few = {"baseline_model": None, "objectives": None, "constraints": None, "metrics": (), "max_trials": 13}
    result = keras_nas.search(**arguments(tmp_path / "search", space=space, estimator="learning_curves", **few))
    assert not result.failures
    *explored, last = result.trials
    assert all(CURVE in trial.measurements for trial in explored)
    assert not any(FORETOLD in trial.measurements for trial in explored[:6])
    stopped = [trial for trial in explored if STOPPED in trial.measurements]
    assert any(trial.architecture["recipe/learning_rate"] < 1e-4 for trial in stopped)
    for trial in stopped:
        assert 0 < trial.measurements["epochs"] < 3
        assert not trial.final
        assert trial.scores[FORETOLD] == pytest.approx(trial.measurements[FORETOLD][-1]["mean"])
    whole = [trial for trial in explored if STOPPED not in trial.measurements]
    assert {trial.measurements["epochs"] for trial in whole} == {3.0}
    assert result.winner.number == last.number
    assert last.final
    assert last.measurements["epochs"] == 20.0
    assert last.architecture["recipe/learning_rate"] >= 0.01
    told = sum(FORETOLD in trial.measurements for trial in explored)
    words = f"Learning curves: {len(stopped)} of {told} trainings that were foretold were stopped, after "
    assert words in keras_nas.load(result.directory).summary()
