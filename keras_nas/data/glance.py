"""What can be seen of a user's data before it is read: the form of its rows, and what is to be predicted of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from keras_nas.data.answers import Answer, answer_of
from keras_nas.data.batch import Source, as_array, described
from keras_nas.data.checks import check_names, check_not_empty
from keras_nas.data.image_forms import PAIR
from keras_nas.data.images import SUFFIXES, class_folders
from keras_nas.data.inference import is_free_text
from keras_nas.data.joining import rows_of
from keras_nas.data.schema import seconds
from keras_nas.data.sources import is_batches, open_source
from keras_nas.data.tables import divided, framed, read_file
from keras_nas.data.times import check_times, times_of
from keras_nas.errors import DataError, InvalidArgument

Form = Literal["array", "text", "table", "folder", "inputs"]
SAMPLED = 256
"""Rows whose numbers are looked at."""
BATCHES = 32
"""Batches of a data set that are looked at."""
LEAST = 10
"""Times that are a series."""
OBLONG, SHORT = 2, 4
"""Times that one side of a picture is longer than the other at most, and the least side that a picture has."""


@dataclass(frozen=True)
class Glance:
    """What is seen of data at once.

    Args:
        form: of a row: an "array" of numbers, a "text", the columns of a "table", the files of a "folder", or several
            "inputs" by name.
        shape: of x, the row axis included; of a table (rows, columns), without those to predict; empty for a folder.
        answer: what is to be predicted; None where the data does not say.
        x: some rows of an array; the inputs by name.
        kinds: of a table's columns, without those to predict: "text" for sentences, "file" for names of files of
            images, "other".
        times: where a table has times in order and of equal steps: "the index", or the name of a column.
    """

    form: Form
    shape: tuple[int, ...] = ()
    answer: Answer | None = None
    x: Any = field(default=None, repr=False)
    kinds: Mapping[str, str] = field(default_factory=dict)
    times: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of a table's columns, without those to predict."""
        return tuple(self.kinds)

    @property
    def texts(self) -> tuple[str, ...]:
        """The columns that hold sentences."""
        return tuple(name for name, kind in self.kinds.items() if kind == "text")

    @property
    def files(self) -> tuple[str, ...]:
        """The columns that name files of images."""
        return tuple(name for name, kind in self.kinds.items() if kind == "file")

    @property
    def looks(self) -> Literal["pictures", "series", "either", "other"]:
        """What the rows of an array are.

        Of an array (rows, height, width, channels) pictures. Of one with an axis less, pictures where its type is that
        of bytes, and a series where a side has fewer than 4; else it takes two signs for pictures: numbers as pixels
        are, whole ones from 0 to 255 or all from 0 to 1, and no side more than twice as long as the other. One sign
        alone says either, none a series.
        """
        if self.form != "array" or len(self.shape) not in (3, 4) or not self.x.size or self.x.dtype.kind not in "buif":
            return "other"
        if len(self.shape) == 4 or self.x.dtype in (np.uint8, np.bool_):
            return "pictures"
        short, long = sorted(self.shape[1:])
        signs = int(_like_pixels(self.x)) + int(long <= OBLONG * short)
        return "series" if short < SHORT or not signs else "pictures" if signs == 2 else "either"


def _like_pixels(x: np.ndarray) -> bool:
    """Whether numbers are whole ones from 0 to 255, or all from 0 to 1."""
    low, high = x.min(), x.max()
    return bool(low >= 0 and (high <= 1 or (high <= 255 and (x == np.floor(x)).all())))


def listed(names: Sequence[str], most: int = 4) -> str:
    """Some names, and how many more there are.

    Example:
        >>> listed(["age", "job", "sex"]), listed(["a", "b", "c"], 2)
        ('age, job, sex', 'a, b and 1 more')
    """
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more:,} more" if more > 0 else "")


def glance(data: Any, target: Any = None) -> Glance:
    """Look at data in any form that a search takes, without reading all of it where that is not in memory.

    Args:
        data: as `keras_nas.search` takes it.
        target: names of a table's columns to predict, or None.

    Raises:
        InvalidArgument: the data can be read only once, so that a look would take rows away.
        DataError: the data is in no form that any task takes, or holds no rows.

    Example:
        >>> seen = glance((np.zeros((60, 8, 8), np.uint8), ["cat", "dog"] * 30))
        >>> seen.form, seen.shape, seen.answer.kind
        ('array', (60, 8, 8), 'classes')
    """
    import pandas as pd

    if isinstance(data, str | Path):
        path = Path(data).expanduser()
        return _folder(path) if path.is_dir() else _divided(read_file(path, "data"), target)
    if isinstance(data, pd.Series):
        data = data.to_frame("x0" if data.name is None else data.name)
    if isinstance(data, pd.DataFrame):
        return _divided(data, target, files=True)
    if isinstance(data, tuple) and all(isinstance(part, str | Path) for part in data):
        return Glance("folder", answer=Answer("arrays", "the files of the second folder"))
    if target is not None:
        raise InvalidArgument(f"target={target!r} names a column, which only tables and series have; leave it out.")
    x, y = _pair(data)
    return rows_seen(x, answer_of(y))


