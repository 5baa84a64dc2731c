"""Several targets in one model: their signature, and their losses as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from keras_nas.tasks.signature import Input, Signature


@dataclass(frozen=True)
class SeveralSignature(Signature):
    """That of several inputs and targets.

    Args:
        parts: what the network of each input takes.
        ends: what each output is; its inputs are none.
    """

    parts: Mapping[str, Signature] = field(default_factory=dict)
    ends: Mapping[str, Signature] = field(default_factory=dict)

    @property
    def facts(self) -> Mapping[str, Any]:
        """Also those of each input, by its name."""
        own = {"outputs": self.outputs}
        return {**own, "parts": {name: {**part.facts, **own} for name, part in self.parts.items()}}

    def of(self, name: str, x: Mapping[str, Any]) -> Any:
        """The part of stored inputs that belongs to one input."""
        inputs = self.parts[name].inputs
        return x[name] if isinstance(inputs, Input) else {key: x[f"{name}.{key}"] for key in inputs}

    def columns(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """A matrix of all outputs as those of each."""
        ends = np.cumsum([end.outputs for end in self.ends.values()])
        return dict(zip(self.ends, np.split(values, ends[:-1], axis=1), strict=True))


def whole_numbers(values: Any) -> Any:
    """Class numbers that were stored as real ones."""
    import tensorflow as tf

    return tf.cast(values, tf.int32) if tf.is_tensor(values) else np.asarray(values, np.int32)
