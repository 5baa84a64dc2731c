"""A folder with one folder of images for each class."""

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


@dataclass
class ImageFolder:
    """Images in `folder/class name/...`, read as uint8 of the shape (height, width, 3).

    Grey images get three equal channels, transparency is left out, of a GIF the first picture is
    taken. Images are resized to one size (bilinear, antialiased; proportions are not kept). An
    image that cannot be read is left out and reported in `dropped`.

    Args:
        name: What the data is called in messages.
        folder: The folder that holds a folder for each class.
        image_size: (height, width) in pixels; default: the median of the images, the longer side
            at most 256.
    """

    name: str
    folder: Path
    image_size: tuple[int, int] | None = None
    dropped: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        if self.image_size is not None and (len(self.image_size) != 2 or min(self.image_size) < 1):
            raise InvalidArgument(
                f"image_size is {self.image_size}; expected (height, width) in pixels, each at least 1."
            )
        if not self.folder.is_dir():
            raise DataError(
                f"{self.name}: {self.folder} is not a folder; expected one with a folder of images for each class. "
                "Check the path."
            )
        classes = sorted(entry for entry in self.folder.iterdir() if entry.is_dir() and entry.name[0] != ".")
        self.files = [file for entry in classes for file in _images(entry)]
        if not self.files:
            raise DataError(
                f"{self.name}: {self.folder} has {len(classes)} folders and no image in them; expected a folder for "
                f"each class with files of the kinds {', '.join(SUFFIXES)}. Check the path."
            )

    @property
    def given(self) -> int:
        """The number of image files."""
        return len(self.files)

    def identity(self) -> str:
        """A digest of the names and sizes of the files."""
        names = [(str(file.relative_to(self.folder)), file.stat().st_size) for file in self.files]
        return digest("folder", names, self.image_size)

    def batches(self) -> Iterator[Batch]:
        """The images in the order of class and file name, decoded by two threads."""
        with ThreadPoolExecutor(THREADS) as pool:
            size = self.image_size or _common_size([image for image in pool.map(_try, self._sample())])
            for start in range(0, len(self.files), AT_ONCE):
                files = self.files[start : start + AT_ONCE]
                images = list(pool.map(lambda file: _try(file, size), files))
                kept = [i for i, image in enumerate(images) if isinstance(image, np.ndarray)]
                self.dropped += [image for image in images if isinstance(image, str)]
                if kept:
                    x = np.stack([images[i] for i in kept])
                    yield Batch(x, np.array([self._label(files[i]) for i in kept]), None, np.array(kept) + start)

    def _label(self, file: Path) -> str:
        return file.relative_to(self.folder).parts[0]

    def _sample(self) -> list[Path]:
        return self.files[:: -(-len(self.files) // SAMPLED_FILES)]


def _images(folder: Path) -> list[Path]:
    return sorted(file for file in folder.rglob("*") if file.suffix.lower() in SUFFIXES and file.is_file())


def _try(file: Path, size: tuple[int, int] | None = None) -> np.ndarray | str:
    """The image, or a sentence that says why it could not be read."""
    import tensorflow as tf

    try:
        return _read(file, size)
    except (OSError, ValueError, tf.errors.OpError) as error:
        reason = INNER.sub("", str(error).splitlines()[0]).strip(" .")
        return f"{file} was left out: it cannot be read as an image ({reason})."


def _read(file: Path, size: tuple[int, int] | None) -> np.ndarray:
    import tensorflow as tf

    with tf.device("CPU:0"):
        image = tf.io.decode_image(file.read_bytes(), expand_animations=False)
        colours = {1: (0, 0, 0), 2: (0, 0, 0), 3: (0, 1, 2), 4: (0, 1, 2)}[image.shape[-1]]
        image = tf.gather(image, colours, axis=-1)
        if size is not None and tuple(image.shape[:2]) != tuple(size):
            resized = tf.image.resize(image, size, antialias=True)
            image = tf.cast(tf.clip_by_value(tf.round(resized), 0, 255), tf.uint8)
        return np.asarray(image)


def _common_size(images: list[np.ndarray | str]) -> tuple[int, int] | None:
    """(height, width) in pixels: the one that most images have, else the median; not above the longest side."""
    shapes = [image.shape[:2] for image in images if isinstance(image, np.ndarray)]
    if not shapes:
        return None
    (commonest, count), *_ = Counter(shapes).most_common(1)
    size = commonest if count > len(shapes) / 2 else tuple(np.median(shapes, axis=0))
    scale = min(1.0, LONGEST_SIDE / max(size))
    return max(1, round(size[0] * scale)), max(1, round(size[1] * scale))
