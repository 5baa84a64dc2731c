"""Tests of image folders: all kinds of files, one common size, and files that cannot be read."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_nas.data import collect
from keras_nas.errors import DataError

COLOURS = {"red": (255, 0, 0), "blue": (0, 0, 255)}


def save(path: Path, colour: tuple[int, ...], size: tuple[int, int] = (12, 10), mode: str = "RGB") -> None:
    """A picture of one colour; `size` is (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, colour if len(colour) > 1 else colour[0]).save(path)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Three pictures of each colour, as PNG."""
    for name, colour in COLOURS.items():
        for i in range(3):
            save(tmp_path / "pictures" / name / f"{i}.png", colour)
    return tmp_path / "pictures"


def test_a_class_for_each_folder(folder: Path, target: Path) -> None:
    rows = collect(folder, target)
    assert rows.labels.classes == ("blue", "red") and rows.labels.kind == "text"
    assert rows.x.shape == (6, 10, 12, 3) and rows.x.dtype == np.uint8
    assert rows.y.tolist() == [0, 0, 0, 1, 1, 1]
    assert rows.x[0, 0, 0].tolist() == [0, 0, 255] and rows.x[5, 9, 11].tolist() == [255, 0, 0]
    assert rows.dropped == ()


@pytest.mark.parametrize("suffix", ["png", "jpg", "JPEG", "bmp", "gif"])
def test_every_kind_of_file(folder: Path, target: Path, suffix: str) -> None:
    save(folder / "red" / f"more.{suffix}", (255, 0, 0))
    rows = collect(str(folder), target)
    assert rows.size == 7 and rows.dropped == ()
    np.testing.assert_allclose(rows.x[-1].reshape(-1, 3).mean(axis=0), [255, 0, 0], atol=3)


@pytest.mark.parametrize(
    ("mode", "colour", "expected"),
    [("L", (77,), [77, 77, 77]), ("LA", (77, 9), [77, 77, 77]), ("RGBA", (1, 2, 3, 9), [1, 2, 3])],
)
def test_grey_and_transparent_images_get_three_channels(
    folder: Path, target: Path, mode: str, colour: tuple[int, ...], expected: list[int]
) -> None:
    save(folder / "red" / "more.png", colour, mode=mode)
    assert collect(folder, target).x[-1, 0, 0].tolist() == expected


def test_other_sizes_become_the_commonest(folder: Path, target: Path) -> None:
    save(folder / "red" / "large.png", (255, 0, 0), size=(40, 30))
    rows = collect(folder, target)
    assert rows.x.shape == (7, 10, 12, 3)
    assert rows.x[-1].reshape(-1, 3).tolist() == [[255, 0, 0]] * 120


def test_without_a_commonest_size_the_median_is_taken(tmp_path: Path, target: Path) -> None:
    for name in COLOURS:
        for i in (10, 20, 30):
            save(tmp_path / "pictures" / name / f"{i}.png", (i, i, i), size=(i + len(name), 2 * i))
    assert collect(tmp_path / "pictures", target).x.shape[1:3] == (40, 24)


def test_large_images_are_reduced_in_proportion(tmp_path: Path, target: Path) -> None:
    for name, colour in COLOURS.items():
        for i in range(2):
            save(tmp_path / "pictures" / name / f"{i}.png", colour, size=(1024, 512))
    assert collect(tmp_path / "pictures", target).x.shape == (4, 128, 256, 3)


def test_the_size_the_user_names(folder: Path, target: Path) -> None:
    assert collect(folder, target, image_size=(5, 7)).x.shape == (6, 5, 7, 3)


@pytest.mark.parametrize("size", [(0, 7), (5,)])
def test_a_size_that_is_none(folder: Path, refused: Callable[..., None], size: tuple[int, ...]) -> None:
    refused(r"image_size is .*; expected \(height, width\) in pixels", folder, image_size=size)


def test_a_bad_image_is_reported_and_left_out(folder: Path, target: Path) -> None:
    (folder / "blue" / "1.png").write_bytes(b"not an image")
    whole = (folder / "red" / "0.png").read_bytes()
    (folder / "red" / "0.png").write_bytes(whole[: len(whole) // 2])
    rows = collect(folder, target, groups=[7, 8, 9, 7, 8, 9], sample_weight=[0, 1, 2, 3, 4, 5])
    assert rows.size == 4 and len(rows.dropped) == 2
    assert "1.png was left out: it cannot be read as an image (Unknown image file format. One of" in rows.dropped[0]
    assert rows.dropped[0].endswith(" required).")
    assert rows.groups is not None and rows.groups.tolist() == [0, 2, 1, 2]
    assert rows.sample_weight is not None and rows.sample_weight.tolist() == [0, 2, 4, 5]


def test_only_bad_images(folder: Path, refused: Callable[..., None]) -> None:
    for file in folder.rglob("*.png"):
        file.write_bytes(b"")
    refused("data is empty", folder)


def test_validation_images_get_the_size_of_the_training_images(folder: Path, tmp_path: Path, target: Path) -> None:
    for name, colour in COLOURS.items():
        save(tmp_path / "validation" / name / "0.png", colour, size=(20, 20))
    rows = collect(folder, target, validation_data=tmp_path / "validation")
    assert rows.x.shape == (8, 10, 12, 3) and rows.given_validation == 2


def test_nested_folders_hidden_folders_and_other_files(folder: Path, target: Path) -> None:
    save(folder / "red" / "deep" / "more.png", (255, 0, 0))
    save(folder / ".cache" / "0.png", (255, 0, 0))
    (folder / "red" / "notes.txt").write_text("no image")
    rows = collect(folder, target)
    assert rows.labels.classes == ("blue", "red") and rows.y.tolist() == [0, 0, 0, 1, 1, 1, 1]


def test_not_a_folder(tmp_path: Path, refused: Callable[..., None]) -> None:
    refused("absent is not a folder; expected one with a folder of images for each class", tmp_path / "absent")


def test_a_folder_without_images(tmp_path: Path, refused: Callable[..., None]) -> None:
    (tmp_path / "a").mkdir()
    refused("has 1 folders and no image in them; expected .*png, .jpg", tmp_path, error=DataError)


def test_numbers_cannot_be_told_from_folders(folder: Path, refused: Callable[..., None]) -> None:
    refused("holds text; expected numbers to predict", folder, target="regression")
