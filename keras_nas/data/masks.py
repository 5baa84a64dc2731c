"""Masks: a class for each pixel of an image, checked and numbered."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_nas.data.checks import kind_of
from keras_nas.data.labels import Labels
from keras_nas.errors import DataError

MOST = 150
"""Classes that masks may have; ADE20K has as many."""
DENSE = 2
"""Values of more than two classes lie within so many times their number."""
WHAT_TO_DO = "Number the classes from 0 in every mask, with np.unique(masks, return_inverse=True) for example."


def read_masks(y: np.ndarray, sides: Sequence[int], name: str) -> np.ndarray:
    """Masks of a batch as whole numbers.

    Args:
        y: Shape (rows, height, width) or (rows, height, width, 1): whole numbers, booleans, or real numbers without a
            fraction.
        sides: Height and width of the images.
        name: What the data is called in messages.

    Returns:
        uint8 where the values allow it, else int64; shape (rows, height, width).

    Raises:
        DataError: These are no masks of the images.
    """
    masks = y[..., 0] if y.ndim == 4 and y.shape[-1] == 1 else y
    if masks.ndim != 3 or masks.dtype.kind not in "buif":
        one_hot = " One-hot masks become such by y.argmax(axis=-1)." if y.ndim == 4 else ""
        raise DataError(
            f"{name}: y has the shape {y.shape} and holds {kind_of(y)}; expected masks, a class number for each pixel, "
            f"(rows, height, width) or (rows, height, width, 1).{one_hot}"
        )
    if tuple(masks.shape[1:]) != tuple(sides):
        raise DataError(
            f"{name}: masks of {_size(masks.shape[1:])} pixels for images of {_size(sides)}; expected a class for each "
            "pixel of an image. Resize the masks to their images, by the nearest pixel and without interpolation."
        )
    if masks.dtype.kind == "f":
        _check_whole(name, masks)
    low, high = (masks.min(), masks.max()) if masks.size else (0, 0)
    return masks.astype(np.uint8 if 0 <= low and high <= 255 else np.int64)


def read_mask_classes(parts: Sequence[np.ndarray], name: str) -> tuple[Labels, np.ndarray]:
    """Find the classes of masks that came in several parts.

    Args:
        parts: What `read_masks` made of each part.
        name: What the data is called in messages.

    Returns:
        The classes, and the class number of each pixel, uint8.

    Raises:
        DataError: The values are not classes, or there is only one.

    Example:
        >>> labels, codes = read_mask_classes([np.array([[[0, 255], [255, 255]]])], "data")
        >>> labels.classes, codes.tolist()
        ((0, 255), [[[0, 1], [1, 1]]])
    """
    masks = np.concatenate(parts)
    values, counts = np.unique(masks, return_counts=True)
    if len(values) < 2:
        raise DataError(
            f"{name}: every mask is {values[0]} everywhere; expected two classes or more. Check how the masks were "
            "read: an image of 0 and 1 looks empty, but is not."
        )
    span = int(values[-1]) - int(values[0]) + 1
    if len(values) > 2 and (len(values) > MOST or span > DENSE * len(values)):
        raise DataError(_no_classes(name, values, counts))
    return Labels("integer", tuple(values.tolist())), numbered(masks, values)


def encode_masks(parts: Sequence[np.ndarray], labels: Labels, name: str) -> np.ndarray:
    """Class numbers of more masks.

    Raises:
        DataError: A value is none of the classes.
    """
    masks, known = np.concatenate(parts), np.asarray(labels.classes)
    strange = np.setdiff1d(masks, known)
    if len(strange):
        raise DataError(
            f"{name}: the class {strange[0]} of a mask is unknown; expected one of {_listed(known)}. Remove such "
            "masks, or add some with that class to the training data."
        )
    return numbered(masks, known)


def numbered(masks: np.ndarray, values: np.ndarray) -> np.ndarray:
    """The position of each pixel's value among the values, which ascend; uint8."""
    return np.searchsorted(values, masks).astype(np.uint8)


def held_classes(masks: Any, classes: int) -> np.ndarray:
    """Which classes each mask holds, booleans of shape (rows, classes)."""
    rows = range(len(masks))
    counts = [np.bincount(np.asarray(masks[row]).ravel(), minlength=classes) for row in rows]
    return np.stack(counts) > 0 if counts else np.zeros((0, classes), bool)


def _check_whole(name: str, masks: np.ndarray) -> None:
    """Refuse fractions, NaN and infinity."""
    wrong = masks[masks != np.floor(masks)]
    if len(wrong) or not np.isfinite(masks).all():
        example = f"{wrong[0]:.4g}" if len(wrong) else "infinity"
        raise DataError(
            f"{name}: masks hold real numbers, {example} for example; expected whole numbers that say the class of "
            "each pixel. For probabilities use (masks > 0.5)."
        )


def _no_classes(name: str, values: np.ndarray, counts: np.ndarray) -> str:
    """What was found in masks whose values are no classes."""
    first, second = np.sort(values[np.argsort(-counts)[:2]])
    others = 1 - counts[np.isin(values, (first, second))].sum() / counts.sum()
    return (
        f"{name}: masks hold {len(values)} different values, {_listed(values)}: {first} and {second} are most of it, "
        f"{others:.2%} of the pixels are others; expected the class of each pixel, from 0 on and without large gaps, "
        "or two values. Smoothed masks and those stored as JPEG look so: threshold them, masks > 127 for example, and "
        f"resize masks by the nearest pixel. {WHAT_TO_DO}"
    )


def _size(sides: Sequence[int]) -> str:
    return " x ".join(map(str, sides))


def _listed(values: np.ndarray) -> str:
    shown = ", ".join(map(str, values[:5].tolist()))
    return shown if len(values) <= 5 else f"{shown} ... {values[-1]}"
