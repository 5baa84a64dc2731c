"""Images with masks: cells on a noisy ground, made up, to a SavedModel that gives a class for each raw pixel.

    python examples/segmentation.py [--seconds 90] [--directory segmentation]

Round cells and long ones are two classes beside the ground. The sides of the images are odd, and no power of two; the
masks are whole numbers, as a drawing program or `scikit-image` gives them.
"""

import argparse
from typing import Any

import numpy as np
import tensorflow as tf

import keras_nas
from keras_nas.data import Split

SIDES = (45, 61)
NAMES = ("ground", "round", "long")


def cells(count: int = 160) -> tuple[np.ndarray, np.ndarray]:
    """Grey images (count, height, width) of bytes, and masks of the same shape: 0 ground, 1 round, 2 long cells."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[: SIDES[0], : SIDES[1]]
    light = random.uniform(40, 90, (count, 1, 1)) + random.normal(0, 12, (count, *SIDES))
    masks = np.zeros((count, *SIDES), np.uint8)
    for image, mask in zip(light, masks, strict=True):
        for _ in range(random.integers(2, 7)):
            kind, turn = random.integers(1, 3), random.uniform(0, np.pi)
            down, right = rows - random.uniform(0, SIDES[0]), columns - random.uniform(0, SIDES[1])
            along, across = down * np.cos(turn) + right * np.sin(turn), right * np.cos(turn) - down * np.sin(turn)
            inside = (along / (5 if kind == 1 else 10)) ** 2 + (across / (5 if kind == 1 else 3)) ** 2 < 1
            image[inside] += random.uniform(25, 70)
            mask[inside] = kind
    return light.clip(0, 255).astype(np.uint8), masks


def main(argv: list[str] | None = None) -> Any:
    """Search, export, run the export on raw pixels; returns the result."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=90.0)
    parser.add_argument("--trials", type=int, help="instead of seconds")
    parser.add_argument("--images", type=int, default=160)
    parser.add_argument("--directory", default="segmentation")
    arguments = parser.parse_args(argv)
    images, masks = cells(arguments.images)
    result = keras_nas.search(
        "image_segmentation",
        (images, masks),
        objectives=["val_mean_iou", "val_dice"],
        max_time=None if arguments.trials else arguments.seconds,
        max_trials=arguments.trials,
        directory=f"{arguments.directory}/search",
    )
    print(result.summary())
    print(result.export(f"{arguments.directory}/model"))

    held = Split.load(result.rows.directory).holdout
    model = tf.saved_model.load(f"{arguments.directory}/model")
    guess = model.serve(images[held]).numpy().argmax(axis=-1)  # bytes in, a class for each pixel out
    for label, name in enumerate(NAMES):
        found, true = guess == label, masks[held] == label
        print(f"{name}: intersection over union {(found & true).sum() / (found | true).sum():.3f}")
    return result


if __name__ == "__main__":
    main()
