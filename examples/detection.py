"""A task of your own, object detection: boxes around blood cells, found by a network that is searched.

    KERAS_NAS_DATA=data python examples/detection.py [--seconds 180] [--directory detection]

The images are those of the BCCD set where the folder that KERAS_NAS_DATA names has `sets/det_bccd_320px.zip`; else some
are made up. Each cell of a grid over the image answers for the object whose centre lies in it: how likely there is one
of each class, where in the cell its centre lies, and how wide and high it is (Redmon et al., arXiv 1506.02640). What is
learned is a focal loss (Lin et al., arXiv 1708.02002) and the boxes' overlap; the score is the field's, the average
precision at an overlap of one half, the mean over the classes.
"""

import argparse
import io
import os
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import tensorflow as tf
from keras import layers, ops

import keras_nas
from keras_nas.blocks import convolution, residual
from keras_nas.space import Channels, Choice, Range, Repeat, Series
from keras_nas.tasks.image import ImageRegression

NAMES = ("WBC", "RBC", "Platelets")
SIDES, GRID, NUMBERS = (120, 160), (15, 20), 7
"""Pixels, cells, and numbers of a cell: a probability for each class; right, down, width and height of the box."""
CANDIDATES, OVERLAP = 64, 0.5
"""Boxes of an image that are looked at, and how much of two boxes has to be common for them to be the same."""
PLACES = np.stack(np.meshgrid(np.arange(GRID[1]), np.arange(GRID[0])), axis=-1).astype("float32")


class Detection(ImageRegression):
    """Objects of some classes, and a box around each."""

    name, objective, score_names = "detection", keras_nas.Objective("val_ap50", "max"), ("ap50",)

    def outputs(self, net: Any, x: Any, signature: Any) -> Any:
        return net(layers.Flatten, net(layers.Conv2D, x, filters=NUMBERS, kernel_size=1, dtype="float32"))

    def finish(self, net: Any, x: Any, signature: Any) -> Any:
        return net(layers.Activation, x, activation="sigmoid", dtype="float32")

    def loss(self, finished: bool = False) -> Any:
        return cell_loss

    def encode(self, y: Any, signature: Any, finished: bool = False) -> Any:
        return tf.cast(y, tf.float32)

    def evidence(self, y: Any, predictions: Any, signature: Any) -> Any:
        return np.stack([hits(cells_of(truth), cells_of(guess)) for truth, guess in zip(y, predictions, strict=True)])

    def scores(self, y: Any, evidence: Any, signature: Any, names: Any = ()) -> dict[str, float]:
        return {"ap50": average_precision(evidence, cells_of(y)[..., : len(NAMES)].sum(axis=(0, 1, 2)))}


def cells_of(rows: Any) -> Any:
    """Flat rows as the cells of the grid, `(..., height, width, NUMBERS)`."""
    return rows.reshape(*rows.shape[:-1], *GRID, NUMBERS)


def corners(cells: Any, lib: Any = np) -> Any:
    """The boxes of all cells, left, top, right and bottom as shares of the image."""
    centre = (cells[..., -4:-2] + PLACES) / np.array(GRID[::-1], "float32")
    return lib.concatenate([centre - cells[..., -2:] / 2, centre + cells[..., -2:] / 2], axis=-1)


def overlap(a: Any, b: Any, lib: Any = np) -> Any:
    """Intersection over union of boxes `(..., 4)`."""
    sides = lib.minimum(a[..., 2:], b[..., 2:]) - lib.maximum(a[..., :2], b[..., :2])
    common = lib.prod(lib.maximum(sides, 0.0), axis=-1)
    areas = [lib.prod(lib.maximum(box[..., 2:] - box[..., :2], 0.0), axis=-1) for box in (a, b)]
    return common / (areas[0] + areas[1] - common + 1e-9)


