"""The forms in which files of images are given: a folder for each class, two folders, or a table of paths."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.data.checks import check_not_empty
from keras_nas.data.images import SUFFIXES, ImageFiles, class_folders, images_below
from keras_nas.data.tables import divided
from keras_nas.errors import DataError

PAIR = ("images", "masks")
"""The folders of images and masks in one folder."""

Size = tuple[int, int] | None


def open_images(
    data: Any, target: str | Sequence[str] | None, name: str, size: Size = None, masked: bool = False
) -> ImageFiles | None:
    """Files of images in any of the forms; None where the data is no such thing.

    Args:
        data: The path of a folder, the paths of two folders, or a pandas DataFrame with paths.
        target: Of a DataFrame, the column to predict, or several.
        name: What the data is called in messages.
        size: (height, width) of the images in pixels, None to choose one.
        masked: Whether what is to be predicted is a mask.
    """
    import pandas as pd

    if target is not None and isinstance(data, pd.DataFrame):
        return open_paths(data, target, name, size, masked)
    if target is None and isinstance(data, str | Path):
        folder = Path(data).expanduser()
        return (
            open_pairs(folder / PAIR[0], folder / PAIR[1], name, size) if masked else open_classes(folder, name, size)
        )
    if target is None and isinstance(data, tuple) and all(isinstance(part, str | Path) for part in data) and masked:
        images, masks = (Path(part).expanduser() for part in data)
        return open_pairs(images, masks, name, size)
    return None


def open_classes(folder: Path, name: str, size: Size = None) -> ImageFiles:
    """Images in `folder/class name/...`.

    Raises:
        DataError: This is no such folder.
    """
    if not folder.is_dir():
        raise DataError(
            f"{name}: {folder} is not a folder; expected one with a folder of images for each class. Check the path."
        )
    classes = class_folders(folder)
    files = {entry.name: images_below(entry) for entry in classes}
    labels = [label for label, found in files.items() for _ in found]
    if not labels:
        raise DataError(
            f"{name}: {folder} has {len(classes)} folders and no image in them; expected a folder for "
            f"each class with files of the kinds {', '.join(SUFFIXES)}. Check the path."
        )
    return ImageFiles(name, sum(files.values(), []), np.array(labels), image_size=size)


def open_pairs(images: Path, masks: Path, name: str, size: Size = None) -> ImageFiles:
    """Images and masks in two folders; files of one name, whatever its ending, belong together.

    Raises:
        DataError: A folder is missing, or an image has no mask, or a mask no image.
    """
    for folder in (images, masks):
        if not folder.is_dir():
            raise DataError(
                f"{name}: {folder} is not a folder; expected one of images and one of masks, which have the images' "
                f"names: two paths, or one folder with the folders {' and '.join(PAIR)}. Check the path."
            )
    found = [
        {str(f.relative_to(folder).with_suffix("")): f for f in images_below(folder)} for folder in (images, masks)
    ]
    alone = [sorted(one.keys() - other.keys()) for one, other in (found, found[::-1])]
    if any(alone) or not found[0]:
        words = [
            f"{len(names):,} without {what}{_listed(names)}"
            for names, what in zip(alone, ("a mask", "an image"), strict=True)
        ]
        raise DataError(
            f"{name}: {images} has {len(found[0]):,} images, {words[0]}; {masks} has {len(found[1]):,} masks, "
            f"{words[1]}; expected one mask of the same name for each image. Rename or remove the others."
        )
    pairs = [(file, found[1][stem]) for stem, file in found[0].items()]
    return ImageFiles(name, [image for image, _ in pairs], masks=[mask for _, mask in pairs], image_size=size)


def open_paths(frame: Any, target: str | Sequence[str], name: str, size: Size, masked: bool) -> ImageFiles:
    """A pandas DataFrame whose one column names files of images, beside what is to be predicted.

    Args:
        frame: The table.
        target: The column of labels, or several of numbers; or of the masks' files.
        name: What the data is called in messages.
        size: (height, width) of the images in pixels, None to choose one.
        masked: Whether the target names files of masks.

    Raises:
        DataError: The target is no column, a file is missing, or more than one column is left for the images.
    """
    import pandas as pd

    x, y = divided(frame, target, name)
    if len(x.columns) != 1:
        raise DataError(
            f"{name}: a table with the columns {', '.join(map(str, frame.columns))}; expected one of paths of images, "
            "and those that target= names. Leave the others out."
        )
    check_not_empty(name, len(frame))
    files = _files(x.iloc[:, 0], name)
    if masked:
        return ImageFiles(name, files, masks=_files(pd.DataFrame(y).iloc[:, 0], name), image_size=size)
    return ImageFiles(name, files, y.to_numpy(), image_size=size)


def _files(column: Any, name: str) -> list[Path]:
    """The files that a column names, all of them there."""
    files = [Path(str(value)).expanduser() for value in column]
    missing = next((number for number, file in enumerate(files) if not file.is_file()), None)
    if missing is not None:
        raise DataError(
            f"{name}: {str(column.iloc[missing])!r} in row {missing:,} of {column.name!r} is no file; expected paths "
            "of images, from the current folder on or absolute. Put their folder in front of the names."
        )
    return files


def _listed(names: list[str]) -> str:
    shown = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f" ({shown})" if names else ""
