"""One trial: trained, scored, kept; it goes on from its checkpoint, and starts anew under another precision."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import keras
import numpy as np
import pytest

from keras_nas.data import Split
from keras_nas.engine.inheritance import inherit
from keras_nas.engine.job import Stop, TrialError
from keras_nas.estimators import watch
from keras_nas.estimators.assignment import Options
from keras_nas.estimators.schedule import Budget, one_cycle
from keras_nas.estimators.scoring import validation_scores
from keras_nas.estimators.training import _seen, train
from keras_nas.estimators.xla import Timing
from keras_nas.objectives.objective import SoftTarget
from tests.small import RECIPE, Ear, dense_model, digit_images, tiny_space, tiny_training, top_two, written

NETWORK = {"filters": 8, "units": 32}


def trained(training: Any, ear: Ear, epochs: float = 3, **changes: float) -> dict[str, Any]:
    return train(ear, training=training, architecture=NETWORK, number=0, fidelity={"epochs": epochs, **changes})


def test_the_kept_model_is_the_one_that_was_scored(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, scores=["balanced_accuracy"], limits={"flops": None, "latency_ms": None})
    told = trained(training, Ear(tmp_path / "0"), 8)
    model = keras.models.load_model(tmp_path / "0" / told["artefacts"]["model"], compile=False)
    rows, split = written(training)
    again, _ = validation_scores(training, model, rows, split.validation)
    assert {f"val_{name}": pytest.approx(value, abs=1e-6) for name, value in again.items()}.items() <= told[
        "scores"
    ].items()
    assert told["scores"]["val_accuracy"] > 0.7
    assert told["scores"]["params"] == model.count_params()
    assert told["scores"]["latency_ms"] > 0 < told["scores"]["flops"]
    assert "ms" in told["measurements"]["latency"]
    assert told["measurements"]["epochs"] == 8
    assert set(told["seconds"]) == {"build", "fit", "score"}
    x, _ = digit_images(3)
    np.testing.assert_allclose(model.predict(x, verbose=0).sum(axis=1), 1.0, atol=1e-5)
    assert model.input_shape == (None, 8, 8)
    assert model.inputs[0].dtype == "uint8"


def test_an_interrupted_training_goes_on_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "WRITE_EVERY", 0.0)
    training = tiny_training(tmp_path)
    whole = Ear(tmp_path / "whole")
    trained(training, whole, 4)
    ear = Ear(tmp_path / "cut", stop_after=2)
    with pytest.raises(Stop):
        trained(training, ear, 4)
    assert ear.epochs == [1, 2]
    assert not (ear.folder / "model.keras").exists()
    ear.stop_after = None
    told = trained(training, ear, 4)
    assert ear.epochs == [1, 2, 3, 4]
    assert told["measurements"]["epochs"] == 4
    for one, two in zip(*(weights(folder) for folder in (whole.folder, ear.folder)), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-4, atol=1e-5)


def test_a_longer_training_goes_on_where_a_shorter_one_ended(tmp_path: Path) -> None:
    """It begins with that one's weights, at the learning rate that the longer training has after as many epochs."""
    training = tiny_training(tmp_path, callbacks=(Rates(),))
    rates = Rates.noted
    rates.clear()
    told = trained(training, Ear(tmp_path / "0"), 1.5, rung=0.0)
    begun = len(rates)
    assert told["measurements"]["epochs"] == 1.5
    left = {path.name for path in (tmp_path / "0").iterdir()}
    assert inherit(tmp_path, 0, 1)
    longer = Ear(tmp_path / "1")
    told = trained(training, longer, 4.5, past_epochs=1.5)
    assert told["measurements"]["epochs"] == 4.5
    assert longer.epochs == [3, 4, 5], "the epoch that was broken off is not begun again"
    assert len(rates) == 3 * begun
    expected = [one_cycle((begun + step) / (3 * begun), 0.02) for step in range(2 * begun)]
    assert rates[begun:] == pytest.approx(expected, rel=1e-4)
    assert {path.name for path in (tmp_path / "0").iterdir()} == left, "the shorter one can be gone on from again"
    assert told["scores"]["val_accuracy"] > 0.6


def test_seconds_are_those_of_the_trial_itself(tmp_path: Path) -> None:
    """A trial with ten seconds more is half way when it goes on from one that took ten, and after its own crash too."""
    state = {"trial": "0", "epoch": 3, "epochs": 2.5, "seconds": 10.0, "inherited": 0.0}
    folder = tmp_path / "1"
    folder.mkdir()
    for changes, inherited in (({}, 10.0), ({"trial": "1", "seconds": 14.0, "inherited": 10.0}, 10.0)):
        told = {**state, **changes, "weights": "w.h5", "precision": "float32"}
        (folder / "checkpoint.json").write_text(json.dumps(told))
        found = watch.last_checkpoint(folder, "float32")
        assert found is not None
        budget = Budget.of({"seconds": 10.0}).after(found["inherited"])
        assert found["inherited"] == inherited
        assert budget.progress(0.0, found["seconds"]) == pytest.approx(found["seconds"] / 20)


