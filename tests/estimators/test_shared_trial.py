"""A supernet's training, scores by its gates, and finalists that begin with its weights."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.engine.job import Stop
from keras_nas.estimators import shared_trial, watch
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.scoring import validation_scores
from keras_nas.estimators.shared_trial import home, run
from keras_nas.space import Choice, Series
from keras_nas.spaces import Space
from keras_nas.strategy import UNTRAINED
from tests.small import RECIPE, Ear, tiny_training, written

TEACH = {UNTRAINED: 1.0, "shared": 1.0, "supernet": 1.0}


OPTIONS = {"wide": convolution(8, 3), "narrow": convolution(8, 1), "skip": Series()}
NETWORK = {"first": "wide", "second": "skip"}


def trial(training: Training, folder: Path, fidelity: dict[str, float], ear: Ear | None = None) -> dict[str, Any]:
    told = {"training": training, "architecture": NETWORK, "number": 1, "fidelity": fidelity}
    return run(ear or Ear(folder), **told, custom_objects={}, towers=2)


def small_training(folder: Path) -> Training:
    choices = [Choice(name, OPTIONS) for name in ("first", "second")]
    network = Series(convolution(8, 3, stride=2), *choices, pooled_head(pooling="flatten"))
    return tiny_training(folder, space=Space("two", network, {**RECIPE, "batch_size": 32}), limits={"flops": None})


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Training, Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("shared")
    training = small_training(folder)
    return training, folder, trial(training, folder / "0", {**TEACH, "fair": 1.0, "epochs": 20.0})


def test_the_supernet_learns_and_is_kept(taught: Any) -> None:
    training, _, told = taught
    assert told["scores"]["val_accuracy"] > 0.5
    assert told["measurements"]["epochs"] == 20
    assert home(training).exists()


def test_scores_add_no_trace(taught: Any) -> None:
    training, folder, _ = taught
    first = trial(training, folder / "1", {UNTRAINED: 1.0, "shared": 1.0})
    judge = shared_trial._judge(training, 1)
    for seed in range(6):
        judge.scores(training.space.sample(seed))
    again = trial(training, folder / "2", {UNTRAINED: 1.0, "shared": 1.0})
    assert again["scores"] == first["scores"]
    assert set(first["scores"]) >= {"val_accuracy", "params", "flops"}
    traced = (judge.predict, judge.calibrate.see, judge.calibrate.scale)
    assert [function.experimental_get_tracing_count() for function in traced] == [1, 1, 1]


def test_a_finalist_begins_with_the_shared_weights(taught: Any) -> None:
    training, folder, _ = taught
    shared = trial(training, folder / "3", {UNTRAINED: 1.0, "shared": 1.0})["scores"]
    told = trial(training, folder / "4", {"final": 1.0, "shared": 1.0, "seconds": 0.001})
    model = keras.models.load_model(folder / "4" / told["artefacts"]["model"], compile=False)
    rows, split = written(training)
    assert told["measurements"]["epochs"] == 0
    assert {name: told["scores"][name] for name in shared} == pytest.approx(shared, abs=1e-5)
    scores, _ = validation_scores(training, model, rows, split.validation)
    assert scores["accuracy"] == shared["val_accuracy"]
    assert {type(layer).__module__.split(".")[0] for layer in model.layers} == {"keras"}


def test_a_check_knows_both_scores(taught: Any) -> None:
    training, folder, _ = taught
    told = trial(training, folder / "5", {"alone": 1.0, "shared": 1.0, "epochs": 1.0})
    assert set(told["measurements"]["shared"]) >= {"val_accuracy"}
    assert told["measurements"]["shared"] != {name: told["scores"].get(name) for name in told["measurements"]["shared"]}


@pytest.mark.slow
def test_an_interrupted_supernet_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "WRITE_EVERY", 0.0)
    ends = []
    for stop in (None, 2):
        training = small_training(tmp_path / str(stop))
        ear = Ear(tmp_path / str(stop) / "0", stop_after=stop)
        if stop:
            with pytest.raises(Stop):
                trial(training, ear.folder, {**TEACH, "epochs": 4.0}, ear)
            ear.stop_after = None
        trial(training, ear.folder, {**TEACH, "epochs": 4.0}, ear)
        assert ear.epochs == [1, 2, 3, 4]
        net = shared_trial.make_supernet(training)
        net.load_weights(home(training))
        ends.append(net.get_weights())
    for one, other in zip(*ends, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)
