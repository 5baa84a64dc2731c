"""Our tuner: what it adds to Keras Tuner's own."""

from pathlib import Path
from typing import Any

import keras
import keras_tuner
import numpy as np
import pytest

from keras_nas.architecture import Architecture
from keras_nas.oracle import StrategyOracle, Tuner
from keras_nas.strategy import Proposal
from tests.oracle.fakes import QUIET, Spy

pytestmark = QUIET


def build(hp: Any) -> Any:
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(hp.Choice("units", [1, 2, 3]))])
    model.add(keras.layers.Dense(1))
    model.compile(loss="mse", run_eagerly=True)
    return model


class Seeing(Tuner):
    """Records what would be trained."""

    def _build_and_fit_model(self, trial: Any, *args: Any, **kwargs: Any) -> dict[str, float]:
        weights = [np.asarray(weight).tolist() for weight in self.hypermodel.build(trial.hyperparameters).weights]
        vars(self).setdefault("seen", []).append((kwargs.get("epochs"), weights))
        return {"val_loss": 1.0}


def test_the_seed_seeds_the_weights(tmp_path: Path) -> None:
    runs = []
    for folder, seed in (("a", 0), ("b", 0), ("c", 1)):
        tuner = Seeing(build, "random", "val_loss", max_trials=3, seed=seed, directory=tmp_path / folder)
        tuner.search(verbose=0)
        runs.append(tuner.seen)
    assert runs[0] == runs[1] != runs[2]


def test_the_strategys_epochs_are_trained(tmp_path: Path) -> None:
    spy = Spy([Proposal(Architecture({"units": 2}), {"epochs": 4.0})])
    tuner = Seeing(build, spy, "val_loss", max_trials=2, seed=0, directory=tmp_path)
    tuner.search(epochs=9, verbose=0)
    assert [epochs for epochs, _ in tuner.seen] == [4, 9]


def test_a_search_killed_in_its_first_trial_is_taken_up(tmp_path: Path) -> None:
    class Killed(Seeing):
        def run_trial(self, trial: Any, *args: Any, **kwargs: Any) -> Any:
            raise KeyboardInterrupt

    killed = Killed(build, "random", "val_loss", max_trials=2, seed=0, directory=tmp_path)
    with pytest.raises(KeyboardInterrupt):
        killed.search(verbose=0)
    again = Seeing(build, "random", "val_loss", max_trials=2, seed=0, directory=tmp_path)
    again.search(verbose=0)
    assert again.oracle.trials["0"].hyperparameters.values == killed.oracle.trials["0"].hyperparameters.values
    assert again.oracle.end_order == ["0", "1"]


def test_options_reach_the_oracle(tmp_path: Path) -> None:
    tuner = Tuner(build, "random", "val_loss", max_retries_per_trial=2, executions_per_trial=3, directory=tmp_path)
    assert tuner.oracle.max_retries_per_trial == 2 and tuner.executions_per_trial == 3
    with pytest.raises(ValueError, match="typo"):
        Tuner(build, "random", "val_loss", typo=1, directory=tmp_path)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("strategy", ["random", pytest.param("evolution", marks=pytest.mark.slow)])
def test_stock_tuner_trains_and_finds_the_best_model(strategy: str, tmp_path: Path) -> None:
    oracle = StrategyOracle(strategy, ["val_loss", "loss"], max_trials=2, seed=0)
    tuner = keras_tuner.Tuner(oracle, build, directory=tmp_path)
    x = np.ones((4, 2))
    tuner.search(x, x[:, :1], validation_data=(x, x[:, :1]), verbose=0)
    assert [trial.status for trial in oracle.trials.values()] == ["COMPLETED"] * 2
    assert len(tuner.get_best_models(2)) == 2 and oracle.get_pareto_front()
