"""Several inputs and targets as a user gives them: told apart, and each taken for the kind of a ready task."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from keras_nas.data.answers import answer_of
from keras_nas.data.batch import described
from keras_nas.data.glance import is_column, rows_seen
from keras_nas.data.inference import is_free_text
from keras_nas.data.joining import Given
from keras_nas.data.schema import keys
from keras_nas.data.tables import divided, framed, read_file
from keras_nas.errors import DataError, InvalidArgument, unknown
from keras_nas.tasks.base import Task

COLUMNS = "columns"
"""The input that columns become which come one by one."""
CLASSES, ENDS = "_classification", "tabular_"
"""How the names of the tasks end whose inputs can be joined, and begin whose targets can."""
FORMS = "(x, y), each a dict by name or one thing, or a table with target="


@cache
def input_tasks() -> dict[str, type[Task]]:
    """The ready tasks whose inputs can be joined, by the kind of their rows."""
    from keras_nas.tasks import TASKS

    found = {name.removesuffix(CLASSES): task for name, task in TASKS.items() if name.endswith(CLASSES)}
    return {kind: task for kind, task in found.items() if "_" not in kind}


@cache
def target_tasks() -> dict[str, type[Task]]:
    """The ready tasks whose targets can stand side by side, by the kind of their target."""
    from keras_nas.tasks import TASKS

    return {task.target: task for name, task in TASKS.items() if name.startswith(ENDS)}


def parted(data: Any, target: Any = None, known: Collection[str] = ()) -> Given:
    """Inputs and targets by name.

    Args:
        data: `(x, y)` or `(x, y, sample_weight)`, x and y each a dict by name or one thing; or a table.
        target: names of a table's columns to predict, or None.
        known: names of inputs that are ones by themselves, even if they are single columns.

    Raises:
        DataError: the data has another form.

    Example:
        >>> import numpy as np
        >>> given = parted(({"photo": np.zeros((4, 8, 8)), "age": [1, 2, 3, 4], "sex": list("mfmf")}, [0, 1, 0, 1]))
        >>> {name: np.shape(x) for name, x in given.x.items()}, list(given.y)
        ({'photo': (4, 8, 8), 'columns': (4, 2)}, ['target'])
    """
    import pandas as pd

    if isinstance(data, str | Path):
        data = read_file(Path(data).expanduser(), "data")
    if isinstance(data, pd.DataFrame) and target is not None:
        x, y = divided(data, target, "data")
        data = (x, pd.DataFrame(y))
    if not isinstance(data, tuple | list) or len(data) not in (2, 3):
        raise DataError(f"data is {described(data)}; expected {FORMS}.")
    x, y, *weight = data
    y = {str(name): y[name] for name in sorted(y, key=str)} if isinstance(y, Mapping | pd.DataFrame) else {"target": y}
    given = Given(_inputs(x, known), y, weight[0] if weight else None)
    if not given.x or not given.y:
        raise DataError(f"data has no {'targets' if given.x else 'inputs'}, an empty dict; expected {FORMS}.")
    for name in (*given.x, *given.y):
        if keys([name]) != [name]:
            raise DataError(f"data: {name!r} cannot name a model's input or output; call it {keys([name])[0]!r} say.")
    return given


def _inputs(x: Any, known: Collection[str]) -> dict[str, Any]:
    """Inputs by name; single columns become one table, unless they are known or hold texts."""
    import pandas as pd

    if not isinstance(x, Mapping):
        x = {"table" if isinstance(x, pd.DataFrame) else "rows": x}
        known = x.keys()
    single = {name: is_column(value, f"data: the input {name!r}") for name, value in x.items()}
    columns = {name: pd.Series(value) for name, value in x.items() if single[name] and name not in known}
    plain = [name for name, column in columns.items() if not is_free_text(column)]
    inputs = {str(name): value for name, value in x.items() if name not in plain}
    return {**inputs, COLUMNS: framed({name: x[name] for name in plain}, "data")} if plain else inputs


def inferred_kinds(
    given: Given, inputs: Mapping[str, str], targets: Mapping[str, str]
) -> tuple[dict[str, str], dict[str, str], list[str]]:
    """The kind of each input and of each target, and how those were told that are not known.

    Args:
        given: inputs and targets.
        inputs: kinds that are known.
        targets: kinds that are known.

    Raises:
        InvalidArgument: something may be of several kinds, or of none; names these and what to write.
    """
    told = []
    found: dict[str, dict[str, str]] = {"inputs": {}, "targets": {}}
    for argument, known, parts in (("inputs", inputs, given.x), ("targets", targets, given.y)):
        tasks = input_tasks() if argument == "inputs" else target_tasks()
        for name, part in parts.items():
            if name in known and known[name] not in tasks:
                raise InvalidArgument(f"{argument}: {unknown('kind', known[name], tasks)}")
            reasons = {known[name]: ""} if name in known else _reasons(argument, part, tasks)
            if len(reasons) != 1:
                raise InvalidArgument(_unclear(argument, name, reasons, tasks))
            ((kind, reason),) = reasons.items()
            found[argument][name] = kind
            if reason:
                told.append(f"The {argument[:-1]} {name!r} is taken for {kind}, since {reason}.")
    return found["inputs"], found["targets"], told


def _reasons(argument: str, part: Any, tasks: Mapping[str, type[Task]]) -> dict[str, str]:
    """Why an input or a target may be of each kind."""
    if argument == "inputs":
        seen = rows_seen(part)
        return {kind: reason for kind, task in tasks.items() if (reason := task.takes(seen))}
    answer = answer_of(part)
    return {kind: reason for kind, task in tasks.items() if (reason := task.predicts(answer))}


def _unclear(argument: str, name: str, reasons: Mapping[str, str], tasks: Mapping[str, type[Task]]) -> str:
    what = f"task='several': the {argument[:-1]} {name!r}"
    first = next(iter(reasons or tasks))
    advice = f"Say which: keras_nas.Several({argument}={{{name!r}: {first!r}}})."
    if not reasons:
        return f"{what} looks like none of {', '.join(tasks)}. {advice}"
    return f"{what} may be {'; or '.join(f'{kind}, since {why}' for kind, why in reasons.items())}. {advice}"
