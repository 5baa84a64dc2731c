"""Files of images, each with a label or with a mask."""

import os
import re
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from keras_nas.data.batch import Batch, digest
from keras_nas.errors import DataError, InvalidArgument

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
LONGEST_SIDE = 256  # pixels, where the user names no size
SAMPLED_FILES = 200  # images that the common size is chosen from
AT_ONCE = 256
THREADS = 2
INNER = re.compile(r"\{\{.*?\}\}|\[Op:\w*\]")
"""What TensorFlow's messages say of its own inside."""

Decoded = tuple[np.ndarray, ...] | str
"""An image, and its mask where it has one; or a sentence that says why it could not be read."""


@dataclass
class ImageFiles:
    """Images in files, read as uint8 of the shape (height, width, 3).

    Grey images get three equal channels, transparency is left out, of a GIF the first picture is
    taken. Images are resized to one size (bilinear, antialiased; proportions are not kept), masks
    by the nearest pixel. What cannot be read is left out and reported in `dropped`.

    Args:
        name: What the data is called in messages.
        files: The images.
        labels: What is known of each image, shape (files, ...); None where it has a mask.
        masks: The masks' files, one an image.
        image_size: (height, width) in pixels; default: the median of the images, the longer side
            at most 256.
    """

    name: str
    files: list[Path]
    labels: np.ndarray | None = None
    masks: list[Path] = field(default_factory=list)
    image_size: tuple[int, int] | None = None
    dropped: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.image_size is not None and (len(self.image_size) != 2 or min(self.image_size) < 1):
            raise InvalidArgument(
                f"image_size is {self.image_size}; expected (height, width) in pixels, each at least 1."
            )

    @property
    def given(self) -> int:
        """The number of images."""
        return len(self.files)

    def identity(self) -> str:
        """A digest of the labels, and of the names and sizes of the files."""
        files = [file.absolute() for file in (*self.files, *self.masks)]
        common = os.path.commonpath([file.parent for file in files])
        names = [(os.path.relpath(file, common), file.stat().st_size) for file in files]
        return digest("images", names, self.image_size, self.labels)

    def batches(self) -> Iterator[Batch]:
        """The images in order, decoded by two threads."""
        with ThreadPoolExecutor(THREADS) as pool:
            size = self.image_size or _common_size(list(pool.map(self._decoded, self._sample())))
            for start in range(0, len(self.files), AT_ONCE):
                numbers = range(start, min(start + AT_ONCE, len(self.files)))
                decoded = list(pool.map(lambda number: self._decoded(number, size), numbers))
                self.dropped += [reason for reason in decoded if isinstance(reason, str)]
                kept = [n for n, found in zip(numbers, decoded, strict=True) if not isinstance(found, str)]
                if kept:
                    x, *masks = zip(*(found for found in decoded if not isinstance(found, str)), strict=True)
                    y = np.stack(masks[0]) if masks else np.asarray(self.labels)[kept]
                    yield Batch(np.stack(x), y, None, np.array(kept))

    def _sample(self) -> range:
        return range(0, len(self.files), -(-len(self.files) // SAMPLED_FILES))

    def _decoded(self, number: int, size: tuple[int, int] | None = None) -> Decoded:
        """An image and its mask, in one size."""
        image = _tried(self.files[number])
        if isinstance(image, str):
            return image
        if not self.masks:
            return (_resized(_coloured(image), size, "bilinear"),)
        mask = _tried(self.masks[number])
        if isinstance(mask, str):
            return mask
        if mask.shape[:2] != image.shape[:2]:
            high, wide = image.shape[:2]
            raise DataError(
                f"{self.name}: the mask {self.masks[number]} has {mask.shape[0]} x {mask.shape[1]} pixels, its image "
                f"{self.files[number].name} {high} x {wide}; expected equal sizes. Resize the mask by the nearest "
                "pixel, or check that the two belong together."
            )
        return _resized(_coloured(image), size, "bilinear"), _resized(self._plain(number, mask), size, "nearest")[
            ..., 0
        ]

    def _plain(self, number: int, mask: np.ndarray) -> np.ndarray:
        """The only channel of a mask, (height, width, 1)."""
        colours = mask[..., :3] if mask.shape[-1] > 2 else mask[..., :1]
        if (colours != colours[..., :1]).any():
            raise DataError(
                f"{self.name}: the mask {self.masks[number]} is in colours; expected grey, the number of the class in "
                "each pixel. Replace the colours by numbers, of a palette by the indices of its colours."
            )
        return colours[..., :1]


def class_folders(folder: Path) -> list[Path]:
    """The folders in a folder, one a class."""
    return sorted(entry for entry in folder.iterdir() if entry.is_dir() and entry.name[0] != ".")


def images_below(folder: Path) -> list[Path]:
    """The files of images in a folder and those in it, by name."""
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())


def _tried(file: Path) -> np.ndarray | str:
    """The picture in a file as it is, or a sentence that says why it could not be read."""
    import tensorflow as tf

    try:
        with tf.device("CPU:0"):
            return np.asarray(tf.io.decode_image(file.read_bytes(), expand_animations=False))
    except (OSError, ValueError, tf.errors.OpError) as error:
        reason = INNER.sub("", str(error).splitlines()[0]).strip(" .")
        return f"{file} was left out: it cannot be read as an image ({reason})."


def _coloured(image: np.ndarray) -> np.ndarray:
    """Three channels of one that is grey, has colours, or is transparent."""
    return image[..., {1: (0, 0, 0), 2: (0, 0, 0), 3: (0, 1, 2), 4: (0, 1, 2)}[image.shape[-1]]]


def _resized(image: np.ndarray, size: tuple[int, int] | None, method: str) -> np.ndarray:
    import tensorflow as tf

    if size is None or tuple(image.shape[:2]) == tuple(size):
        return image
    with tf.device("CPU:0"):
        resized = tf.image.resize(image, size, method, antialias=method != "nearest")
        return np.asarray(tf.cast(tf.clip_by_value(tf.round(tf.cast(resized, tf.float32)), 0, 255), tf.uint8))


def _common_size(decoded: list[Decoded]) -> tuple[int, int] | None:
    """(height, width) in pixels: the one that most images have, else the median; not above the longest side."""
    shapes = [found[0].shape[:2] for found in decoded if not isinstance(found, str)]
    if not shapes:
        return None
    (commonest, count), *_ = Counter(shapes).most_common(1)
    size = commonest if count > len(shapes) / 2 else tuple(np.median(shapes, axis=0))
    scale = min(1.0, LONGEST_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
