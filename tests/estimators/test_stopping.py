"""Trainings that may be stopped by their learning curves."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_nas
from keras_nas import estimators
from keras_nas.errors import InvalidArgument
from keras_nas.estimators.bounds import Bounds
from keras_nas.estimators.budgeting import Budgeting
from keras_nas.estimators.curves import CURVE, FORETOLD, MARKS, RISK, SHARE, STOPPED, Known
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.estimators.stopping import LearningCurves
from keras_nas.estimators.training import train
from keras_nas.objectives import Objective
from keras_nas.strategy import Outcome, Problem, Proposal
from keras_nas.testing.toys import FLAT
from keras_nas.tuners import make
from tests.small import Ear, tiny_training

BUDGETING = Budgeting(Bounds(None, 20), lambda: 0.0)
NETWORK = {"filters": 8, "units": 32}
WATCHED = {SHARE: 1 / 3, RISK: 0.05}


def around(then: Any, budgeting: Budgeting = BUDGETING) -> Any:
    strategy = LearningCurves(then).around(make("random"), budgeting)
    strategy.begin(Problem(FLAT, (Objective("val_accuracy", "max"),)))
    return strategy


@pytest.mark.parametrize("then", ["finalists", "asha", FullTraining(5)])
def test_what_is_inside_says_how_long_and_every_training_is_watched(then: Any) -> None:
    proposal = around(then).propose(0, [])
    inside = around(then).inner.propose(0, [])
    assert proposal.architecture == inside.architecture
    assert proposal.fidelity == {**inside.fidelity, SHARE: pytest.approx(1 / 3), RISK: 0.05}


def test_of_a_training_that_was_stopped_the_strategy_is_told_the_expected_end() -> None:
    heard: list[Outcome] = []
    strategy = around(FullTraining(5))
    strategy.inner.observe = lambda proposal, outcome: heard.append(outcome)
    proposal = Proposal(FLAT.walk(lambda decision: "a"))
    strategy.observe(proposal, Outcome({"val_accuracy": 0.4, FORETOLD: 0.7, "params": 3.0}))
    strategy.observe(proposal, Outcome({"val_accuracy": 0.8}))
    assert [outcome.scores["val_accuracy"] for outcome in heard] == [0.7, 0.8]
    assert heard[0].scores["params"] == 3.0


def test_what_makes_no_sense_is_refused() -> None:
    with pytest.raises(InvalidArgument, match="stops what is bad in one objective, and there are 2"):
        around("finalists", Budgeting(Bounds(None, 20), lambda: 0.0, objectives=2))
    with pytest.raises(InvalidArgument, match="share=1.5: expected a number above 0, below 1"):
        LearningCurves(share=1.5)
    with pytest.raises(InvalidArgument, match="risk=0: expected a number above 0, below 0.5"):
        LearningCurves(risk=0)
    assert keras_nas.estimators.LearningCurves is LearningCurves
    assert estimators.LearningCurves("asha").then == "asha"


def known(level: float) -> Known:
    """Eight trainings that gained a little from each mark to the end, and ended about a level."""
    ends = level + 0.001 * np.arange(8)
    return Known("val_accuracy", "max", ends[:, None] - np.array([0.3, 0.2, 0.1, 0.05]), ends)


def trained(folder: Path, known: Known) -> dict[str, Any]:
    fidelity = {"epochs": 5.0, **WATCHED}
    training = tiny_training(folder)
    return train(Ear(folder / "0"), training=training, architecture=NETWORK, number=0, fidelity=fidelity, known=known)


def test_a_training_without_hope_is_stopped_and_keeps_its_score_of_that_moment(tmp_path: Path) -> None:
    told = trained(tmp_path, known(2.0))
    measured = told["measurements"]
    assert measured[STOPPED] == MARKS[0]
    assert 0 < measured["epochs"] < 2.5
    assert measured[CURVE][1:] == [None, None, None]
    assert measured[FORETOLD][0]["last"] == measured[CURVE][0]
    assert told["scores"][FORETOLD] == measured[FORETOLD][-1]["mean"]
    assert told["scores"]["val_accuracy"] < 1.0
    assert (tmp_path / "0" / "model.keras").exists()


def test_one_with_hope_goes_on_and_is_scored_at_every_mark(tmp_path: Path) -> None:
    told = trained(tmp_path, known(0.1))
    assert STOPPED not in told["measurements"]
    assert FORETOLD not in told["scores"]
    assert told["measurements"]["epochs"] == 5.0
    curve = told["measurements"][CURVE]
    assert len(curve) == len(told["measurements"][FORETOLD]) == len(MARKS)
    assert curve[-1] > curve[0]
    assert abs(curve[-1] - told["scores"]["val_accuracy"]) < 0.3