def test_a_share_of_the_rows_is_seen_as_often_as_all_would_be(tmp_path: Path) -> None:
    """Two epochs' worth of work on a half of the rows are four passes over it."""
    ear = Ear(tmp_path / "0")
    told = trained(tiny_training(tmp_path), ear, 2, rows=0.5)
    assert told["measurements"]["epochs"] == 2
    assert ear.epochs == [1, 2, 3, 4]


class Rates(keras.callbacks.Callback):
    """Notes the learning rate of every batch."""

    noted: ClassVar[list[float]] = []

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        self.noted.append(float(self.model.optimizer.learning_rate.numpy()))


def weights(folder: Path) -> list[np.ndarray]:
    found: list[np.ndarray] = keras.models.load_model(folder / "model.keras", compile=False).get_weights()
    return found


def test_a_training_whose_end_was_lost_is_only_scored_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "WRITE_EVERY", 0.0)
    training = tiny_training(tmp_path)
    ear = Ear(tmp_path / "0")
    first = trained(training, ear, 2)
    again = trained(training, ear, 2)
    assert ear.epochs == [1, 2]
    assert again["measurements"]["epochs"] == 2
    assert again["measurements"]["images_per_s"] == 0
    assert again["scores"]["val_loss"] == pytest.approx(first["scores"]["val_loss"], abs=1e-4)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_trains_and_the_model_is_float32(tmp_path: Path, precision: str) -> None:
    training = tiny_training(tmp_path, precision=precision)
    told = trained(training, Ear(tmp_path / "0"), 8)
    assert told["scores"]["val_accuracy"] > 0.6
    model = keras.models.load_model(tmp_path / "0" / "model.keras", compile=False)
    assert {layer.dtype_policy.name for layer in model.layers if layer.weights} == {"float32"}


class Poison(keras.callbacks.Callback):
    """Makes a layer's weights NaN after an epoch."""

    def __init__(self, layer: int) -> None:
        super().__init__()
        self.layer = layer

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        if epoch == 1:
            variable = self.model.trainable_variables[self.layer]
            variable.assign(variable * float("nan"))


def test_nan_that_an_activation_hides_is_found(tmp_path: Path) -> None:
    """In half precision a rectifier makes zeros of it, and the loss stays a number."""
    training = tiny_training(tmp_path, precision="mixed_float16", callbacks=(Poison(0),))
    with pytest.raises(TrialError, match="a lower learning rate may help") as raised:
        trained(training, Ear(tmp_path / "0"), 2)
    assert raised.value.kind == "not_finite"


def test_nan_is_a_failure_and_float32_starts_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "WRITE_EVERY", 0.0)
    training = tiny_training(tmp_path, precision="mixed_float16", callbacks=(Poison(-1),))
    ear = Ear(tmp_path / "0")
    with pytest.raises(TrialError, match="the training loss became nan; a lower learning rate may help") as raised:
        trained(training, ear)
    assert raised.value.kind == "not_finite"
    assert json.loads((ear.folder / "checkpoint.json").read_text())["epoch"] == 1
    healthy = replace(training, options=Options())
    ear.epochs.clear()
    assert np.isfinite(trained(healthy, ear, 2, float32=1.0)["scores"]["val_loss"])
    assert ear.epochs == [1, 2]


def test_after_running_out_of_memory_batches_are_smaller(tmp_path: Path) -> None:
    told = trained(tiny_training(tmp_path), Ear(tmp_path / "0"), 1, batch_divisor=4)
    assert told["measurements"]["settings"]["batch_size"] == 16


def test_too_many_parameters_end_a_trial_before_training(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, limits={"params": 100.0})
    with pytest.raises(TrialError, match="parameters, at most 100 allowed") as raised:
        trained(training, Ear(tmp_path / "0"))
    assert raised.value.kind == "too_large"


def test_limits_do_not_hold_for_the_users_own_model(tmp_path: Path) -> None:
    """It is there to be compared with, however large it is."""
    training = tiny_training(tmp_path, limits={"params": 10.0}, baseline=dense_model)
    told = train(Ear(tmp_path / "0"), training=training, architecture=None, number=0, fidelity={"epochs": 0.1})
    assert told["scores"]["params"] == 650


