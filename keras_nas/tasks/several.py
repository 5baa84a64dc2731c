"""Several inputs, several targets: each input prepared as its kind is, each target with the end and loss of its own."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from keras_nas.artefact.portable import FRONT
from keras_nas.data import Rows, class_summary, class_weights
from keras_nas.data.findings import leaks
from keras_nas.data.joining import open_joint
from keras_nas.data.joint import view
from keras_nas.data.trees import side_by_side
from keras_nas.errors import InvalidArgument, unknown
from keras_nas.net import Net
from keras_nas.tasks.base import Task
from keras_nas.tasks.ends import SeveralSignature, whole_numbers
from keras_nas.tasks.own import Own, balanced, by_target
from keras_nas.tasks.parting import inferred_kinds, input_tasks, parted, target_tasks
from keras_nas.tasks.signature import Input, Signature, target_facts
from keras_nas.tasks.specification import array_column, beside, specification

if TYPE_CHECKING:
    from keras_nas.data import Split
    from keras_nas.data.glance import Glance
    from keras_nas.spaces import Space


class Several(Task):
    """Several inputs by name, several targets by name, or both, in one model.

    Each input has the preprocessing and the space of its kind, each target the output, loss and scores of its own. How
    the inputs are joined is a decision. What is learned, and optimised unless `objectives` says otherwise, is the
    weighted sum of the targets' losses: cross-entropies of classes, squared errors of quantities in standard
    deviations. Scores are named after their target: "val_price_rmse".

    Args:
        inputs: kind of each input, "image", "tabular", "timeseries" or "text"; told from the data where not given.
        targets: kind of each target, "classification" or "regression"; told from the data where not given.
        weights: of the targets' losses; 1 where not given.
        spaces: for inputs, names of the ready spaces of their kind or `Space` objects; the default of the kind.

    Example:
        >>> task = Several(weights={"price": 0.5})
        >>> task.score_names
        ('loss',)
    """

    name = "several"
    target = "several"
    ranks = ()
    objective = "val_loss"
    default_estimator = "several_finalists"

    def __init__(
        self,
        inputs: Mapping[str, str] | None = None,
        targets: Mapping[str, str] | None = None,
        weights: Mapping[str, float] | None = None,
        spaces: Mapping[str, str | Space] | None = None,
    ) -> None:
        self.inputs = dict(inputs or {})
        self.targets = dict(targets or {})
        self.weights = dict(weights or {})
        self.spaces = dict(spaces or {})
        self._own = Own()

    @classmethod
    def suits(cls, seen: Glance) -> str | None:
        """Several inputs, or several targets of different kinds."""
        told = [f"x is {seen.shape[1]} inputs by name"] if seen.form == "inputs" else []
        told += [f"the targets are {seen.answer.reason}"] if seen.answer and seen.answer.kind == "several" else []
        return " and ".join(told) if told and seen.answer else None

    def settled(self, data: Any, target: Any = None) -> tuple[Self, tuple[str, ...]]:
        """This task with the kinds of all inputs and targets, and how those were told that were not given.

        Raises:
            InvalidArgument: a kind is unknown or unclear, a name is none of the data's, or a weight no number above 0.
        """
        whole = copy.copy(self)
        told: list[str] = []
        if isinstance(data, Rows) and data.joint is not None:
            whole.inputs = {given.name: given.kind for given in data.joint.inputs}
            whole.targets = {given.name: given.target for given in data.joint.targets}
        else:
            given = parted(data, target, self.inputs)
            whole.inputs, whole.targets, told = inferred_kinds(given, self.inputs, self.targets)
        named = {"inputs": whole.inputs, "spaces": whole.inputs, "targets": whole.targets, "weights": whole.targets}
        for argument, names in named.items():
            for name in vars(self)[argument]:
                if name not in names:
                    raise InvalidArgument(f"{argument}: {unknown(argument, name, names)}")
        for name, weight in self.weights.items():
            if isinstance(weight, bool) or not isinstance(weight, Real) or not 0 < weight < float("inf"):
                raise InvalidArgument(f"weights: {name!r} is {weight!r}; expected a finite number above 0.")
        return whole, tuple(told)

    def given(self, data: Any, target: Any = None, first: Any = None) -> Any:
        """The data as a source of rows."""
        if isinstance(data, Rows):
            return data
        kinds = {name: (kind, input_tasks()[kind].ranks) for name, kind in self.inputs.items()}
        name = "data" if first is None else "validation_data"
        return open_joint(parted(data, target, self.inputs), name, kinds, self.targets, first)

    @property
    def score_names(self) -> tuple[str, ...]:  # type: ignore[override]
        """The weighted loss, and the scores of each target behind its name."""
        return ("loss", *(f"{name}_{score}" for name, end in self._ends() for score in end.score_names))

    @property
    def default_space(self) -> Space:  # type: ignore[override]
        """The networks of all inputs, joined."""
        from keras_nas.spaces.several import several

        spaces = {name: task.space(self.spaces.get(name, task.default_space)) for name, task in self._parts()}
        return several(spaces, augmented=bool(self.pictures))

    @property
    def is_told_by_data(self) -> bool:
        """Not where the user weighs the targets or names spaces."""
        return not (self.weights or self.spaces)

    def space(self, given: str | Space) -> Space:
        """The only ready space is the default one, whose parts `spaces` names."""
        if isinstance(given, str) and given != self.name:
            raise InvalidArgument(
                f"space={given!r}: several inputs have a space each. Give keras_nas.Several(spaces={{...}}), a name "
                f"for each of {', '.join(self.inputs)}, or a Space that takes them by name."
            )
        return self.default_space if isinstance(given, str) else given

    def _parts(self) -> list[tuple[str, Task]]:
        """The tasks whose inputs these are."""
        return [(name, input_tasks()[kind]()) for name, kind in self.inputs.items()]

    def _ends(self) -> list[tuple[str, Task]]:
        """The tasks whose targets these are."""
        return [(name, target_tasks()[kind]()) for name, kind in self.targets.items()]

    def signature(self, rows: Rows, split: Split) -> SeveralSignature:
        """Those of all inputs and targets."""
        ends = {name: Signature({}, *target_facts(view(rows, target=name), split)) for name in self.targets}
        parts = {name: task.signature(view(rows, name), split) for name, task in self._parts()}
        inputs: dict[str, Input] = {}
        for name, part in parts.items():
            own = part.inputs
            inputs |= {name: own} if isinstance(own, Input) else {f"{name}.{key}": given for key, given in own.items()}
        return SeveralSignature(inputs, sum(end.outputs for end in ends.values()), parts=parts, ends=ends)

    def front(self, signature: Signature) -> Any:
        """The fronts of all inputs side by side; arrays pass through."""
        import keras

        assert isinstance(signature, SeveralSignature)  # noqa: S101 - made by this task
        fronts = {name: task.front(signature.parts[name]) for name, task in self._parts()}
        if all(front is None for front in fronts.values()):
            return None
        x: dict[str, Any] = {}
        outputs: dict[str, Any] = {}
        for name, front in fronts.items():
            given = signature.parts[name].inputs
            if front is None:
                assert isinstance(given, Input)  # noqa: S101 - only arrays have no front
                x[name] = keras.Input(given.shape, dtype=given.dtype, name=name)
                outputs[name] = keras.layers.Identity(dtype=given.dtype)(x[name])
                continue
            x |= front.input if isinstance(front.input, dict) else {name: front.input}
            made = front.output if isinstance(front.output, dict) else {None: front.output}
            outputs |= {name if key is None else f"{name}.{key}": tensor for key, tensor in made.items()}
        return keras.Model(x, outputs, name=FRONT)

    def specification(self, signature: Signature) -> dict[str, Any] | None:
        """The columns of all inputs, by the names of the model's inputs."""
        assert isinstance(signature, SeveralSignature)  # noqa: S101 - made by this task
        columns: list[dict[str, Any]] = []
        for name, task in self._parts():
            part = signature.parts[name]
            told = task.specification(part)
            if told is not None:
                columns += beside(told["columns"], name)
            elif isinstance(part.inputs, Input):
                columns.append(array_column(name, part.inputs))
            else:
                return None
        return specification(signature, columns)

    def remarks(self, rows: Rows, split: Split) -> list[str]:
        """The targets, and columns of tables that tell one of them."""
        tables = [name for name in self.inputs if view(rows, name).schema is not None]
        told = []
        for name in self.targets:
            own = view(rows, target=name)
            classes = own.target == "classification"
            words = str(class_summary(own.y[split.train], own.labels)) if classes else "quantities"
            told.append(f"Target {name!r}: {words}; its loss has the weight {self.weights.get(name, 1):g}.")
            told += [f"{line} ({name!r})" for table in tables for line in leaks(view(rows, table, name), split)]
        return told

    def prepare(self, net: Net, x: Any, signature: Signature) -> Any:
        """Each input as its own space expects it."""
        assert isinstance(signature, SeveralSignature)  # noqa: S101 - made by this task
        return {
            name: task.prepare(net.at(f"input/{name}"), signature.of(name, x), signature.parts[name])
            for name, task in self._parts()
        }

    def outputs(self, net: Net, x: Any, signature: Signature) -> Any:
        """What the loss of each target sees, by its name."""
        assert isinstance(signature, SeveralSignature)  # noqa: S101 - made by this task
        return {name: task.outputs(net.at(f"output/{name}"), x, signature.ends[name]) for name, task in self._ends()}

    def finish(self, net: Net, x: Any, signature: Signature) -> Any:
        """What the user gets, by the target's name."""
        assert isinstance(signature, SeveralSignature)  # noqa: S101 - made by this task
        ends = signature.ends
        return {name: task.finish(net.at(f"output/{name}"), x[name], ends[name]) for name, task in self._ends()}

    def loss(self, finished: bool = False) -> Any:
        """The weighted loss of each target."""
        return {
            name: self._own.loss(
                name,
                task.loss(finished),
                self.weights.get(name, 1.0),
                raw_classes=task.target == "classification" and not finished,
            )
            for name, task in self._ends()
        }

    def encode(self, y: Any, signature: Signature, finished: bool = False) -> Any:
        """Each target as its loss takes it."""
        assert isinstance(signature, SeveralSignature)  # noqa: S101 - made by this task
        parts = self._targets(y, signature)
        return {name: task.encode(parts[name], signature.ends[name], finished) for name, task in self._ends()}

    def scores(
        self, y: np.ndarray, predictions: np.ndarray, signature: Signature, names: Sequence[str] = ()
    ) -> dict[str, float]:
        """The weighted loss, and the scores of each target."""
        assert isinstance(signature, SeveralSignature)  # noqa: S101 - made by this task
        truth, guesses = self._targets(y, signature), signature.columns(predictions)
        found: dict[str, float] = {}
        loss = 0.0
        for name, task in self._ends():
            end, wanted = signature.ends[name], [score for score in task.score_names if f"{name}_{score}" in names]
            own = task.scores(truth[name], guesses[name], end, wanted)
            found |= {f"{name}_{score}": value for score, value in own.items()}
            learned = self._own.value(name, own, truth[name], guesses[name], end)
            found |= {f"{name}_loss": learned} if name in self._own.losses else {}
            loss += self.weights.get(name, 1.0) * learned
        return {"loss": loss, **found}

    def taking(self, given: Mapping[str, Any], rows: Rows, split: Split) -> tuple[Self, dict[str, Any]]:
        """This task with losses and class weights by target; metrics by target are left.

        Raises:
            InvalidArgument: something is not by target, or classes of a quantity are to be balanced.
        """
        whole, classes = copy.copy(self), [name for name, task in self._ends() if task.target == "classification"]
        parts = {name: view(rows, target=name) for name in balanced(given["class_weight"], classes)}
        balance = {name: class_weights(x.y[split.train], len(x.labels.classes)) for name, x in parts.items()}
        whole._own = Own(by_target("loss", given["loss"], self.targets), balance)
        whole._own.check({name: Signature({}, *target_facts(view(rows, target=name), split)) for name in self.targets})
        metrics = by_target("metrics", given["metrics"], self.targets)
        return whole, {**given, "loss": None, "class_weight": None, "metrics": metrics}

    @property
    def pictures(self) -> tuple[str, ...]:
        """The inputs that are images."""
        return tuple(name for name, kind in self.inputs.items() if kind == "image")

    def made_up(self, signature: Signature) -> tuple[np.ndarray, np.ndarray]:
        """Stored targets and outputs of a few rows that there might be, every class among them."""
        assert isinstance(signature, SeveralSignature)  # noqa: S101 - made by this task
        rows = 4 * max(end.outputs for end in signature.ends.values())
        truth, guesses = np.random.default_rng(0).normal(size=(2, rows, signature.outputs)).astype(np.float32)
        stored, outputs = [], {}
        for (name, kind), own in zip(self.targets.items(), signature.columns(truth).values(), strict=True):
            classes = kind == "classification"
            likely = np.exp(signature.columns(guesses)[name])
            outputs[name] = likely / likely.sum(axis=1, keepdims=True) if classes else np.log(likely)
            stored.append(np.arange(rows, dtype=np.float32)[:, None] % own.shape[1] if classes else own)
        return np.concatenate(stored, axis=1), side_by_side(outputs)

    def _targets(self, y: Any, signature: SeveralSignature) -> dict[str, Any]:
        """The columns of stored targets as each task has them: NumPy's or TensorFlow's."""
        parts, start = {}, 0
        for name, kind in self.targets.items():
            classes = kind == "classification"
            width = 1 if classes else signature.ends[name].outputs
            part = y[:, start : start + width]
            parts[name] = whole_numbers(part[:, 0]) if classes else part
            start += width
        return parts
