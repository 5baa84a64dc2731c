"""Write data in any accepted form as the memory-mapped arrays of a search."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from keras_nas.data import checks
from keras_nas.data.batch import Batch, Source, as_array, digest
from keras_nas.data.files import ArrayWriter, require_space, staged, write_array, write_json
from keras_nas.data.images import ImageFolder
from keras_nas.data.labels import Labels, compact, read_classes, read_targets
from keras_nas.data.rows import RECORD, VERSION, Rows, Target
from keras_nas.data.sources import open_source
from keras_nas.errors import DataError, InvalidArgument, ResumeError, StoreError, unknown

TARGETS = ("classification", "regression")
IMAGE_RANKS = (3, 4)


def collect(
    data: Any,
    directory: str | Path,
    *,
    target: Target = "classification",
    ranks: Sequence[int] = IMAGE_RANKS,
    validation_data: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    image_size: tuple[int, int] | None = None,
) -> Rows:
    """Check the data, and write it once as files that worker processes can memory-map.

    Batches are written as they arrive, so that the data never has to fit in memory. The files
    appear when all checks have passed; when one fails, nothing is left behind.

    Args:
        data: Arrays (x, y) or (x, y, sample_weight), a `tf.data.Dataset`, a `keras.utils.PyDataset`,
            an iterable of batches with a length, (generator, steps), or a folder with one folder of
            images for each class.
        directory: The folder to make. Where it holds the same data already, that is returned.
        target: "classification" or "regression".
        ranks: Accepted numbers of axes of x, rows included; default: images.
        validation_data: More data of the same form; its rows come last.
        sample_weight: Weights of the rows of `data`, shape (rows,).
        groups: Integers or text for the rows of `data` (patients, users), shape (rows,).
        image_size: (height, width) in pixels for image folders; default: chosen from the images.

    Returns:
        The rows, memory-mapped.

    Raises:
        DataError: The data cannot be used; the message says why and what to do.
        ResumeError: The folder holds other data.
        StoreError: The folder cannot be written, or the disk is too small.

    Example:
        >>> import tempfile
        >>> x, y = np.zeros((6, 8, 8), np.uint8), ["cat", "dog"] * 3
        >>> rows = collect((x, y), Path(tempfile.mkdtemp()) / "data")
        >>> rows.x.shape, rows.x.dtype.name, rows.y.tolist(), rows.labels.classes
        ((6, 8, 8), 'uint8', [0, 1, 0, 1, 0, 1], ('cat', 'dog'))
    """
    if target not in TARGETS:
        raise InvalidArgument(unknown("target", target, TARGETS))
    folder = Path(directory).absolute()
    sources = [open_source(data, ranks, "data", image_size)]
    if validation_data is not None:
        sources.append(open_source(validation_data, ranks, "validation_data", image_size))
    columns = {"sample_weight": sample_weight, "groups": groups}
    extras = {name: as_array(column, name) for name, column in columns.items() if column is not None}
    identities = [source.identity() for source in sources]
    fingerprint = digest(VERSION, target, *identities, *extras, *extras.values())
    if (folder / RECORD).exists():
        return _existing(folder, fingerprint)
    with staged(folder) as unfinished:
        record = _write(unfinished, sources, extras, target, ranks)
        write_json(unfinished / RECORD, record | {"fingerprint": fingerprint})
    return Rows.load(folder)


@dataclass(frozen=True)
class _Part:
    """What was kept in memory of one source: everything but x."""

    name: str
    y: list[tuple[np.ndarray, int]]
    weight: np.ndarray | None
    rows: np.ndarray
    given: int

    @property
    def targets(self) -> np.ndarray:
        return np.concatenate([values for values, _ in self.y])


class _Inputs:
    """x while it is being written: rows of one shape and one type, all finite."""

    def __init__(self, folder: Path, target: Target, ranks: Sequence[int]) -> None:
        self.folder = folder
        self.target = target
        self.ranks = ranks
        self.first: np.ndarray | None = None

    def read(self, source: Source, writer: ArrayWriter) -> _Part:
        """Write all batches of x, and return the rest."""
        if isinstance(source, ImageFolder) and source.image_size is None and self.first is not None:
            source.image_size = self.first.shape[1:3]
        y, weights, rows = [], [], []
        for batch in source.batches():
            writer.append(self._checked(source.name, batch))
            self._require_space(source, batch)
            y.append(self._targets(source.name, batch))
            weights.append(batch.weight)
            rows.append(batch.rows)
        checks.check_not_empty(source.name, sum(map(len, rows)))
        given = source.given if source.given is not None else int(rows[-1][-1]) + 1
        return _Part(source.name, y, _joined(source.name, weights), np.concatenate(rows), given)

    def _checked(self, name: str, batch: Batch) -> np.ndarray:
        checks.check_numbers(name, batch.x)
        if self.first is None:
            checks.check_rank(name, batch.x.shape, self.ranks)
            self.first = batch.x[:1]
        checks.check_same_rows(name, batch.x.shape, self.first.shape)
        if not np.can_cast(batch.x.dtype, self.first.dtype, "same_kind"):
            raise DataError(
                f"{name}: x changes its type, {self.first.dtype} first and {batch.x.dtype} later; expected one type. "
                "Convert all of it to one type and one scale."
            )
        checks.check_finite(name, "x", batch.x, int(batch.rows[0]) if len(batch.rows) else 0)
        return batch.x.astype(self.first.dtype, copy=False)

    def _require_space(self, source: Source, batch: Batch) -> None:
        left = len(batch.x) if source.given is None else source.given - int(batch.rows[-1]) - 1
        require_space(self.folder, left * batch.x[:1].nbytes)

    def _targets(self, name: str, batch: Batch) -> tuple[np.ndarray, int]:
        if self.target == "classification":
            return compact(batch.y, name)
        return read_targets(batch.y, name, int(batch.rows[0]) if len(batch.rows) else 0), 0


def _write(
    folder: Path, sources: list[Source], extras: dict[str, np.ndarray], target: Target, ranks: Sequence[int]
) -> dict[str, Any]:
    """Write all arrays, and return the record of them."""
    inputs = _Inputs(folder, target, ranks)
    try:
        with ArrayWriter(folder / "x.npy") as writer:
            parts = [inputs.read(source, writer) for source in sources]
        labels, y = _classes(parts) if target == "classification" else _numbers(parts)
        write_array(folder / "y.npy", y)
        _write_weights(folder, parts, extras.get("sample_weight"))
        if "groups" in extras:
            write_array(folder / "groups.npy", _groups(parts, extras["groups"]))
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
        "dropped": [sentence for source in sources for sentence in source.dropped],
    }


def _classes(parts: list[_Part]) -> tuple[Labels, np.ndarray]:
    """The classes of the first part, and the class numbers of all rows."""
    labels, codes = read_classes(parts[0].y, parts[0].name)
    checks.check_classes(parts[0].name, codes, labels)
    more = [labels.encode_compact(part.y, part.name) for part in parts[1:]]
    return labels, np.concatenate([codes, *more])


def _numbers(parts: list[_Part]) -> tuple[Labels, np.ndarray]:
    """Regression targets of all rows."""
    outputs = [part.targets.shape[1] for part in parts]
    if len(set(outputs)) > 1:
        raise DataError(
            f"validation_data: y has {outputs[1]} outputs; expected {outputs[0]} as in data. "
            "Give both the same targets."
        )
    checks.check_targets(parts[0].name, parts[0].targets)
    return Labels("number"), np.concatenate([part.targets for part in parts])


def _write_weights(folder: Path, parts: list[_Part], given: np.ndarray | None) -> None:
    """Write the sample weights, where one part has any: rows without get the weight 1."""
    weights = [part.weight for part in parts]
    if given is not None:
        if weights[0] is not None:
            raise InvalidArgument("sample_weight came twice, in data and as an argument; expected one. Leave one out.")
        weights[0] = _column(given, "sample_weight", parts[0])
    if all(weight is None for weight in weights):
        return
    full = [np.ones(len(p.rows)) if w is None else w for p, w in zip(parts, weights, strict=True)]
    for part, weight in zip(parts, full, strict=True):
        checks.check_weights(part.name, weight)
    write_array(folder / "sample_weight.npy", np.concatenate(full).astype(np.float32))


def _groups(parts: list[_Part], groups: np.ndarray) -> np.ndarray:
    """Group numbers of all rows, -1 for those of validation_data."""
    kept = _column(groups, "groups", parts[0])
    codes = np.unique(kept if kept.dtype.kind in "biuUS" else kept.astype(str), return_inverse=True)[1]
    others = [np.full(len(part.rows), -1) for part in parts[1:]]
    return np.concatenate([codes, *others]).astype(np.int32)


def _column(values: np.ndarray, name: str, part: _Part) -> np.ndarray:
    """A column given as an argument, for the rows that were kept."""
    if values.ndim != 1:
        raise DataError(f"{name} has the shape {values.shape}; expected one value for each row, shape (rows,).")
    checks.check_lengths(part.name, {"x": part.given, name: len(values)})
    return np.take(values, part.rows)


def _joined(name: str, weights: list[np.ndarray | None]) -> np.ndarray | None:
    present = [weight for weight in weights if weight is not None]
    if present and len(present) < len(weights):
        raise DataError(f"{name}: only some batches have a sample_weight; expected all or none. Give 1 for the rest.")
    return np.concatenate(present) if present else None


def _existing(folder: Path, fingerprint: str) -> Rows:
    rows = Rows.load(folder)
    if rows.fingerprint != fingerprint:
        raise ResumeError(
            f"{folder} holds other data than the data given: {rows.size:,} rows of {rows.x.shape[1:]} {rows.x.dtype} "
            f"for {rows.target}. Give the same data to resume, or another directory for a new search."
        )
    return rows