def test_what_cannot_be_built_says_so(tmp_path: Path) -> None:
    training = tiny_training(tmp_path)
    with pytest.raises(TrialError) as raised:
        train(Ear(tmp_path / "0"), training=training, architecture={"filters": 8}, number=0, fidelity={"epochs": 1.0})
    assert raised.value.kind == "build_error"


def own_loss(truth: Any, predictions: Any) -> Any:
    return keras.ops.mean((truth - predictions) ** 2, axis=-1)


def test_loss_metrics_and_callbacks_of_the_users_own(tmp_path: Path) -> None:
    seen: list[int] = []
    note = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(epoch))
    metrics = (keras.metrics.F1Score(average="macro"), "categorical_crossentropy", top_two)
    training = tiny_training(tmp_path, loss=own_loss, metrics=metrics, callbacks=(note,))
    scores = trained(training, Ear(tmp_path / "0"), 4)["scores"]
    assert 0 < scores["val_loss"] < 0.1
    assert 0.3 < scores["val_f1_score"] < scores["val_top_two"] <= 1
    assert scores["val_categorical_crossentropy"] > 0
    assert seen == [0, 1, 2, 3]


def test_balanced_class_weights_and_row_weights_reach_the_loss(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, class_weight="balanced")
    assert trained(training, Ear(tmp_path / "0"), 8)["scores"]["val_accuracy"] > 0.6


def test_regression_is_scored_in_the_targets_units(tmp_path: Path) -> None:
    training = tiny_training(tmp_path, "image_regression")
    told = trained(training, Ear(tmp_path / "0"), 40)
    assert told["scores"]["val_r2_score"] > 0.3
    assert told["scores"]["val_rmse"] == pytest.approx(told["scores"]["val_mse"] ** 0.5)
    assert told["scores"]["val_mae"] < 2.5


def test_short_trainings_take_predictions_and_whole_ones_measure(tmp_path: Path) -> None:
    """The soft target follows from the accuracy and from whichever latency there is."""
    soft = SoftTarget("val_accuracy", "latency_ms", target=1)
    training = tiny_training(
        tmp_path, limits={"latency_ms": 4.0}, latency_target=lambda model: 2.0, derived=[soft.name]
    )
    arguments = {"training": training, "architecture": NETWORK, "number": 0, "predicted": {"latency_ms": 3.0}}
    short = train(Ear(tmp_path / "0"), fidelity={"epochs": 0.1}, **arguments)
    whole = train(Ear(tmp_path / "1"), fidelity={"epochs": 0.1, "final": 1.0}, **arguments)
    assert (short["scores"]["latency_ms"], whole["scores"]["latency_ms"]) == (3.0, 2.0)
    assert short["measurements"]["latency"] == "predicted, not measured"
    for told in (short, whole):
        assert told["measurements"]["predicted"] == {"latency_ms": 3.0}
        assert told["scores"][soft.name] == pytest.approx(soft.value(told["scores"]))
    stricter = replace(training.options.costing, limits={"latency_ms": 1.0})
    slow = replace(training, options=replace(training.options, costing=stricter))
    with pytest.raises(TrialError, match="2 ms .* the limit is 1 ms"):
        train(Ear(tmp_path / "2"), fidelity={"epochs": 0.1, "final": 1.0}, **{**arguments, "training": slow})


@pytest.mark.parametrize(("epochs", "xla"), [(2.0, False), (4.0, True)])
def test_xla_compiles_where_the_timing_says_that_it_pays(tmp_path: Path, epochs: float, xla: bool) -> None:
    """A step of a second saves half of it, and twelve steps repay the compilation; on the CPU it computes the same."""
    training = tiny_training(tmp_path, space=tiny_space(RECIPE | {"optimizer": "sgd"}))
    arguments: Any = {"training": training, "architecture": NETWORK, "number": 0, "fidelity": {"epochs": epochs}}
    plain = train(Ear(tmp_path / "plain"), **arguments)
    told = train(Ear(tmp_path / "timed"), **arguments, timing=Timing(plain_s=1.0, xla_s=0.5, compile_s=6.0))
    assert told["measurements"]["xla"] is xla
    assert told["measurements"]["precision"] == "float32"
    assert plain["measurements"]["xla"] is False
    assert told["scores"]["val_loss"] == pytest.approx(plain["scores"]["val_loss"], rel=1e-3)


@pytest.mark.parametrize("share", [1.0, 1 / 2, 1 / 3, 1 / 9])
def test_a_share_of_the_rows_is_that_share(share: float) -> None:
    split = Split(np.arange(55_001), np.arange(1), np.arange(1))
    assert len(_seen(split, Budget(rows=share)).train) == pytest.approx(55_001 * share, abs=1)