def _folder(path: Path) -> Glance:
    """Of a folder of folders, of images or of texts."""
    folders = class_folders(path)
    names = [folder.name for folder in folders]
    if _holds(folders, (".txt",)) and not _holds(folders, SUFFIXES):
        return Glance("text", (len(names),), Answer("classes", f"the names of the folders, {listed(names)}"))
    if set(names) == {*PAIR}:
        return Glance("folder", answer=Answer("arrays", f"the files in {path / PAIR[1]}"))
    if len(names) > 1:
        return Glance("folder", answer=Answer("classes", f"the names of the folders in it, {listed(names)}"))
    return Glance("folder", answer=Answer("unknown", f"{len(names)} folders in {path}"))


def _holds(folders: Sequence[Path], suffixes: Sequence[str]) -> bool:
    """Whether some folders hold a file whose name ends so."""
    files = (file for folder in folders for file in folder.rglob("*"))
    return any(file.suffix.lower() in suffixes and file.name[0] != "." for file in files)


def _names_images(column: Any) -> bool:
    """Whether a column of a table is text that ends as the names of images do."""
    first = column.iloc[0] if len(column) else None
    return isinstance(first, str | Path) and Path(first).suffix.lower() in SUFFIXES


def _pair(data: Any) -> tuple[Any, Any]:
    """x and y: whole columns, or those of the first batches."""
    import keras
    import tensorflow as tf

    if isinstance(data, tf.data.Dataset | keras.utils.PyDataset) or is_batches(data):
        return _stacked(open_source(data, ()))
    if isinstance(data, tuple) and len(data) == 2 and isinstance(data[1], int):
        raise InvalidArgument(
            "task='auto' cannot look at (generator, steps): what is looked at would be gone. Name the task, "
            "'image_classification' say."
        )
    if isinstance(data, tuple | list) and len(data) in (2, 3):
        return data[0], data[1]
    raise DataError(
        f"data is {described(data)}: what is to be predicted is missing. Give (x, y), a table with target=, or a "
        "folder; for a series to forecast name the task 'timeseries_forecasting'."
    )


def _stacked(source: Source) -> tuple[np.ndarray, np.ndarray]:
    """x and y of the first batches."""
    batches = list(islice(source.batches(), BATCHES))
    check_not_empty(source.name, sum(len(batch.x) for batch in batches))
    columns = [batch.x for batch in batches], [batch.y for batch in batches]
    for name, parts in zip("xy", columns, strict=True):
        later = next((part.shape[1:] for part in parts if part.shape[1:] != parts[0].shape[1:]), None)
        if later is not None:
            raise DataError(
                f"{source.name}: {name} changes its shape, rows of {parts[0].shape[1:]} first and of {later} later; "
                "expected one common shape. Resize or pad the rows."
            )
    return np.concatenate(columns[0]), np.concatenate(columns[1])


def rows_seen(x: Any, answer: Answer | None = None) -> Glance:
    """What is seen of rows that stand beside what is to be predicted.

    Args:
        x: an array, texts, a table, or several of these by name.
        answer: what is to be predicted, where it is known.
    """
    import pandas as pd

    if isinstance(x, Mapping):
        single = [is_column(value, f"data: {name!r}") for name, value in x.items()]
        if all(single):
            return _table(framed(x, "data"), answer)
        return Glance("inputs", (min(map(rows_of, x.values())), len(x)), answer, dict(x))
    if isinstance(x, pd.Series):
        x = x.to_frame("x0" if x.name is None else x.name)
    if isinstance(x, pd.DataFrame):
        return _table(x, answer)
    array = as_array(x, "data: x")
    if array.dtype.kind in "OUST":
        if array.ndim == 2:
            columns = [f"x{number}" for number in range(array.shape[1])]
            return _table(pd.DataFrame(array, columns=columns).infer_objects(), answer)
        return Glance("text", array.shape, answer)
    return Glance("array", array.shape, answer, array[:: max(1, len(array) // SAMPLED)] if array.ndim else array)


def is_column(value: Any, name: str) -> bool:
    """Whether one of several inputs is a single column, one value a row.

    Args:
        value: the input.
        name: what it is called in messages.

    Raises:
        DataError: it has no rows.
    """
    import pandas as pd

    axes = 2 if isinstance(value, Mapping | pd.DataFrame) else as_array(value, name).ndim
    if not axes or (isinstance(value, Mapping) and not value):
        raise DataError(f"{name} is {value!r}; expected a column, an array of rows or a table. Give one row of each.")
    return axes == 1


def _table(frame: Any, answer: Answer | None, files: bool = False) -> Glance:
    """Of the columns of a table; `files` says whether they may name files."""
    check_names("data", frame.columns)
    frame = frame.rename(columns=str)
    kinds = {
        column: "file" if files and _names_images(frame[column]) else "text" if is_free_text(frame[column]) else "other"
        for column in frame.columns
    }
    return Glance("table", frame.shape, answer, kinds=kinds, times=_times(frame))


def _divided(frame: Any, target: str | Sequence[str] | None, files: bool = False) -> Glance:
    """Of a table that holds what is to be predicted, where that is said."""
    if target is None:
        return _table(frame, None, files)
    x, y = divided(frame, target, "data")
    return _table(x, answer_of(y), files)


def _times(frame: Any) -> str | None:
    """Where a table's times are, if it has some in order and of equal steps."""
    times, column = times_of(frame, None, "data")
    if times is None or len(frame) < LEAST:
        return None
    try:
        check_times(seconds(times, "data: the times", "us"), "data", "us")
    except DataError:
        return None
    return "the index" if column is None else column
