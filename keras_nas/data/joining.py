"""Several inputs and targets by name, read: the source of their rows."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from keras_nas.data.batch import Batch, as_array
from keras_nas.data.checks import check_lengths, check_not_empty
from keras_nas.data.joint import Joint, JointSchema, JointTarget, joined_inputs
from keras_nas.data.kinds import KINDS
from keras_nas.data.reading import Part
from keras_nas.data.sources import open_source
from keras_nas.errors import DataError


@dataclass(frozen=True)
class Given:
    """Several inputs and targets as a user gives them.

    Args:
        x: Each input by name.
        y: Each target by name.
        weight: Sample weights, or None.
    """

    x: Mapping[str, Any]
    y: Mapping[str, Any]
    weight: Any = None


def open_joint(
    given: Given,
    name: str,
    kinds: Mapping[str, tuple[str, Collection[int]]],
    targets: Mapping[str, str],
    first: Joint | None = None,
) -> Joint:
    """Read several inputs and targets.

    Args:
        given: Both by name.
        name: What the data is called in messages.
        kinds: Name and ranks of each input's kind.
        targets: The kind of each target.
        first: The data that this data has to be like.

    Raises:
        DataError: One of them cannot be used, or they differ in length.
    """
    weight = None if given.weight is None else as_array(given.weight, f"{name}: sample_weight")
    given = replace(given, weight=weight)
    kept = {target: _read(given.y, target, kind, name) for target, kind in targets.items()}
    joint = _numbered(given, name, kinds, kept, targets) if first is None else _like(first, given, name, kept)
    rows = {f"the input {part.name!r}": len(joint.x[part.keys[0]]) for part in joint.schema.inputs}
    weights = {} if weight is None else {"sample_weight": len(weight)}
    check_lengths(name, rows | {f"the target {target!r}": part.given for target, part in kept.items()} | weights)
    check_not_empty(name, joint.given)
    return joint


def _read(y: Mapping[str, Any], target: str, kind: str, name: str) -> Part:
    """What is kept of one target."""
    if target not in y:
        raise DataError(f"{name}: the target {target!r} is missing; expected one of that name. Give all targets.")
    values = as_array(y[target], f"{name}: the target {target!r}")
    rows = np.arange(len(values))
    called = f"{name}, the target {target!r}"
    return Part(called, [KINDS[kind].read(Batch(None, values, None, rows), called)], None, rows, len(values))


def _numbered(
    given: Given,
    name: str,
    kinds: Mapping[str, tuple[str, Collection[int]]],
    kept: Mapping[str, Part],
    targets: Mapping[str, str],
) -> Joint:
    """The first data: the schema is what it holds."""
    sources = {
        key: open_source((x, np.zeros(rows_of(x))), kinds[key][1], f"{name}: the input {key!r}")
        for key, x in given.x.items()
    }
    inputs, x = joined_inputs(sources, kinds)
    found, columns, start = [], [], 0
    for target, part in kept.items():
        labels, y = KINDS[targets[target]].settle([part])
        columns.append(_matrix(y))
        found.append(JointTarget(target, targets[target], labels, start, columns[-1].shape[1]))
        start += columns[-1].shape[1]
    left = [f"Of the input {key!r}: {sentence}" for key, source in sources.items() for sentence in source.dropped]
    return Joint(name, x, _beside(columns), given.weight, JointSchema(tuple(inputs), tuple(found)), kept, left)


def _like(first: Joint, given: Given, name: str, kept: Mapping[str, Part]) -> Joint:
    """Further data: read and numbered as the first."""
    settled = [KINDS[t.target].settle([first.kept[t.name], kept[t.name]])[1] for t in first.schema.targets]
    columns = [_matrix(y[first.given :]) for y in settled]
    return Joint(name, first.schema.rows(given.x, name), _beside(columns), given.weight, first.schema, kept)


def _matrix(y: np.ndarray) -> np.ndarray:
    return np.asarray(y, np.float32).reshape(len(y), -1)


def _beside(columns: list[np.ndarray]) -> np.ndarray:
    """The targets' matrix; where their lengths differ only the first, as the check of lengths says so."""
    same = {len(column) for column in columns} == {len(columns[0])}
    return np.concatenate(columns, axis=1) if same else columns[0]


def rows_of(x: Any) -> int:
    """How many rows an input has."""
    return len(next(iter(x.values()))) if isinstance(x, Mapping) else len(x)
