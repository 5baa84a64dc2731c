"""One search from data to result: forms of data, options, failures, and the time that it takes."""

import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

import keras_nas
from keras_nas.data import Split
from keras_nas.errors import InvalidArgument, SearchFailed
from keras_nas.estimators.curves import CURVE, RISK, SHARE
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.estimators.stages import BASELINE
from keras_nas.ledger import Trial
from keras_nas.objectives import objectives_from
from keras_nas.results.candidate import Candidate
from keras_nas.session import Session
from keras_nas.strategy import Failure, Proposal
from tests.small import arguments, digit_images

X, Y = digit_images(300)


def searched(folder: Path, **changes: Any) -> Any:
    """One training of one epoch."""
    few = {
        "max_trials": 1,
        "estimator": FullTraining(1),
        "baseline_model": None,
        "objectives": None,
        "constraints": None,
        "metrics": (),
    }
    return keras_nas.search(**arguments(folder / "search", **(few | changes)))


class Batches(keras.utils.PyDataset):
    """The digits in batches."""

    def __len__(self) -> int:
        return 3

    def __getitem__(self, index: int) -> Any:
        return X[100 * index : 100 * index + 100], Y[100 * index : 100 * index + 100]


def as_dataset() -> Any:
    import tensorflow as tf

    return tf.data.Dataset.from_tensor_slices((X[..., None] / 16.0, Y)).batch(64)


def as_generator() -> Any:
    return ((X[at : at + 100], Y[at : at + 100]) for at in range(0, 300, 100)), 3


FORMS: dict[str, tuple[Any, tuple[int, ...], str]] = {
    "uint8": (lambda: (X, Y), (8, 8), "uint8"),
    "float_rgb": (lambda: (np.repeat(X[..., None], 3, axis=3) / 16.0, Y), (8, 8, 3), "float64"),
    "dataset": (as_dataset, (8, 8, 1), "float64"),
    "pydataset": (Batches, (8, 8), "uint8"),
    "generator": (as_generator, (8, 8), "uint8"),
}


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
def test_forms_of_data(form: str, tmp_path: Path) -> None:
    make, shape, dtype = FORMS[form]
    result = searched(tmp_path, data=make())
    assert result.best_model.input_shape == (None, *shape)
    assert result.rows.x.dtype == dtype
    assert result.best_model.predict(np.asarray(result.rows.x[:2]), verbose=0).shape == (2, 10)
    assert 0 <= result.holdout["accuracy"] <= 1


@pytest.mark.slow
def test_a_folder_of_images_with_a_broken_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from PIL import Image

    for number in range(120):
        folder = tmp_path / "images" / f"digit_{Y[number] % 3}"
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(X[number] * 15).save(folder / f"{number}.png")
    (folder / "broken.png").write_bytes(b"no image")
    result = searched(tmp_path, data=str(tmp_path / "images"), verbose=1)
    assert result.classes == ("digit_0", "digit_1", "digit_2")
    assert len(result.rows) == 120
    for words in (capsys.readouterr().out, result.summary()):
        assert "broken.png" in words


def test_groups_weights_and_data_to_validate_on(tmp_path: Path) -> None:
    """One training shows them all: groups stay whole, the user's validation rows are the validation part."""
    groups = np.arange(240) // 4
    result = searched(
        tmp_path,
        data=(X[:240], Y[:240]),
        groups=groups,
        validation_data=(X[240:], Y[240:]),
        sample_weight=np.linspace(0.5, 1.5, 240),
        holdout=0.2,
        objectives="val_balanced_accuracy",
    )
    split = Split.load(result.directory / "data")
    assert split.validation.tolist() == list(range(240, 300))
    assert not set(groups[split.train]) & set(groups[split.holdout])
    assert result.told["options"]["class_weight"] == "balanced"
    assert "weighed by their rarity" in result.summary()
    assert "val_balanced_accuracy" in result.winner.scores


@pytest.mark.slow
def test_without_a_holdout_the_summary_warns(tmp_path: Path) -> None:
    result = searched(tmp_path, holdout=0)
    assert result.holdout == {}
    assert "Hold-out: none was asked for; the validation score is optimistic" in result.summary()


@pytest.mark.slow
@pytest.mark.parametrize("targets", [1, 2])
def test_regression_gives_the_targets_units(targets: int, tmp_path: Path) -> None:
    x, y = digit_images(1000)
    values = np.stack([1000 + 50.0 * x.mean(axis=(1, 2)), y.astype(float)], axis=1)[:, :targets]
    result = searched(tmp_path, task="image_regression", data=(x, values), estimator=FullTraining(30))
    assert result.holdout["r2_score"] > 0.6
    guesses = result.best_model.predict(x[:50], verbose=0)
    assert guesses.shape == (50, targets)
    assert abs(guesses[:, 0].mean() - values[:50, 0].mean()) < 20
    assert result.objectives[0].name == "val_mse"
    assert "accuracy" not in result.summary()


