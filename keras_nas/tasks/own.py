"""Losses, metrics and class weights of the user's own, of each of several targets."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_nas.errors import InvalidArgument, unknown
from keras_nas.tasks.signature import Signature

EXPECTED = (
    "Expected a Keras loss, its name, or a function of targets (rows, outputs), one-hot for classes, and outputs of "
    "the same shape, that gives a finite number for each row."
)
Rows = Callable[[Any, Any], Any]
"""A loss row by row, of targets and outputs."""


@dataclass(frozen=True)
class Own:
    """What the user says of each target, by its name; what is not said is the kind's.

    Args:
        losses: Keras losses, their names, or functions: of one-hot targets and probabilities, or of quantities in
            standard deviations, so that a sum of losses means something.
        balance: weights of classes, `(classes,)`.
    """

    losses: Mapping[str, Any] = field(default_factory=dict)
    balance: Mapping[str, np.ndarray] = field(default_factory=dict)

    def loss(self, name: str, usual: Any, weight: float, raw_classes: bool) -> Any:
        """The loss of one target, times its weight, of balanced classes where that is asked.

        Args:
            name: of the target.
            usual: the loss of its kind.
            weight: of the loss.
            raw_classes: whether outputs are logits, of which an own loss knows nothing.
        """
        if weight == 1 and name not in self.losses and name not in self.balance:
            return usual
        rows, balance = self._rows(name, usual, raw_classes), self.balance.get(name)

        def scaled(truth: Any, outputs: Any) -> Any:
            from keras import ops

            share = weight if balance is None else weight * ops.sum(truth * balance, axis=-1)
            return share * rows(truth, outputs)

        return scaled

    def _rows(self, name: str, usual: Any, raw_classes: bool) -> Rows:
        rows = row_by_row(self.losses.get(name, usual))
        if name not in self.losses or not raw_classes:
            return rows

        def of_logits(truth: Any, logits: Any) -> Any:
            from keras import ops

            return rows(truth, ops.softmax(logits))

        return of_logits

    def check(self, ends: Mapping[str, Signature]) -> None:
        """Refuse a loss that fails, or gives no number for each row, on ordinary targets and outputs.

        Args:
            ends: what each output is.

        Raises:
            InvalidArgument: names the loss and its target.
        """
        for name, loss in self.losses.items():
            outputs = ends[name].outputs
            truth = np.eye(outputs, dtype=np.float32)
            try:
                found = np.asarray(row_by_row(loss)(truth, np.full((outputs, outputs), 1 / outputs, np.float32)))
            except Exception as error:
                raise InvalidArgument(f"loss: {loss!r} of {name!r} cannot be used ({error}). {EXPECTED}") from error
            if found.shape != (outputs,) or not np.isfinite(found).all():
                raise InvalidArgument(f"loss: {loss!r} of {name!r} gives {found}. {EXPECTED}")

    def value(
        self, name: str, scores: Mapping[str, float], y: np.ndarray, guesses: np.ndarray, end: Signature
    ) -> float:
        """A target's loss as it is learned, over all rows, without weights.

        Args:
            name: of the target.
            scores: of its kind, the loss of classes among them.
            y: stored targets of it.
            guesses: finished outputs.
            end: what the output is.
        """
        if name not in self.losses and not end.output_std:
            return scores["loss"]
        if end.output_std:
            mean, std = np.asarray(end.output_mean), np.asarray(end.output_std)
            truth, found = (y - mean) / std, (guesses - mean) / std
        else:
            truth, found = np.eye(end.outputs)[y], guesses
        if name not in self.losses:
            return float(np.square(found - truth).mean(dtype=np.float64))
        return float(np.mean(row_by_row(self.losses[name])(truth.astype(np.float32), found.astype(np.float32))))


def row_by_row(loss: Any) -> Rows:
    """A Keras loss, its name, or a function, as a function that gives a number for each row."""
    import keras

    found = keras.losses.get(loss)
    rows: Rows = getattr(found, "call", found)
    return rows


def by_target(argument: str, given: Any, targets: Collection[str]) -> dict[str, Any]:
    """What was given for each target, once it is known to be by target.

    Args:
        argument: its name.
        given: a dict, or nothing.
        targets: their names.

    Raises:
        InvalidArgument: for anything but a dict, and for a target that there is not.

    Example:
        >>> by_target("loss", {"price": "mae"}, ["price", "sold"]), by_target("loss", None, ["price"])
        ({'price': 'mae'}, {})
        >>> by_target("loss", "mae", ["price", "sold"])
        Traceback (most recent call last):
        keras_nas.errors.InvalidArgument: loss='mae': there are several targets; expected a dict by target, {...
    """
    if given is None or (isinstance(given, Sequence) and not given):
        return {}
    if not isinstance(given, Mapping):
        first = next(iter(targets))
        raise InvalidArgument(
            f"{argument}={given!r}: there are several targets; expected a dict by target, {{{first!r}: ...}}."
        )
    for name in given:
        if name not in targets:
            raise InvalidArgument(f"{argument}: {unknown('target', name, targets)}")
    return dict(given)


def balanced(given: Any, classes: Sequence[str]) -> list[str]:
    """The targets whose classes are to be weighed by their rarity.

    Args:
        given: "balanced" for all, a dict by target, or nothing.
        classes: names of the targets that are classes.

    Raises:
        InvalidArgument: for anything else.
    """
    asked = dict.fromkeys(classes, given) if given == "balanced" else by_target("class_weight", given, classes)
    for name, way in asked.items():
        if way != "balanced":
            raise InvalidArgument(f"class_weight: {name!r} is {way!r}; expected 'balanced'. Use sample_weight.")
    return list(asked)
