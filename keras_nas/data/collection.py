"""Write data in any accepted form as the memory-mapped arrays of a search."""

import json
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import Any

from keras_nas.data.batch import Source, as_array, digest
from keras_nas.data.columns import group_numbers, write_weights
from keras_nas.data.files import staged, write_array
from keras_nas.data.joint import Joint
from keras_nas.data.kinds import KINDS
from keras_nas.data.reading import Inputs
from keras_nas.data.rows import RECORD, VERSION, Rows, Target
from keras_nas.data.series import Steps
from keras_nas.data.sources import open_source
from keras_nas.data.tables import Table, forget_file
from keras_nas.data.trees import TreeWriter, described
from keras_nas.data.windows import Framing
from keras_nas.errors import InvalidArgument, ResumeError, StoreError, unknown
from keras_nas.files import write_atomically

IMAGE_RANKS = (3, 4)


def collect(
    data: Any,
    directory: str | Path,
    *,
    target: Target = "classification",
    ranks: Collection[int] = IMAGE_RANKS,
    validation_data: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    image_size: tuple[int, int] | None = None,
    column: str | Sequence[str] | None = None,
    framing: Framing | None = None,
) -> Rows:
    """Check the data, and write it once as files that worker processes can memory-map.

    Batches are written as they arrive: the data need not fit in memory. Where a check fails, nothing is left behind.

    Args:
        data: Arrays (x, y) or (x, y, sample_weight), a `tf.data.Dataset`, a `keras.utils.PyDataset`, an iterable of
            batches with a length, (generator, steps), or a folder with one folder of images for each class; for a
            table a DataFrame or the path of a CSV or Parquet file, both with `column`, or (X, y). Or the `Rows` that
            the folder holds.
        directory: The folder to make. Where it holds the same data already, that is returned.
        target: "classification", "regression", "multilabel" (several classes a row), "segmentation" (a class for
            each pixel) or "texts".
        ranks: Accepted numbers of axes of x, rows included; default: images. (1,) is a table.
        validation_data: More data of the same form; its rows come last.
        sample_weight: Weights of the rows of `data`, shape (rows,).
        groups: Integers or text for the rows of `data` (patients, users), shape (rows,).
        image_size: (height, width) in pixels for files of images; default: chosen from the images.
        column: The name of a table's column to predict, or several; of a series those to forecast.
        framing: How a series becomes rows, windows of it; None for data that is rows already.

    Returns:
        The rows, memory-mapped.

    Raises:
        DataError: The data cannot be used.
        ResumeError: The folder holds other data.
        StoreError: The folder cannot be written, or the disk is too small.

    Example:
        >>> import tempfile
        >>> import numpy as np
        >>> x, y = np.zeros((6, 8, 8), np.uint8), ["cat", "dog"] * 3
        >>> rows = collect((x, y), Path(tempfile.mkdtemp()) / "data")
        >>> rows.x.shape, rows.x.dtype.name, rows.y.tolist(), rows.labels.classes
        ((6, 8, 8), 'uint8', [0, 1, 0, 1, 0, 1], ('cat', 'dog'))
    """
    if target not in KINDS:
        raise InvalidArgument(unknown("target", target, KINDS))
    folder = Path(directory).absolute()
    if isinstance(data, Rows):
        return _existing(folder, data.fingerprint)
    form, masked = (image_size, column), target == "segmentation"
    sources = [open_source(data, ranks, "data", *form, None, framing, masked)]
    if validation_data is not None:
        sources.append(open_source(validation_data, ranks, "validation_data", *form, sources[0], framing, masked))
    extras = _extras(framing, sample_weight=sample_weight, groups=groups)
    return _stored(folder, sources, extras, target, ranks)


def _stored(
    folder: Path, sources: list[Source], extras: dict[str, Any], target: Target, ranks: Collection[int]
) -> Rows:
    """The rows in their folder: those that are there, where they are the same, or new ones."""
    forget_file()
    fingerprint = digest(VERSION, target, *(source.identity() for source in sources), *extras, *extras.values())
    if (folder / RECORD).exists():
        return _existing(folder, fingerprint)
    with staged(folder) as unfinished:
        record = _write(unfinished, sources, extras, target, ranks)
        write_atomically(unfinished / RECORD, json.dumps({**record, "fingerprint": fingerprint}, indent=1).encode())
    return Rows.load(folder)


def _extras(framing: Framing | None, **columns: Any) -> dict[str, Any]:
    """What belongs to the rows of `data` beside x and y, of what was given."""
    given = {name: as_array(column, name) for name, column in columns.items() if column is not None}
    if framing is not None and given:
        raise InvalidArgument(f"{' and '.join(given)}: a row is a window of the series, not a step; leave it out.")
    return given


def _write(
    folder: Path, sources: list[Source], extras: dict[str, Any], target: Target, ranks: Collection[int]
) -> dict[str, Any]:
    """Write all arrays, and return the record of them."""
    kind = KINDS[target]
    inputs = Inputs(folder, kind.read, ranks)
    try:
        with TreeWriter(folder, "x") as writer:
            parts = [inputs.read(source, writer) for source in sources]
        labels, y = kind.settle(parts)
        with TreeWriter(folder, "y") as writer:
            writer.append(y)
        write_weights(folder, parts, extras.get("sample_weight"))
        if "groups" in extras:
            write_array(folder / "groups.npy", group_numbers(parts, extras["groups"]))
    except OSError as error:
        raise StoreError(
            f"The data could not be written to {folder.parent} ({error}): choose a directory on another disk."
        ) from error
    return {
        "version": VERSION,
        "target": target,
        "size": len(y),
        "given_validation": sum(len(part.rows) for part in parts[1:]),
        "labels": {"kind": labels.kind, "classes": list(labels.classes)},
        "columns": sources[0].schema.as_json() if isinstance(sources[0], Table) else None,
        "series": sources[0].schema.as_json() if isinstance(sources[0], Steps) else None,
        "joint": sources[0].schema.as_json() if isinstance(sources[0], Joint) else None,
        "dropped": [sentence for source in sources for sentence in source.dropped],
    }


def _existing(folder: Path, fingerprint: str) -> Rows:
    rows = Rows.load(folder)
    if rows.fingerprint != fingerprint:
        raise ResumeError(
            f"{folder} holds other data than the data given: {rows.size:,} {described(rows.x)} "
            f"for {rows.target}. Give the same data to resume, or another directory for a new search."
        )
    return rows
