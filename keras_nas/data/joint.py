"""Several inputs and several targets as one set of rows: each read as its kind is, all of equal length.

Inputs are stored side by side, a table's columns behind the name of their input. Targets are stored as the columns of
one matrix, a class as its number; the schema says which columns are whose.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Self

import numpy as np

from keras_nas.data.batch import Batch, Source, as_array, digest
from keras_nas.data.checks import check_finite, check_lengths, check_numbers, check_rank
from keras_nas.data.labels import Labels
from keras_nas.data.schema import Schema, keys
from keras_nas.data.trees import mapped, row_bytes, taken
from keras_nas.errors import DataError

BATCH_BYTES = 16 << 20
"""How much is written at once."""


@dataclass(frozen=True)
class ArraySchema:
    """An input that is one array.

    Args:
        key: The model's input.
        shape: Of one row.
        dtype: Of its numbers.
    """

    key: str
    shape: tuple[int, ...]
    dtype: str

    def rows(self, x: Any, name: str) -> dict[str, np.ndarray]:
        """The rows, as models take them.

        Raises:
            DataError: They have another shape or type than those of the search, or are not finite.
        """
        array = as_array(x, name)
        if array.shape[1:] != self.shape or not np.can_cast(array.dtype, self.dtype, "same_kind"):
            raise DataError(
                f"{name} holds rows of {array.dtype} {array.shape[1:]}; expected {self.dtype} {self.shape}, as the "
                "search was given."
            )
        check_finite(name, "x", array)
        return {self.key: array.astype(self.dtype, copy=False)}


@dataclass(frozen=True)
class JointInput:
    """One of several inputs.

    Args:
        name: As the user calls it.
        kind: Of its task: "image", "tabular", ...
        schema: What its rows are.
    """

    name: str
    kind: str
    schema: Schema | ArraySchema

    @property
    def keys(self) -> list[str]:
        """The model's inputs that belong to it."""
        return [self.schema.key] if isinstance(self.schema, ArraySchema) else [c.key for c in self.schema.columns]

    def rows(self, x: Any, name: str) -> dict[str, np.ndarray]:
        """The rows of this input, as models take them; of texts and arrays of features too, which name no column."""
        if isinstance(self.schema, ArraySchema):
            return self.schema.rows(x, name)
        if np.ndim(x) == 1:
            x = {self.schema.columns[0].name: x}
        elif isinstance(x, np.ndarray):
            x = {f"x{number}": column for number, column in enumerate(x.T)}
        return self.schema.rows(x, name)

    def within(self, data: Mapping[str, Any]) -> Any:
        """This input, or the columns that it is made of, where they come one by one; None where they do not."""
        if self.name in data or isinstance(self.schema, ArraySchema):
            return data.get(self.name)
        columns = {column.name: data.get(column.name) for column in self.schema.columns}
        return None if any(column is None for column in columns.values()) else columns

    def of(self, x: Mapping[str, Any]) -> Any:
        """Its part of stored rows."""
        return x[self.schema.key] if isinstance(self.schema, ArraySchema) else {key: x[key] for key in self.keys}


@dataclass(frozen=True)
class JointTarget:
    """One of several targets.

    Args:
        name: Of the model's output.
        target: Its kind: "classification", "regression", ...
        labels: The classes.
        start: Its first column in the stored matrix.
        width: How many columns it has there.
    """

    name: str
    target: str
    labels: Labels
    start: int
    width: int

    def of(self, y: np.ndarray) -> np.ndarray:
        """Its part of stored targets, as a task of its own would have stored it."""
        part = y[:, self.start : self.start + self.width]
        return np.asarray(part[:, 0], np.int32) if self.target == "classification" else np.asarray(part)


@dataclass(frozen=True)
class JointSchema:
    """Several inputs and targets, in the order of their names.

    Args:
        inputs: What models take.
        targets: What they give.
    """

    inputs: tuple[JointInput, ...]
    targets: tuple[JointTarget, ...]

    def rows(self, data: Mapping[str, Any], name: str = "rows") -> dict[str, np.ndarray]:
        """The raw rows of several inputs by name, as the models and their exports take them.

        Args:
            data: Each input as the search was given it: an array, texts, a DataFrame or a dict of columns.
            name: What the rows are called in messages.

        Raises:
            DataError: An input is missing, or is not what it was when the schema was made.
        """
        found = {given.name: given.within(data) for given in self.inputs}
        missing = [name for name, x in found.items() if x is None]
        if missing:
            expected = ", ".join(repr(given.name) for given in self.inputs)
            raise DataError(f"{name}: the input {missing[0]!r} is missing; expected {expected}. Give all of them.")
        parts = [given.rows(found[given.name], f"{name}: the input {given.name!r}") for given in self.inputs]
        check_lengths(name, {g.name: len(next(iter(p.values()))) for g, p in zip(self.inputs, parts, strict=True)})
        return {key: array for part in parts for key, array in part.items()}

    def as_json(self) -> dict[str, Any]:
        """The schema as plain data."""
        return asdict(self)

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Self:
        """What `as_json` gave."""
        targets = [{**t, "labels": Labels(t["labels"]["kind"], tuple(t["labels"]["classes"]))} for t in told["targets"]]
        return cls(tuple(_input(given) for given in told["inputs"]), tuple(JointTarget(**t) for t in targets))


