"""What can be seen of a user's data before it is read: the form of its rows, and what is to be predicted of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import numpy as np

from keras_nas.data.answers import Answer, answer_of
from keras_nas.data.batch import as_array, described
from keras_nas.data.image_forms import PAIR
from keras_nas.data.images import SUFFIXES, class_folders
from keras_nas.data.inference import is_free_text
from keras_nas.data.schema import seconds
from keras_nas.data.sources import is_batches
from keras_nas.data.tables import read_file
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
        shape: of x, the row axis included; of a table (rows, columns); empty for a folder.
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
        if self.form != "array" or len(self.shape) not in (3, 4) or not self.x.size:
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
        DataError: the data is in no form that any task takes.

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
    first = next(
        (file for folder in folders for file in folder.rglob("*") if file.is_file() and file.name[0] != "."), path
    )
    if first.suffix.lower() == ".txt":
        return Glance("text", (len(names),), Answer("classes", f"the names of the folders, {listed(names)}"))
    if set(names) == {*PAIR}:
        return Glance("folder", answer=Answer("arrays", f"the files in {path / PAIR[1]}"))
    if len(names) > 1:
        return Glance("folder", answer=Answer("classes", f"the names of the folders in it, {listed(names)}"))
    return Glance("folder", answer=Answer("unknown", f"{len(names)} folders in {path}"))


def _names_images(column: Any) -> bool:
    """Whether a column of a table is text that ends as the names of images do."""
    first = column.iloc[0] if len(column) else None
    return isinstance(first, str | Path) and Path(first).suffix.lower() in SUFFIXES


def _pair(data: Any) -> tuple[Any, Any]:
    """x and y: whole columns, or those of the first batches."""
    import keras
    import tensorflow as tf

    if isinstance(data, tf.data.Dataset):
        batches = data if _is_batched(data) else data.batch(SAMPLED)
        return _stacked(list(batches.take(BATCHES).as_numpy_iterator()))
    if isinstance(data, keras.utils.PyDataset):
        return _stacked([data[number] for number in range(min(BATCHES, data.num_batches or 1))])
    if isinstance(data, tuple) and len(data) == 2 and isinstance(data[1], int):
        raise InvalidArgument(
            "task='auto' cannot look at (generator, steps): what is looked at would be gone. Name the task, "
            "'image_classification' say."
        )
    if is_batches(data):
        return _stacked(list(islice(iter(data), BATCHES)))
    if isinstance(data, tuple | list) and len(data) in (2, 3):
        return data[0], data[1]
    raise DataError(
        f"data is {described(data)}: what is to be predicted is missing. Give (x, y), a table with target=, or a "
        "folder; for a series to forecast name the task 'timeseries_forecasting'."
    )


def _is_batched(data: Any) -> bool:
    """Whether the elements of a data set are batches: x and y begin with the same axis."""
    x, y = (part.shape for part in next(iter(data.take(1)))[:2])
    return bool(x.rank and y.rank and x[0] == y[0])


def _stacked(batches: list[Any]) -> tuple[Any, Any]:
    """x and y of some batches; of other elements than pairs the task itself says what is wrong."""
    if not batches or not all(isinstance(batch, tuple | list) and len(batch) in (2, 3) for batch in batches):
        raise DataError("data yields no batches (x, y) to look at; expected some. Map it to such tuples.")
    return tuple(np.concatenate([as_array(batch[place], "data") for batch in batches]) for place in (0, 1))  # type: ignore[return-value]


def rows_seen(x: Any, answer: Answer | None = None) -> Glance:
    """What is seen of rows that stand beside what is to be predicted.

    Args:
        x: an array, texts, a table, or several of these by name.
        answer: what is to be predicted, where it is known.
    """
    import pandas as pd

    if isinstance(x, Mapping):
        if all(np.ndim(value) == 1 for value in x.values()):
            return _table(pd.DataFrame(dict(x)), answer)
        return Glance("inputs", (min(map(len, x.values())), len(x)), answer, dict(x))
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


def _table(frame: Any, answer: Answer | None, targets: Sequence[str] = (), files: bool = False) -> Glance:
    """Of the columns of a table; `files` says whether they may name files."""
    frame = frame.rename(columns=str)
    kinds = {
        column: "file" if files and _names_images(frame[column]) else "text" if is_free_text(frame[column]) else "other"
        for column in frame.columns
        if column not in targets
    }
    return Glance("table", frame.shape, answer, kinds=kinds, times=_times(frame))


def _divided(frame: Any, target: str | Sequence[str] | None, files: bool = False) -> Glance:
    """Of a table that holds what is to be predicted; a target that is not there the task itself refuses."""
    if target is None:
        return _table(frame, None, files=files)
    wanted = [target] if isinstance(target, str) else [*target]
    there = [column for column in wanted if column in frame.columns]
    y = frame[there] if len(there) != 1 else frame[there[0]]
    return _table(frame, answer_of(y) if there else None, there, files)


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
