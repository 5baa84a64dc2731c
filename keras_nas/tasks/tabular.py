"""Tables: raw columns in, class probabilities or numbers out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from keras_nas.data.findings import leaks, twins
from keras_nas.data.glance import Glance, listed
from keras_nas.net import Net
from keras_nas.tasks.base import Task
from keras_nas.tasks.front import CATEGORIES, NUMBERS, front
from keras_nas.tasks.preprocessing import Preprocessing, learn
from keras_nas.tasks.signature import Input, Signature, target_facts
from keras_nas.tasks.specification import specification, table_columns
from keras_nas.tasks.targets import Classification, Regression

if TYPE_CHECKING:
    from keras_nas.data import Rows, Split


@dataclass(frozen=True)
class TableSignature(Signature):
    """That of tables.

    Args:
        preprocessing: of the front, learned on the training part.
    """

    preprocessing: Preprocessing = Preprocessing((), (), ())

    @property
    def facts(self) -> Mapping[str, Any]:
        """Also how many codes the categories have together."""
        return {**super().facts, "vocabulary": self.preprocessing.vocabulary}


class TabularTask(Task):
    """What all tasks on tables share: a front makes numbers and codes of the raw columns."""

    ranks = (1,)
    default_space = "tabular"
    default_estimator = "several_finalists"

    @classmethod
    def takes(cls, seen: Glance) -> str | None:
        """Columns, unless they are texts or times alone; arrays (rows, features)."""
        if seen.form == "array" and len(seen.shape) == 2:
            return f"x {seen.shape} looks like rows of features"
        if seen.form != "table" or not set(seen.columns) - {*seen.texts, *seen.files, seen.times}:
            return None
        return f"x is a table of the columns {listed(seen.columns)}"

    def signature(self, rows: Rows, split: Split) -> TableSignature:
        """What the training part says of each column."""
        assert rows.schema is not None  # noqa: S101 - tables have one
        learned = learn(rows.schema, rows.x, split.train)
        inputs = {
            NUMBERS: Input((len(learned.numbers),), "float32"),
            CATEGORIES: Input((len(learned.categories),), "int32"),
        }
        there = {name: given for name, given in inputs.items() if given.shape[0]}
        return TableSignature(there, *target_facts(rows, split), learned)

    def front(self, signature: Signature) -> Any:
        """Raw columns to numbers and codes."""
        assert isinstance(signature, TableSignature)  # noqa: S101 - made by this task
        return front(signature.preprocessing)

    def specification(self, signature: Signature) -> dict[str, Any]:
        """The steps of each column."""
        assert isinstance(signature, TableSignature)  # noqa: S101 - made by this task
        return specification(signature, table_columns(signature.preprocessing, NUMBERS, CATEGORIES))

    def remarks(self, rows: Rows, split: Split) -> list[str]:
        """Columns that tell the target, and rows on both sides of the split."""
        return [*leaks(rows, split), *twins(rows, split)]

    def prepare(self, net: Net, x: Any, signature: Signature) -> Any:
        """The inputs as they are: the front has prepared them."""
        return x


class TabularClassification(TabularTask, Classification):
    """One class a row."""

    name = "tabular_classification"


class TabularRegression(TabularTask, Regression):
    """One or several numbers a row."""

    name = "tabular_regression"
    objective = "val_rmse"
