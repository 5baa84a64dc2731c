"""The forms in which data may be given, each read as a stream of batches of NumPy arrays."""

from collections.abc import Collection, Sequence
from typing import Any

from keras_nas.data.arrays import Arrays
from keras_nas.data.batch import Source, as_array, described, named
from keras_nas.data.checks import check_lengths
from keras_nas.data.image_forms import open_images
from keras_nas.data.joint import Joint
from keras_nas.data.pairs import PAIRS, open_pairs
from keras_nas.data.series import Steps, open_series
from keras_nas.data.streams import Stream, from_dataset, from_py_dataset
from keras_nas.data.tables import Table, open_table
from keras_nas.data.texts import open_texts
from keras_nas.data.windows import Framing
from keras_nas.errors import DataError, InvalidArgument

COLUMNS = (1,)
"""Ranks of a table: every column of x has the row axis alone."""
TEXTS = {1: "texts (rows,)"}
"""Those of texts, one a row."""
FORMS = (
    "arrays (x, y), a tf.data.Dataset, a keras.utils.PyDataset, an iterable of batches with a length, "
    "(generator, steps), a folder with one folder of images for each class, two folders of images and of masks, or a "
    "table of paths with target="
)


def open_source(
    data: Any,
    ranks: Collection[int],
    name: str = "data",
    image_size: tuple[int, int] | None = None,
    column: str | Sequence[str] | None = None,
    first: Source | None = None,
    framing: Framing | None = None,
    masked: bool = False,
) -> Source:
    """Recognise the form of `data`, and check what can be checked before reading it.

    Args:
        data: Data in any accepted form.
        ranks: The accepted numbers of axes of x, rows included.
        name: What the data is called in messages.
        image_size: (height, width) in pixels for files of images; default: chosen from the images.
        column: The name of the column to predict, or several, for a table or a series.
        first: The data that this data has to be like.
        framing: How a series becomes rows; None for data that is rows already.
        masked: Whether what is to be predicted of an image is a mask.

    Raises:
        DataError: The form is none of the accepted ones, or the arrays cannot be used.
    """
    import keras
    import tensorflow as tf

    if isinstance(data, Joint):
        return data
    if framing is not None:
        return open_series(data, column, name, framing, first.schema if isinstance(first, Steps) else None)
    if ranks == PAIRS:
        return open_pairs(data, column, name, first if isinstance(first, Table) else None)
    if ranks == TEXTS:
        return open_texts(data, column, name, first.schema if isinstance(first, Table) else None)
    if tuple(ranks) == COLUMNS:
        return open_table(data, column, name, first.schema if isinstance(first, Table) else None)
    images = open_images(data, column, name, image_size, masked)
    if images is not None:
        return images
    if column is not None:
        raise InvalidArgument(f"target={column!r} names a column, which only tables and series have; leave it out.")
    if isinstance(data, tf.data.Dataset):
        return from_dataset(data, ranks, name)
    if isinstance(data, keras.utils.PyDataset):
        return from_py_dataset(data, name)
    if isinstance(data, tuple) and len(data) == 2 and isinstance(data[1], int) and hasattr(data[0], "__iter__"):
        return Stream(name, "generator", data[1], lambda: iter(data[0]))
    if isinstance(data, (tuple, list)) and len(data) in (2, 3) and not is_batches(data):
        return _from_arrays(data, name)
    if is_batches(data):
        return Stream(name, f"iterable {type(data).__qualname__}", len(data), lambda: iter(data))
    raise DataError(f"{name} is {described(data)}; expected {FORMS}.{_form_hint(data)}")


def _from_arrays(data: Sequence[Any], name: str) -> Arrays:
    x, y, *weight = [as_array(column, name) for column in data]
    for column in (x, y, *weight):
        if column.ndim == 0:
            raise DataError(f"{name} holds {described(column.item())} for a column; expected {FORMS}.")
    check_lengths(name, named([x, y, *weight]))
    return Arrays(name, x, y, weight[0] if weight else None)


def is_batches(data: Any) -> bool:
    """Whether this is an iterable of batches with a length, not a column or a pair of columns."""
    if hasattr(data, "shape") or hasattr(data, "to_numpy") or isinstance(data, (dict, set, tuple)):
        return False
    if isinstance(data, list):
        return bool(data) and all(isinstance(item, tuple) for item in data)
    return hasattr(data, "__len__") and (hasattr(data, "__iter__") or hasattr(data, "__getitem__"))


def _form_hint(data: Any) -> str:
    if hasattr(data, "shape"):
        return " The labels are missing: give (x, y)."
    if hasattr(data, "__next__"):
        return " It has no length: give (generator, steps)."
    return ""