def cell_loss(truth: Any, logits: Any) -> Any:
    """Focal loss of all cells, and 1 less the overlap of the boxes where there is an object; by object."""
    shape = (-1, *GRID, NUMBERS)
    truth, guess = ops.reshape(truth, shape), ops.reshape(ops.sigmoid(logits), shape)
    there, likely = truth[..., : len(NAMES)], ops.clip(guess[..., : len(NAMES)], 1e-6, 1 - 1e-6)
    right = ops.where(there > 0.5, likely, 1 - likely)
    focal = -ops.where(there > 0.5, 0.75, 0.25) * (1 - right) ** 2 * ops.log(right)
    apart = ops.max(there, axis=-1) * (1 - overlap(corners(truth, ops), corners(guess, ops), ops))
    return ops.sum(focal, axis=(1, 2, 3)) / 4 + ops.sum(apart, axis=(1, 2)) / 4


def found(cells: Any) -> tuple[Any, Any, Any]:
    """The boxes that an image's cells tell, likeliest first, with class and probability; of doubles the likeliest."""
    boxes, likely = corners(cells).reshape(-1, 4), cells[..., : len(NAMES)].reshape(-1, len(NAMES))
    order = np.argsort(-likely.max(axis=1), kind="stable")[:CANDIDATES]
    boxes, kinds, likely = boxes[order], likely[order].argmax(axis=1), likely[order].max(axis=1)
    double = (overlap(boxes[:, None], boxes[None]) >= OVERLAP) & (kinds[:, None] == kinds[None])
    kept: list[int] = []
    for number in range(len(order)):
        if not double[number, kept].any():
            kept.append(number)
    return boxes[kept], kinds[kept], likely[kept]


def hits(truth: Any, guess: Any) -> Any:
    """Of an image's boxes, likeliest first: class, probability, and whether it is an object that none before it is."""
    boxes, kinds, likely = found(guess)
    real = truth[..., : len(NAMES)].max(axis=-1) > 0.5
    objects, classes = corners(truth)[real], truth[real][:, : len(NAMES)].argmax(axis=1)
    told, left = np.full((CANDIDATES, 3), -1.0), np.ones(len(objects), bool)
    for number, (box, kind) in enumerate(zip(boxes, kinds, strict=True)):
        common = np.where(left & (classes == kind), overlap(box, objects), 0.0)
        best = int(common.argmax()) if len(common) else 0
        hit = bool(len(common)) and common[best] >= OVERLAP
        left[best : best + 1] &= not hit
        told[number] = kind, likely[number], hit
    return told


def average_precision(told: Any, objects: Any) -> float:
    """The mean over the classes of the area under precision by recall, each precision the best at no lower recall.

    Args:
        told: of all images, from `hits`.
        objects: how many there are of each class.
    """
    areas = []
    for kind in np.flatnonzero(objects):
        own = told[told[..., 0] == kind]
        hit = own[np.argsort(-own[:, 1], kind="stable"), 2]
        precision = np.cumsum(hit) / np.arange(1, len(hit) + 1)
        best = np.maximum.accumulate(precision[::-1])[::-1]
        areas.append((best * hit).sum() / objects[kind])
    return float(np.mean(areas)) if areas else 0.0


def gridded(boxes: pd.DataFrame) -> Any:
    """The boxes of an image (class, xmin, ymin, xmax, ymax) as a flat row; of two centres in a cell, the last."""
    cells = np.zeros((*GRID, NUMBERS), "float32")
    for kind, left, top, right, bottom in boxes[["class", "xmin", "ymin", "xmax", "ymax"]].itertuples(index=False):
        x, y = (left + right) / 2 * GRID[1], (top + bottom) / 2 * GRID[0]
        row, column = min(int(y), GRID[0] - 1), min(int(x), GRID[1] - 1)
        cells[row, column] = 0.0
        cells[row, column, NAMES.index(kind)] = 1.0
        cells[row, column, -4:] = x - column, y - row, right - left, bottom - top
    return cells.ravel()


