"""A supernet whose gates are learnt while it is trained, in a worker's trial."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_nas.engine.job import Stop
from keras_nas.estimators import watch
from keras_nas.estimators.fitting import Lesson
from keras_nas.estimators.gates import FORMS, LEARNT
from keras_nas.estimators.gates.courses import Learnt, halved
from keras_nas.estimators.gates.derived import from_scores, most_probable
from keras_nas.estimators.gates.methods import METHODS
from keras_nas.estimators.gates.price import Price, cost_of
from keras_nas.estimators.gates.story import Story
from keras_nas.estimators.schedule import Budget
from keras_nas.estimators.shared_net import home, make_supernet
from keras_nas.estimators.shared_trial import run
from keras_nas.estimators.trainer import Trainer
from keras_nas.objectives.latency_table import FOLDER
from keras_nas.strategy import UNTRAINED
from keras_nas.supernet.relaxations import probabilities
from tests.estimators.gates.small import limits_of, made_up_table, small_training, taught
from tests.small import Ear, written

FAST = ("darts",)
TEACHER = {"first": "skip", "second": "skip", "dead": "cut"}


def test_every_name_has_its_method() -> None:
    assert (*METHODS, "enas") == LEARNT


def test_options_are_judged_on_rows_that_weights_do_not_see(tmp_path: Path) -> None:
    training = small_training(tmp_path)
    split = written(training)[1]
    _, learning, judging = halved(training)
    assert sorted([*learning.train, *judging.train]) == split.train.tolist()
    assert len(judging.train) - len(learning.train) in (0, 1)
    np.testing.assert_array_equal(learning.validation, split.validation)


@pytest.mark.parametrize("method", [m if m in FAST else pytest.param(m, marks=pytest.mark.slow) for m in METHODS])
def test_what_helps_becomes_likely_and_is_scored(method: str, tmp_path: Path) -> None:
    training = small_training(tmp_path)
    told = taught(training, tmp_path / "0", method, epochs=16.0)
    chances = from_scores(training.space.network_decisions, told["scores"])
    assert chances is not None
    assert all(own.sum() == pytest.approx(1.0) for own in chances.values())
    assert chances["dead"][1] > 0.6, "what hands on nothing cannot be as good"
    story = told["measurements"]["gates"]
    assert story["method"] == method
    assert [entry["step"] for entry in story["epochs"]] == sorted(entry["step"] for entry in story["epochs"])
    sharpness = [entry["eigenvalue"] is not None for entry in story["epochs"]]
    assert sharpness == [METHODS[method].watched and number >= 8 for number in range(1, 17)]
    network = most_probable(training.space.network_decisions, chances)
    scored = run(
        Ear(tmp_path / "1"),
        training=training,
        architecture=network,
        number=1,
        fidelity={UNTRAINED: 1.0, "shared": 1.0, method: 1.0},
    )
    assert scored["scores"]["val_accuracy"] > 0.3


@pytest.mark.slow
def test_a_loss_that_becomes_sharp_ends_the_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Story, "_sharper", lambda self, now: now is not None)
    told = taught(small_training(tmp_path), tmp_path / "0", "darts", epochs=6.0)
    assert [entry["sharper"] for entry in told["measurements"]["gates"]["epochs"]] == [False, False, True]


@dataclass
class Halfway:
    """A schedule that is past the warm-up."""

    progress: float = 0.5


@pytest.mark.slow
@pytest.mark.parametrize("method", ["fbnet", "proxylessnas", "single_path_nas"])
def test_a_stricter_latency_gives_a_faster_network(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three targets, one supernet: what is traced once serves all."""
    monkeypatch.setenv(FOLDER, str(tmp_path))
    training = small_training(tmp_path, limits={"latency_ms": None}, latency_target="keras")
    made_up_table(training, tmp_path)
    course = Learnt(training, tmp_path, method)
    net, latency = course.make(), cost_of(training, "latency_ms")
    learner, _ = course.begin(net, TEACHER, Lesson(Budget(), 0.0, lambda: None))  # type: ignore[arg-type, return-value]
    trainer = Trainer(net)
    trainer.compile(optimizer=keras.optimizers.SGD(0.05), loss=training.task.loss(), jit_compile=False)
    trainer.optimizer.build(trainer.trainable_weights)
    trainer.schedule = Halfway()
    learner.set_model(trainer)
    learner.on_train_begin()
    step = tf.function(trainer.train_step, autograph=False)
    found, chances = [], METHODS[method].relaxation.chances
    for limit in limits_of(training):
        net.logits.values.assign(np.zeros(net.encoder.width))
        net.logits.ready(0.05)
        learner.price = Price(net.encoder, learner.price.costs, {"latency_ms": limit}, chances)
        for epoch in range(20):
            learner.on_epoch_begin(epoch)
            for batch in itertools.islice(learner.batches[0](epoch), 4):
                learner.on_train_batch_begin(0)
                step(batch)
        logits = net.logits.array()
        expected = learner.price.expected(logits)["latency_ms"]
        assert expected <= 1.1 * limit
        assert latency is not None
        likely = most_probable(net.decisions, probabilities(logits, net.encoder, chances))
        found.append((expected, latency(likely)))
    for numbers in zip(*found, strict=True):
        assert list(numbers) == sorted(numbers, reverse=True)
        assert numbers[0] > numbers[-1]


@pytest.mark.slow
@pytest.mark.parametrize("method", ["darts_second_order", "proxylessnas", "gdas"])
def test_an_interrupted_training_goes_on_to_the_same_gates(
    method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "WRITE_EVERY", 0.0)
    ends: list[tuple[dict[str, Any], list[Any]]] = []
    for stop in (None, 3):
        training, folder = small_training(tmp_path / str(stop)), tmp_path / str(stop) / "0"
        ear = Ear(folder, stop_after=stop)
        if stop:
            with pytest.raises(Stop):
                taught(training, folder, method, ear, epochs=5.0)
            ear.stop_after = None
        told = taught(training, folder, method, ear, epochs=5.0)
        assert ear.epochs == [1, 2, 3, 4, 5]
        net = make_supernet(training, **FORMS.get(method, {}))
        net.load_weights(home(training))
        ends.append((told, net.get_weights()))
    (one, weights), (other, again) = ends
    gates = [told["measurements"]["gates"]["epochs"] for told in (one, other)]
    assert [entry["step"] for entry in gates[0]] == [entry["step"] for entry in gates[1]]
    for name in one["scores"]:
        assert one["scores"][name] == pytest.approx(other["scores"][name], abs=0.02), name
    for before, after in zip(weights, again, strict=True):
        np.testing.assert_allclose(before, after, rtol=1e-2, atol=1e-3)
