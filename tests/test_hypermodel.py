"""A space as a hypermodel, under our tuner and Keras Tuner's own."""

from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest
from keras import layers

from keras_nas.hypermodel import SpaceHyperModel
from keras_nas.oracle import StrategyOracle, Tuner
from keras_nas.space import Choice, Op, Range, Repeat, Series
from keras_nas.spaces.base import Space

pytestmark = pytest.mark.filterwarnings("ignore:currentThread:DeprecationWarning", "ignore:getName:DeprecationWarning")

BODY = Choice(
    "body",
    {
        "deep": Repeat("dense", Op(layers.Dense, units=Choice("units", [2, 4])), [1, 2]),
        "drop": Op(layers.Dropout, rate=Range("rate", 0.1, 0.5, step=0.1)),
    },
)
SPACE = Space("tiny", Series(BODY), recipe={"learning_rate": Range("learning_rate", 1e-3, 1e-1, log=True)})


class Counted(SpaceHyperModel):
    """Counts the models it builds."""

    built = 0

    def model(self, architecture: Any) -> Any:
        """Build and count."""
        self.built += 1
        return super().model(architecture)


def compile_model(model: Any, settings: dict[str, Any]) -> None:
    model.compile(keras.optimizers.SGD(settings["learning_rate"]), loss="mse", run_eagerly=True)


@pytest.fixture
def hypermodel() -> Counted:
    return Counted(SPACE, (3,), lambda features: layers.Dense(1)(features), compile_model)


def test_declares_every_decision_of_the_space(hypermodel: Counted) -> None:
    hp = keras_tuner.HyperParameters()
    hypermodel.declare_hyperparameters(hp)
    assert [entry.name for entry in hp.space] == [decision.path for decision in SPACE.decisions]
    assert hypermodel.built == 0


def test_builds_what_the_hyperparameters_answer(hypermodel: Counted) -> None:
    hp = keras_tuner.HyperParameters()
    hypermodel.declare_hyperparameters(hp)
    hp.values |= {"body": "drop", "body/drop/rate": 0.3}
    model = hypermodel.build(hp)
    assert [layer.rate for layer in model.layers if isinstance(layer, layers.Dropout)] == [pytest.approx(0.3)]
    assert float(model.optimizer.learning_rate) == pytest.approx(1e-3)


def test_our_tuner_builds_no_model_at_construction(hypermodel: Counted, tmp_path: Path) -> None:
    tuner = Tuner(hypermodel, "random", "val_loss", max_trials=3, seed=0, directory=tmp_path)
    assert hypermodel.built == 0
    assert len(tuner.oracle.get_space().space) == len(SPACE.decisions)


def test_a_stock_tuner_builds_one(hypermodel: Counted, tmp_path: Path) -> None:
    keras_tuner.Tuner(StrategyOracle("random", "val_loss"), hypermodel, directory=tmp_path)
    assert hypermodel.built == 1


@pytest.mark.filterwarnings("ignore")
def test_a_search_returns_the_best_model(hypermodel: Counted, tmp_path: Path) -> None:
    tuner = Tuner(hypermodel, "random", "val_loss", max_trials=2, seed=0, directory=tmp_path)
    x, y = np.ones((4, 3)), np.ones((4, 1))
    tuner.search(x, y, validation_data=(x, y), verbose=0)
    best = tuner.get_best_models()[0]
    assert best.evaluate(x, y, verbose=0) == pytest.approx(tuner.oracle.get_best_trials()[0].score, rel=1e-5)
