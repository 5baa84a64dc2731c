"""Masks: what they may be, their classes, and what is said of those that are none."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from keras_nas.data import Rows, collect, split_rows
from keras_nas.data.masks import held_classes

RANDOM = np.random.default_rng(0)
X = RANDOM.integers(0, 256, (12, 6, 8), dtype=np.uint8)
Y = RANDOM.integers(0, 2, (12, 6, 8), dtype=np.uint8)
KIND: dict[str, Any] = {"target": "segmentation"}
Make = Callable[..., Rows]


@pytest.mark.parametrize(
    ("masks", "classes"),
    [
        (Y, (0, 1)),
        (Y[..., None], (0, 1)),
        (Y.astype(bool), (0, 1)),
        (Y.astype(np.float32), (0, 1)),
        (Y.astype(np.int64) - 1, (-1, 0)),
        (Y * 255, (0, 255)),
        (Y + (X > 127) * 4, (0, 1, 4, 5)),
    ],
    ids=["uint8", "channel", "bool", "float", "negative", "grey", "four"],
)
def test_masks_become_class_numbers(masks: np.ndarray, classes: tuple[int, ...], make_rows: Make) -> None:
    rows = make_rows(X, masks, **KIND)
    assert rows.labels.classes == classes and rows.y.dtype == np.uint8 and rows.y.shape == X.shape
    np.testing.assert_array_equal(np.array(classes)[rows.y], masks.reshape(X.shape))
    assert rows.labels.decode(np.eye(len(classes))[rows.y]).shape == X.shape


@pytest.mark.parametrize(
    ("masks", "text"),
    [
        (Y[:, :3], "masks of 3 x 8 pixels for images of 6 x 8; expected a class for each pixel of an image. Resize"),
        (Y[:10], "x has 12 rows, y has 10 rows; expected the same number in each"),
        (np.zeros_like(Y), "every mask is 0 everywhere; expected two classes or more. Check how the masks were read"),
        (Y * 0.5, "masks hold real numbers, 0.5 for example; expected whole numbers .* use .masks > 0.5."),
        (np.where(Y, np.inf, 0), "masks hold real numbers, infinity for example"),
        (np.eye(3)[Y], r"y has the shape \(12, 6, 8, 3\) .* One-hot masks become such by y.argmax\(axis=-1\)"),
        (Y[:, 0, 0], r"y has the shape \(12,\) and holds integers; expected masks, a class number for each pixel"),
        (
            np.where(X < 100, 0, np.where(X > 110, 255, X)),
            r"masks hold \d+ different values, 0, 100, 101, 102, 103 ... 255: 0 and 255 are most of it, \d.\d+% of the "
            "pixels are others; expected .* Smoothed masks and those stored as JPEG look so: threshold them",
        ),
        (np.tile(np.arange(192).reshape(4, 6, 8), (3, 1, 1)), "masks hold 192 different values, 0, 1, 2, 3, 4 ... 191"),
    ],
    ids=["size", "number", "empty", "fractions", "infinite", "one-hot", "labels", "smoothed", "pictures"],
)
def test_what_is_no_mask(masks: np.ndarray, text: str, refused: Callable[..., None]) -> None:
    refused(text, (X, masks), **KIND)


def test_validation_masks_have_the_same_classes(refused: Callable[..., None], target: Path) -> None:
    refused("validation_data: the class 7 of a mask is unknown", (X, Y), validation_data=(X[:2], Y[:2] * 7), **KIND)
    rows = collect((X, Y * 255), target, validation_data=(X[:2], Y[:2] * 255), **KIND)
    assert rows.given_validation == 2 and rows.y[12:].tolist() == Y[:2].tolist()


def test_every_class_is_trained_on(make_rows: Make) -> None:
    """The class of three masks is in every part, as far as the rows allow."""
    masks = np.zeros((40, 6, 8), int)
    masks[:, 0], masks[[3, 17, 30], 1, 1] = 1, 2
    rows = make_rows(RANDOM.integers(0, 9, masks.shape), masks, **KIND)
    for seed in range(5):
        split = split_rows(rows, 0.3, 0.3, seed)
        assert held_classes(rows.y[split.train], 3).any(axis=0).all()
        assert [len(part) for part in (split.train, split.validation, split.holdout)] == [16, 12, 12]


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Six images and masks of two sizes; the left half of each image is bright and of the class 1."""
    for number, (high, wide) in enumerate([(8, 12)] * 4 + [(16, 24)] * 2):
        mask = np.zeros((high, wide), np.uint8)
        mask[:, : wide // 2] = 1
        for folder, content in (("images", mask * 200 + 9), ("masks", mask * 255)):
            (tmp_path / "set" / folder / "deep").mkdir(parents=True, exist_ok=True)
            Image.fromarray(content).save(tmp_path / "set" / folder / "deep" / f"{number}.png")
    return tmp_path / "set"


@pytest.mark.parametrize("form", ["folder", "folders", "table"])
def test_files_of_images_and_masks(form: str, pictures: Path, target: Path) -> None:
    files = sorted((pictures / "images").rglob("*.png"))
    frame = pd.DataFrame({"photo": map(str, files), "nuclei": [str(f).replace("/images/", "/masks/") for f in files]})
    data: Any = {"folder": pictures, "folders": (pictures / "images", str(pictures / "masks")), "table": frame}[form]
    rows = collect(data, target, column="nuclei" if form == "table" else None, **KIND)
    assert rows.x.shape == (6, 8, 12, 3) and rows.y.shape == (6, 8, 12) and rows.labels.classes == (0, 255)
    assert (rows.y[:, :, :6] == 1).all() and not rows.y[:, :, 6:].any()
    assert (rows.x[:, :, :5] == 209).all() and (rows.x[:, :, 7:] == 9).all()


def test_files_that_do_not_belong_together(pictures: Path, refused: Callable[..., None]) -> None:
    (pictures / "masks" / "deep" / "5.png").rename(pictures / "masks" / "deep" / "six.png")
    refused(
        r"images has 6 images, 1 without a mask \(deep.5\); .*masks has 6 masks, 1 without an image \(deep.six\)",
        pictures,
        **KIND,
    )
    refused("absent is not a folder; expected one of images and one of masks", (pictures, pictures / "absent"), **KIND)


def test_a_mask_of_another_size_than_its_image(pictures: Path, refused: Callable[..., None]) -> None:
    Image.new("L", (5, 4)).save(pictures / "masks" / "deep" / "2.png")
    refused(r"the mask .*2.png has 4 x 5 pixels, its image 2.png 8 x 12; expected equal sizes", pictures, **KIND)


def test_a_mask_in_colours(pictures: Path, refused: Callable[..., None]) -> None:
    Image.new("RGB", (12, 8), (0, 0, 255)).save(pictures / "masks" / "deep" / "2.png")
    refused("2.png is in colours; expected grey, the number of the class in each pixel", pictures, **KIND)


def test_a_mask_that_cannot_be_read_is_left_out_with_its_image(pictures: Path, target: Path) -> None:
    (pictures / "masks" / "deep" / "2.png").write_bytes(b"no image")
    rows = collect(pictures, target, **KIND)
    assert len(rows) == 5 and "2.png was left out" in rows.dropped[0]


def test_tables_of_paths(pictures: Path, refused: Callable[..., None], tmp_path: Path) -> None:
    files = [str(file) for file in sorted((pictures / "images").rglob("*.png"))]
    frame = pd.DataFrame({"file": files, "kind": ["a", "b"] * 3})
    rows = collect(frame, tmp_path / "labels", column="kind", image_size=(4, 4))
    assert rows.x.shape == (6, 4, 4, 3) and rows.y.tolist() == [0, 1] * 3
    frame["high"], frame["wide"] = range(6), range(3, 9)
    rows = collect(frame.drop(columns="kind"), tmp_path / "numbers", column=["high", "wide"], target="regression")
    assert rows.y.tolist() == [[k, k + 3] for k in range(6)]
    refused("a table with the columns file, kind, high, wide; expected one of paths of images", frame, column="kind")
    refused("data: Unknown target 'sort'.*'kind'", frame, column="sort")
    lost = frame.assign(file="lost.png")[["file", "kind"]]
    refused("'lost.png' in row 0 of 'file' is no file; expected paths of images", lost, column="kind")
