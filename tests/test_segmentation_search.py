"""One search on images with masks, and one on images with several labels, from arrays to what the models give."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import keras_nas
from keras_nas.data import Split
from keras_nas.errors import DataError, InvalidArgument
from keras_nas.estimators.fidelity import FullTraining
from keras_nas.export import export_model
from keras_nas.spaces.segmentation import unet
from tests.small import tiny_space

ROWS, SIDES = 48, (19, 14)


def shapes() -> tuple[np.ndarray, np.ndarray]:
    """Grey images of odd sides with one bright and one half bright rectangle each, and their masks of three classes."""
    random = np.random.default_rng(0)
    x, y = random.integers(0, 60, (ROWS, *SIDES), dtype=np.uint8), np.zeros((ROWS, *SIDES), np.uint8)
    for image, mask in zip(x, y, strict=True):
        for label, light in ((1, 180), (2, 90)):
            top, left = random.integers(0, 11), random.integers(0, 7)
            image[top : top + 8, left : left + 7], mask[top : top + 8, left : left + 7] = light, label
    return x, y


X, Y = shapes()


def searched(folder: Path, task: str = "image_segmentation", data: Any = (X, Y), **changes: Any) -> Any:
    given: dict[str, Any] = {
        "space": unet((4,), (1,)) if task == "image_segmentation" else tiny_space(),
        "estimator": FullTraining(6),
        "max_trials": 1,
        "workers": 0,
        "precision": "float32",
        "verbose": 0,
        "history": False,
        "directory": folder / "search",
    }
    return keras_nas.search(task, data, **{**given, **changes})


@pytest.fixture(scope="module")
def result(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return searched(tmp_path_factory.mktemp("masks"), objectives=["val_mean_iou", "val_dice", "params"])


def test_scores_are_those_of_all_pixels_together(result: Any) -> None:
    held = Split.load(result.rows.directory).holdout
    guess, truth = result.best_model.predict(X[held], verbose=0).argmax(axis=-1), Y[held]
    pairs = [((guess == k) & (truth == k), (guess == k) | (truth == k)) for k in range(3)]
    iou = [both.sum() / either.sum() for both, either in pairs if either.any()]
    dice = [2 * both.sum() / (both.sum() + either.sum()) for both, either in pairs[1:] if either.any()]
    assert result.holdout["mean_iou"] == pytest.approx(np.mean(iou), abs=1e-6)
    assert result.holdout["dice"] == pytest.approx(np.mean(dice), abs=1e-6)
    assert result.holdout["pixel_accuracy"] == pytest.approx((guess == truth).mean(), abs=1e-6)
    assert set(result.told["holdout"]["intervals"]) == {"mean_iou", "dice", "pixel_accuracy", "loss"}


def test_it_has_learned_something(result: Any) -> None:
    assert result.holdout["pixel_accuracy"] > (Y == 0).mean()
    assert result.classes == (0, 1, 2)


def test_models_take_raw_pixels_and_give_a_class_for_each(result: Any) -> None:
    outputs = result.best_model.predict(X[:3], verbose=0)
    assert outputs.shape == (3, *SIDES, 3) and outputs.dtype == np.float32
    np.testing.assert_allclose(outputs.sum(axis=-1), 1, atol=1e-5)


def test_the_account_tells_the_classes(result: Any) -> None:
    account = "\n".join(result.told["data"])
    assert "3 classes, of the pixels to train on: 0 6" in account and "2 2" in account


@pytest.mark.slow
def test_the_export_agrees_on_every_hold_out_row(result: Any, tmp_path: Path) -> None:
    rows = X[Split.load(result.rows.directory).holdout]
    for file_format in ("saved_model", "litert", "litert_int8"):
        exported = export_model(result.best_model, tmp_path / file_format, format=file_format, rows=rows, samples=X)
        assert exported.rows == len(rows) and exported.agreement > 0.9
        assert exported.max_abs_difference <= 1e-4 or file_format == "litert_int8"


@pytest.mark.parametrize(
    ("data", "changes", "error", "words"),
    [
        ((X, Y[:, :7]), {}, DataError, "masks of 7 x 14 pixels for images of 19 x 14"),
        ((X, Y[:-1]), {}, DataError, "x has 48 rows, y has 47 rows"),
        ((X, Y * 0), {}, DataError, "every mask is 0 everywhere"),
        ((X, Y), {"class_weight": "balanced"}, InvalidArgument, "class_weight='balanced': image_segmentation has no"),
        ((X, Y), {"objectives": "val_iou"}, InvalidArgument, "Unknown objective 'val_iou'.*'val_mean_iou', 'val_dice'"),
        ((X, Y), {"space": "resnet"}, InvalidArgument, "Unknown space 'resnet': expected one of 'unet'"),
        ((X, Y), {"space": tiny_space()}, InvalidArgument, r"features of the shape \(16,\); expected a map"),
    ],
    ids=["size", "number", "empty", "weights", "objective", "space", "vector"],
)
def test_what_does_not_fit_leaves_nothing_behind(
    data: Any, changes: dict[str, Any], error: type[Exception], words: str, tmp_path: Path
) -> None:
    with pytest.raises(error, match=words):
        searched(tmp_path, data=data, **changes)
    assert not list(tmp_path.iterdir())


def own_model() -> Any:
    """A user's own network on raw pixels."""
    import keras
    from keras import layers

    return keras.Sequential(
        [
            keras.Input(SIDES),
            layers.Reshape((*SIDES, 1)),
            layers.Rescaling(1 / 255),
            layers.Conv2D(3, 1, activation="softmax"),
        ]
    )


@pytest.mark.slow
def test_a_loss_a_metric_and_a_model_of_ones_own(tmp_path: Path) -> None:
    found = searched(
        tmp_path,
        loss="categorical_crossentropy",
        metrics=["categorical_accuracy"],
        objectives="val_categorical_accuracy",
        baseline_model=own_model,
        max_trials=2,
    )
    for trial in (found.winner, found.baseline):
        assert trial.scores["val_categorical_accuracy"] == pytest.approx(trial.scores["val_pixel_accuracy"], abs=1e-5)


@pytest.mark.slow
def test_several_labels_an_image(tmp_path: Path) -> None:
    held = [["bright"] * (1 in mask[:9]) + ["half"] * (2 in mask[9:]) for mask in Y]
    found = searched(tmp_path, "image_multilabel_classification", (X, held), metrics=["binary_accuracy"])
    assert found.classes == ("bright", "half")
    outputs = found.best_model.predict(X[:4], verbose=0)
    assert outputs.shape == (4, 2) and 0 <= outputs.min() and outputs.max() <= 1
    assert {"val_auc", "val_f1_score", "val_loss", "val_exact_match", "val_binary_accuracy"} <= set(found.winner.scores)
    assert "a row on average; to train on there are from" in "\n".join(found.told["data"])


@pytest.mark.slow
def test_several_numbers_an_image(tmp_path: Path) -> None:
    light = np.stack([X.mean(axis=(1, 2)), X.std(axis=(1, 2)) * 100], axis=1)
    found = searched(tmp_path, "image_regression", (X, light), objectives="val_r2_score")
    outputs = found.best_model.predict(X, verbose=0)
    assert outputs.shape == (ROWS, 2)
    np.testing.assert_allclose(outputs.mean(axis=0), light.mean(axis=0), rtol=0.5)
