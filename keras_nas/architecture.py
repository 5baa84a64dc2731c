"""An architecture: the answers to the live decisions of a space, `{path: label}`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

from keras_nas.markup import table

Label = str | int | float | bool


class Architecture(Mapping[str, Label]):
    """Immutable, hashable answers `{path: label}`; only live decisions have one.

    Labels are names, not indices, so that a space may grow without renaming what was found before.

    Args:
        labels: the answers; copied. NumPy scalars become plain Python ones.

    Example:
        >>> architecture = Architecture({"op": "conv", "op/conv/kernel": 3})
        >>> Architecture.from_json(architecture.to_json()) == architecture
        True
    """

    def __init__(self, labels: Mapping[str, Any]) -> None:
        self._labels: dict[str, Label] = {path: _plain(label) for path, label in labels.items()}

    def __getitem__(self, path: str) -> Label:
        return self._labels[path]

    def __iter__(self) -> Iterator[str]:
        return iter(self._labels)

    def __len__(self) -> int:
        return len(self._labels)

    @cached_property
    def key(self) -> str:
        """Canonical JSON: equal architectures have equal keys, whatever the order of their answers."""
        return json.dumps(self._labels, sort_keys=True, separators=(",", ":"))

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Architecture):
            return self.key == other.key
        return isinstance(other, Mapping) and self._labels == dict(other)

    def __repr__(self) -> str:
        return f"Architecture({self._labels!r})"

    def _repr_html_(self) -> str:
        return table(["decision", "answer"], [(path, str(label)) for path, label in self._labels.items()])

    def replace(self, labels: Mapping[str, Any]) -> Architecture:
        """A copy with some answers changed or added."""
        return Architecture({**self._labels, **labels})

    def to_json(self) -> str:
        """JSON text in the space's order."""
        return json.dumps(self._labels)

    @classmethod
    def from_json(cls, text: str) -> Architecture:
        """The architecture that `to_json` wrote."""
        return cls(json.loads(text))


def _plain(label: Any) -> Any:
    """A NumPy scalar as the Python value that it holds."""
    return label.item() if hasattr(label, "item") else label
