"""The trial that scores, and a whole search that begins with scores."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_nas
from keras_nas.estimators.zero_cost import SCORES
from keras_nas.estimators.zero_cost.estimator import WarmStart, ZeroCost, score_untrained
from keras_nas.estimators.zero_cost.trial import sampled
from keras_nas.space import Choice
from keras_nas.strategy import UNTRAINED
from tests.small import RECIPE, Ear, arguments, tiny_space, tiny_training

SPACE = tiny_space({**RECIPE, "learning_rate": Choice("learning_rate", [0.01, 0.02])})


def scored(training: Any, folder: Path, **labels: Any) -> dict[str, Any]:
    """All scores of a network of the tiny space."""
    fidelity = {UNTRAINED: 16.0, **dict.fromkeys(SCORES, 1.0)}
    return score_untrained(Ear(folder), training=training, architecture=labels, fidelity=fidelity, number=3, towers=2)


def test_a_trial_scores_the_network_behind_the_input_scaling(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, space=SPACE)
    small, large, again = (
        scored(training, tmp_path / "trial", filters=filters, units=units)["scores"]
        for filters, units in ((4, 16), (8, 32), (4, 16))
    )
    assert set(small) == {*SCORES, "memory_mb", "size_mb"}
    assert small == again
    assert all(np.isfinite(value) for value in small.values())
    assert large["params"] > small["params"]
    batch = sampled(training, 16)
    assert batch.x.shape == (16, 8, 8, 1)
    assert abs(float(np.mean(batch.x))) < 0.3
    np.testing.assert_array_equal(batch.y, sampled(training, 16).y)
    assert batch.y.shape == (16, 10)


def search(folder: Path, **changes: Any) -> Any:
    few = {"objectives": None, "constraints": None, "metrics": (), "baseline_model": None, "holdout": 0, "space": SPACE}
    return keras_nas.search(**arguments(folder / "search", **(few | changes)))


@pytest.mark.slow
def test_a_search_driven_by_scores(tmp_path: Path) -> None:
    estimator = ZeroCost(("naswot", "params"), networks=4, best=2, rows=16)
    result = search(tmp_path, strategy="evolution", estimator=estimator, max_trials=3)
    assert [trial.final for trial in result.trials] == [False, False, True]
    assert "2 networks trained in 3 trainings, 0 failed" in result.summary()
    assert not result.failures
    assert {trial.architecture["recipe/learning_rate"] for trial in result.trials} == {0.01}
    again = search(tmp_path, strategy="evolution", estimator=estimator, max_trials=3)
    assert [trial.number for trial in again.trials] == [trial.number for trial in result.trials]


@pytest.mark.slow
def test_a_warm_start_in_worker_processes(tmp_path: Path) -> None:
    estimator = WarmStart("logsynflow", networks=3, best=1, rows=16)
    result = search(tmp_path, strategy="local_search", estimator=estimator, max_trials=2, workers=1)
    assert len(result.trials) == 2
    assert result.winner.final
