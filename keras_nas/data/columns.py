"""The columns beside x: targets, sample weights and groups of all parts of the data."""

from pathlib import Path

import numpy as np

from keras_nas.data.checks import check_lengths, check_targets, check_weights
from keras_nas.data.classes import check_classes
from keras_nas.data.files import write_array
from keras_nas.data.labels import Labels, read_classes
from keras_nas.data.reading import Part
from keras_nas.errors import DataError, InvalidArgument


def classes(parts: list[Part]) -> tuple[Labels, np.ndarray]:
    """The classes of the first part, and the class numbers of all rows."""
    labels, codes = read_classes(parts[0].y, parts[0].name)
    check_classes(parts[0].name, codes, labels)
    more = [labels.encode_compact(part.y, part.name) for part in parts[1:]]
    return labels, np.concatenate([codes, *more])


def numbers(parts: list[Part]) -> tuple[Labels, np.ndarray]:
    """Regression targets of all rows."""
    outputs = [part.targets.shape[1] for part in parts]
    if len(set(outputs)) > 1:
        raise DataError(
            f"validation_data: y has {outputs[1]} outputs; expected {outputs[0]} as in data. "
            "Give both the same targets."
        )
    check_targets(parts[0].name, parts[0].targets)
    return Labels("number"), np.concatenate([part.targets for part in parts])


def write_weights(folder: Path, parts: list[Part], given: np.ndarray | None) -> None:
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
        check_weights(part.name, weight)
    write_array(folder / "sample_weight.npy", np.concatenate(full).astype(np.float32))


def group_numbers(parts: list[Part], groups: np.ndarray) -> np.ndarray:
    """Group numbers of all rows, -1 for those of validation_data."""
    kept = _column(groups, "groups", parts[0])
    codes = np.unique(kept if kept.dtype.kind in "biuUS" else kept.astype(str), return_inverse=True)[1]
    others = [np.full(len(part.rows), -1) for part in parts[1:]]
    return np.concatenate([codes, *others]).astype(np.int32)


def _column(values: np.ndarray, name: str, part: Part) -> np.ndarray:
    """A column given as an argument, for the rows that were kept."""
    if values.ndim != 1:
        raise DataError(f"{name} has the shape {values.shape}; expected one value for each row, shape (rows,).")
    check_lengths(part.name, {"x": part.given, name: len(values)})
    return np.take(values, part.rows)
