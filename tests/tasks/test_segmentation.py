"""Scores of masks are those of one confusion matrix; the loss is cross-entropy and Dice; heads give a class a pixel."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from keras_nas.data import Rows, collect, split_rows
from keras_nas.errors import InvalidArgument
from keras_nas.space import Choice, Op, Series
from keras_nas.spaces import Space, get_space
from keras_nas.tasks import get_task
from keras_nas.tasks.scores import pixel_counts, segmentation_scores
from keras_nas.tasks.segmentation import finished_loss, raw_loss

RANDOM = np.random.default_rng(0)
CLASSES = 3
Y = RANDOM.integers(0, CLASSES, (5, 7, 4)).astype(np.uint8)
LOGITS = RANDOM.normal(size=(5, 7, 4, CLASSES)).astype(np.float32)
LIKELY = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=-1, keepdims=True)


def test_scores_are_those_of_one_confusion_matrix() -> None:
    from sklearn.metrics import f1_score, jaccard_score, log_loss

    found = segmentation_scores(pixel_counts(Y, LIKELY), CLASSES)
    truth, guess = Y.ravel(), LIKELY.argmax(axis=-1).ravel()
    assert found["mean_iou"] == pytest.approx(jaccard_score(truth, guess, average="macro"))
    assert found["dice"] == pytest.approx(f1_score(truth, guess, labels=[1, 2], average="macro"))
    assert found["pixel_accuracy"] == pytest.approx((truth == guess).mean())
    assert found["loss"] == pytest.approx(log_loss(truth, LIKELY.reshape(-1, CLASSES)), abs=1e-6)


def test_counts_of_rows_add_up_and_are_no_mean_of_batches() -> None:
    counts = pixel_counts(Y, LIKELY)
    parts = np.concatenate([pixel_counts(Y[:2], LIKELY[:2]), pixel_counts(Y[2:], LIKELY[2:])])
    np.testing.assert_allclose(counts, parts)
    means = np.mean([segmentation_scores(counts[row : row + 1], CLASSES)["mean_iou"] for row in range(5)])
    assert segmentation_scores(counts, CLASSES)["mean_iou"] != pytest.approx(means, abs=1e-4)


@pytest.mark.parametrize(
    ("truth", "guess", "iou", "dice"),
    [
        ([0, 0], [0, 0], 1.0, 1.0),
        ([1, 1], [1, 1], 1.0, 1.0),
        ([0, 1], [0, 0], 0.25, 0.0),
        ([0, 2], [2, 2], 0.25, 2 / 3),
    ],
)
def test_classes_that_are_nowhere_do_not_count(truth: list[int], guess: list[int], iou: float, dice: float) -> None:
    counts = pixel_counts(np.array([[truth]]), np.eye(CLASSES)[np.array([[guess]])])
    found = segmentation_scores(counts, CLASSES)
    assert (found["mean_iou"], found["dice"]) == pytest.approx((iou, dice))


def test_the_loss_of_logits_and_of_probabilities() -> None:
    truth = np.eye(CLASSES, dtype=np.float32)[Y]
    entropy = keras.losses.CategoricalCrossentropy(reduction=None)(truth, LIKELY).numpy().mean(axis=(1, 2))
    both, sizes = (truth * LIKELY).sum(axis=(1, 2)), truth.sum(axis=(1, 2)) + LIKELY.sum(axis=(1, 2))
    expected = entropy + 1 - ((2 * both + 1) / (sizes + 1))[:, 1:].mean(axis=1)
    np.testing.assert_allclose(raw_loss(truth, LOGITS), expected, rtol=1e-5)
    np.testing.assert_allclose(finished_loss(truth, LIKELY), expected, rtol=1e-5)
    assert float(np.max(raw_loss(truth, 50 * truth))) < 1e-5


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    x = RANDOM.integers(0, 256, (20, 13, 9, 3), dtype=np.uint8)
    y = RANDOM.integers(0, CLASSES, (20, 13, 9))
    y[0] = 0
    return collect((x, y), tmp_path_factory.mktemp("rows") / "data", target="segmentation")


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_heads_give_the_height_and_width_of_the_image(rows: Rows, stride: int) -> None:
    task = get_task("image_segmentation")
    signature = task.signature(rows, split_rows(rows))
    assert signature.output_shape == (13, 9, CLASSES) and signature.input_shape == (13, 9, 3)
    space = Space("coarse", Series(Op(layers.Conv2D, filters=4, kernel_size=3, strides=stride, padding="same")))
    model = task.build(space, {}, signature, "mixed_float16").model
    assert model.output.shape == (None, 13, 9, CLASSES)
    assert {layer.compute_dtype for layer in model.layers if layer.name.startswith("output")} == {"float32"}
    np.testing.assert_allclose(np.asarray(model(rows.x[:2])).sum(axis=-1), 1, atol=1e-3)


def test_a_space_without_a_map_is_refused(rows: Rows) -> None:
    task = get_task("image_segmentation")
    signature = task.signature(rows, split_rows(rows))
    with pytest.raises(
        InvalidArgument, match=r"features of the shape \(\d+,\); expected a map .height, width, channels."
    ):
        task.build(Space("flat", Series(Op(layers.Flatten))), {}, signature)


def test_the_account(rows: Rows) -> None:
    lines = get_task("image_segmentation").remarks(rows, split_rows(rows, seed=1))
    assert lines[0].startswith("3 classes, of the pixels to train on: 0 3")
    assert lines[1:] in ([], ["1 of the masks to train on hold one class only."])


@pytest.mark.parametrize("name", ["unet", "auto_deeplab"])
@pytest.mark.parametrize("shape", [(16, 16, 1), (5, 4, 3), (37, 50, 3)])
def test_ready_spaces_give_maps_at_all_sizes(name: str, shape: tuple[int, ...]) -> None:
    from keras_nas.objectives.cost import CostNet

    space = get_space(name, "image_segmentation")
    for seed in range(12):
        net = CostNet()
        found = net.shape(space.features(space.sample(seed), net, net.input(shape)))
        assert len(found) == 3 and all(
            -(-side // 2) <= other <= side for side, other in zip(shape[:2], found, strict=False)
        )


@pytest.mark.parametrize("name", ["unet", "auto_deeplab"])
def test_ready_spaces_go_through_a_pipe_and_keras_tuner(name: str) -> None:
    import cloudpickle
    from keras_tuner import HyperParameters

    space = get_space(name, "image_segmentation")
    assert cloudpickle.loads(cloudpickle.dumps(space)).decisions == space.decisions
    hp = HyperParameters()
    assert space.validate(space.tune(hp)) is not None
    assert [parameter.name for parameter in hp.space] == [decision.path for decision in space.decisions]


def test_label_sets_are_scored_by_their_classes(tmp_path: Path) -> None:
    task: Any = get_task("image_multilabel_classification")
    y = np.array([[1, 0], [1, 1], [0, 1], [0, 0]] * 5)
    rows = collect((RANDOM.integers(0, 9, (20, 4, 4)), y), tmp_path / "data", target="multilabel")
    signature = task.signature(rows, split_rows(rows))
    assert signature.outputs == 2
    sure = np.where(y, 0.9, 0.2)
    found = task.scores(y, sure, signature)
    assert {name: found[name] for name in ("auc", "f1_score", "micro_f1", "exact_match", "average_precision")} == (
        dict.fromkeys(("auc", "f1_score", "micro_f1", "exact_match", "average_precision"), 1.0)
    )
    assert found["loss"] == pytest.approx(-(np.log(0.9) + np.log(0.8)) / 2)
    assert task.scores(y, 1 - sure, signature)["auc"] == 0.0
    told = task.remarks(rows, split_rows(rows))
    assert told == [told[0]] and told[0].startswith("2 classes, 1 a row on average; to train on there are from")
    space = Space("flat", Series(Op(layers.Flatten), Op(layers.Dense, units=Choice("units", [3]))))
    outputs = np.asarray(task.build(space, {"units": 3}, signature).model(rows.x[:3]))
    assert outputs.shape == (3, 2) and (outputs > 0).all() and (outputs < 1).all()
