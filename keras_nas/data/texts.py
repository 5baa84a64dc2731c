"""Texts and what is to be predicted of them: one column of a table, in whichever form they come."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.data.batch import decoded, described
from keras_nas.data.images import class_folders
from keras_nas.data.inference import is_free_text
from keras_nas.data.schema import Column, Schema, keys, present, refuse
from keras_nas.data.tables import Table, open_table, parts, read_file
from keras_nas.errors import DataError

TEXT = "text"
"""The column of texts that came without a name, and the kind of such columns."""
FORMS = (
    "(texts, y), a DataFrame or the path of a CSV or Parquet file, both with target=, or a folder with one folder of "
    ".txt files for each class"
)


def open_texts(data: Any, target: str | Sequence[str] | None, name: str, schema: Schema | None = None) -> Table:
    """Read texts in any accepted form.

    Args:
        data: A DataFrame or a path of a table with one column of texts beside the target; (texts, y) or
            (texts, y, sample_weight); or a folder with one folder of .txt files for each class.
        target: The name of the column to predict, or several for a regression; None where y is given.
        name: What the data is called in messages.
        schema: The column of texts; found where None.

    Raises:
        DataError: The form is none of these, there is no such column, or a text is missing, empty or none.

    Example:
        >>> open_texts((["a good film", "a bad one"], [1, 0]), None, "data").x
        {'text': array(['a good film', 'a bad one'], dtype=object)}
    """
    frame, y, weight = parts(_table(data, name), target, name)
    frame = frame.rename(columns=str)
    schema, left = (schema, []) if schema is not None else _found(frame, name)
    table = open_table((frame, y) if weight is None else (frame, y, weight), None, name, schema)
    table.dropped += left
    check_texts(frame[schema.columns[0].name], f"{name}: the column {schema.columns[0].name!r}")
    return table


def check_texts(series: Any, name: str) -> None:
    """Refuse texts that are missing or empty, of which nothing can be learnt."""
    missing = ~present(series)
    blank = np.array([isinstance(text, str) and not text.strip() for text in series], bool)
    for wrong, what in ((missing, "lacks texts"), (blank, "has texts of no length")):
        refuse(series, wrong, f"{name} {what}", "a word or more in each row", "Remove these rows.")


def _table(data: Any, name: str) -> Any:
    """The data as a table, or as (table, y) or (table, y, sample_weight)."""
    import pandas as pd

    if isinstance(data, str | Path):
        path = Path(data).expanduser()
        return _folder(path, name) if path.is_dir() else read_file(path, name)
    if isinstance(data, tuple | list) and len(data) in (2, 3):
        return _framed(data[0], name), *data[1:]
    if not isinstance(data, pd.DataFrame):
        raise DataError(f"{name} is {described(data)}; expected {FORMS}.")
    return data


def _framed(x: Any, name: str) -> Any:
    """A DataFrame of texts that came without one."""
    import pandas as pd

    if isinstance(x, pd.DataFrame | Mapping):
        return x
    if isinstance(x, pd.Series):
        return x.to_frame(TEXT if x.name is None else x.name)
    array = np.asarray(x.numpy() if hasattr(x, "numpy") else x, dtype=object)
    array = array[:, 0] if array.ndim == 2 and array.shape[1] == 1 else array
    if array.ndim != 1:
        raise DataError(f"{name}: x has the shape {array.shape}; expected texts, one a row. Give a list of strings.")
    return pd.DataFrame({TEXT: pd.Series(decoded(array, f"{name}: x"), dtype=object)})


def _found(frame: Any, name: str) -> tuple[Schema, list[str]]:
    """The only column, or the only one of sentences; and a sentence for each that is left out."""
    names = list(frame.columns)
    texts = names if len(names) == 1 else [column for column in names if is_free_text(frame[column])]
    if len(texts) != 1:
        raise DataError(
            f"{name} has the columns {', '.join(map(repr, names)) or 'none'} beside the target, of which "
            f"{' and '.join(map(repr, texts)) or 'none'} holds sentences; expected one that does. Leave out the others."
        )
    schema = Schema((Column(texts[0], keys(texts)[0], "text"),))
    left = [f"The column {column!r} was left out: the text is {texts[0]!r}." for column in names if column not in texts]
    return schema, left


def _folder(path: Path, name: str) -> tuple[Any, list[str]]:
    """The texts of a folder, and the names of the folders in it that they stand in."""
    import pandas as pd

    files = [file for folder in class_folders(path) for file in sorted(folder.rglob("*.txt"))]
    if not files:
        raise DataError(f"{name}: {path} holds no .txt file in a folder of its own class; expected {FORMS}.")
    try:
        texts = [file.read_text(encoding="utf-8") for file in files]
    except UnicodeDecodeError as error:
        raise DataError(f"{name}: a file of {path} is no text in UTF-8 ({error}). Convert it.") from error
    return pd.DataFrame({TEXT: pd.Series(texts, dtype=object)}), [file.relative_to(path).parts[0] for file in files]