def _input(told: Mapping[str, Any]) -> JointInput:
    schema = told["schema"]
    if "columns" in schema:
        return JointInput(told["name"], told["kind"], Schema.from_json(schema["columns"]))
    return JointInput(told["name"], told["kind"], ArraySchema(schema["key"], tuple(schema["shape"]), schema["dtype"]))


@dataclass
class Joint:
    """Several inputs and targets as a source of rows.

    Args:
        name: What the data is called in messages.
        x: Raw rows by the model's inputs.
        y: The targets' matrix, float32 of shape (rows, columns).
        weight: Sample weights of shape (rows,), or None.
        schema: Which of them are what.
        kept: What was read of each target, by which those of further data are numbered.
        dropped: A sentence for each column that was left out.
    """

    name: str
    x: dict[str, Any]
    y: np.ndarray
    weight: np.ndarray | None
    schema: JointSchema
    kept: Mapping[str, Any] = field(default_factory=dict)
    dropped: list[str] = field(default_factory=list)

    @property
    def given(self) -> int:
        """The number of rows."""
        return len(self.y)

    def identity(self) -> str:
        """A digest of the schema, all targets and weights, and 256 rows spread over all."""
        sampled = np.linspace(0, self.given - 1, min(self.given, 256)).astype(int)
        return digest("joint", self.schema.as_json(), self.y, self.weight, *taken(self.x, sampled).values())

    def batches(self) -> Iterator[Batch]:
        """The rows in slices of about 16 MiB."""
        step = max(1, BATCH_BYTES // max(1, row_bytes(self.x)))
        for start in range(0, self.given, step):
            part = slice(start, start + step)
            rows = np.arange(start, min(start + step, self.given))
            x = mapped(lambda array, part=part: array[part], self.x)
            yield Batch(x, self.y[part], None if self.weight is None else self.weight[part], rows)


def joined_inputs(sources: Mapping[str, Source], kinds: Mapping[str, Any]) -> tuple[list[JointInput], dict[str, Any]]:
    """What the inputs are, and their raw rows by the model's inputs.

    Args:
        sources: Each input as its kind reads it.
        kinds: Name and ranks of the kind of each.
    """
    inputs: list[JointInput] = []
    x: dict[str, Any] = {}
    for name, source in sources.items():
        kind, ranks = kinds[name]
        rows = _whole(source)
        schema: Schema | ArraySchema
        if isinstance(rows, Mapping):
            named = {key: f"{name}_{key}" if len(rows) > 1 else name for key in rows}
            schema = Schema(tuple(replace(c, key=named[c.key]) for c in source.schema.columns))  # type: ignore[attr-defined]
            rows = {named[key]: array for key, array in rows.items()}
        else:
            _check_array(source.name, rows, ranks)
            schema = ArraySchema(name, tuple(map(int, rows.shape[1:])), str(rows.dtype))
            rows = {name: rows}
        inputs.append(JointInput(name, kind, schema))
        x |= rows
    names = [key for given in inputs for key in given.keys]
    if keys(names) != names:
        raise DataError(f"The inputs {', '.join(sources)} give the model two inputs of one name: rename one of them.")
    return inputs, x


def _whole(source: Source) -> Any:
    """All rows of a source in memory."""
    parts = [batch.x for batch in source.batches()]
    return parts[0] if len(parts) == 1 else mapped(lambda *arrays: np.concatenate(arrays), *parts)


def _check_array(name: str, x: np.ndarray, ranks: Sequence[int]) -> None:
    check_numbers(name, x)
    check_rank(name, x.shape, ranks)
    check_finite(name, "x", x)


def view(rows: Any, name: str | None = None, target: str | None = None) -> Any:
    """Rows of several inputs and targets as those of one: what a task of that input and target would be given.

    Args:
        rows: `Rows` of several.
        name: Of the input; the first by default.
        target: Of the target; the first by default.
    """
    schema = rows.joint
    given = next(part for part in schema.inputs if name in (None, part.name))
    wanted = next(part for part in schema.targets if target in (None, part.name))
    columns = given.schema.as_json() if isinstance(given.schema, Schema) else None
    record = {**rows.record, "target": wanted.target, "columns": columns, "joint": None}
    return replace(rows, x=given.of(rows.x), y=wanted.of(rows.y), labels=wanted.labels, record=record)