class OnceOutOfMemory(keras.callbacks.Callback):
    """Runs out of memory in the first attempt of each trial."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder

    def on_train_begin(self, logs: Any = None) -> None:
        marker = self.folder / "tried"
        if not marker.exists():
            marker.touch()
            raise MemoryError("cannot allocate memory")


def test_a_trial_that_runs_out_of_memory_is_tried_with_smaller_batches(tmp_path: Path) -> None:
    result = searched(tmp_path, callbacks=[OnceOutOfMemory(tmp_path)])
    assert not result.failures
    assert result.winner.measurements["settings"]["batch_size"] == 16


class Broken(keras.callbacks.Callback):
    """Fails in every training."""

    def on_train_begin(self, logs: Any = None) -> None:
        raise RuntimeError("no luck today")


def test_when_every_trial_fails_the_reasons_are_grouped_and_kept(tmp_path: Path) -> None:
    with pytest.raises(SearchFailed, match="trials failed:\n.* x error: RuntimeError: no luck today"):
        searched(tmp_path, callbacks=[Broken()], max_trials=2)
    assert (tmp_path / "search" / "search.sqlite").exists()


def retry(precision: str, kind: Any, failed: int = 1) -> Any:
    session: Any = SimpleNamespace(precision=precision)
    trial = Trial(0, Proposal(keras_nas.Architecture({})))
    return Session._retry(session, trial, Failure(kind, "words"), {}, failed)


def test_what_is_tried_again_and_how() -> None:
    assert retry("float32", "out_of_memory") == {"batch_divisor": 4}
    assert retry("mixed_float16", "not_finite") == {"float32": 1.0}
    assert retry("float32", "not_finite") is None
    assert retry("float32", "killed") == {}
    assert retry("float32", "error") is None
    assert retry("mixed_float16", "not_finite", failed=2) is None


WATCHED = Proposal(keras_nas.Architecture({"a": 1}), {"epochs": 3.0, SHARE: 0.3, RISK: 0.05})


def curves(monkeypatch: pytest.MonkeyPatch, objective: str, proposal: Proposal = WATCHED, devices: int = 0) -> Any:
    found = [
        Candidate(n, WATCHED.architecture, {objective: 0.5}, WATCHED.fidelity, Path(), {CURVE: [0.1] * 4}, n == 3)
        for n in range(4)
    ]
    monkeypatch.setattr("keras_nas.session.trained", lambda directory: found)
    session: Any = SimpleNamespace(
        goal=SimpleNamespace(objectives=objectives_from(objective)), part=SimpleNamespace(devices=range(devices))
    )
    training: Any = SimpleNamespace(data=Path("search/data"))
    return Session._curves(session, training, proposal)


def test_whose_training_may_be_stopped_and_by_whose_curves(monkeypatch: pytest.MonkeyPatch) -> None:
    known = curves(monkeypatch, "val_accuracy")["known"]
    assert (known.score, len(known.ends)) == ("val_accuracy", 3), "the user's own model is another kind of network"
    soft = "val_accuracy*(params/1000)^-0.07"
    assert curves(monkeypatch, soft) == {}, "a cost is part of it, which is not known on the way"
    assert curves(monkeypatch, "params") == {}
    assert curves(monkeypatch, "val_accuracy", replace(WATCHED, fidelity={"epochs": 3.0})) == {}
    assert curves(monkeypatch, "val_accuracy", replace(WATCHED, note={BASELINE: True})) == {}
    assert curves(monkeypatch, "val_accuracy", devices=2) == {}


@pytest.mark.slow
@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16", "float32"])
def test_precisions(precision: str, tmp_path: Path) -> None:
    result = searched(tmp_path, precision=precision, estimator=FullTraining(6))
    assert result.told["precision"] == precision
    assert all(layer.dtype_policy.name == "float32" for layer in result.best_model.layers if layer.weights)
    assert np.isfinite(list(result.winner.scores.values())).all()
    assert result.holdout["accuracy"] > 0.4


@pytest.mark.slow
def test_latency_is_an_objective_and_a_constraint(tmp_path: Path) -> None:
    result = searched(
        tmp_path,
        objectives=["val_accuracy", "latency_ms"],
        constraints={"latency_ms": 1000.0},
        max_trials=3,
        strategy=None,
    )
    assert all(trial.scores["latency_ms"] > 0 for trial in result.trials)
    assert "Constraint latency_ms" in result.summary()
    assert "NOT met" not in result.summary()
    limit = sorted(trial.scores["latency_ms"] for trial in result.trials)[1]
    assert result.best(max_latency_ms=limit).scores["latency_ms"] <= limit
    assert result.winner.number in [trial.number for trial in result.pareto_front()]


@pytest.mark.slow
def test_a_search_replaces_another_only_when_told(tmp_path: Path) -> None:
    first = searched(tmp_path)
    second = searched(tmp_path, resume=False, seed=5)
    assert second.directory == first.directory
    assert second.told["seed"] == 5
    assert second.told["holdout"]["uses"] == 1
    assert not (second.directory / "replaced").exists()


@pytest.mark.slow
@pytest.mark.parametrize("max_time", [30, 60])
def test_a_short_search_ends_with_a_sound_model_or_is_refused(tmp_path: Path, max_time: int) -> None:
    """However busy the machine is."""
    try:
        result = keras_nas.search(
            "image_classification", digit_images(1797), max_time=max_time, directory=tmp_path / "search", verbose=0
        )
    except InvalidArgument as refusal:
        assert "is too short for one trial on this machine as it is now" in str(refusal)
        assert not (tmp_path / "search").exists()
    else:
        assert result.winner.measurements["epochs"] > 1
        assert result.holdout["accuracy"] > 0.5


@pytest.mark.slow
def test_the_default_search_in_processes_within_its_time(tmp_path: Path) -> None:
    """The whole call: the default space and strategy, the user's model beside the winner, 90 seconds."""
    x, y = digit_images(1797)
    own = keras.Sequential([keras.Input((8, 8)), layers.Flatten(), layers.Dense(10, "softmax")])
    began = time.monotonic()
    result = keras_nas.search(
        "image_classification", (x, y), max_time=90, baseline_model=own, directory=tmp_path / "search", verbose=0
    )
    assert time.monotonic() - began < 120  # the benchmark asserts 10 % on an idle machine
    assert result.winner.final
    assert result.baseline is not None
    assert result.holdout["accuracy"] > 0.5
    again = keras_nas.load(result.directory).refit(epochs=1)
    assert again.number == 1
