"""The training of an elastic supernet: policies, a teacher within, scores, and networks that leave with their part."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from keras_nas.blocks.convolution import convolution
from keras_nas.blocks.head import pooled_head
from keras_nas.estimators.assignment import Training
from keras_nas.estimators.elastic import SOFT, Distillation, Distilled
from keras_nas.estimators.gates.courses import Sampler
from keras_nas.estimators.shared_trial import run
from keras_nas.space import Channels, Choice, Repeat, Series
from keras_nas.spaces import Space
from keras_nas.strategy import UNTRAINED
from keras_nas.tasks import get_task
from tests.small import RECIPE, Ear, tiny_training

SHARED = {UNTRAINED: 1.0, "shared": 1.0, "elastic": 1.0}
LARGEST = {"width": 16, "kernel": 5, "more/depth": 1, "more/0/kernel": 3}
SMALLEST = {"width": 8, "kernel": 3, "more/depth": 0}


def sized() -> Space:
    """Widths, kernels and depths."""
    more = Repeat("more", convolution(Channels(), Choice("kernel", [1, 3])), [0, 1])
    stem = convolution(Choice("width", [8, 16]), Choice("kernel", [3, 5]), stride=2)
    return Space("sized", Series(stem, more, pooled_head(pooling="average")), {**RECIPE, "batch_size": 32})


def trial(training: Training, folder: Path, fidelity: dict[str, float], network: Any) -> dict[str, Any]:
    told = {"training": training, "architecture": network, "number": 1, "fidelity": fidelity}
    return run(Ear(folder), **told, custom_objects={}, towers=1)


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Training, Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("elastic")
    training = tiny_training(folder, space=sized(), limits={"flops": None})
    fidelity = {**SHARED, "supernet": 1.0, "progressive": 1.0, "epochs": 40.0}
    return training, folder, trial(training, folder / "0", fidelity, LARGEST)


def test_the_supernet_has_learnt(taught: Any) -> None:
    _, _, told = taught
    assert told["scores"]["val_accuracy"] > 0.5
    assert told["measurements"]["elastic"] == {
        "policy": "progressive",
        "dimensions": {"width": "width", "kernel": "kernel", "more/depth": "depth", "more/0/kernel": "kernel"},
    }


def test_a_network_leaves_with_what_it_was_scored_with(taught: Any) -> None:
    training, folder, _ = taught
    shared = trial(training, folder / "1", SHARED, SMALLEST)["scores"]
    fidelity = {"final": 1.0, "shared": 1.0, "elastic": 1.0, "seconds": 0.001}
    told = trial(training, folder / "2", fidelity, SMALLEST)
    model = keras.models.load_model(folder / "2" / told["artefacts"]["model"], compile=False)
    assert told["measurements"]["epochs"] == 0
    assert {name: told["scores"][name] for name in shared} == pytest.approx(shared, abs=1e-5)
    assert model.count_params() == shared["params"]
    assert {layer.kernel.shape for layer in model.layers if isinstance(layer, keras.layers.Conv2D)} == {(3, 3, 1, 8)}


def test_a_loss_hears_the_teacher() -> None:
    loss = Distilled(get_task("image_classification")).loss()
    y, logits, taught = np.eye(3)[[0, 1]], np.array([[2.0, 0, 0], [0, 1.0, 0]]), np.array([[0, 3.0, 0], [0, 3.0, 0]])
    own = keras.losses.CategoricalCrossentropy(from_logits=True)
    soft = keras.ops.softmax(taught)
    wanted = float(own(y, logits)) + float(own(soft, logits))
    assert float(loss(y, np.concatenate([logits, taught], axis=1))) == pytest.approx(wanted, abs=1e-5)


def test_of_several_labels_the_teacher_says_how_probable_each_is() -> None:
    loss = Distilled(get_task("image_multilabel_classification")).loss()
    y, logits, taught = np.array([[1.0, 0.0]]), np.array([[2.0, -1.0]]), np.array([[3.0, 1.0]])
    own = keras.losses.BinaryCrossentropy(from_logits=True)
    wanted = float(own(y, logits)) + float(own(keras.ops.sigmoid(taught), logits))
    assert float(loss(y, np.concatenate([logits, taught], axis=1))) == pytest.approx(wanted, abs=1e-5)


def test_what_is_weighed_is_weighed_with_its_teacher() -> None:
    loss = Distillation(keras.losses.MeanSquaredError(), SOFT["regression"])
    both = np.array([[0.0, 2.0], [0.0, 0.0]])
    assert float(loss(np.zeros((2, 1)), both, sample_weight=np.array([0.5, 1.0]))) == pytest.approx(1.0)


def test_all_but_the_loss_is_the_tasks() -> None:
    task = get_task("image_classification")
    assert Distilled(task).name == task.name
    assert Distilled(task).encode == task.encode


def test_a_sampler_is_told_how_far_the_training_is() -> None:
    class Net:
        decisions, teacher, chosen = None, None, None

        def select(self, architecture: Any) -> None:
            self.chosen = architecture

    net = Net()
    sampler = Sampler(lambda decisions, seed, step, progress=1.0: (seed, step, progress), seed=3)
    model: Any = type("Model", (), {"network": net})()
    count = type("Count", (), {"numpy": lambda self: 5})()
    model.optimizer = type("Optimizer", (), {"iterations": count})()
    model.schedule = type("Schedule", (), {"progress": 0.25})()
    sampler.set_model(model)
    sampler.on_train_batch_begin(0)
    assert net.chosen == (3, 5, 0.25)