def blood(file: Path) -> dict[str, tuple[Any, Any]]:
    """Images and targets of the parts "search" and "test"."""
    with zipfile.ZipFile(file) as archive:
        boxes = pd.read_csv(io.BytesIO(archive.read("boxes.csv")))
        pixels = {name: tf.io.decode_jpeg(archive.read(f"images/{name}")) for name in boxes["file"].unique()}
    rows: dict[str, tuple[list[Any], list[Any]]] = {"search": ([], []), "test": ([], [])}
    for (split, name), own in boxes.groupby(["split", "file"]):
        images, targets = rows["test" if split == "test" else "search"]
        images.append(tf.cast(tf.image.resize(pixels[name], SIDES, antialias=True), tf.uint8).numpy())
        targets.append(gridded(own))
    return {part: (np.stack(images), np.stack(targets)) for part, (images, targets) in rows.items()}


def made_up(count: int = 96) -> dict[str, tuple[Any, Any]]:
    """The same of discs in three sizes on a noisy ground, for where the images are not at hand."""
    random, (down, right) = np.random.default_rng(0), np.mgrid[: SIDES[0], : SIDES[1]]
    images, targets = random.normal(200, 10, (count, *SIDES, 3)), []
    for image in images:
        boxes = []
        for _ in range(random.integers(3, 9)):
            kind = int(random.integers(len(NAMES)))
            half, x, y = (24, 13, 6)[kind] * random.uniform(0.9, 1.1), *random.uniform((20, 20), (140, 100))
            image[(right - x) ** 2 + (down - y) ** 2 < half**2] = ((90, 60, 140), (200, 120, 120), (150, 90, 160))[kind]
            edges = np.array([x - half, y - half, x + half, y + half]) / np.array([SIDES[1], SIDES[0]] * 2)
            boxes.append((NAMES[kind], *edges))
        targets.append(gridded(pd.DataFrame(boxes, columns=["class", "xmin", "ymin", "xmax", "ymax"])))
    cut = count * 5 // 6
    x, y = images.clip(0, 255).astype(np.uint8), np.stack(targets)
    return {"search": (x[:cut], y[:cut]), "test": (x[cut:], y[cut:])}


def grid_space() -> keras_nas.Space:
    """Residual networks that give a vector for each cell: three halvings, depths and widths."""
    block = residual(Series(convolution(Channels(), 3), convolution(Channels(), 3, activation="none")))

    def stage(name: str, widths: list[int], depths: list[int]) -> Any:
        first = convolution(Choice("width", widths), 3, stride=2)
        return Series(first, Repeat("blocks", block, depths, tied=True), name=name)

    network = Series(
        convolution(16, 3, stride=2), stage("fine", [24, 32], [0, 1]), stage("coarse", [48, 64, 96], [1, 2, 3])
    )
    recipe = {"optimizer": "adamw", "learning_rate": Range("learning_rate", 1e-3, 8e-3, log=True), "batch_size": 16}
    return keras_nas.Space("grid", network, {**recipe, "weight_decay": 1e-2})


def main(argv: list[str] | None = None, **options: Any) -> Any:
    """Search, export, find the cells of images that nothing has seen; returns the result and that score."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=180.0)
    parser.add_argument("--directory", default="detection")
    arguments = parser.parse_args(argv)
    file = Path(os.environ.get("KERAS_NAS_DATA", "")) / "sets" / "det_bccd_320px.zip"
    parts = blood(file) if file.is_file() else made_up()
    given = {"space": grid_space(), "max_time": arguments.seconds, "directory": f"{arguments.directory}/search"}
    result = keras_nas.search(Detection(), parts["search"], holdout=0, **{**given, **options})
    print(result.summary(), result.export(f"{arguments.directory}/model"), sep="\n")

    images, targets = parts["test"]
    model = tf.saved_model.load(f"{arguments.directory}/model")
    guesses = model.serve(images).numpy()
    told = Detection().evidence(targets, guesses, None)
    score = Detection().scores(targets, told, None)["ap50"]
    boxes, kinds, likely = found(cells_of(guesses[0]))
    for box, kind, share in zip(boxes[:5], kinds, likely, strict=False):
        print(f"{NAMES[kind]} ({share:.0%}) at {', '.join(f'{edge:.2f}' for edge in box)}")
    print(f"average precision at an overlap of {OVERLAP}, of {len(images)} images that nothing has seen: {score:.3f}")
    return result, score


if __name__ == "__main__":
    main()
